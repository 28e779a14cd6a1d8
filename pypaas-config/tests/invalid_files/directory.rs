//! Files that are in the wrong place, or there twice.

use insta::assert_snapshot;

use crate::{SHOP, reports};

#[test]
fn a_repo_in_both_directories_names_both_files() {
    assert_snapshot!(reports(&[("repo/shop.yml", SHOP), ("repos/shop.yml", SHOP)]), @"
    error: `repo/shop.yml` and `repos/shop.yml` both define the repo `shop`
    --> repos/shop.yml
    ::: repo/shop.yml
     = help: remove one of the two files
    ");
}

#[test]
fn a_domain_in_capital_letters_is_refused() {
    assert_snapshot!(reports(&[("repo/shop.yml", SHOP), ("domains/Shop.Example.com.yml", "locations: {/: {upstream: {repo: shop, branch: main, runner: web}}}\n")]), @"
    error: the name of `domains/Shop.Example.com.yml` contains capital letters
    --> domains/Shop.Example.com.yml
     = help: rename it to `domains/shop.example.com.yml`
    ");
}

#[test]
fn a_domain_in_two_spellings_names_both_files() {
    assert_snapshot!(reports(&[("repo/shop.yml", SHOP), ("domains/A.example.com.yml", "locations: {/: {upstream: {repo: shop, branch: main, runner: web}}}\n"), ("domains/a.example.com.yml", "locations: {/: {upstream: {repo: shop, branch: main, runner: web}}}\n")]), @"
    error: the name of `domains/A.example.com.yml` contains capital letters
    --> domains/A.example.com.yml
     = help: rename it to `domains/a.example.com.yml`

    error: `domains/A.example.com.yml` and `domains/a.example.com.yml` both define the domain `a.example.com`
    --> domains/a.example.com.yml
    ::: domains/A.example.com.yml
     = help: remove one of the two files
    ");
}

#[test]
fn a_repo_file_with_a_space_in_its_name_is_refused() {
    assert_snapshot!(reports(&[("repo/my shop.yml", SHOP)]), @"
    error: `my shop` is not a valid repo name
    --> repo/my shop.yml
     = note: only letters, digits, `-`, `_` and `.` are allowed
     = help: rename the file
    ");
}

#[test]
fn a_repo_name_that_is_too_long_is_refused() {
    assert_snapshot!(reports(&[(&format!("repo/{}.yml", "x".repeat(65)), SHOP)]), @"
    error: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` is not a valid repo name
    --> repo/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.yml
     = note: it is longer than 64 bytes
     = help: rename the file
    ");
}

#[test]
fn a_domain_that_is_no_domain_is_refused() {
    assert_snapshot!(reports(&[("repo/shop.yml", SHOP), ("domains/-shop..example.yml", "locations: {/: {upstream: {repo: shop, branch: main, runner: web}}}\n")]), @"
    error: `-shop..example` is not a valid domain name
    --> domains/-shop..example.yml
     = note: no part of it may start or end with `-`
     = help: rename the file
    ");
}

#[test]
fn other_endings_are_mentioned() {
    assert_snapshot!(reports(&[("repo/shop.yml", SHOP), ("repo/blog.yaml", SHOP)]), @"
    warning: `repo/blog.yaml` is ignored: only `.yml` files are read
    --> repo/blog.yaml
     = help: rename it to `blog.yml`
    ");
}

#[test]
fn editor_backups_are_mentioned_once_each() {
    assert_snapshot!(reports(&[("repo/shop.yml~", "x"), ("repo/.shop.yml.swp", "x"), ("pypaas.yml.bak", "x")]), @"
    warning: `pypaas.yml.bak` is ignored: editor backups are not read
    --> pypaas.yml.bak

    warning: `repo/.shop.yml.swp` is ignored: hidden files are not read
    --> repo/.shop.yml.swp

    warning: `repo/shop.yml~` is ignored: editor backups are not read
    --> repo/shop.yml~
    ");
}

#[test]
fn a_misspelt_directory_is_guessed() {
    assert_snapshot!(reports(&[("domain/shop.example.com.yml", "x")]), @"
    warning: `domain/shop.example.com.yml` is ignored: the directory is not read
    --> domain/shop.example.com.yml
     = help: did you mean `domains/`?
    ");
}

#[test]
fn a_directory_within_a_directory_is_mentioned() {
    assert_snapshot!(reports(&[("repo/old/shop.yml", SHOP)]), @"
    warning: `repo/old/shop.yml` is ignored: subdirectories are not read
    --> repo/old/shop.yml
    ");
}

#[test]
fn a_file_name_with_escapes_is_shown_harmlessly() {
    assert_snapshot!(reports(&[("repo/\u{1b}[2J.yml", SHOP)]), @r"
    error: `\u{1b}[2J` is not a valid repo name
    --> repo/\u{1b}[2J.yml
     = note: only letters, digits, `-`, `_` and `.` are allowed
     = help: rename the file
    ");
}
