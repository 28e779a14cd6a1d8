//! The example that deploys a directory, carried out on a whole host: real git, svscan and nginx.
#![expect(clippy::unwrap_used, reason = "a helper that fails is the test failing")]

#[path = "../examples/deploy_directory.rs"]
#[expect(dead_code, reason = "the test calls `deploy`, not `main`")]
mod deploy_directory;

use std::time::Duration;

use deploy_directory::deploy;
use pypaas_sandbox::{Sandbox, Worktree};

/// Starts a host with a configured site, and returns it with the site's worktree.
fn sandbox() -> (Sandbox, Worktree) {
    // The host needs a program for its clients; nobody pushes here.
    let sandbox = Sandbox::start("/bin/true".into()).unwrap();
    sandbox.write_config(
        "repo/site.yml",
        "branches: {main: {confine: false, runners: {web: {type: NginxBackend, cmd: python3 server.py}}}}",
    );
    let site = sandbox.client("laptop").worktree("site");
    site.write("server.py", include_str!("deploy_directory/server.py"));
    site.commit("the first page");
    (sandbox, site)
}

#[test]
fn a_directory_is_live_without_the_program() {
    let (sandbox, site) = sandbox();

    let record = deploy(&sandbox.home(), site.directory(), Duration::from_secs(120)).unwrap();

    let live = record.live.unwrap();
    assert_eq!(live.commit.to_string(), site.head());
    let port = live.processes[0].port.unwrap();
    let answer = sandbox.curl(&["-s", &format!("http://127.0.0.1:{port}/")]).must_succeed();
    assert_eq!(answer.stdout, "a page\n");
}

#[test]
fn a_deploy_whose_time_is_over_is_canceled() {
    let (sandbox, site) = sandbox();

    let error = deploy(&sandbox.home(), site.directory(), Duration::ZERO).unwrap_err();

    assert!(error.to_string().contains("the time limit is exceeded"), "{error}");
    assert_eq!(sandbox.app_processes().len(), 0);
}
