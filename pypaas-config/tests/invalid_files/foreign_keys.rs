//! Keys that people bring from other platforms: the message names what to write instead.

use insta::assert_snapshot;

use crate::{branch, domain, repo, runner, settings};

/// Lists the messages and the advice of `report`, without the source lines.
fn advice(report: &str) -> String {
    let shown = report.lines().filter(|line| line.starts_with("error") || line.contains("= help"));
    shown.map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn keys_of_a_process() {
    let text = "type: NginxBackend\ncommand: npm start\nprocesses: 2\nport: 3000\nhealth_check: {path: /}\nrestart: always\n";
    assert_snapshot!(advice(&runner(text)), @r"
    error: unknown key `command`
    = help: use `cmd`
    error: unknown key `processes`
    = help: use `process_count`
    error: unknown key `port`
    = help: pypaas assigns a port to each process, in the environment variable PORT; listen on it
    error: unknown key `health_check`
    = help: did you mean `healthcheck`?
    error: unknown key `restart`
    = help: a process that exits is always restarted
    ");
}

#[test]
fn a_key_with_another_name_does_not_count_as_missing_too() {
    assert_eq!(runner("type: NginxBackend\ncommand: npm start\n").matches("error").count(), 1);
}

#[test]
fn keys_of_a_branch() {
    let text = "processes: {web: npm start}\nrelease: npm run migrate\ncron: []\ndomains: [shop.example]\nenvironment: {A: b}\nDockerfile: x\nvolumes: []\nscripts: {}\nport: 80\n";
    assert_snapshot!(advice(&branch(text)), @"
    error: unknown key `processes`
    = help: list processes under `runners`: `runners: {web: {type: NginxBackend, cmd: npm start}}`; or write `runners: procfile`, and list them in the app's `Procfile`
    error: unknown key `release`
    = help: use `hooks` of the branch: `release` runs while the old version serves, `maintenance` while nothing runs
    error: unknown key `cron`
    = help: use the crontab of the deploy user: `pypaas run <repo> <branch> -- <command>`
    error: unknown key `domains`
    = help: create `domains/<domain>.yml` with a location that routes to a runner of this branch
    error: unknown key `environment`
    = help: use `env` of the branch, or `pypaas secret set` for values that nobody else may read
    error: unknown key `Dockerfile`
    = help: pypaas runs no containers: build with `hooks: {build: …}` of the branch, a `.build.sh`, or the built-in builders
    error: unknown key `volumes`
    = help: keep files in the directory that the environment variable PYPAAS_DATA_DIR names, which survives deploys, or list their paths under `persist` of the branch
    error: unknown key `scripts`
    = help: use `custom_cmds`
    error: unknown key `port`
    = help: pypaas assigns a port to each process, in the environment variable PORT; listen on it
    ");
}

#[test]
fn keys_at_the_top_of_a_repo() {
    assert_snapshot!(advice(&repo("domains: []\nrunners: {}\nbranches: {main: {runners: {}}}\n")), @r"
    error: unknown key `domains`
    = help: create `domains/<domain>.yml` with a location that routes to a runner of this branch
    error: unknown key `runners`
    = help: `runners` is a key of a branch
    ");
}

#[test]
fn keys_of_a_domain() {
    let text = "tls: true\nserver_names: [a]\nupstream: {app: shop}\nlocations: {/: {proxy_pass: {repo: shop, branch: main, runner: web}}}\n";
    assert_snapshot!(advice(&domain(text)), @r"
    error: unknown key `tls`
    = help: use `ssl`
    error: unknown key `server_names`
    = help: use `aliases`
    error: unknown key `upstream`
    = help: put it below a path: `locations: {/: {upstream: {repo: …, branch: …, runner: …}}}`
    error: unknown key `proxy_pass`
    = help: use `upstream`
    ");
}

#[test]
fn keys_of_the_settings() {
    assert_snapshot!(advice(&settings("ports: {from: 61500, to: 61800}\n")), @r"
    error: unknown key `from`
    = help: use `min`
    error: unknown key `to`
    = help: use `max`
    ");
}
