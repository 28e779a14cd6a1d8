//! Texts that are not YAML, or not quite.

use insta::assert_snapshot;

use crate::{domain, repo, reports, settings};

#[test]
fn a_tab_in_the_indentation_is_shown() {
    assert_snapshot!(settings("ports:\n\tmin: 1\n\tmax: 2\n"), @"
    error: a tab indents this line
     --> pypaas.yml:2:2
      |
    2 |     min: 1
      |     ^ expected spaces
      |
      = help: YAML is indented with spaces; replace the tab
    ");
}

#[test]
fn a_tab_after_a_value_is_shown() {
    assert_snapshot!(settings("ports: x\n\tmin: 1\n"), @"
    error: a tab follows this value
     --> pypaas.yml:1:8
      |
    1 | ports: x
      |        ^ expected spaces
      |
      = help: YAML is indented with spaces; replace the tab
    ");
}

#[test]
fn an_unclosed_bracket_is_shown_where_it_opens() {
    assert_snapshot!(settings("ports: {min: 1,\n  max: 2\nssl_config: x\n"), @"
    error: a bracket above is not closed, or a `,` is missing
     --> pypaas.yml:3:11
      |
    3 | ssl_config: x
      |           ^ expected `,` or the closing bracket before this
    ");
}

#[test]
fn an_unclosed_quote_is_shown() {
    assert_snapshot!(repo("branches:\n  main:\n    env: {A: 'it}\n"), @"
    error: a quote is never closed
    --> repo/shop.yml:3:14
     = note: opened here
    ");
}

#[test]
fn a_quote_that_goes_on_below_is_shown() {
    assert_snapshot!(settings("deploy_logger_cmd: 'cat\nports: {min: 1, max: 2}\n"), @"
    error: a quoted string continues on a line that is not indented
     --> pypaas.yml:2:1
      |
    2 | ports: {min: 1, max: 2}
      | ^ the string continues here
      |
      = help: close the quote, or indent the lines that continue it
    ");
}

#[test]
fn a_colon_in_a_value_needs_quotes() {
    assert_snapshot!(settings("deploy_logger_cmd: echo a: b\n"), @"
    error: a `:` is not allowed here
     --> pypaas.yml:1:26
      |
    1 | deploy_logger_cmd: echo a: b
      |                          ^ there is already a value on this line, or the line is indented too far
      |
      = help: quote a value that contains `: `; the keys of a mapping must begin in the same column
    ");
}

#[test]
fn an_unknown_escape_is_explained() {
    assert_snapshot!(settings("deploy_logger_cmd: \"grep \\d\"\n"), @r#"
    error: unknown escape in double quotes
     --> pypaas.yml:1:20
      |
    1 | deploy_logger_cmd: "grep \d"
      |                    ^ the string begins here
      |
      = help: write `\\` for a backslash, or use single quotes, which have no escapes
    "#);
}

#[test]
fn a_value_cannot_begin_with_a_backtick() {
    assert_snapshot!(settings("deploy_logger_cmd: `date`\n"), @"
    error: a value cannot begin with this character
     --> pypaas.yml:1:20
      |
    1 | deploy_logger_cmd: `date`
      |                    ^ expected a value
      |
      = help: quote the value
    ");
}

#[test]
fn a_value_cannot_begin_with_a_percent_sign() {
    assert_snapshot!(settings("deploy_logger_cmd: %H\n"), @"
    error: a value cannot begin with this character
     --> pypaas.yml:1:20
      |
    1 | deploy_logger_cmd: %H
      |                    ^ expected a value
      |
      = help: quote the value
    ");
}

#[test]
fn a_control_character_is_shown_harmlessly() {
    assert_snapshot!(settings("deploy_logger_cmd: \u{1b}[31m\n"), @"
    error: a value cannot begin with this character
     --> pypaas.yml:1:20
      |
    1 | deploy_logger_cmd: ␛[31m
      |                    ^ expected a value
      |
      = help: quote the value
    ");
}

#[test]
fn uneven_indentation_is_shown() {
    assert_snapshot!(settings("ports:\n  min: 1\n max: 2\n"), @"
    error: this line does not match the lines above it
     --> pypaas.yml:3:2
      |
    3 |  max: 2
      |  ^ expected a key in the same column as the keys above
      |
      = help: check the indentation
    ");
}

#[test]
fn a_key_indented_too_far_is_shown() {
    assert_snapshot!(settings("services_dir: /srv/s\n  ports: {min: 1, max: 2}\n"), @"
    error: a `:` is not allowed here
     --> pypaas.yml:2:8
      |
    2 |   ports: {min: 1, max: 2}
      |        ^ there is already a value on this line, or the line is indented too far
      |
      = help: quote a value that contains `: `; the keys of a mapping must begin in the same column
    ");
}

#[test]
fn a_key_without_a_colon_is_shown() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\nssl_config\n"), @"
    error: expected `:` after this key
     --> pypaas.yml:2:1
      |
    2 | ssl_config
      | ^ expected `key: value`
    ");
}

#[test]
fn a_second_document_is_refused() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\n---\nports: {min: 3, max: 4}\n"), @"
    error: the file contains more than one YAML document
     --> pypaas.yml:3:1
      |
    3 | ports: {min: 3, max: 4}
      | ^ a second document begins here
      |
      = help: remove the `---` between them
    ");
}

#[test]
fn an_alias_of_nothing_is_shown() {
    assert_snapshot!(settings("deploy_logger_cmd: *cat\n"), @"
    error: unknown alias
     --> pypaas.yml:1:20
      |
    1 | deploy_logger_cmd: *cat
      |                    ^ expected an anchor `&…` with this name above
      |
      = help: quote a value that begins with `*`
    ");
}

#[test]
fn an_alias_of_itself_is_shown() {
    assert_snapshot!(settings("ports: &ports\n  min: *ports\n"), @"
    error: an alias that contains itself
     --> pypaas.yml:2:8
      |
    2 |   min: *ports
      |        ^^^^^^ expected an alias of a complete value
    ");
}

#[test]
fn an_unknown_tag_is_shown() {
    assert_snapshot!(settings("deploy_logger_cmd: !shell cat\n"), @"
    error: unknown tag
     --> pypaas.yml:1:27
      |
    1 | deploy_logger_cmd: !shell cat
      |                           ^^^ expected a plain value
      |
      = help: quote a value that begins with `!`
    ");
}

#[test]
fn a_repeated_key_shows_both_places() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\nservices_dir: /a\nports: {min: 3, max: 4}\n"), @"
    error: duplicate key `ports`
     --> pypaas.yml:3:1
      |
    1 | ports: {min: 1, max: 2}
      | ----- first occurrence
    2 | services_dir: /a
    3 | ports: {min: 3, max: 4}
      | ^^^^^ duplicate
    ");
}

#[test]
fn a_key_repeated_far_below_names_both_places() {
    assert_snapshot!(settings(&format!("services_dir: /a\nports: {{min: 1, max: 2}}\n{}services_dir: /b\n", "# a long comment about nothing at all\n".repeat(80))), @"
    error: duplicate key `services_dir`
      --> pypaas.yml:83:1
       |
    83 | services_dir: /b
       | ^^^^^^^^^^^^ duplicate
       |
      ::: pypaas.yml:1:1
       |
     1 | services_dir: /a
       | ^^^^^^^^^^^^ first occurrence
    ");
}

#[test]
fn a_list_as_a_key_is_refused() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\n[a, b]: c\n"), @"
    error: a key is a list
     --> pypaas.yml:2:1
      |
    2 | [a, b]: c
      | ^ expected a name
      |
      = help: quote the key
    ");
}

#[test]
fn null_as_a_key_is_refused() {
    assert_snapshot!(repo("branches:\n  main:\n    runners: {}\n    env:\n      ~: x\n"), @"
    error: a key is empty
    --> repo/shop.yml:5:7
     = note: expected a name
     = help: quote the key
    ");
}

#[test]
fn a_merge_of_a_text_is_refused() {
    assert_snapshot!(repo("branches:\n  main:\n    <<: defaults\n    runners: {}\n"), @"
    error: `<<` merges `defaults`
     --> repo/shop.yml:3:9
      |
    3 |     <<: defaults
      |         ^^^^^^^^ expected an alias of a mapping, such as `*defaults`
    ");
}

#[test]
fn windows_line_ends_do_not_shift_the_place() {
    assert_snapshot!(settings("ports:\r\n  min: 1\r\n  max: many\r\n"), @"
    error: `max` is `many`
     --> pypaas.yml:3:8
      |
    3 |   max: many
      |        ^^^^ expected a whole number from 1 to 65535
    ");
}

#[test]
fn a_byte_order_mark_does_not_shift_the_place() {
    assert_snapshot!(settings("\u{feff}port: {min: 1, max: 2}\n"), @"
    error: unknown key `port`
     --> pypaas.yml:1:1
      |
    1 | port: {min: 1, max: 2}
      | ^^^^ pypaas.yml has ports, nginx, acme, services_dir, lock_timeout, build_timeout, keep_checkouts, keep_releases, admins, apps_domain, deploy_logger_cmd, ssl_config, runner_runscript_template and runner_logscript_template
      |
      = help: did you mean `ports`?
    ");
}

#[test]
fn columns_count_characters() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\nnginx: {program: /äöü, https_port: ü}\n"), @"
    error: `https_port` is `ü`
     --> pypaas.yml:2:36
      |
    2 | nginx: {program: /äöü, https_port: ü}
      |                                    ^ expected a whole number from 1 to 65535
    ");
}

#[test]
fn deep_nesting_is_refused() {
    assert_snapshot!(settings(&format!("ports: {}\n", "[".repeat(30_000))), @"
    error: the file is nested too deeply
    --> pypaas.yml:1:263
     = note: expected at most 40 levels
    ");
}

#[test]
fn deep_indentation_is_refused() {
    assert_snapshot!(settings(&(0..60).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>()), @"
    error: the file is nested too deeply
      --> pypaas.yml:41:41
       |
    41 | ...                   a:
       |                       ^ expected at most 40 levels
    ");
}

#[test]
fn a_mistake_in_a_line_of_enormous_length_is_still_placed() {
    assert_snapshot!(settings(&format!("ports: {{min: 1, max: 2}}\nx{}: 1\n", "y".repeat(900))), @"
    error: unknown key `xyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…`
     --> pypaas.yml:2:1
      |
    2 | xyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy...yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy: 1
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^...^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ pypaas.yml has ports, nginx, acme, services_dir, lock_timeout, build_timeout, keep_checkouts, keep_releases, admins, apps_domain, deploy_logger_cmd, ssl_config, runner_runscript_template and runner_logscript_template
    ");
}

#[test]
fn a_line_too_long_to_show_is_named() {
    assert_snapshot!(settings(&format!("ports: {{min: 1, max: 2}}\ndeploy_logger_cmd: [{}]\n", "y".repeat(3_000))), @"
    error: `deploy_logger_cmd` is a list
    --> pypaas.yml:2:20
     = note: expected a shell command
    ");
}

#[test]
fn two_broken_files_are_both_reported() {
    assert_snapshot!(reports(&[("repo/a.yml", "branches: [\n"), ("repo/b.yml", "branches: {\n")]), @"
    error: a bracket is never closed
     --> repo/a.yml:1:11
      |
    1 | branches: [
      |           ^ opened here

    error: a bracket is never closed
     --> repo/b.yml:1:11
      |
    1 | branches: {
      |           ^ opened here
    ");
}

#[test]
fn a_broken_domain_says_where() {
    assert_snapshot!(domain("locations:\n  /: {upstream: {repo: shop\n"), @"
    error: a bracket is never closed
     --> domains/shop.example.com.yml:2:17
      |
    2 |   /: {upstream: {repo: shop
      |                 ^ opened here
    ");
}
