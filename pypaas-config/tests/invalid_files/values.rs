//! Values of the wrong kind.

use insta::assert_snapshot;

use crate::{branch, domain, location, repo, runner, settings};

#[test]
fn an_empty_file_is_explained() {
    assert_snapshot!(settings(""), @"
    error: `pypaas.yml` is empty
     --> pypaas.yml:1:1
      |
    1 |
      | ^ expected a mapping with ports, nginx, acme, services_dir, lock_timeout, build_timeout, keep_checkouts, keep_releases, admins, apps_domain, backup, notify, deploy_logger_cmd, ssl_config and 2 more
    ");
}

#[test]
fn a_file_of_comments_is_explained() {
    assert_snapshot!(repo("# later\n"), @"
    error: `repo/shop.yml` is empty
     --> repo/shop.yml:1:1
      |
    1 | # later
      | ^ expected a mapping with branches and access
    ");
}

#[test]
fn a_list_at_the_top_is_explained() {
    assert_snapshot!(repo("- branches\n- more\n"), @"
    error: `repo/shop.yml` is a list
     --> repo/shop.yml:1:1
      |
    1 | - branches
      | ^ expected a mapping with branches and access
    ");
}

#[test]
fn a_text_at_the_top_is_explained() {
    assert_snapshot!(domain("locations\n"), @"
    error: `domains/shop.example.com.yml` is `locations`
     --> domains/shop.example.com.yml:1:1
      |
    1 | locations
      | ^^^^^^^^^ expected a mapping with locations, max_body, request_timeout, websocket_timeout, aliases, redirect, ssl, ssl_certificate, ssl_certificate_key, ssl_certificate_chain, ssl_config, extra_listen_options, nginx_http_extra_config and nginx_https_extra_config
    ");
}

#[test]
fn an_empty_required_value_is_explained() {
    assert_snapshot!(runner("type: NginxBackend\ncmd:\n"), @"
    error: `cmd` is empty
     --> repo/shop.yml:6:9
      |
    6 |         cmd:
      |         ^^^ expected a shell command
    ");
}

#[test]
fn a_null_for_a_required_value_is_explained() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: ~\n"), @"
    error: `cmd` is empty
     --> repo/shop.yml:6:9
      |
    6 |         cmd: ~
      |         ^^^ expected a shell command
    ");
}

#[test]
fn a_command_of_spaces_is_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: '  '\n"), @"
    error: `cmd` is `  `
     --> repo/shop.yml:6:14
      |
    6 |         cmd: '  '
      |              ^^^^ expected a shell command
    ");
}

#[test]
fn a_list_for_a_command_is_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: [npm, start]\n"), @"
    error: `cmd` is a list
     --> repo/shop.yml:6:14
      |
    6 |         cmd: [npm, start]
      |              ^ expected a shell command
    ");
}

#[test]
fn a_mapping_for_a_text_is_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: npm start\nnginx_extra_config:\n  gzip: on\n"), @"
    error: `nginx_extra_config` is a mapping
     --> repo/shop.yml:7:9
      |
    7 |         nginx_extra_config:
      |         ^^^^^^^^^^^^^^^^^^ expected a string
    ");
}

#[test]
fn a_text_for_a_switch_is_refused() {
    assert_snapshot!(domain("ssl: maybe\nlocations: {/: {upstream: {repo: shop, branch: main, runner: web}}}\n"), @"
    error: `ssl` is `maybe`
     --> domains/shop.example.com.yml:1:6
      |
    1 | ssl: maybe
      |      ^^^^^ expected true, false or auto
    ");
}

#[test]
fn a_quoted_switch_is_refused() {
    assert_snapshot!(domain("ssl: 'yes'\nlocations: {/: {upstream: {repo: shop, branch: main, runner: web}}}\n"), @"
    error: `ssl` is `yes`
     --> domains/shop.example.com.yml:1:6
      |
    1 | ssl: 'yes'
      |      ^^^^^ expected true or false
      |
      = help: remove the quotes
    ");
}

#[test]
fn a_word_for_a_number_is_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: x\nprocess_count: four\n"), @"
    error: `process_count` is `four`
     --> repo/shop.yml:7:24
      |
    7 |         process_count: four
      |                        ^^^^ expected a whole number from 1 to 500
    ");
}

#[test]
fn a_quoted_number_is_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: x\nprocess_count: '4'\n"), @"
    error: `process_count` is `4`
     --> repo/shop.yml:7:24
      |
    7 |         process_count: '4'
      |                        ^^^ expected a whole number from 1 to 500
      |
      = help: remove the quotes
    ");
}

#[test]
fn no_process_at_all_is_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: x\nprocess_count: 0\n"), @"
    error: `process_count` is `0`
     --> repo/shop.yml:7:24
      |
    7 |         process_count: 0
      |                        ^ expected a whole number from 1 to 500
    ");
}

#[test]
fn a_negative_number_is_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: x\nprocess_count: -1\n"), @"
    error: `process_count` is `-1`
     --> repo/shop.yml:7:24
      |
    7 |         process_count: -1
      |                        ^^ expected a whole number from 1 to 500
    ");
}

#[test]
fn an_octal_number_is_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: x\nprocess_count: 010\n"), @"
    error: `process_count` is `010`
     --> repo/shop.yml:7:24
      |
    7 |         process_count: 010
      |                        ^^^ expected a whole number from 1 to 500
    ");
}

#[test]
fn more_processes_than_svscan_serves_are_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: x\nprocess_count: 501\n"), @"
    error: `process_count` is `501`
     --> repo/shop.yml:7:24
      |
    7 |         process_count: 501
      |                        ^^^ expected a whole number from 1 to 500
    ");
}

#[test]
fn a_number_without_unit_is_no_duration() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: x\nstart_timeout: 30\n"), @"
    error: `start_timeout` is `30`
     --> repo/shop.yml:7:24
      |
    7 |         start_timeout: 30
      |                        ^^ expected a duration such as 500ms, 30s, 2m or 1h
      |
      = help: did you mean `30s`?
    ");
}

#[test]
fn an_unknown_unit_is_no_duration() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: x\ndrain_timeout: 1 minute\n"), @"
    error: `drain_timeout` is `1 minute`
     --> repo/shop.yml:7:24
      |
    7 |         drain_timeout: 1 minute
      |                        ^^^^^^^^ expected a duration such as 500ms, 30s, 2m or 1h
    ");
}

#[test]
fn a_duration_of_days_is_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: x\ndrain_timeout: 48h\n"), @"
    error: `drain_timeout` is `48h`
     --> repo/shop.yml:7:24
      |
    7 |         drain_timeout: 48h
      |                        ^^^ expected a duration of at most 24h
    ");
}

#[test]
fn no_time_to_start_is_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: x\nstart_timeout: 0s\n"), @"
    error: `start_timeout` is `0s`
     --> repo/shop.yml:7:24
      |
    7 |         start_timeout: 0s
      |                        ^^ expected a duration greater than zero
    ");
}

#[test]
fn a_nul_in_an_environment_value_is_refused() {
    assert_snapshot!(branch("env:\n  KEY: \"a\\0b\""), @"
    error: `KEY` cannot be used
    --> repo/shop.yml:5:12
     = note: expected a string without NUL characters, which environment variables and arguments cannot contain
    ");
}

#[test]
fn an_empty_environment_value_is_explained() {
    assert_snapshot!(branch("env:\n  KEY:"), @"
    error: `KEY` is empty
    --> repo/shop.yml:5:7
     = note: expected a string
     = help: write '' for an empty string
    ");
}

#[test]
fn a_list_in_the_environment_is_refused() {
    assert_snapshot!(branch("env:\n  KEY: [a, b]"), @"
    error: `KEY` is a list
    --> repo/shop.yml:5:12
     = note: expected a string
    ");
}

#[test]
fn a_list_for_the_environment_is_refused() {
    assert_snapshot!(branch("env:\n- KEY=value"), @"
    error: `env` is a list
    --> repo/shop.yml:5:7
     = note: expected a mapping of names to strings
    ");
}

#[test]
fn an_empty_path_is_refused() {
    assert_snapshot!(runner("type: NginxStatic\nsubdirectory: ''\n"), @"
    error: `subdirectory` is an empty string
     --> repo/shop.yml:6:23
      |
    6 |         subdirectory: ''
      |                       ^^ expected a directory of the checkout
    ");
}

#[test]
fn a_text_for_the_branches_is_refused() {
    assert_snapshot!(repo("branches: main\n"), @"
    error: `branches` is `main`
     --> repo/shop.yml:1:11
      |
    1 | branches: main
      |           ^^^^ expected a mapping of names to branches
    ");
}

#[test]
fn a_text_for_an_upstream_is_refused() {
    assert_snapshot!(domain("locations:\n  /:\n    upstream: shop\n"), @"
    error: `upstream` is `shop`
     --> domains/shop.example.com.yml:3:15
      |
    3 |     upstream: shop
      |               ^^^^ expected a mapping with repo, branch and runner
    ");
}

#[test]
fn a_location_without_anything_is_explained() {
    assert_snapshot!(domain("locations:\n  /:\n"), @"
    error: `/` is empty
     --> domains/shop.example.com.yml:2:3
      |
    2 |   /:
      |   ^ expected a mapping with upstream, maintenance_upstream, max_body and nginx_extra_config
    ");
}

#[test]
fn an_unnamed_runner_is_explained() {
    assert_snapshot!(location("/", "''"), @"
    error: an empty string is not a valid runner name
     --> domains/shop.example.com.yml:3:50
      |
    3 |     upstream: {repo: shop, branch: main, runner: ''}
      |                                                  ^^ it is empty
    ");
}
