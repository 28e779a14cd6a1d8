//! `why`: each of these faults is found, and the first on the way is the one that is named.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use pypaas_sandbox::Client;
use serde_json::Value;

use crate::eventually::eventually;
use crate::host;
use crate::shop::{NODE, Shop, assert_says};
use crate::site::Site;

/// An app that can be told to misbehave.
const MOODY: &str = "
const fs = require('fs');
const marker = process.env.PYPAAS_DATA_DIR + '/exit';
if (fs.existsSync(marker)) { console.log('cannot go on'); process.exit(1); }
let healthy = true;
const server = require('http').createServer((request, response) => {
  response.statusCode = request.url === '/health' && !healthy ? 503 : 200;
  response.end('moody', () => {
    const move = (port, address) => { server.close(); server.closeAllConnections(); server.listen(port, address); };
    if (request.url === '/fall-ill') { healthy = false; console.log('I feel sick'); }
    if (request.url === '/move') move(0, '127.0.0.1');
    if (request.url === '/move-to-ipv6') move(process.env.PORT, '::1');
    if (request.url === '/end') { fs.writeFileSync(marker, ''); process.exit(1); }
  });
}).listen(process.env.PORT, '127.0.0.1');
";

const RUNNERS: &str =
    "runners: {web: {type: NginxBackend, cmd: node server.js, healthcheck: {path: /health}}}";

struct Moody {
    shop: Shop,
    admin: Client,
}

impl Moody {
    fn live() -> Self {
        let shop = Shop::new("dies-on-sigterm", RUNNERS);
        shop.push_file("server.js", MOODY).must_succeed();
        let admin = shop.sandbox.client("admin");
        Self { shop, admin }
    }

    fn diagnosis(&self, address: &str) -> Value {
        let outcome = self.admin.ssh(&["why", address, "--json"]);
        let diagnosis: Value =
            serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {outcome}"));
        assert_eq!(outcome.code, if diagnosis["problem"].is_null() { 0 } else { 2 }, "{outcome}");
        diagnosis
    }

    /// Asserts what is found wrong, what to do about it, and how much was right before.
    #[track_caller]
    fn assert_wrong(&self, address: &str, right_before: usize, what: &str, mend: &str) -> Value {
        let diagnosis = self.diagnosis(address);
        let says = |field: &str| diagnosis["problem"][field].as_str().unwrap_or_default().to_owned();
        assert!(says("message").contains(what), "{diagnosis:#}");
        assert!(says("fix").contains(mend), "{diagnosis:#}");
        assert_eq!(diagnosis["checked"].as_array().unwrap().len(), right_before, "{diagnosis:#}");
        diagnosis["problem"]["because"].clone()
    }

    fn tell(&self, path: &str) {
        assert_eq!(self.shop.sandbox.get("shop.example", path).status, 200);
    }

    fn nginx_file(&self, name: &str) -> camino::Utf8PathBuf {
        self.shop.sandbox.home().join("nginx/router.d").join(name)
    }
}

#[test]
fn where_nothing_is_wrong_it_says_what_was_checked() {
    let moody = Moody::live();
    let outcome = moody.admin.ssh(&["why", "shop.example"]).must_succeed();
    let port = moody.shop.ports("web")[0];
    let (http, commit) = (moody.shop.sandbox.http_port(), &moody.shop.code.head()[..11]);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert!(
        lines[3].starts_with(&format!(
            "  ok     release 1 of shop main is live: {commit} \"Change server.js\", "
        )),
        "{outcome}"
    );
    assert_eq!(
        [&lines[..3], &lines[4..]].concat(),
        [
            "shop.example/",
            "  ok     `shop.example` is configured in domains/shop.example.yml",
            "  ok     its location `/` routes to shop main web",
            "  ok     nginx is running and accepts pypaas's configuration",
            "  ok     nginx's files say what is configured",
            "  ok     nginx has loaded them",
            &format!("  ok     nginx accepts connections at 127.0.0.1:{http}"),
            "  ok     1 process of web runs",
            &format!("  ok     they accept connections at 127.0.0.1, port {port}"),
            "  ok     shop+main+web+0+a answers its health check /health",
            "  ok     `GET /` is answered with 200",
            "  No problem found on this host. DNS and firewalls were not checked.",
        ]
    );
    insta::assert_snapshot!(moody.diagnosis("shop.example")["problem"], @"null");
}

#[test]
fn faults_of_the_configuration_are_found() {
    let moody = Moody::live();
    let sandbox = &moody.shop.sandbox;
    // 1: another name than is configured.
    moody.assert_wrong(
        "shpo.example",
        0,
        "no domain `shpo.example` is configured",
        "did you mean `shop.example`?",
    );
    moody.assert_wrong(
        "other.test",
        0,
        "no domain `other.test` is configured",
        "write domains/other.test.yml, then run `pypaas apply`",
    );
    // 2: https without a certificate.
    moody.assert_wrong("https://shop.example/", 0, "does not say `ssl: auto`", "use http");
    // 3: a path that no location covers.
    sandbox.write_config(
        "domains/shop.example.yml",
        "locations: {/api/: {upstream: {repo: shop, branch: main, runner: web}}}",
    );
    moody.assert_wrong(
        "shop.example/home?x",
        1,
        "no location of domains/shop.example.yml covers `/home`",
        "there are: /api/",
    );
    // 4: a file that cannot be used.
    sandbox.write_config(
        "domains/shop.example.yml",
        "locations: {/: {upstraem: {repo: shop, branch: main, runner: web}}}",
    );
    let lines = moody.assert_wrong(
        "shop.example",
        0,
        "the configuration of `shop.example` cannot be used",
        "fix the file",
    );
    assert!(lines.to_string().contains("did you mean `upstream`?"), "{lines}");
    // 5: another port than nginx has.
    sandbox.domain("shop.example", "shop", "main", "web");
    moody.assert_wrong("http://shop.example:1/", 6, "and not at 1", "use that port");

    // An alias and a redirect lead to the same place.
    let locations = "locations: {/: {upstream: {repo: shop, branch: main, runner: web}}}";
    sandbox.write_config(
        "domains/shop.example.yml",
        &format!("{locations}\naliases: ['*.shop.example']\nredirect: [www.shop.test]\n"),
    );
    moody.admin.ssh(&["apply"]).must_succeed();
    for (name, said) in [
        (
            "any.shop.example",
            "`any.shop.example` is configured as a name of `shop.example` in domains/shop.example.yml",
        ),
        ("www.shop.test", "`www.shop.test` is sent to `shop.example` by domains/shop.example.yml"),
    ] {
        let diagnosis = moody.diagnosis(name);
        assert_eq!(
            (&diagnosis["problem"], &diagnosis["checked"][0]),
            (&Value::Null, &said.into()),
            "{diagnosis:#}"
        );
    }

    let malformed = moody.admin.ssh_line("why 'http://'");
    assert_eq!(malformed.code, 1, "{malformed}");
    assert_says(&malformed, "write a domain such as `shop.example.com`, or a whole URL");
}

#[test]
fn faults_of_a_branch_are_found() {
    let moody = Moody::live();
    let sandbox = &moody.shop.sandbox;
    // 6: never deployed.
    sandbox.write_config("repo/zoo.yml", &format!("branches: {{main: {{{NODE}}}}}"));
    sandbox.domain("zoo.example", "zoo", "main", "web");
    moody.assert_wrong("zoo.example", 2, "zoo main was never pushed", "push it: `git push <remote> main`");
    // 7: in maintenance.
    moody.admin.ssh_line("maintenance on shop main --message 'back at five'").must_succeed();
    moody.assert_wrong(
        "shop.example",
        2,
        "shop main is in maintenance: back at five",
        "`pypaas maintenance off shop main`",
    );
    moody.admin.ssh_line("maintenance off shop main").must_succeed();
    // 8: stopped.
    moody.admin.ssh_line("stop shop main").must_succeed();
    moody.assert_wrong("shop.example", 2, "shop main is stopped", "`pypaas start shop main`");
}

#[test]
fn faults_of_nginx_are_found() {
    let mut moody = Moody::live();
    // 9: a file that somebody removed, or changed.
    let file = moody.nginx_file("shop+main+web.conf");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("max_fails=0", "max_fails=1")).unwrap();
    moody.assert_wrong(
        "shop.example",
        4,
        "shop+main+web.conf` does not match the configuration",
        "run `pypaas apply`",
    );
    fs::remove_file(&file).unwrap();
    moody.assert_wrong("shop.example", 4, "shop+main+web.conf` is missing", "run `pypaas apply`");
    fs::write(&file, text).unwrap();
    // 10: nginx has not loaded it.
    let later = SystemTime::now() + Duration::from_secs(60);
    File::options().append(true).open(&file).unwrap().set_modified(later).unwrap();
    moody.assert_wrong("shop.example", 5, "nginx has not loaded `", "run `pypaas apply`");
    File::options().append(true).open(&file).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    assert!(moody.diagnosis("shop.example")["problem"].is_null());
    // 11: nginx does not run.
    moody.shop.sandbox.kill_nginx();
    moody.assert_wrong("shop.example", 3, "nginx does not run", "run `pypaas apply`");
}

#[test]
fn what_was_tried_and_refused_is_not_held_against_what_is_live() {
    let moody = Moody::live();
    let broken = "throw new Error('no such database')";
    moody.shop.push_file("server.js", broken).must_fail();
    moody.shop.push_file("server.js", MOODY).must_succeed();

    let diagnosis = moody.diagnosis("shop.example");

    assert!(diagnosis["problem"].is_null(), "{diagnosis:#}");
}

#[test]
fn faults_of_processes_are_found() {
    // 13: the app ends as soon as it starts.
    let moody = Moody::live();
    moody.shop.sandbox.get("shop.example", "/end");
    eventually(|| {
        moody.diagnosis("shop.example")["problem"]["message"]
            .as_str()?
            .contains("is crash-looping")
            .then_some(())
    });
    let lines = moody.assert_wrong(
        "shop.example",
        7,
        "shop+main+web+0+a is crash-looping: ",
        "`pypaas logs shop main web`",
    );
    assert!(lines.to_string().contains("cannot go on"), "{lines}");
}

#[test]
fn faults_of_listeners_are_found() {
    // 14: the app listens on another port.
    let moody = Moody::live();
    moody.tell("/move");
    let (port, where_) =
        (moody.shop.ports("web")[0], "shop+main+web+0+a does not listen where nginx asks it, at 127.0.0.1:");
    eventually(|| {
        moody.diagnosis("shop.example")["problem"]["message"]
            .as_str()?
            .contains("it listens on 127.0.0.1:")
            .then_some(())
    });
    moody.assert_wrong(
        "shop.example",
        8,
        &format!("{where_}{port}: it listens on 127.0.0.1:"),
        "in its variable `PORT`",
    );
    moody.admin.ssh_line("restart shop main").must_succeed();
    // 15: the app is not well.
    moody.tell("/fall-ill");
    let lines = moody.assert_wrong(
        "shop.example",
        9,
        "shop+main+web+0+b answers its health check /health with 503",
        "`pypaas restart shop main`",
    );
    assert!(lines.to_string().contains("I feel sick"), "{lines}");
    // 16: the supervisor is gone.
    let mut moody = moody;
    moody.shop.sandbox.kill_supervisors();
    moody.assert_wrong("shop.example", 7, "svscan", "svscan");
}

#[test]
fn an_app_that_listens_only_on_ipv6_is_found() {
    let has_ipv6 = std::net::TcpListener::bind("[::1]:0").is_ok();
    if !has_ipv6 {
        return;
    }
    let moody = Moody::live();
    moody.tell("/move-to-ipv6");
    let port = moody.shop.ports("web")[0];
    eventually(|| {
        moody.diagnosis("shop.example")["problem"]["message"]
            .as_str()?
            .contains("it listens only on")
            .then_some(())
    });
    moody.assert_wrong("shop.example", 8, &format!("it listens only on [::1]:{port}"), "listen on 127.0.0.1");
}

#[test]
fn a_file_that_is_not_there_is_found() {
    let sandbox = host::start();
    let admin = sandbox.client("admin");
    Site::configure(&sandbox, &admin, "site").push("page").must_succeed();
    admin.ssh(&["why", "site.example"]).must_succeed();
    let missing = admin.ssh(&["why", "site.example/x.html"]);
    assert_eq!(missing.code, 2, "{missing}");
    assert_says(&missing, "  error  there is no file for `/x.html` in `");
    assert_says(
        &missing,
        "  hint:  is it in the commit, and below the `subdirectory` that location `/` serves?\n",
    );
}
