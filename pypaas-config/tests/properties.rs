//! What holds for every file, whatever it says.

use proptest::prelude::*;
use pypaas_config::{Loaded, SourceFile, load};
use pypaas_runners::runner_types;

const FILES: [(&str, &str); 3] = [
    ("pypaas.yml", include_str!("../../fixtures/configurations/everything/pypaas.yml")),
    ("repo/shop.yml", include_str!("../../fixtures/configurations/everything/repo/shop.yml")),
    (
        "domains/shop.example.com.yml",
        include_str!("../../fixtures/configurations/everything/domains/shop.example.com.yml"),
    ),
];

fn load_texts(texts: [Vec<u8>; 3]) -> Loaded {
    let files: Vec<_> =
        FILES.iter().zip(texts).map(|((path, _), text)| SourceFile { path: (*path).into(), text }).collect();
    load(&files, &runner_types().for_loading())
}

/// Loads an environment of one variable, whose value is written as `yaml`.
fn environment_value(yaml: &str) -> Result<String, String> {
    let repo = format!("branches:\n  main:\n    runners: {{}}\n    env:\n      KEY: {yaml}\n");
    let loaded = load(
        &[
            SourceFile { path: "pypaas.yml".into(), text: b"ports: {min: 1, max: 2}".to_vec() },
            SourceFile { path: "repo/shop.yml".into(), text: repo.into_bytes() },
        ],
        &[],
    );
    let reports: Vec<String> = loaded.problems.into_iter().map(|problem| problem.report()).collect();
    let configuration = loaded.configuration.ok_or("no configuration")?;
    let branch = configuration.branches().next().map(|(_, branch)| branch.env.clone());
    branch.and_then(|mut env| env.remove("KEY")).ok_or(reports.join("\n"))
}

/// Checks what holds for every problem.
fn check_problems(loaded: &Loaded) -> Result<(), TestCaseError> {
    for problem in &loaded.problems {
        prop_assert!(!problem.message.contains(char::is_control), "{:?}", problem.message);
        let harmless = |c: char| c == '\n' || !c.is_control();
        prop_assert!(problem.report().chars().all(harmless), "{:?}", problem.report());
        let is_named_whole = problem.place.as_ref().is_some_and(|place| {
            problem.report().contains(place.file.as_str()) && place.line.is_none() == place.column.is_none()
        });
        prop_assert!(is_named_whole, "{}", problem);
    }
    prop_assert!(loaded.configuration.is_some() || !loaded.problems.is_empty());
    Ok(())
}

/// Text of the characters that mean something in YAML.
fn yaml_like() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "ports",
        "min",
        "branches",
        "runners",
        "type",
        "NginxBackend",
        "cmd",
        "env",
        "locations",
        "upstream",
        "repo",
        ":",
        ": ",
        "\n",
        "\n  ",
        "\n    ",
        "- ",
        "? ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "#",
        " #",
        "&a ",
        "*a",
        "<<: ",
        "!t ",
        "!!int ",
        "|\n",
        ">-\n",
        "'",
        "\"",
        "\\",
        "%",
        "@",
        "`",
        "~",
        "null",
        "yes",
        "1.10",
        "0x1f",
        "---\n",
        "...\n",
        "\t",
        "\r\n",
        "\r",
        " ",
        "é",
        "\u{feff}",
        "\u{0}",
        "\u{1b}",
        "\u{2028}",
        "x",
    ]);
    prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat().into_bytes())
}

/// The commented example with some of its bytes replaced, removed or repeated.
fn mutilated() -> impl Strategy<Value = [Vec<u8>; 3]> {
    let edit = (0..3_usize, any::<prop::sample::Index>(), 0..40_usize, yaml_like());
    prop::collection::vec(edit, 1..5).prop_map(|edits| {
        let mut texts = FILES.map(|(_, text)| text.as_bytes().to_vec());
        for (file, at, removed, inserted) in edits {
            let text = &mut texts[file];
            let start = at.index(text.len());
            let end = (start + removed).min(text.len());
            text.splice(start..end, inserted);
        }
        texts
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check_problems(&load_texts([bytes.clone(), bytes.clone(), bytes]))?;
    }

    #[test]
    fn random_yaml_never_panics(settings in yaml_like(), repo in yaml_like(), domain in yaml_like()) {
        check_problems(&load_texts([settings, repo, domain]))?;
    }

    #[test]
    fn a_mutilated_configuration_never_panics(texts in mutilated()) {
        check_problems(&load_texts(texts))?;
    }

    #[test]
    fn random_file_names_never_panic(path in "(repo|repos|domains|domain|)/?[a-zA-Z.~#é \u{1b}-]{0,12}(|.yml|.yaml)") {
        let files = [SourceFile { path: path.into(), text: b"branches: {}".to_vec() }];
        let loaded = load(&files, &runner_types().for_loading());
        for problem in loaded.problems {
            prop_assert!(problem.report().chars().all(|c| c == '\n' || !c.is_control()), "{:?}", problem.report());
        }
    }

    #[test]
    fn a_plain_value_keeps_its_spelling(text in "[0-9a-zA-Z.+_~/-][0-9a-zA-Z.+_/:-]{0,12}[0-9a-zA-Z.+_/-]") {
        prop_assume!(!matches!(text.as_str(), "null" | "Null" | "NULL"));
        prop_assert_eq!(environment_value(&text), Ok(text));
    }

    #[test]
    fn a_number_keeps_its_spelling(text in "[-+]?(0|0x|0o|0b)?[0-9_]{1,25}(\\.[0-9]{0,5})?([eE][-+]?[0-9]{1,3})?") {
        prop_assert_eq!(environment_value(&text), Ok(text));
    }

    #[test]
    fn an_escaped_value_comes_back(text in any::<String>()) {
        prop_assume!(!text.contains('\0'));
        let escaped: String = text.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect();
        prop_assert_eq!(environment_value(&format!("\"{escaped}\"")), Ok(text));
    }

    #[test]
    fn a_value_in_single_quotes_comes_back(text in "[^\\p{C}\u{2028}\u{2029}\u{85}]{0,30}") {
        let quoted = text.replace('\'', "''");
        prop_assert_eq!(environment_value(&format!("'{quoted}'")), Ok(text));
    }

    #[test]
    fn a_block_of_lines_comes_back(lines in prop::collection::vec("[!-~][ -~]{0,20}", 1..5)) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let block: String = lines.iter().map(|line| format!("\n        {line}")).collect();
        prop_assert_eq!(environment_value(&format!("|{block}")), Ok(text));
    }
}

#[test]
fn yaml_1_1_literals_keep_their_spelling() {
    for text in [
        "1.10",
        "010",
        "0x1f",
        "0o17",
        "0b11",
        "1_000",
        "1e3",
        ".inf",
        "-.inf",
        ".nan",
        "12:30:45",
        "2001-01-01",
        "+5",
        "-0",
        "1.",
        ".5",
        "1e400",
        "18446744073709551616",
        "-9223372036854775809",
        "yes",
        "No",
        "ON",
        "off",
        "y",
        "n",
        "TRUE",
        "False",
    ] {
        assert_eq!(environment_value(text).as_deref(), Ok(text));
    }
}
