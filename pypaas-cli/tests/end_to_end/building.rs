//! How a pushed commit is built, and what a pusher is told of it.

use std::fs;
use std::io::Read;
use std::process::Command;

use crate::shop::{NODE, Shop, assert_says};

#[test]
fn a_plain_node_app_is_built_and_started_without_a_file_of_pypaas() {
    let shop = Shop::new("node-plain", "runners: {web: {type: NginxBackend, cmd: npm start}}");

    let locked = shop.push().must_succeed();
    assert_says(&locked, "-----> Build with node: found `package-lock.json`\n");
    assert_says(&locked, "       $ npm ci --include=dev --no-audit --no-fund --no-update-notifier\n");
    assert_eq!(shop.page(), "node-plain version 1\n");
    let npm_cache = shop.sandbox.home().join("cache/shop/main/npm/_cacache");
    assert!(npm_cache.is_dir(), "{npm_cache}");

    shop.code.remove("package-lock.json");
    let unlocked = shop.push_version("2").must_succeed();
    assert_says(&unlocked, "-----> Build with node: found `package.json`\n");
    assert_says(&unlocked, "       $ npm install --include=dev --no-audit --no-fund --no-update-notifier\n");
    assert_eq!(shop.page(), "node-plain version 2\n");
    let environment = shop.sandbox.get("shop.example", "/env").text();
    let modules = format!("\"PATH\":\"{}/node_modules/.bin:", shop.checkouts()[0]);
    assert!(environment.contains(&modules), "{environment}");
    shop.assert_settled();
}

#[test]
fn a_build_script_takes_the_place_of_every_builder() {
    let shop = Shop::new("node-build-script", "runners: {web: {type: NginxBackend, cmd: npm start}}");

    let built = shop.push().must_succeed();

    assert_says(
        &built,
        "-----> Build: found `.build.sh`\n       $ ./.build.sh\n       building version 1 with .build.sh\n",
    );
    assert!(!built.remote().contains("npm"), "{built}");
    assert_eq!(shop.page(), "node-build-script version 1\n");
}

#[test]
fn a_python_app_gets_a_virtual_environment_of_its_own() {
    let shop = Shop::new(
        "python-requirements",
        "runners: {web: {type: NginxBackend, cmd: python app.py}}, hooks: {after_build: [which python, pip cache dir]}",
    );

    let built = shop.push().must_succeed();

    let python = format!("{}/.venv/bin/python", shop.checkouts()[0]);
    let cache = shop.sandbox.home().join("cache/shop/main/pip");
    assert_says(&built, "-----> Build with python: found `requirements.txt`\n");
    assert_says(
        &built,
        &format!("       $ which python\n       {python}\n       $ pip cache dir\n       {cache}\n"),
    );
    assert_eq!(shop.page(), "python-requirements version 1\n");
    assert_eq!(shop.sandbox.get("shop.example", "/python").text(), format!("{python}\n"));
    assert!(shop.sandbox.get("shop.example", "/uptime").text().starts_with("up for "));
}

#[test]
fn a_python_application_that_is_no_package_is_not_made_one() {
    let shop = Shop::new(
        "python-requirements",
        "runners: {web: {type: NginxBackend, cmd: python app.py}}, hooks: {after_build: 'cat .venv/requirements.txt'}",
    );
    shop.code.remove("requirements.txt");
    // setuptools would refuse two directories side by side.
    for directory in ["shop", "migrations"] {
        shop.code.write(&format!("{directory}/__init__.py"), "");
    }
    shop.code.write("pyproject.toml", "[tool.ruff]\nline-length = 100\n");
    shop.code.write("app.py", SERVES_ITS_MODULES);

    let linted = shop.push_version("1").must_succeed();
    assert_says(&linted, "-----> Build with python: found `pyproject.toml`\n");
    assert_eq!(shop.page(), "[]\n");

    let url = "hello @ file:///nowhere/hello-1-py3-none-any.whl ; python_version < '3'";
    shop.code.write(
        "pyproject.toml",
        format!("[project]\nname = 'shop'\nversion = '1'\ndependencies = [\n  \"{url}\",\n]\n"),
    );
    let dependent = shop.push_version("2").must_succeed();
    assert_says(&dependent, &format!("       {url}\n"));
}

/// A server that answers with what is installed beside pip and its like.
const SERVES_ITS_MODULES: &str = r#"import http.server, importlib.metadata, os
own = {"pip", "setuptools", "wheel"}
names = sorted(it.metadata["Name"] for it in importlib.metadata.distributions() if it.metadata["Name"] not in own)
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(f"{names}\n".encode())
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"#;

#[test]
fn nothing_is_built_where_there_is_nothing_to_build_or_build_is_none() {
    let shop = Shop::new("dies-on-sigterm", NODE);
    let plain = shop.push().must_succeed();
    assert!(!plain.remote().contains("Build"), "{plain}");

    shop.code.write("package.json", r#"{"scripts": {"build": "echo cannot be built; exit 9"}}"#);
    let refused = shop.push_version("2").must_fail();
    assert_says(&refused, "-----> Build with node: found `package.json`\n");
    assert_says(&refused, "       cannot be built\n");

    shop.configure(&format!("{NODE}, build: none"));
    let skipped = shop.push().must_succeed();
    assert!(!skipped.remote().contains("Build"), "{skipped}");
    assert_eq!(shop.page(), "dies-on-sigterm version 2\n");
}

#[test]
fn a_build_that_fails_is_refused_and_the_old_version_serves() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let before = (shop.head(), shop.pids(), shop.checkouts());

    shop.code.write_executable(
        ".build.sh",
        "#!/bin/sh\nseq -f 'line %g' 1 2000\necho 'cannot find module' >&2\nexit 1\n",
    );
    let refused = shop.push_version("2").must_fail();

    assert_says(&refused, "       line 1\n       line 2\n");
    assert_says(
        &refused,
        "       line 2000\n       cannot find module\nerror: step 5 of 5 failed: run `./.build.sh`\n  because \
         `./.build.sh` exited with status 1\nhint: the version that was live before is still live\n",
    );
    assert_eq!((shop.head(), shop.pids(), shop.checkouts()), before);
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");

    shop.code.write(".build.sh", "#!/bin/sh\necho mended\n");
    shop.push_version("3").must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 3\n");
    shop.assert_settled();
}

#[test]
fn hooks_run_in_order_around_the_build_until_one_fails() {
    let hooks = |last: &str| {
        format!(
            "{NODE}, hooks: {{before_build: [echo one, 'pwd; echo $GIT_COMMIT'], build: [echo three >built, cat built], \
             after_build: {last}}}"
        )
    };
    let shop = Shop::new("node-build-script", &hooks("cat built"));
    shop.code
        .write("server.js", "require('http').createServer((_, it) => it.end('x')).listen(process.env.PORT)");
    let commit = shop.code.commit("Needs no build");

    let built = shop.push().must_succeed();
    let untimed = without_times(&built.remote());
    let expected = format!(
        "-----> Before the build\n       $ echo one\n       one\n       $ pwd; echo $GIT_COMMIT\n       {}\n       \
             {commit}\n-----> Build: the `build` hook\n       $ echo three >built\n       $ cat built\n       three\n----->\
             \x20After the build\n       $ cat built\n       three\n",
        shop.checkouts()[0]
    );
    assert!(untimed.contains(&expected), "{built}");

    shop.configure(&hooks("[echo four, 'kill $$', echo six]"));
    let refused = shop.push_version("2").must_fail();
    assert_says(&refused, "       four\n       $ kill $$\nerror: ");
    assert_says(&refused, "  because `kill $$` was ended by signal 15\n");
}

#[test]
fn the_cache_and_data_directories_of_a_branch_outlive_its_checkouts() {
    let keeps = "echo $GIT_COMMIT >>\"$PYPAAS_CACHE_DIR/kept\" && cat \"$PYPAAS_CACHE_DIR/kept\"";
    let shop = Shop::new("dies-on-sigterm", &format!("{NODE}, hooks: {{build: '{keeps}'}}"));
    shop.code.write(
        "server.js",
        "const fs = require('fs'), file = process.env.PYPAAS_DATA_DIR + '/kept';
         fs.appendFileSync(file, process.env.GIT_COMMIT + '\\n');
         const kept = fs.readFileSync(file) + fs.readFileSync(process.env.PYPAAS_CACHE_DIR + '/kept');
         require('http').createServer((_, it) => it.end(kept)).listen(process.env.PORT)",
    );

    let first = shop.code.commit("Keeps its commits");
    shop.push().must_succeed();
    let second = shop.code.commit_version("2");
    let pushed = shop.push().must_succeed();

    assert_says(&pushed, &format!("       {first}\n       {second}\n"));
    assert_eq!(shop.page(), format!("{first}\n{second}\n{first}\n{second}\n"));
    for directory in ["cache", "data"] {
        let kept = fs::read_to_string(shop.sandbox.home().join(directory).join("shop/main/kept")).unwrap();
        assert_eq!(kept, format!("{first}\n{second}\n"));
    }
}

#[test]
fn what_refused_pushes_leave_behind_is_gone_after_a_day() {
    let shop =
        Shop::live("static-site", "runners: {web: {type: NginxStatic}}, hooks: {after_build: test ! -e big}");
    let repo = shop.sandbox.home().join("repos/shop");
    let size = || {
        let told = Command::new("du").args(["-sk", repo.join("objects").as_str()]).output().unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        told.split_whitespace().next().unwrap().parse::<u32>().unwrap()
    };
    let before = size();
    for number in 0..3 {
        let mut noise = vec![0; 500_000];
        fs::File::open("/dev/urandom").unwrap().read_exact(&mut noise).unwrap();
        shop.code.write("big", noise);
        shop.code.commit(&format!("Too big, {number}"));
        shop.push().must_fail();
    }
    assert!(size() > before + 1_000, "the pushed objects are looked at by the build: {} KB", size());

    // A day later.
    let shell =
        format!("find {repo}/objects -type f -exec touch -d '2 days ago' {{}} +; git -C {repo} gc --quiet");
    assert!(Command::new("sh").args(["-c", &shell]).status().unwrap().success());
    assert!(size() < before + 300, "{} KB", size());
    shop.code.remove("big");
    shop.code.commit("Small again");
    shop.push().must_succeed();
}

/// Leaves out how long each section took: that is told only of those that take a while.
fn without_times(said: &str) -> String {
    let is_time = |line: &str| line.strip_suffix(" s").is_some_and(|time| time.trim().parse::<f64>().is_ok());
    said.lines().filter(|line| !is_time(line)).map(|line| format!("{line}\n")).collect()
}
