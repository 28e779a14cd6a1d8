//! Mistakes in a domain.

use insta::assert_snapshot;

use crate::{domain, location, reports};

#[test]
fn a_location_without_slash_is_guessed() {
    assert_snapshot!(location("api", "web"), @"
    error: `api` is not a location
     --> domains/shop.example.com.yml:2:3
      |
    2 |   api:
      |   ^^^ expected a path that begins with `/`, or `= /path`, `^~ /path`, `~ regex` or `~* regex`
      |
      = help: did you mean `/api`?
    ");
}

#[test]
fn an_exact_location_without_space_is_guessed() {
    assert_snapshot!(location("=/login", "web"), @"
    error: `=/login` is not a location
     --> domains/shop.example.com.yml:2:3
      |
    2 |   =/login:
      |   ^^^^^^^ expected a path that begins with `/`, or `= /path`, `^~ /path`, `~ regex` or `~* regex`
      |
      = help: did you mean `= /login`?
    ");
}

#[test]
fn a_location_with_a_space_is_refused() {
    assert_snapshot!(location("/my files", "web"), @"
    error: `/my files` is not a location
     --> domains/shop.example.com.yml:2:3
      |
    2 |   /my files:
      |   ^^^^^^^^^ expected no spaces and control characters, besides one space after `=`, `^~`, `~` or `~*`
    ");
}

#[test]
fn a_location_that_ends_the_directive_is_refused() {
    assert_snapshot!(location("'/; return 200'", "web"), @"
    error: `/; return 200` is not a location
     --> domains/shop.example.com.yml:2:3
      |
    2 |   '/; return 200':
      |   ^^^^^^^^^^^^^^^ expected no spaces and control characters, besides one space after `=`, `^~`, `~` or `~*`
    ");
}

#[test]
fn a_location_with_braces_is_refused() {
    assert_snapshot!(location("'/{}'", "web"), @"
    error: `/{}` is not a location
     --> domains/shop.example.com.yml:2:3
      |
    2 |   '/{}':
      |   ^^^^^ expected no braces
    ");
}

#[test]
fn a_location_with_a_line_end_is_refused() {
    assert_snapshot!(location("\"/a\\nb\"", "web"), @r#"
    error: `/a\nb` is not a location
     --> domains/shop.example.com.yml:2:3
      |
    2 |   "/a\nb":
      |   ^^^^^^^ expected no spaces and control characters, besides one space after `=`, `^~`, `~` or `~*`
    "#);
}

#[test]
fn a_named_location_is_refused() {
    assert_snapshot!(location("'@fallback'", "web"), @"
    error: `@fallback` is not a location
     --> domains/shop.example.com.yml:2:3
      |
    2 |   '@fallback':
      |   ^^^^^^^^^^^ expected a path that begins with `/`, or `= /path`, `^~ /path`, `~ regex` or `~* regex`
      |
      = help: did you mean `/@fallback`?
    ");
}

#[test]
fn files_under_a_regular_expression_are_refused() {
    assert_snapshot!(location(r"'~ \.png$'", "files"), @r"
    error: files cannot be served under the regular expression `~ \.png$`
     --> domains/shop.example.com.yml:2:3
      |
    2 |   '~ \.png$':
      |   ^^^^^^^^^^ expected a path that begins with `/`, or `= /path`
    3 |     upstream: {repo: shop, branch: main, runner: files}
      |                                                  ----- a NginxStatic
    ");
}

#[test]
fn a_relative_certificate_is_refused() {
    assert_snapshot!(domain("ssl: true\nssl_certificate: shop.crt\nlocations: {/: {upstream: {repo: shop, branch: main, runner: web}}}\n"), @"
    error: `ssl_certificate` is `shop.crt`
     --> domains/shop.example.com.yml:2:18
      |
    2 | ssl_certificate: shop.crt
      |                  ^^^^^^^^ expected an absolute path
    ");
}

#[test]
fn a_variable_in_a_certificate_path_is_refused() {
    assert_snapshot!(domain("ssl: true\nssl_certificate_key: /etc/ssl/$ssl_server_name.key\nlocations: {/: {upstream: {repo: shop, branch: main, runner: web}}}\n"), @"
    error: `ssl_certificate_key` is `/etc/ssl/$ssl_server_name.key`
     --> domains/shop.example.com.yml:2:22
      |
    2 | ssl_certificate_key: /etc/ssl/$ssl_server_name.key
      |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected an absolute path, without `$` and control characters
    ");
}

#[test]
fn listen_options_that_end_the_directive_are_refused() {
    assert_snapshot!(domain("extra_listen_options: \'default_server; root /\'\nlocations: {/: {upstream: {repo: shop, branch: main, runner: web}}}\n"), @"
    error: `extra_listen_options` is `default_server; root /`
     --> domains/shop.example.com.yml:1:23
      |
    1 | extra_listen_options: 'default_server; root /'
      |                       ^^^^^^^^^^^^^^^^^^^^^^^^ expected options of nginx's `listen`, on one line, without `;`, `#` and braces
    ");
}

#[test]
fn a_prefix_with_and_without_modifier_is_refused() {
    assert_snapshot!(domain("locations:\n  /a:\n    upstream: {repo: shop, branch: main, runner: web}\n  ^~ /a:\n    upstream: {repo: shop, branch: main, runner: web}\n"), @"
    error: nginx takes `^~ /a` and `/a` for the same location
     --> domains/shop.example.com.yml:4:3
      |
    2 |   /a:
      |   -- the other
    3 |     upstream: {repo: shop, branch: main, runner: web}
    4 |   ^~ /a:
      |   ^^^^^ expected one of them
    ");
}

#[test]
fn a_folder_of_files_with_and_without_slash_is_refused() {
    assert_snapshot!(domain("locations:\n  /a/:\n    upstream: {repo: shop, branch: main, runner: web}\n  /a:\n    upstream: {repo: shop, branch: main, runner: files}\n"), @"
    error: nginx takes `/a` and `/a/` for the same location
     --> domains/shop.example.com.yml:4:3
      |
    2 |   /a/:
      |   --- the other
    3 |     upstream: {repo: shop, branch: main, runner: web}
    4 |   /a:
      |   ^^ expected one of them
    ");
}

#[test]
fn a_proxy_path_under_a_regular_expression_is_refused() {
    let repo = "branches: {main: {runners: {web: {type: NginxBackend, cmd: x, nginx_proxy_path: /v2/}}}}\n";
    let domain = "locations:\n  ~ ^/api/:\n    upstream: {repo: shop, branch: main, runner: web}\n";
    assert_snapshot!(reports(&[("repo/shop.yml", repo), ("domains/example.com.yml", domain)]), @"
    error: `~ ^/api/` leads to a runner with `nginx_proxy_path`
     --> domains/example.com.yml:2:3
      |
    2 |   ~ ^/api/:
      |   ^^^^^^^^ nginx cannot replace what a regular expression matches
    3 |     upstream: {repo: shop, branch: main, runner: web}
      |                                                  --- this runner
    ");
}
