//! Mistakes in a domain.

use insta::assert_snapshot;

use crate::{SHOP, domain, location, reports};

const LOCATIONS: &str = "locations: {/: {upstream: {repo: shop, branch: main, runner: web}}}\n";

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
      |   ^^^^^^^^^ expected no spaces or control characters, except one space after `=`, `^~`, `~` or `~*`
    ");
}

#[test]
fn a_location_that_ends_the_directive_is_refused() {
    assert_snapshot!(location("'/; return 200'", "web"), @"
    error: `/; return 200` is not a location
     --> domains/shop.example.com.yml:2:3
      |
    2 |   '/; return 200':
      |   ^^^^^^^^^^^^^^^ expected no spaces or control characters, except one space after `=`, `^~`, `~` or `~*`
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
      |   ^^^^^^^ expected no spaces or control characters, except one space after `=`, `^~`, `~` or `~*`
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
      |                                                  ----- an NginxStatic
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
      |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected an absolute path, without `$` or control characters
    ");
}

#[test]
fn listen_options_that_end_the_directive_are_refused() {
    assert_snapshot!(domain("extra_listen_options: \'default_server; root /\'\nlocations: {/: {upstream: {repo: shop, branch: main, runner: web}}}\n"), @"
    error: `extra_listen_options` is `default_server; root /`
     --> domains/shop.example.com.yml:1:23
      |
    1 | extra_listen_options: 'default_server; root /'
      |                       ^^^^^^^^^^^^^^^^^^^^^^^^ expected options of nginx's `listen`, on one line, without `;`, `#` or braces
    ");
}

#[test]
fn a_prefix_with_and_without_modifier_is_refused() {
    assert_snapshot!(domain("locations:\n  /a:\n    upstream: {repo: shop, branch: main, runner: web}\n  ^~ /a:\n    upstream: {repo: shop, branch: main, runner: web}\n"), @"
    error: nginx treats `^~ /a` and `/a` as the same location
     --> domains/shop.example.com.yml:4:3
      |
    2 |   /a:
      |   -- the other
    3 |     upstream: {repo: shop, branch: main, runner: web}
    4 |   ^~ /a:
      |   ^^^^^ expected only one of them
    ");
}

#[test]
fn a_directory_of_files_with_and_without_slash_is_refused() {
    assert_snapshot!(domain("locations:\n  /a/:\n    upstream: {repo: shop, branch: main, runner: web}\n  /a:\n    upstream: {repo: shop, branch: main, runner: files}\n"), @"
    error: nginx treats `/a` and `/a/` as the same location
     --> domains/shop.example.com.yml:4:3
      |
    2 |   /a/:
      |   --- the other
    3 |     upstream: {repo: shop, branch: main, runner: web}
    4 |   /a:
      |   ^^ expected only one of them
    ");
}

#[test]
fn a_proxy_path_under_a_regular_expression_is_refused() {
    let repo = "branches: {main: {runners: {web: {type: NginxBackend, cmd: x, nginx_proxy_path: /v2/}}}}\n";
    let domain = "locations:\n  ~ ^/api/:\n    upstream: {repo: shop, branch: main, runner: web}\n";
    assert_snapshot!(reports(&[("repo/shop.yml", repo), ("domains/example.com.yml", domain)]), @"
    error: `~ ^/api/` routes to a runner with `nginx_proxy_path`
     --> domains/example.com.yml:2:3
      |
    2 |   ~ ^/api/:
      |   ^^^^^^^^ nginx cannot replace what a regular expression matches
    3 |     upstream: {repo: shop, branch: main, runner: web}
      |                                                  --- this runner
    ");
}

#[test]
fn an_alias_that_is_no_name_is_refused() {
    assert_snapshot!(domain(&format!("aliases: [shop.example.net, 'shop example']\n{LOCATIONS}")), @"
    error: `shop example` is not a valid domain name
     --> domains/shop.example.com.yml:1:29
      |
    1 | aliases: [shop.example.net, 'shop example']
      |                             ^^^^^^^^^^^^^^ only lower-case letters, digits, `-`, `_` and dots are allowed (write IDNs in their xn--… form)
    ");
}

#[test]
fn a_mapping_for_aliases_is_refused() {
    assert_snapshot!(domain(&format!("aliases: {{a: b}}\n{LOCATIONS}")), @"
    error: `aliases` is a mapping
     --> domains/shop.example.com.yml:1:1
      |
    1 | aliases: {a: b}
      | ^^^^^^^ expected a domain's name
    ");
}

#[test]
fn an_alias_that_another_domain_has_is_refused() {
    let other = format!("aliases: shop.example.com\n{LOCATIONS}");
    assert_snapshot!(reports(&[("repo/shop.yml", SHOP), ("domains/a.example.com.yml", &other), ("domains/shop.example.com.yml", LOCATIONS)]), @"
    error: the name `shop.example.com` is already in use
     --> domains/a.example.com.yml:1:10
      |
    1 | aliases: shop.example.com
      |          ^^^^^^^^^^^^^^^^ nginx would ignore it here
     ::: domains/shop.example.com.yml
    ");
}

#[test]
fn a_name_that_two_domains_list_is_refused_where_it_comes_second() {
    let listing = |key: &str| format!("{key}: WWW.example.com\n{LOCATIONS}");
    assert_snapshot!(reports(&[("repo/shop.yml", SHOP), ("domains/a.example.com.yml", &listing("redirect")), ("domains/b.example.com.yml", &listing("aliases"))]), @"
    error: the name `www.example.com` is already in use
     --> domains/b.example.com.yml:1:10
      |
    1 | aliases: WWW.example.com
      |          ^^^^^^^^^^^^^^^ nginx would ignore it here
      |
     ::: domains/a.example.com.yml:1:11
      |
    1 | redirect: WWW.example.com
      |           ^^^^^^^^^^^^^^^ used here
    ");
}

#[test]
fn a_domain_that_is_its_own_alias_is_refused() {
    assert_snapshot!(domain(&format!("redirect:\n- www.example.com\n- shop.example.com\n{LOCATIONS}")), @"
    error: the name `shop.example.com` is already in use
     --> domains/shop.example.com.yml:3:3
      |
    3 | - shop.example.com
      |   ^^^^^^^^^^^^^^^^ nginx would ignore it here
     ::: domains/shop.example.com.yml
    ");
}

#[test]
fn a_redirect_to_a_wildcard_is_refused() {
    let text = format!("redirect: example.com\n{LOCATIONS}");
    assert_snapshot!(reports(&[("repo/shop.yml", SHOP), ("domains/*.example.com.yml", &text)]), @"
    error: `redirect` would redirect to `*.example.com`
     --> domains/*.example.com.yml:1:1
      |
    1 | redirect: example.com
      | ^^^^^^^^ a name with `*` cannot be the target of a redirect
    ");
}

#[test]
fn a_regular_expression_that_is_never_tried_is_warned_about() {
    let route = "{upstream: {repo: shop, branch: main, runner: web}}";
    assert_snapshot!(domain(&format!("locations:\n  ^~ /api/: {route}\n  ~ ^/api/v[12]/: {route}\n")), @"
    warning: nginx never tries `~ ^/api/v[12]/`
     --> domains/shop.example.com.yml:3:3
      |
    2 |   ^~ /api/: {upstream: {repo: shop, branch: main, runner: web}}
      |   -------- `^~` disables regular expressions below this path
    3 |   ~ ^/api/v[12]/: {upstream: {repo: shop, branch: main, runner: web}}
      |   ^^^^^^^^^^^^^^ everything it can match begins with the path of the other location
    ");
}

#[test]
fn a_regular_expression_that_may_be_tried_is_not() {
    let route = "{upstream: {repo: shop, branch: main, runner: web}}";
    for location in ["~ ^/ap", "~ /api/", "~ ^/api?/x", "~ ^/(api|b)/", "~ ^/api/|/b", "~ ^/other/"] {
        assert_eq!(
            domain(&format!("locations:\n  ^~ /api/: {route}\n  {location}: {route}\n")),
            "",
            "{location}"
        );
    }
    let longer = format!("locations:\n  ^~ /api/: {route}\n  /api/v1/: {route}\n  ~ ^/api/v: {route}\n");
    assert_eq!(domain(&longer), "");
}
