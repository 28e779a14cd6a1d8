//! Domains that lead nowhere.

use insta::assert_snapshot;

use crate::{domain, location, reports};

#[test]
fn an_unknown_repo_is_guessed() {
    assert_snapshot!(domain("locations:\n  /:\n    upstream: {repo: shpo, branch: main, runner: web}\n"), @"
    error: there is no repo `shpo`
     --> domains/shop.example.com.yml:3:22
      |
    3 |     upstream: {repo: shpo, branch: main, runner: web}
      |                      ^^^^ expected shop
      |
      = help: did you mean `shop`?
    ");
}

#[test]
fn an_unknown_repo_lists_the_known_ones() {
    assert_snapshot!(domain("locations:\n  /:\n    upstream: {repo: blog, branch: main, runner: web}\n"), @"
    error: there is no repo `blog`
     --> domains/shop.example.com.yml:3:22
      |
    3 |     upstream: {repo: blog, branch: main, runner: web}
      |                      ^^^^ expected shop
    ");
}

#[test]
fn a_domain_without_any_repo_is_reported() {
    assert_snapshot!(reports(&[("domains/example.com.yml", "locations:\n  /:\n    upstream: {repo: shop, branch: main, runner: web}\n")]), @"
    error: there is no repo `shop`
     --> domains/example.com.yml:3:22
      |
    3 |     upstream: {repo: shop, branch: main, runner: web}
      |                      ^^^^ no repo is configured
    ");
}

#[test]
fn an_unknown_branch_lists_the_known_ones() {
    assert_snapshot!(domain("locations:\n  /:\n    upstream: {repo: shop, branch: master, runner: web}\n"), @"
    error: `shop` has no branch `master`
     --> domains/shop.example.com.yml:3:36
      |
    3 |     upstream: {repo: shop, branch: master, runner: web}
      |                                    ^^^^^^ expected main
    ");
}

#[test]
fn an_unknown_runner_is_guessed() {
    assert_snapshot!(location("/", "wbe"), @"
    error: `shop main` has no runner `wbe`
     --> domains/shop.example.com.yml:3:50
      |
    3 |     upstream: {repo: shop, branch: main, runner: wbe}
      |                                                  ^^^ expected files, web or worker
      |
      = help: did you mean `web`?
    ");
}

#[test]
fn nginx_cannot_route_to_a_simple_process() {
    assert_snapshot!(location("/", "worker"), @"
    error: nginx cannot route to `worker`
     --> domains/shop.example.com.yml:3:50
      |
    3 |     upstream: {repo: shop, branch: main, runner: worker}
      |                                                  ^^^^^^ a SimpleProcess does not serve HTTP
      |
      = help: nginx can route to files and web
    ");
}

#[test]
fn a_maintenance_upstream_is_checked_as_well() {
    assert_snapshot!(domain("locations:\n  /:\n    upstream: {repo: shop, branch: main, runner: web}\n    maintenance_upstream: {repo: shop, branch: main, runner: worker}\n"), @"
    error: nginx cannot route to `worker`
     --> domains/shop.example.com.yml:4:62
      |
    4 |     maintenance_upstream: {repo: shop, branch: main, runner: worker}
      |                                                              ^^^^^^ a SimpleProcess does not serve HTTP
      |
      = help: nginx can route to files and web
    ");
}

#[test]
fn a_stand_in_that_is_the_upstream_itself_is_a_warning() {
    assert_snapshot!(domain("locations:\n  /:\n    upstream: {repo: shop, branch: main, runner: web}\n    maintenance_upstream: {repo: shop, branch: main, runner: web}\n"), @"
    warning: `maintenance_upstream` is the `upstream` itself
     --> domains/shop.example.com.yml:4:5
      |
    4 |     maintenance_upstream: {repo: shop, branch: main, runner: web}
      |     ^^^^^^^^^^^^^^^^^^^^ it is in maintenance at the same time
      |
      = help: use a runner of another branch or repo
    ");
}

#[test]
fn a_name_that_is_no_name_is_refused() {
    assert_snapshot!(domain("locations:\n  /:\n    upstream: {repo: ../shop, branch: main, runner: web}\n"), @"
    error: `../shop` is not a valid repo name
     --> domains/shop.example.com.yml:3:22
      |
    3 |     upstream: {repo: ../shop, branch: main, runner: web}
      |                      ^^^^^^^ it must not start with `-` or `.`
    ");
}

#[test]
fn a_domain_that_leads_to_a_broken_repo_is_kept_as_it_is() {
    assert_snapshot!(reports(&[("repo/shop.yml", "branches: x\n"), ("domains/example.com.yml", "locations:\n  /:\n    upstream: {repo: shop, branch: any, runner: thing}\n")]), @"
    warning: this domain routes to the repo `shop`, whose file is broken
     --> domains/example.com.yml:3:22
      |
    3 |     upstream: {repo: shop, branch: any, runner: thing}
      |                      ^^^^ until it is fixed, nginx keeps the last working configuration of this domain

    error: `branches` is `x`
     --> repo/shop.yml:1:11
      |
    1 | branches: x
      |           ^ expected a mapping of names to branches
    ");
}

#[test]
fn a_reference_through_an_alias_is_reported_once() {
    assert_snapshot!(domain("locations:\n  /a: &here\n    upstream: {repo: shop, branch: main, runner: wbe}\n  /b: *here\n"), @"
    error: `shop main` has no runner `wbe`
     --> domains/shop.example.com.yml:3:50
      |
    3 |     upstream: {repo: shop, branch: main, runner: wbe}
      |                                                  ^^^ expected files, web or worker
      |
      = help: did you mean `web`?
    ");
}

#[test]
fn mistakes_of_a_broken_domain_include_its_references() {
    assert_snapshot!(domain("ssl: maybe\nlocations:\n  /:\n    upstream: {repo: shop, branch: main, runner: wbe}\n"), @"
    error: `ssl` is `maybe`
     --> domains/shop.example.com.yml:1:6
      |
    1 | ssl: maybe
      |      ^^^^^ expected true, false or auto

    error: `shop main` has no runner `wbe`
     --> domains/shop.example.com.yml:4:50
      |
    4 |     upstream: {repo: shop, branch: main, runner: wbe}
      |                                                  ^^^ expected files, web or worker
      |
      = help: did you mean `web`?
    ");
}
