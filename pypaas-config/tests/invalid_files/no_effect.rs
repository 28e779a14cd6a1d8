//! What is valid YAML with valid keys and would never work: refused, or warned about, with what to write.

use insta::assert_snapshot;

use crate::{SHOP, branch, domain, repo, reports};

const ROUTE: &str = "{upstream: {repo: shop, branch: main, runner: web}}";

#[test]
fn a_catch_all_domain_is_refused() {
    let text = format!("locations: {{/: {ROUTE}}}\n");
    assert_snapshot!(reports(&[("repo/shop.yml", SHOP), ("domains/_.yml", &text)]), @r"
    error: `_` is not a valid domain name
    --> domains/_.yml
     = note: it is not a host name; there is no catch-all domain, and unknown hosts get no answer
     = help: rename the file
    ");
}

#[test]
fn names_that_are_probably_no_domains_are_warned_about() {
    let text = format!("locations: {{/: {ROUTE}}}\n");
    let files = [
        ("repo/shop.yml", SHOP),
        ("domains/default.yml", &text),
        ("domains/example.com.conf.yml", &text),
        ("domains/example.com.yml.yml", &text),
    ];
    assert_snapshot!(reports(&files), @r"
    warning: `default` is probably not the name of a domain
    --> domains/default.yml
     = help: there is no catch-all domain; requests for unknown hosts get no answer

    warning: `example.com.conf` is probably not the name of a domain
    --> domains/example.com.conf.yml
     = help: the file for the domain `example.com` is `domains/example.com.yml`

    warning: `example.com.yml` is probably not the name of a domain
    --> domains/example.com.yml.yml
     = help: the file for the domain `example.com` is `domains/example.com.yml`
    ");
}

#[test]
fn a_location_with_a_wildcard_is_refused() {
    assert_snapshot!(domain(&format!("locations:\n  /api/*: {ROUTE}\n")), @r"
    error: `/api/*` is not a location
     --> domains/shop.example.com.yml:2:3
      |
    2 |   /api/*: {upstream: {repo: shop, branch: main, runner: web}}
      |   ^^^^^^ expected a path without `*`: a prefix includes everything below it
      |
      = help: did you mean `/api/`?
    ");
}

#[test]
fn a_location_with_a_query_is_refused() {
    assert_snapshot!(domain(&format!("locations:\n  /b?x=1: {ROUTE}\n")), @r"
    error: `/b?x=1` is not a location
     --> domains/shop.example.com.yml:2:3
      |
    2 |   /b?x=1: {upstream: {repo: shop, branch: main, runner: web}}
      |   ^^^^^^ expected a path without `?`: nginx does not compare the query
      |
      = help: did you mean `/b`?
    ");
}

#[test]
fn a_location_with_an_escape_is_refused() {
    assert_snapshot!(domain(&format!("locations:\n  = /caf%C3%A9: {ROUTE}\n")), @r"
    error: `= /caf%C3%A9` is not a location
     --> domains/shop.example.com.yml:2:3
      |
    2 |   = /caf%C3%A9: {upstream: {repo: shop, branch: main, runner: web}}
      |   ^^^^^^^^^^^^ expected a decoded path: nginx decodes `%…` before it compares
      |
      = help: did you mean `= /café`?
    ");
}

#[test]
fn a_location_with_a_parameter_is_refused() {
    assert_snapshot!(domain(&format!("locations:\n  /users/:id: {ROUTE}\n")), @r"
    error: `/users/:id` is not a location
     --> domains/shop.example.com.yml:2:3
      |
    2 |   /users/:id: {upstream: {repo: shop, branch: main, runner: web}}
      |   ^^^^^^^^^^ expected a path without parameters: nginx has none
      |
      = help: did you mean `/users/`?
    ");
}

#[test]
fn a_regular_expression_that_misses_the_slash_is_refused() {
    assert_snapshot!(domain(&format!("locations:\n  ~ ^api/: {ROUTE}\n")), @r"
    error: `~ ^api/` is not a location
     --> domains/shop.example.com.yml:2:3
      |
    2 |   ~ ^api/: {upstream: {repo: shop, branch: main, runner: web}}
      |   ^^^^^^^ expected `^/…`, because every path begins with `/`
      |
      = help: did you mean `~ ^/api/`?
    ");
}

#[test]
fn variables_that_pypaas_sets_are_warned_about() {
    let text = "env: {PORT: 3000, GIT_COMMIT: abc, PYPAAS_REPO: shop}\n";
    assert_snapshot!(branch(text), @r"
    warning: `PORT` in `env` has no effect
    --> repo/shop.yml:4:11
     = note: pypaas sets it to the port of each process
     = help: remove it, and listen on `$PORT`

    warning: `GIT_COMMIT` in `env` has no effect
    --> repo/shop.yml:4:23
     = note: pypaas sets it to the commit of the checkout
     = help: remove it, or use another name

    warning: `PYPAAS_REPO` is reserved
    --> repo/shop.yml:4:40
     = note: pypaas sets variables with this prefix
     = help: use another name
    ");
}

#[test]
fn a_port_for_a_branch_without_ports_is_not_warned_about() {
    let worker = "{type: SimpleProcess, cmd: node worker.js}";
    let text = format!("branches: {{main: {{env: {{PORT: 3000}}, runners: {{worker: {worker}}}}}}}\n");
    assert_eq!(repo(&text), "");
}

#[test]
fn keys_for_https_without_ssl_are_warned_about() {
    let text = format!(
        "ssl_certificate: /etc/ssl/a.crt\nnginx_https_extra_config: gzip on;\nlocations: {{/: {ROUTE}}}\n"
    );
    assert_snapshot!(domain(&text), @r"
    warning: `ssl_certificate` has no effect
     --> domains/shop.example.com.yml:1:1
      |
    1 | ssl_certificate: /etc/ssl/a.crt
      | ^^^^^^^^^^^^^^^ the domain is not served over https
      |
      = help: add `ssl: true`, or remove the key

    warning: `nginx_https_extra_config` has no effect
     --> domains/shop.example.com.yml:2:1
      |
    2 | nginx_https_extra_config: gzip on;
      | ^^^^^^^^^^^^^^^^^^^^^^^^ the domain is not served over https
      |
      = help: add `ssl: true`, or remove the key
    ");
}

#[test]
fn certificate_files_of_another_domain_are_warned_about() {
    let ours = format!(
        "ssl: true\nssl_certificate: /etc/ssl/other.example/fullchain.pem\nssl_certificate_key: /etc/ssl/other.example.key\nlocations: {{/: {ROUTE}}}\n"
    );
    let other = format!("ssl: true\nlocations: {{/: {ROUTE}}}\n");
    let files = [
        ("repo/shop.yml", SHOP),
        ("domains/shop.example.com.yml", &*ours),
        ("domains/other.example.yml", &*other),
    ];
    assert_snapshot!(reports(&files), @r"
    warning: `ssl_certificate` names a file of the domain `other.example`
     --> domains/shop.example.com.yml:2:18
      |
    2 | ssl_certificate: /etc/ssl/other.example/fullchain.pem
      |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected a file of shop.example.com
      |
      = help: clients reject a certificate that does not include the name of the domain

    warning: `ssl_certificate_key` names a file of the domain `other.example`
     --> domains/shop.example.com.yml:3:22
      |
    3 | ssl_certificate_key: /etc/ssl/other.example.key
      |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^ expected a file of shop.example.com
      |
      = help: clients reject a certificate that does not include the name of the domain
    ");
}

#[test]
fn stapling_without_a_dns_server_is_warned_about() {
    let domain = format!("ssl: true\nssl_certificate_chain: /etc/ssl/chain.pem\nlocations: {{/: {ROUTE}}}\n");
    let report = |settings: &str, domain: &str| {
        reports(&[
            ("pypaas.yml", settings),
            ("repo/shop.yml", SHOP),
            ("domains/shop.example.com.yml", domain),
        ])
    };
    let ports = "ports: {min: 61500, max: 61800}\n";
    assert_snapshot!(report(ports, &domain), @"
    warning: `ssl_certificate_chain` has no effect
     --> domains/shop.example.com.yml:2:24
      |
    2 | ssl_certificate_chain: /etc/ssl/chain.pem
      |                        ^^^^^^^^^^^^^^^^^^ for OCSP stapling, nginx must find the server of the certificate authority
      |
      = help: set `resolver` below `nginx` in pypaas.yml to the address of a DNS server, or remove the key
    ");
    assert_eq!(report(&format!("{ports}nginx: {{resolver: [127.0.0.53, \"[::1]\"]}}\n"), &domain), "");
    assert_eq!(report(ports, &format!("ssl_config: ssl_protocols TLSv1.3;\n{domain}")), "");
    assert_eq!(report(&format!("{ports}ssl_config: ssl_protocols TLSv1.3;\n"), &domain), "");
}

#[test]
fn the_certificate_of_a_parent_domain_is_not_warned_about() {
    let ours = format!(
        "ssl: true\nssl_certificate: /etc/ssl/example.com/fullchain.pem\nssl_certificate_key: /etc/ssl/example.com/privkey.pem\nlocations: {{/: {ROUTE}}}\n"
    );
    let files = [
        ("repo/shop.yml", SHOP),
        ("domains/shop.example.com.yml", &*ours),
        ("domains/example.com.yml", &*ours),
    ];
    assert_eq!(reports(&files), "");
}
