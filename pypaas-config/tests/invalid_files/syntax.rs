//! Texts that are not YAML, or not quite.

use insta::assert_snapshot;

use crate::{domain, repo, reports, settings};

#[test]
fn a_tab_in_the_indentation_is_shown() {
    assert_snapshot!(settings("ports:\n\tmin: 1\n\tmax: 2\n"));
}

#[test]
fn a_tab_after_a_value_is_shown() {
    assert_snapshot!(settings("ports: x\n\tmin: 1\n"));
}

#[test]
fn an_unclosed_bracket_is_shown_where_it_opens() {
    assert_snapshot!(settings("ports: {min: 1,\n  max: 2\nssl_config: x\n"));
}

#[test]
fn an_unclosed_quote_is_shown() {
    assert_snapshot!(repo("branches:\n  main:\n    env: {A: 'it}\n"));
}

#[test]
fn a_quote_that_goes_on_below_is_shown() {
    assert_snapshot!(settings("deploy_logger_cmd: 'cat\nports: {min: 1, max: 2}\n"));
}

#[test]
fn a_colon_in_a_value_needs_quotes() {
    assert_snapshot!(settings("deploy_logger_cmd: echo a: b\n"));
}

#[test]
fn an_unknown_escape_is_explained() {
    assert_snapshot!(settings("deploy_logger_cmd: \"grep \\d\"\n"));
}

#[test]
fn a_value_cannot_begin_with_a_backtick() {
    assert_snapshot!(settings("deploy_logger_cmd: `date`\n"));
}

#[test]
fn a_value_cannot_begin_with_a_percent_sign() {
    assert_snapshot!(settings("deploy_logger_cmd: %H\n"));
}

#[test]
fn a_control_character_is_shown_harmlessly() {
    assert_snapshot!(settings("deploy_logger_cmd: \u{1b}[31m\n"));
}

#[test]
fn uneven_indentation_is_shown() {
    assert_snapshot!(settings("ports:\n  min: 1\n max: 2\n"));
}

#[test]
fn a_key_indented_too_far_is_shown() {
    assert_snapshot!(settings("services_dir: /srv/s\n  ports: {min: 1, max: 2}\n"));
}

#[test]
fn a_key_without_a_colon_is_shown() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\nssl_config\n"));
}

#[test]
fn a_second_document_is_refused() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\n---\nports: {min: 3, max: 4}\n"));
}

#[test]
fn an_alias_of_nothing_is_shown() {
    assert_snapshot!(settings("deploy_logger_cmd: *cat\n"));
}

#[test]
fn an_alias_of_itself_is_shown() {
    assert_snapshot!(settings("ports: &ports\n  min: *ports\n"));
}

#[test]
fn an_unknown_tag_is_shown() {
    assert_snapshot!(settings("deploy_logger_cmd: !shell cat\n"));
}

#[test]
fn a_repeated_key_shows_both_places() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\nservices_dir: /a\nports: {min: 3, max: 4}\n"));
}

#[test]
fn a_key_repeated_far_below_names_both_places() {
    assert_snapshot!(settings(&format!(
        "services_dir: /a\nports: {{min: 1, max: 2}}\n{}services_dir: /b\n",
        "# a long comment about nothing at all\n".repeat(80)
    )));
}

#[test]
fn a_list_as_a_key_is_refused() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\n[a, b]: c\n"));
}

#[test]
fn null_as_a_key_is_refused() {
    assert_snapshot!(repo("branches:\n  main:\n    runners: {}\n    env:\n      ~: x\n"));
}

#[test]
fn a_merge_of_a_text_is_refused() {
    assert_snapshot!(repo("branches:\n  main:\n    <<: defaults\n    runners: {}\n"));
}

#[test]
fn windows_line_ends_do_not_shift_the_place() {
    assert_snapshot!(settings("ports:\r\n  min: 1\r\n  max: many\r\n"));
}

#[test]
fn a_byte_order_mark_does_not_shift_the_place() {
    assert_snapshot!(settings("\u{feff}port: {min: 1, max: 2}\n"));
}

#[test]
fn columns_count_characters() {
    assert_snapshot!(settings("ports: {min: 1, max: 2}\nnginx: {program: /äöü, https_port: ü}\n"));
}

#[test]
fn deep_nesting_is_refused() {
    assert_snapshot!(settings(&format!("ports: {}\n", "[".repeat(30_000))));
}

#[test]
fn deep_indentation_is_refused() {
    assert_snapshot!(settings(
        &(0..60).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>()
    ));
}

#[test]
fn a_mistake_in_a_line_of_enormous_length_is_still_placed() {
    assert_snapshot!(settings(&format!("ports: {{min: 1, max: 2}}\nx{}: 1\n", "y".repeat(900))));
}

#[test]
fn a_line_too_long_to_show_is_named() {
    assert_snapshot!(settings(&format!(
        "ports: {{min: 1, max: 2}}\ndeploy_logger_cmd: [{}]\n",
        "y".repeat(3_000)
    )));
}

#[test]
fn two_broken_files_are_both_reported() {
    assert_snapshot!(reports(&[("repo/a.yml", "branches: [\n"), ("repo/b.yml", "branches: {\n")]));
}

#[test]
fn a_broken_domain_says_where() {
    assert_snapshot!(domain("locations:\n  /: {upstream: {repo: shop\n"));
}
