//! Is data read back as it was, whatever it holds?

use std::fs;

use camino::Utf8PathBuf;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use pypaas_core::{RoutedLocation, VirtualHost, WebConfigRenderer};
use pypaas_nginx::NginxText;

use crate::client;
use crate::fixtures::{Machine, files, location};
use crate::instance::Instance;

/// Reads nginx configuration into its words; `;`, `{` and `}` are words of their own. Written from nginx's documentation
/// and not from this crate's reader, so that one mistake is not made twice.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            ';' | '{' | '}' => {
                words.push(first.to_string());
                1
            }
            '"' | '\'' => {
                let (word, length) = unquote(&rest[1..], &[first]);
                words.push(word);
                length + 2
            }
            _ => {
                let (word, length) = unquote(rest, &[' ', '\n', '\t', ';', '{']);
                words.push(word);
                length
            }
        };
        rest = rest[length..].trim_start();
    }
    words
}

fn unquote(text: &str, ends: &[char]) -> (String, usize) {
    let mut word = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        if ends.contains(&c) && !(c == '{' && text[..at].ends_with('$')) {
            return (word, at);
        }
        if c != '\\' {
            word.push(c);
            continue;
        }
        match characters.next().map(|(_, escaped)| escaped) {
            Some(escaped @ ('\\' | '"' | '\'')) => word.push(escaped),
            Some('t') => word.push('\t'),
            Some('r') => word.push('\r'),
            Some('n') => word.push('\n'),
            Some(other) => word.extend(['\\', other]),
            None => word.push('\\'),
        }
    }
    (word, text.len())
}

fn print(location: RoutedLocation) -> Option<String> {
    // Nothing follows the location.
    let host = VirtualHost { max_body: 0, ..Machine::usual().domain("shop.example", vec![location]) };
    NginxText::new().router_domain(&host).ok()
}

fn replace(words: &[String], from: &str, to: &str) -> Vec<String> {
    words.iter().map(|word| word.replace(from, to)).collect()
}

proptest! {
    #[test]
    fn a_path_is_refused_or_read_back(name in "[ -~\\PC\\t\\n\"';{}#$\\\\]{1,40}") {
        let printed = print(location("/files", files(&Utf8PathBuf::from(format!("/srv/{name}!")))));
        let unquotable = name.contains('$') || name.chars().any(char::is_control);
        prop_assert_eq!(printed.is_none(), unquotable);
        if let Some(text) = printed {
            let plain = print(location("/files", files(&Utf8PathBuf::from("/srv/NAME!")))).unwrap();
            prop_assert_eq!(words(&text), replace(&words(&plain), "NAME", &name));
        }
    }

    #[test]
    fn a_regular_expression_is_read_back(expression in "[!-~]{1,40}") {
        if let Ok(path) = pypaas_config::LocationPath::new(format!("~ {expression}")) {
            let location = RoutedLocation { path, ..location("/", files(&Utf8PathBuf::from("/srv"))) };
            let read = words(&print(location).unwrap());
            prop_assert!(read.windows(3).any(|it| it == ["location", "~", &expression]), "{:?}", read);
        }
    }

    #[test]
    fn an_extra_is_refused_or_read_back_with_nothing_changed(extra in "[a-c ;{}\"'#\\\\$\n]{0,30}") {
        let mut app = location("/", files(&Utf8PathBuf::from("/srv")));
        app.extra = Some(format!("marker;\n{extra}"));
        if let Some(text) = print(app) {
            let read = words(&text);
            let begin = read.iter().position(|word| word == "marker").unwrap();
            let expected = words(&extra);
            prop_assert_eq!(&read[begin + 2..read.len() - 2], expected.as_slice());
        }
    }
}

/// Files in directories with names of all kinds are found by a real nginx.
#[test]
fn nginx_finds_files_in_directories_of_any_name() {
    let mut instance = Instance::new();
    let mut runner = TestRunner::deterministic();
    let names = "[ -#%-.0-~\\PC]{1,30}".prop_filter("control characters", |it| !it.contains(['/', '$']));
    let mut locations = Vec::new();
    for number in 0..200 {
        let name = names.new_tree(&mut runner).unwrap().current();
        let directory = instance.machine.root.join("checkouts").join(format!("{number}-{name}"));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("which.txt"), &name).unwrap();
        locations.push((name, location(&format!("/{number}"), files(&directory))));
    }
    let (names, locations): (Vec<_>, Vec<_>) = locations.into_iter().unzip();
    instance.add_host("all", &instance.machine.domain("shop.example", locations));
    instance.add_main(12, 1);
    instance.certify("shop.example");
    instance.start();
    for (number, name) in names.iter().enumerate() {
        let answer = client::get(instance.machine.http_port, "shop.example", &format!("/{number}/which.txt"));
        let answer = answer.unwrap();
        assert_eq!((answer.status, answer.text()), (200, name.as_str()));
    }
}
