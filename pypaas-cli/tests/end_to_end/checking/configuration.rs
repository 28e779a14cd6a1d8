//! What `check` finds in the files of the configuration.

use std::fs;
use std::os::unix::net::UnixListener;
use std::process::Command;

use pypaas_sandbox::Sandbox;

use super::{ERRORS, with_site};
use crate::host;
use crate::shop::assert_says;
use crate::site::Site;

#[test]
fn files_in_the_wrong_place_are_mentioned_and_a_file_that_cannot_be_read_stops_nobody_else() {
    let (sandbox, site) = with_site();
    for path in ["pypaas.yaml", "repo/site.yml~", "repo/.#site.yml", "domain/site.example.yml", "notes.txt"] {
        sandbox.write_config(path, "");
    }
    std::os::unix::fs::symlink("nowhere", sandbox.home().join("config/repo/blog.yml")).unwrap();
    let found = sandbox.pypaas(&["check"]);
    assert_eq!(found.code, ERRORS, "{found}");
    assert_says(
        &found,
        "error: the file cannot be read: No such file or directory (os error 2)\n--> repo/blog.yml\n",
    );
    for (path, reason) in [
        ("pypaas.yaml", "the main file is `pypaas.yml`"),
        ("repo/site.yml~", "editor backups are not read"),
        ("repo/.#site.yml", "hidden files are not read"),
        ("domain/site.example.yml", "the directory is not read"),
    ] {
        let said = format!("warning: `{path}` is ignored: {reason}\n");
        assert_eq!(found.stdout.matches(&said).count(), 1, "{said}{found}");
    }
    assert!(!found.stdout.contains("notes.txt"), "{found}");

    site.push("version 1").must_succeed();
    let refused = site.worktree.push("blog", &["main"]).must_fail();
    // What cannot be read may limit whoever pushes.
    assert_says(&refused, "  because the configuration of `blog` is broken or missing");
}

#[test]
fn a_configuration_file_that_is_not_a_regular_file_is_reported_and_nothing_hangs() {
    let (sandbox, site) = with_site();
    let config = sandbox.home().join("config");
    let make_pipe = |name: &str| {
        assert!(Command::new("mkfifo").arg(config.join(name)).status().unwrap().success());
    };
    make_pipe("repo/pipe.yml");
    std::os::unix::fs::symlink("/dev/zero", config.join("repo/zero.yml")).unwrap();
    let _socket = UnixListener::bind(config.join("domains/socket.example.yml")).unwrap();

    let found = sandbox.pypaas(&["check"]);

    assert_eq!(found.code, ERRORS, "{found}");
    for (path, what) in [
        ("repo/pipe.yml", "it is a named pipe, not a regular file"),
        ("repo/zero.yml", "it is a device, not a regular file"),
        ("domains/socket.example.yml", "No such device or address (os error 6)"),
    ] {
        assert_says(&found, &format!("error: the file cannot be read: {what}\n--> {path}\n"));
    }
    site.push("version 1").must_succeed();

    fs::remove_file(config.join("pypaas.yml")).unwrap();
    make_pipe("pypaas.yml");
    let found = sandbox.pypaas(&["check"]).must_fail();
    assert_says(
        &found,
        "error: the file cannot be read: it is a named pipe, not a regular file\n--> pypaas.yml\n",
    );
}

#[test]
fn a_broken_main_file_is_shown_and_the_host_is_left_alone() {
    let sandbox = host::start();
    sandbox.write_config("pypaas.yml", "ports: {min: 1}\n");
    let found = sandbox.pypaas(&["check"]);
    assert_eq!(found.code, ERRORS, "{found}");
    assert_says(&found, "error: `ports` has no `max`\n --> pypaas.yml:1:1");
    assert_says(&found, "host checks skipped: fix pypaas.yml first\n");

    sandbox.write_config(
        "pypaas.yml",
        "ports: {min: 61500, max: 61800}\nrunner_runscript_template: exec {command}\n",
    );
    let found = sandbox.pypaas(&["check"]);
    assert_eq!(found.code, ERRORS, "{found}");
    assert_says(
        &found,
        "error: `runner_runscript_template` cannot be used: unknown placeholder `{command}` on line 1; ",
    );
    assert_says(&found, "\n --> pypaas.yml\n\nhost checks skipped: fix pypaas.yml first\n");
}

#[test]
fn one_bad_file_stops_nobody_else_and_is_listed() {
    let sandbox = host::start();
    let client = sandbox.client("writer");
    let (site, blog) =
        (Site::configure(&sandbox, &client, "site"), Site::configure(&sandbox, &client, "blog"));
    site.push("version 1").must_succeed();
    blog.push("post 1").must_succeed();
    let served = fs::read_to_string(sandbox.home().join("nginx/router.d/blog.example.conf")).unwrap();

    sandbox.write_config("repo/blog.yml", "branches: {main: {runner: {}}}\n");
    sandbox.write_config("domains/other.example.yml", "location: {}\n");
    let refused = blog.push("post 2").must_fail();
    assert_says(&refused, "error: the configuration of `blog` cannot be used\n");
    assert_says(&refused, " --> repo/blog.yml:1:19");
    assert_says(&refused, " = help: did you mean `runners`?");
    // Nobody knows what the broken file was to say.
    assert_says(
        &site.push("version 2").must_succeed(),
        "! warning: the file of other.example is broken, so nginx keeps its last working configuration",
    );
    assert_eq!(sandbox.pypaas(&["cleanup"]).code, ERRORS);
    assert_eq!(fs::read_to_string(sandbox.home().join("nginx/router.d/blog.example.conf")).unwrap(), served);
    assert_eq!(sandbox.get("blog.example", "/").text(), "post 1");
    assert_eq!(sandbox.get("site.example", "/").text(), "version 2");

    let listed = client.ssh(&["list"]);
    assert_eq!(listed.code, ERRORS, "{listed}");
    assert_says(&listed, " by writer, its configuration is broken\n");
    assert_says(&listed, "blog.example: its file is broken; nginx keeps its last working configuration\n");
    assert_says(&listed, "other.example: its file is broken; nginx keeps its last working configuration\n");
    assert!(!listed.stdout.contains("no longer configured"), "{listed}");
    assert!(listed.stderr.contains(" --> repo/blog.yml:1:19"), "{listed}");
    let json: serde_json::Value = serde_json::from_str(&client.ssh(&["list", "--json"]).stdout).unwrap();
    let broken: Vec<_> = json.as_array().unwrap().iter().map(|row| (&row["repo"], &row["broken"])).collect();
    assert_eq!(serde_json::to_string(&broken).unwrap(), r#"[["blog",true],["site",false]]"#);

    let status = client.ssh(&["status"]);
    assert_eq!(status.code, ERRORS, "{status}");
    assert_says(&status, "its configuration is broken: see `pypaas check`\n");
    assert!(!status.stdout.contains("no longer configured"), "{status}");
}

#[test]
fn each_mistake_is_shown_where_it_stands_and_nothing_on_the_machine_changes() {
    let (sandbox, site) = with_site();
    site.push("version 1").must_succeed();
    let before = state_of(&sandbox);
    let domain = "domains/site.example.yml";
    let route = |runner: &str| {
        format!("locations:\n  /:\n    upstream: {{repo: site, branch: main, runner: {runner}}}\n")
    };
    for (path, text, place, help) in [
        (
            "repo/site.yml",
            "branches:\n  main:\n    runers: {}\n".to_owned(),
            "3:5",
            "did you mean `runners`?",
        ),
        ("repo/site.yml", "branches:\n\tmain: {}\n".to_owned(), "2:2", "replace the tab"),
        ("repo/site.yml", String::new(), "1:1", ""),
        ("repo/site.yml", "branches:\r\n  main: {}\r\n  main: {}\r\n".to_owned(), "3:3", ""),
        (
            "repo/site.yml",
            "branches:\n  main:\n    runners:\n      page:\n        type: NginxStatik\n".to_owned(),
            "5:15",
            "did you mean `NginxStatic`?",
        ),
        (domain, route("pag"), "3:50", "did you mean `page`?"),
        (domain, format!("{}ssl: maybe\n", route("page")), "4:6", ""),
    ] {
        let good = sandbox.read_config(path);
        sandbox.write_config(path, &text);
        let found = sandbox.pypaas(&["check"]);
        assert_eq!(found.code, ERRORS, "{found}");
        assert_says(&found, &format!(" --> {path}:{place}\n"));
        assert_says(&found, help);
        sandbox.write_config(path, &good);
    }
    assert_eq!(state_of(&sandbox), before);
    sandbox.pypaas(&["check"]).must_succeed();
}

/// What a check could have changed: the files of the home, with their times, and the processes of nginx.
fn state_of(sandbox: &Sandbox) -> Vec<String> {
    fn add(directory: &camino::Utf8Path, found: &mut Vec<String>) {
        for entry in directory.read_dir_utf8().unwrap().map(Result::unwrap) {
            // nginx logs what it answers.
            if entry.file_name().starts_with('+') {
                continue;
            }
            let is_directory = entry.file_type().unwrap().is_dir();
            let modified = entry.path().symlink_metadata().unwrap().modified().unwrap();
            if is_directory {
                add(entry.path(), found);
            }
            found.push(format!("{} {modified:?}", entry.path()));
        }
    }
    let mut state = Vec::new();
    for directory in ["state", "checkouts", "repos", "nginx/router.d", "services-real"] {
        add(&sandbox.home().join(directory), &mut state);
    }
    let nginx = sandbox.processes().into_iter().filter(|process| process.command.contains("nginx: "));
    state.extend(nginx.map(|process| process.pid.to_string()));
    state.sort();
    state
}
