//! Mistakes in a branch.

use insta::assert_snapshot;

use crate::{branch, repo};

#[test]
fn a_runner_with_a_space_in_its_name_is_refused() {
    assert_snapshot!(repo("branches:\n  main:\n    runners:\n      my web: {type: NginxStatic}\n"), @"
    error: `my web` is not a valid runner name
     --> repo/shop.yml:4:7
      |
    4 |       my web: {type: NginxStatic}
      |       ^^^^^^ only letters, digits, `-`, `_` and `.` are allowed
    ");
}

#[test]
fn a_branch_that_git_would_refuse_is_refused() {
    assert_snapshot!(repo("branches:\n  feature..x:\n    runners: {}\n"), @"
    error: `feature..x` is not a valid branch name
     --> repo/shop.yml:2:3
      |
    2 |   feature..x:
      |   ^^^^^^^^^^ it must not contain `..` or `@{` or be `@`
    ");
}

#[test]
fn a_branch_name_that_is_too_long_is_refused() {
    assert_snapshot!(repo(&format!("branches:\n  {}:\n    runners: {{}}\n", "x".repeat(101))), @"
    error: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` is not a valid branch name
     --> repo/shop.yml:2:3
      |
    2 |   xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx:
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ it is longer than 100 bytes
    ");
}

#[test]
fn a_variable_name_with_a_dash_is_refused() {
    assert_snapshot!(branch("env:\n  NODE-ENV: production"), @"
    error: `NODE-ENV` is not a valid variable name
    --> repo/shop.yml:5:7
     = note: expected letters, digits and `_`, not starting with a digit
    ");
}

#[test]
fn a_variable_name_with_a_digit_first_is_refused() {
    assert_snapshot!(branch("env:\n  1ST: x"), @"
    error: `1ST` is not a valid variable name
    --> repo/shop.yml:5:7
     = note: expected letters, digits and `_`, not starting with a digit
    ");
}

#[test]
fn a_variable_name_with_shell_syntax_is_refused() {
    assert_snapshot!(branch("env:\n  \"A=$(id)\": x"), @"
    error: `A=$(id)` is not a valid variable name
    --> repo/shop.yml:5:7
     = note: expected letters, digits and `_`, not starting with a digit
    ");
}

#[test]
fn an_unknown_build_is_guessed() {
    assert_snapshot!(branch("build: non\n"), @"
    error: `build` is `non`
     --> repo/shop.yml:4:12
      |
    4 |     build: non
      |            ^^^ expected auto or none
      |
      = help: did you mean `none`?
    ");
}

#[test]
fn a_build_command_beside_the_hooks_is_refused() {
    assert_snapshot!(branch("build: make\n"), @"
    error: `build` is `make`
     --> repo/shop.yml:4:12
      |
    4 |     build: make
      |            ^^^^ expected auto or none
    ");
}

#[test]
fn an_empty_build_is_explained() {
    assert_snapshot!(branch("build:\n"), @"
    error: `build` is empty
     --> repo/shop.yml:4:5
      |
    4 |     build:
      |     ^^^^^ expected auto or none
    ");
}

#[test]
fn a_list_within_the_list_of_a_hook_is_refused() {
    assert_snapshot!(branch("hooks:\n  after_build:\n  - make\n  - [a, b]\n"), @"
    error: `after_build` is a list
     --> repo/shop.yml:7:9
      |
    7 |       - [a, b]
      |         ^ expected a string
    ");
}

#[test]
fn an_empty_item_of_a_hook_is_refused() {
    assert_snapshot!(branch("hooks:\n  after_build:\n  - make\n  -\n"), @"
    error: `after_build` is empty
     --> repo/shop.yml:7:8
      |
    7 |       -
      |        ^ expected a string
    ");
}

#[test]
fn a_mapping_for_a_hook_is_refused() {
    assert_snapshot!(branch("hooks:\n  after_build:\n    cmd: make\n"), @"
    error: `after_build` is a mapping
     --> repo/shop.yml:5:7
      |
    5 |       after_build:
      |       ^^^^^^^^^^^ expected a string or a list of strings
    ");
}

#[test]
fn a_command_name_that_looks_like_an_option_is_refused() {
    assert_snapshot!(branch("custom_cmds:\n  --help: echo x\n"), @"
    error: `--help` is not a valid command name
     --> repo/shop.yml:5:7
      |
    5 |       --help: echo x
      |       ^^^^^^ expected a word that does not start with `-`
    ");
}

#[test]
fn an_empty_custom_command_is_refused() {
    assert_snapshot!(branch("custom_cmds:\n  migrate:\n"), @"
    error: `migrate` is empty
     --> repo/shop.yml:5:7
      |
    5 |       migrate:
      |       ^^^^^^^ expected a shell command
    ");
}

#[test]
fn names_too_long_together_are_refused() {
    assert_snapshot!(repo(&format!("branches:\n  {}:\n    runners: {{web: {{type: NginxStatic}}}}\n", "RELEASE-".repeat(12))), @"
    error: the names of repo, branch and runner are 271 bytes long in total
     --> repo/shop.yml:2:3
      |
    2 |   RELEASE-RELEASE-RELEASE-RELEASE-RELEASE-RELEASE-RELEASE-RELEASE-RELEASE-RELEASE-RELEASE-RELEASE-:
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected at most 240
      |
      = help: capital letters, `/` and other special characters count as three bytes
    ");
}

#[test]
fn a_variable_of_the_shell_is_refused() {
    assert_snapshot!(branch("env:\n  PWD: /srv"), @"
    error: `PWD` cannot be set
    --> repo/shop.yml:5:7
     = note: the shell that starts each process overwrites it
    ");
}
