//! Mistakes in `pypaas.yml`.

use insta::assert_snapshot;

use crate::{reports, settings};

#[test]
fn ports_the_wrong_way_round_are_refused() {
    assert_snapshot!(settings("ports:\n  min: 61800\n  max: 61500\n"), @"
    error: `min` is 61800 and `max` only 61500
     --> pypaas.yml:2:8
      |
    2 |   min: 61800
      |        ^^^^^ expected at most `max`
    3 |   max: 61500
      |        ----- `max`
    ");
}

#[test]
fn a_port_that_does_not_exist_is_refused() {
    assert_snapshot!(settings("ports: {min: 0, max: 65536}\n"), @"
    error: `min` is `0`
     --> pypaas.yml:1:14
      |
    1 | ports: {min: 0, max: 65536}
      |              ^ expected a whole number from 1 to 65535

    error: `max` is `65536`
     --> pypaas.yml:1:22
      |
    1 | ports: {min: 0, max: 65536}
      |                      ^^^^^ expected a whole number from 1 to 65535
    ");
}

#[test]
fn a_relative_services_directory_is_refused() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\nservices_dir: services\n"), @"
    error: `services_dir` is `services`
     --> pypaas.yml:2:15
      |
    2 | services_dir: services
      |               ^^^^^^^^ expected an absolute path, or a path that begins with `~/`
    ");
}

#[test]
fn another_users_home_is_refused() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\nservices_dir: ~deploy/services\n"), @"
    error: `services_dir` is `~deploy/services`
     --> pypaas.yml:2:15
      |
    2 | services_dir: ~deploy/services
      |               ^^^^^^^^^^^^^^^^ expected an absolute path, or a path that begins with `~/`
    ");
}

#[test]
fn keys_of_earlier_versions_are_refused_with_what_to_write_instead() {
    for (key, help) in [
        ("command", "remove it; to run another nginx than /usr/sbin/nginx, write `program: /path/to/nginx`"),
        ("pid_file", "remove it"),
        ("config_dir", "remove it, and the line in the system's nginx that includes the directory"),
    ] {
        let found = settings(&format!("ports: {{min: 1, max: 2}}\nnginx: {{{key}: /x}}\n"));
        assert!(found.contains(&format!("`{key}` has no meaning any more")), "{found}");
        assert!(found.contains(&format!("help: {help}")), "{found}");
    }
}

#[test]
fn a_proxy_that_is_no_address_is_refused() {
    for proxy in ["proxy.example", "10.0.0.0/33", "10.0.0.1:80", "'10.0.0.0/8; evil'"] {
        let found = settings(&format!("ports: {{min: 1, max: 2}}\nnginx: {{trusted_proxies: [{proxy}]}}\n"));
        assert!(found.contains("expected an address or a network"), "{found}");
    }
}

#[test]
fn an_address_with_a_port_is_refused() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\nnginx:\n  listen: '127.0.0.1:8080'\n"), @"
    error: `listen` is `127.0.0.1:8080`
     --> pypaas.yml:3:11
      |
    3 |   listen: '127.0.0.1:8080'
      |           ^^^^^^^^^^^^^^^^ expected an IPv4 address, or an IPv6 address in brackets
      |
      = help: set the port with `http_port` and `https_port`
    ");
}

#[test]
fn an_ipv6_address_without_quotes_is_explained() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\nnginx:\n  listen: [0.0.0.0, [::]]\n"), @r#"
    error: `listen` is a list
     --> pypaas.yml:3:21
      |
    3 |   listen: [0.0.0.0, [::]]
      |                     ^ expected an IPv4 address, or an IPv6 address in brackets
      |
      = help: quote IPv6 addresses: "[::]"
    "#);
}

#[test]
fn an_ipv6_address_without_brackets_is_explained() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\nnginx:\n  listen: ['::1']\n"), @r#"
    error: `listen` is `::1`
     --> pypaas.yml:3:12
      |
    3 |   listen: ['::1']
      |            ^^^^^ expected an IPv4 address, or an IPv6 address in brackets
      |
      = help: did you mean `"[::1]"`?
    "#);
}

#[test]
fn a_host_name_is_no_address() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\nnginx:\n  listen: [localhost]\n"), @"
    error: `listen` is `localhost`
     --> pypaas.yml:3:12
      |
    3 |   listen: [localhost]
      |            ^^^^^^^^^ expected an IPv4 address, or an IPv6 address in brackets
    ");
}

#[test]
fn an_address_listed_twice_is_refused() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\nnginx:\n  listen: [127.0.0.1, 127.0.0.1]\n"), @"
    error: `listen` is `127.0.0.1`
     --> pypaas.yml:3:23
      |
    3 |   listen: [127.0.0.1, 127.0.0.1]
      |                       ^^^^^^^^^ expected each address once
    ");
}

#[test]
fn one_port_for_both_schemes_is_refused() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\nnginx: {http_port: 443}\n"), @"
    error: `http_port` and `https_port` are both 443
     --> pypaas.yml:2:20
      |
    2 | nginx: {http_port: 443}
      |                    ^^^ expected two different ports
    ");
}

#[test]
fn a_relative_program_is_refused() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\nnginx: {program: nginx}\n"), @"
    error: `program` is `nginx`
     --> pypaas.yml:2:18
      |
    2 | nginx: {program: nginx}
      |                  ^^^^^ expected an absolute path
    ");
}

#[test]
fn a_missing_main_file_is_reported() {
    assert_snapshot!(reports(&[("pypaas.yaml", "ports: {min: 1, max: 2}\n")]), @"
    warning: `pypaas.yaml` is ignored: the main file is `pypaas.yml`
    --> pypaas.yaml
     = help: rename it to `pypaas.yml`

    error: `pypaas.yml` is missing
    --> pypaas.yml
     = help: create it; the minimum is `ports: {min: 61500, max: 61800}`
    ");
}

#[test]
fn a_port_range_that_is_too_small_is_warned_about() {
    let shop = "branches:\n  main:\n    runners:\n      web: {type: NginxBackend, cmd: npm start, process_count: 4}\n";
    assert_snapshot!(reports(&[("pypaas.yml", "ports:\n  min: 61500\n  max: 61506\n"), ("repo/shop.yml", shop)]), @"
    warning: 7 ports are too few for 4 processes
     --> pypaas.yml:1:1
      |
    1 | ports:
      | ^^^^^ expected at least 8
      |
      = help: during a deploy, each process of the old and the new version needs its own port
    ");
    assert_eq!(reports(&[("pypaas.yml", "ports: {min: 61500, max: 61507}"), ("repo/shop.yml", shop)]), "");
}
