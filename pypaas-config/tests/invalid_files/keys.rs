//! Keys that nobody knows, and keys that are missing.

use insta::assert_snapshot;

use crate::{branch, domain, repo, runner, settings};

#[test]
fn a_mistyped_key_is_guessed() {
    assert_snapshot!(runner("type: NginxBackend\ncmdd: npm start\n"), @"
    error: unknown key `cmdd`
     --> repo/shop.yml:6:9
      |
    6 |         cmdd: npm start
      |         ^^^^ an NginxBackend has type, cmd, process_count, healthcheck, start_timeout, drain_timeout, stop_timeout, overlap, nginx_proxy_path, nginx_extra_config and nginx_extra_upstream_config
      |
      = help: did you mean `cmd`?
    ");
}

#[test]
fn a_mistyped_key_at_the_top_is_guessed() {
    assert_snapshot!(repo("brunches: {}\n"), @"
    error: unknown key `brunches`
     --> repo/shop.yml:1:1
      |
    1 | brunches: {}
      | ^^^^^^^^ a repo has branches and access
      |
      = help: did you mean `branches`?
    ");
}

#[test]
fn capital_letters_in_a_key_are_guessed() {
    assert_snapshot!(domain("SSL: true\nlocations: {/: {upstream: {repo: shop, branch: main, runner: web}}}\n"), @"
    error: unknown key `SSL`
     --> domains/shop.example.com.yml:1:1
      |
    1 | SSL: true
      | ^^^ a domain has locations, max_body, request_timeout, websocket_timeout, aliases, redirect, ssl, ssl_certificate, ssl_certificate_key, ssl_certificate_chain, ssl_config, extra_listen_options, nginx_http_extra_config and nginx_https_extra_config
      |
      = help: did you mean `ssl`?
    ");
}

#[test]
fn a_key_of_another_block_is_placed() {
    assert_snapshot!(branch("before_build: make\n"), @"
    error: unknown key `before_build`
     --> repo/shop.yml:4:5
      |
    4 |     before_build: make
      |     ^^^^^^^^^^^^ a branch has runners, formation, env, hooks, build, build_timeout, custom_cmds, persist, stores, share and confine
      |
      = help: `before_build` is a key of hooks
    ");
}

#[test]
fn a_key_of_another_runner_type_is_placed() {
    assert_snapshot!(runner("type: UwsgiNginxBackend\ncmd: x\nhealthcheck: {path: /}\n"), @"
    error: unknown key `healthcheck`
     --> repo/shop.yml:7:9
      |
    7 |         healthcheck: {path: /}
      |         ^^^^^^^^^^^ a UwsgiNginxBackend has type, cmd, process_count, start_timeout, drain_timeout, stop_timeout, overlap, nginx_extra_config and nginx_extra_upstream_config
      |
      = help: `healthcheck` is a key of an NginxBackend and a PhpNginxBackend
    ");
}

#[test]
fn a_command_for_php_is_refused() {
    assert_snapshot!(runner("type: PhpNginxBackend\ncmd: php -S 0.0.0.0:80\n"), @"
    error: unknown key `cmd`
     --> repo/shop.yml:6:9
      |
    6 |         cmd: php -S 0.0.0.0:80
      |         ^^^ a PhpNginxBackend has type, public, front_controller, processes, all_scripts, publish_all, cache, healthcheck, start_timeout, drain_timeout, stop_timeout, overlap, nginx_extra_config and nginx_extra_upstream_config
      |
      = help: `cmd` is a key of an NginxBackend, a Scheduled, a SimpleProcess and a UwsgiNginxBackend
    ");
}

#[test]
fn an_unrelated_key_is_refused() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\ndocker: true\n"), @"
    error: unknown key `docker`
     --> pypaas.yml:2:1
      |
    2 | docker: true
      | ^^^^^^ pypaas.yml has ports, nginx, acme, services_dir, lock_timeout, build_timeout, keep_checkouts, keep_releases, admins, apps_domain, backup, notify, deploy_logger_cmd, ssl_config and 2 more
    ");
}

#[test]
fn an_unknown_hook_is_refused() {
    assert_snapshot!(branch("hooks:\n  after_push: echo done\n"), @"
    error: unknown key `after_push`
     --> repo/shop.yml:5:7
      |
    5 |       after_push: echo done
      |       ^^^^^^^^^^ hooks has before_build, build, after_build, release, maintenance, after_deploy and deploy_failed
    ");
}

#[test]
fn an_unknown_key_of_an_upstream_is_refused() {
    assert_snapshot!(domain("locations:\n  /:\n    upstream: {repo: shop, branch: main, runner: web, port: 80}\n"), @"
    error: unknown key `port`
     --> domains/shop.example.com.yml:3:55
      |
    3 |     upstream: {repo: shop, branch: main, runner: web, port: 80}
      |                                                       ^^^^ an upstream has repo, branch and runner
    ");
}

#[test]
fn missing_ports_are_reported() {
    assert_snapshot!(settings("services_dir: ~/services\n"), @"
    error: `pypaas.yml` has no `ports`
     --> pypaas.yml:1:1
      |
    1 | services_dir: ~/services
      | ^ expected the key `ports` in pypaas.yml
    ");
}

#[test]
fn a_missing_end_of_the_range_is_reported() {
    assert_snapshot!(settings("ports: {min: 61500}\n"), @"
    error: `ports` has no `max`
     --> pypaas.yml:1:1
      |
    1 | ports: {min: 61500}
      | ^^^^^ expected the key `max` in ports
    ");
}

#[test]
fn missing_branches_are_reported() {
    assert_snapshot!(repo("{}\n"), @"
    error: `repo/shop.yml` has no `branches`
     --> repo/shop.yml:1:1
      |
    1 | {}
      | ^ expected the key `branches` in a repo
    ");
}

#[test]
fn a_formation_belongs_to_runners_that_a_release_brings() {
    assert_snapshot!(repo("branches:\n  main:\n    runners: procfile\n    formation: {web: two}\n"), @"
    error: `web` is `two`
     --> repo/shop.yml:4:22
      |
    4 |     formation: {web: two}
      |                      ^^^ expected a whole number from 0 to 500
    ");
    assert_snapshot!(repo("branches:\n  main:\n    runners: {}\n    formation: {web: 2}\n"), @"
    error: `formation` has no effect on `runners` that are written here
     --> repo/shop.yml:4:5
      |
    4 |     formation: {web: 2}
      |     ^^^^^^^^^
      |
      = help: write `process_count` in the runner
    ");
    assert_snapshot!(repo("branches:\n  main:\n    runners: profile\n"), @"
    error: `runners` is `profile`
     --> repo/shop.yml:3:14
      |
    3 |     runners: profile
      |              ^^^^^^^ expected a mapping of names to runners
    ");
}

#[test]
fn a_missing_command_is_reported_at_its_runner() {
    assert_snapshot!(runner("type: SimpleProcess\nprocess_count: 2\n"), @"
    error: `web` has no `cmd`
     --> repo/shop.yml:4:7
      |
    4 |       web:
      |       ^^^ expected the key `cmd` in a SimpleProcess
    ");
}

#[test]
fn a_missing_type_is_reported_at_its_runner() {
    assert_snapshot!(runner("cmd: npm start\n"), @"
    error: `web` has no `type`
     --> repo/shop.yml:4:7
      |
    4 |       web:
      |       ^^^ expected the key `type` with NginxBackend, NginxStatic, PhpNginxBackend, Scheduled, SimpleProcess or UwsgiNginxBackend
    ");
}

#[test]
fn a_missing_upstream_is_reported_at_its_location() {
    assert_snapshot!(domain("locations:\n  /:\n    nginx_extra_config: gzip on;\n"), @"
    error: `/` has no `upstream`
     --> domains/shop.example.com.yml:2:3
      |
    2 |   /:
      |   ^ expected the key `upstream` in a location
    ");
}

#[test]
fn missing_parts_of_an_upstream_are_all_reported() {
    assert_snapshot!(domain("locations:\n  /:\n    upstream:\n      repo: shop\n"), @"
    error: `upstream` has no `branch`
     --> domains/shop.example.com.yml:3:5
      |
    3 |     upstream:
      |     ^^^^^^^^ expected the key `branch` in an upstream

    error: `upstream` has no `runner`
     --> domains/shop.example.com.yml:3:5
      |
    3 |     upstream:
      |     ^^^^^^^^ expected the key `runner` in an upstream
    ");
}

#[test]
fn missing_locations_are_reported() {
    assert_snapshot!(domain("ssl: false\n"), @"
    error: `domains/shop.example.com.yml` has no `locations`
     --> domains/shop.example.com.yml:1:1
      |
    1 | ssl: false
      | ^ expected the key `locations` in a domain
    ");
}

#[test]
fn a_domain_without_any_location_is_refused() {
    assert_snapshot!(domain("locations: {}\n"), @"
    error: `locations` is an empty mapping
     --> domains/shop.example.com.yml:1:1
      |
    1 | locations: {}
      | ^^^^^^^^^ expected at least one location, or nginx would serve nothing
    ");
}

#[test]
fn a_repo_without_any_branch_is_refused() {
    assert_snapshot!(repo("branches: {}\n"), @"
    error: `branches` is an empty mapping
     --> repo/shop.yml:1:1
      |
    1 | branches: {}
      | ^^^^^^^^ expected at least one branch, or nothing can be pushed
    ");
}

#[test]
fn all_mistakes_of_a_file_are_reported_at_once() {
    assert_snapshot!(repo("branch:\n  main: x\nbranches:\n  main:\n    runners:\n      web: {type: NginxBackedn, cmd: x}\n      bg: {type: SimpleProcess, process_count: many}\n    hook: x\n"), @"
    error: unknown key `branch`
     --> repo/shop.yml:1:1
      |
    1 | branch:
      | ^^^^^^ a repo has branches and access
      |
      = help: `branch` is a key of an upstream

    error: unknown runner type `NginxBackedn`
     --> repo/shop.yml:6:19
      |
    6 |       web: {type: NginxBackedn, cmd: x}
      |                   ^^^^^^^^^^^^ expected NginxBackend, NginxStatic, PhpNginxBackend, Scheduled, SimpleProcess or UwsgiNginxBackend
      |
      = help: did you mean `NginxBackend`?

    error: `bg` has no `cmd`
     --> repo/shop.yml:7:7
      |
    7 |       bg: {type: SimpleProcess, process_count: many}
      |       ^^ expected the key `cmd` in a SimpleProcess

    error: `process_count` is `many`
     --> repo/shop.yml:7:48
      |
    7 |       bg: {type: SimpleProcess, process_count: many}
      |                                                ^^^^ expected a whole number from 1 to 500

    error: unknown key `hook`
     --> repo/shop.yml:8:5
      |
    8 |     hook: x
      |     ^^^^ a branch has runners, formation, env, hooks, build, build_timeout, custom_cmds, persist, stores, share and confine
      |
      = help: did you mean `hooks`?
    ");
}

#[test]
fn stores_have_names_for_variables_and_are_of_a_known_kind() {
    assert_snapshot!(repo(
        "branches:\n  main:\n    stores: {Main-DB: Postgres, cache: Postgre, queue: {type: Valkey}}\n"
    ));
    assert_snapshot!(repo("branches:\n  main:\n    stores: {events: Postgres, users: Postgres}\n"));
}
