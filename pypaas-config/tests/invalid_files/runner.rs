//! Mistakes in a runner.

use insta::assert_snapshot;

use crate::{repo, reports, runner};

#[test]
fn a_mistyped_type_is_guessed() {
    assert_snapshot!(runner("type: NginxBackedn\ncmd: npm start\n"), @"
    error: unknown runner type `NginxBackedn`
     --> repo/shop.yml:5:15
      |
    5 |         type: NginxBackedn
      |               ^^^^^^^^^^^^ expected NginxBackend, NginxStatic, PhpNginxBackend, Scheduled, SimpleProcess or UwsgiNginxBackend
      |
      = help: did you mean `NginxBackend`?
    ");
}

#[test]
fn a_type_in_small_letters_is_guessed() {
    assert_snapshot!(runner("type: nginxstatic\n"), @"
    error: unknown runner type `nginxstatic`
     --> repo/shop.yml:5:15
      |
    5 |         type: nginxstatic
      |               ^^^^^^^^^^^ expected NginxBackend, NginxStatic, PhpNginxBackend, Scheduled, SimpleProcess or UwsgiNginxBackend
      |
      = help: did you mean `NginxStatic`?
    ");
}

#[test]
fn an_unknown_type_is_refused() {
    assert_snapshot!(runner("type: Docker\n"), @"
    error: unknown runner type `Docker`
     --> repo/shop.yml:5:15
      |
    5 |         type: Docker
      |               ^^^^^^ expected NginxBackend, NginxStatic, PhpNginxBackend, Scheduled, SimpleProcess or UwsgiNginxBackend
    ");
}

#[test]
fn a_text_for_a_runner_is_refused() {
    assert_snapshot!(repo("branches:\n  main:\n    runners:\n      web: npm start\n"), @"
    error: `web` is `npm start`
     --> repo/shop.yml:4:12
      |
    4 |       web: npm start
      |            ^^^^^^^^^ expected a mapping with the key `type`
    ");
}

#[test]
fn an_unknown_overlap_is_guessed() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: x\noverlap: start-first\n"), @"
    error: `overlap` is `start-first`
     --> repo/shop.yml:7:18
      |
    7 |         overlap: start-first
      |                  ^^^^^^^^^^^ expected start_first or stop_first
      |
      = help: did you mean `start_first`?
    ");
}

#[test]
fn a_directory_outside_the_checkout_is_refused() {
    assert_snapshot!(runner("type: NginxStatic\nsubdirectory: ../secrets\n"), @"
    error: `subdirectory` is `../secrets`
     --> repo/shop.yml:6:23
      |
    6 |         subdirectory: ../secrets
      |                       ^^^^^^^^^^ expected a directory of the checkout
      |
      = help: `..` would leave the checkout
    ");
}

#[test]
fn an_absolute_directory_is_refused() {
    assert_snapshot!(runner("type: NginxStatic\nsubdirectory: /public\n"), @"
    error: `subdirectory` is `/public`
     --> repo/shop.yml:6:23
      |
    6 |         subdirectory: /public
      |                       ^^^^^^^ expected a path relative to the checkout
      |
      = help: did you mean `public`?
    ");
}

#[test]
fn a_variable_in_a_directory_is_refused() {
    assert_snapshot!(runner("type: NginxStatic\nsubdirectory: $uri\n"), @"
    error: `subdirectory` is `$uri`
     --> repo/shop.yml:6:23
      |
    6 |         subdirectory: $uri
      |                       ^^^^ expected a directory of the checkout, without `$` or control characters
    ");
}

#[test]
fn a_healthcheck_without_path_is_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: x\nhealthcheck: {interval: 1s}\n"), @"
    error: `healthcheck` has no `path`
     --> repo/shop.yml:7:9
      |
    7 |         healthcheck: {interval: 1s}
      |         ^^^^^^^^^^^ expected the key `path` in a healthcheck
    ");
}

#[test]
fn a_relative_health_path_is_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: x\nhealthcheck: {path: health}\n"), @"
    error: `path` is `health`
     --> repo/shop.yml:7:29
      |
    7 |         healthcheck: {path: health}
      |                             ^^^^^^ expected a path such as /health
    ");
}

#[test]
fn a_health_path_with_a_space_is_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: x\nhealthcheck: {path: /is it up}\n"), @"
    error: `path` is `/is it up`
     --> repo/shop.yml:7:29
      |
    7 |         healthcheck: {path: /is it up}
      |                             ^^^^^^^^^ expected a path of printable ASCII characters
      |
      = help: percent-encode other characters, such as %20
    ");
}

#[test]
fn a_status_range_the_wrong_way_round_is_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: x\nhealthcheck: {path: /, status: 399-200}\n"), @"
    error: `status` is `399-200`
     --> repo/shop.yml:7:40
      |
    7 |         healthcheck: {path: /, status: 399-200}
      |                                        ^^^^^^^ expected a status such as 200, or a range such as 200-399
    ");
}

#[test]
fn a_status_that_does_not_exist_is_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: x\nhealthcheck: {path: /, status: 20}\n"), @"
    error: `status` is `20`
     --> repo/shop.yml:7:40
      |
    7 |         healthcheck: {path: /, status: 20}
      |                                        ^^ expected a status such as 200, or a range such as 200-399
    ");
}

#[test]
fn a_healthcheck_without_pause_is_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: x\nhealthcheck: {path: /, interval: 0s}\n"), @"
    error: `interval` is `0s`
     --> repo/shop.yml:7:42
      |
    7 |         healthcheck: {path: /, interval: 0s}
      |                                          ^^ expected a duration greater than zero
    ");
}

#[test]
fn a_proxy_path_that_ends_the_directive_is_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: x\nnginx_proxy_path: '/a; return 200'\n"), @r"
    error: `nginx_proxy_path` is `/a; return 200`
     --> repo/shop.yml:7:27
      |
    7 |         nginx_proxy_path: '/a; return 200'
      |                           ^^^^^^^^^^^^^^^^ expected a path without spaces, quotes or any of `\{};$`
    ");
}

#[test]
fn a_proxy_path_for_uwsgi_is_refused() {
    assert_snapshot!(runner("type: UwsgiNginxBackend\ncmd: x\nnginx_proxy_path: /app\n"), @"
    error: unknown key `nginx_proxy_path`
     --> repo/shop.yml:7:9
      |
    7 |         nginx_proxy_path: /app
      |         ^^^^^^^^^^^^^^^^ a UwsgiNginxBackend has type, cmd, process_count, start_timeout, drain_timeout, stop_timeout, overlap, nginx_extra_config and nginx_extra_upstream_config
      |
      = help: `nginx_proxy_path` is a key of an NginxBackend
    ");
}

#[test]
fn an_index_in_another_directory_is_refused() {
    assert_snapshot!(runner("type: NginxStatic\nindex: pages/index.html\n"), @"
    error: `index` is `pages/index.html`
     --> repo/shop.yml:6:16
      |
    6 |         index: pages/index.html
      |                ^^^^^^^^^^^^^^^^ expected the name of a file, such as index.html
    ");
}

#[test]
fn a_word_for_spa_is_refused() {
    assert_snapshot!(runner("type: NginxStatic\nspa: sometimes\n"), @"
    error: `spa` is `sometimes`
     --> repo/shop.yml:6:14
      |
    6 |         spa: sometimes
      |              ^^^^^^^^^ expected true or false
    ");
}

#[test]
fn a_cache_time_without_unit_is_refused() {
    assert_snapshot!(runner("type: NginxStatic\ncache: 3600\n"), @"
    error: `cache` is `3600`
     --> repo/shop.yml:6:16
      |
    6 |         cache: 3600
      |                ^^^^ expected a duration such as 10m, 1h, 7d or 52w
    ");
}

#[test]
fn a_cache_time_of_a_thousand_years_is_refused() {
    assert_snapshot!(runner("type: NginxStatic\ncache: 52000w\n"), @"
    error: `cache` is `52000w`
     --> repo/shop.yml:6:16
      |
    6 |         cache: 52000w
      |                ^^^^^^ expected a duration of at most 520w
    ");
}

#[test]
fn a_cache_key_of_a_runner_with_processes_is_refused() {
    assert_snapshot!(runner("type: NginxBackend\ncmd: npm start\ncache: 1h\n"), @"
    error: unknown key `cache`
     --> repo/shop.yml:7:9
      |
    7 |         cache: 1h
      |         ^^^^^ an NginxBackend has type, cmd, process_count, healthcheck, start_timeout, drain_timeout, stop_timeout, overlap, nginx_proxy_path, nginx_extra_config and nginx_extra_upstream_config
      |
      = help: `cache` is a key of an NginxStatic and a PhpNginxBackend
    ");
}

#[test]
fn a_single_page_application_needs_a_prefix() {
    let shop = "branches:\n  main:\n    runners:\n      page: {type: NginxStatic, spa: true}\n";
    let domain = "locations:\n  = /app:\n    upstream: {repo: shop, branch: main, runner: page}\n";
    assert_snapshot!(reports(&[("repo/shop.yml", shop), ("domains/shop.example.com.yml", domain)]), @"
    error: `= /app` routes to a runner with `spa`
     --> domains/shop.example.com.yml:2:3
      |
    2 |   = /app:
      |   ^^^^^^ expected a prefix such as `/` or `/app/`, because any path below it may be requested
    3 |     upstream: {repo: shop, branch: main, runner: page}
      |                                                  ---- this runner
    ");
}

#[test]
fn a_job_needs_a_time_that_comes() {
    let job = |rest: &str| runner(&format!("type: Scheduled\ncmd: ./clean\n{rest}"));
    insta::assert_snapshot!(job(""));
    insta::assert_snapshot!(job("at: daily\n"));
    insta::assert_snapshot!(job("at: 0 25 * * *\n"));
    insta::assert_snapshot!(job("at: 0 0 30 2 *\ntimezone: Mars\noverlap: stop_first\n"));
}

#[test]
fn a_front_controller_is_the_name_of_a_php_file() {
    let php = |key: &str| runner(&format!("type: PhpNginxBackend\n{key}\n"));
    assert_snapshot!(php("front_controller: app/index.php"), @"
    error: `front_controller` is `app/index.php`
     --> repo/shop.yml:6:27
      |
    6 |         front_controller: app/index.php
      |                           ^^^^^^^^^^^^^ expected the name of a PHP file, such as index.php
    ");
    assert_snapshot!(php("front_controller: index.html"), @"
    error: `front_controller` is `index.html`
     --> repo/shop.yml:6:27
      |
    6 |         front_controller: index.html
      |                           ^^^^^^^^^^ expected the name of a PHP file, such as index.php
    ");
    assert_snapshot!(php("public: ../public"), @"
    error: `public` is `../public`
     --> repo/shop.yml:6:17
      |
    6 |         public: ../public
      |                 ^^^^^^^^^ expected a directory of the checkout
      |
      = help: `..` would leave the checkout
    ");
    assert_snapshot!(php("processes: 0"), @"
    error: `processes` is `0`
     --> repo/shop.yml:6:20
      |
    6 |         processes: 0
      |                    ^ expected a whole number from 1 to 1000
    ");
}
