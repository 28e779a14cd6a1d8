//! Files made to exhaust time or memory.
#![expect(clippy::unwrap_used, reason = "a helper that fails is the test failing")]
#![expect(clippy::disallowed_methods, reason = "the work it takes is what is tested")]

use std::fs;
use std::time::Duration;

use pypaas_config::{SourceFile, load};
use pypaas_runners::runner_types;

/// How long a processor may work. It takes milliseconds where it should; what grows with the square of the size takes minutes.
const BOUND: Duration = Duration::from_secs(10);

fn load_in_time(what: &str, text: &str) {
    let files = [SourceFile { path: "domains/example.com.yml".into(), text: text.into() }];
    let before = worked();
    let loaded = load(&files, &runner_types().for_loading());
    let took = worked() - before;
    assert!(took < BOUND, "{what} took {took:?}");
    assert!(
        loaded.problems.iter().any(|problem| problem.file() == Some(&files[0].path)),
        "{what} is taken for right"
    );
    let reports: usize = loaded.problems.iter().map(|problem| problem.report().len()).sum();
    assert!(reports < 1 << 20, "{what} is reported in {reports} bytes");
}

/// Returns for how long a processor has worked for this thread, whatever else the machine does.
fn worked() -> Duration {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(statistics.split(' ').next().unwrap().parse().unwrap())
}

#[test]
fn deep_nesting_takes_no_time() {
    load_in_time("brackets", &"[".repeat(1 << 20));
    load_in_time("braces", &"{a: ".repeat(200_000));
    load_in_time("dashes", &"- ".repeat(500_000));
    load_in_time("question marks", &"? ".repeat(500_000));
    load_in_time("anchors", &"&a ".repeat(300_000));
    load_in_time(
        "indentation",
        &(0..1_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>(),
    );
}

#[test]
fn alias_bombs_take_no_time() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    load_in_time("aliases", &text);

    let mut text = "a0: &a0 {k: v}\n".to_owned();
    for level in 1..30 {
        text.push_str(&format!("a{level}: &a{level}\n  <<: [*a{0}, *a{0}]\n", level - 1));
    }
    load_in_time("merges", &text);
}

#[test]
fn long_files_take_no_time() {
    load_in_time("a long line", &format!("key: [{}]", "x, ".repeat(20_000)));
    load_in_time("a long text", &"x".repeat(1 << 20));
    load_in_time("a long quote", &format!("'{}", "x".repeat(1_000_000)));
    load_in_time("empty lines", &"\n".repeat(1 << 20));
    load_in_time("a comment", &"#".repeat(1 << 20));
    load_in_time("a file over the limit", &"a: b\n".repeat(1 << 20));
    load_in_time("nothing but NUL", &"\0".repeat(1 << 20));
}

#[test]
fn thousands_of_mistakes_take_no_time() {
    load_in_time("unknown keys", &(0..20_000).map(|number| format!("key{number}: x\n")).collect::<String>());
    load_in_time("repeated keys", &"ports: x\n".repeat(20_000));
    load_in_time(
        "mistyped keys",
        &(0..20_000).map(|number| format!("ports{}: x\n", number % 10)).collect::<String>(),
    );
    let locations: String = (0..10_000).map(|number| format!("  {number}^: x\n")).collect();
    load_in_time("invalid names", &format!("locations:\n{locations}"));
    let flow: String = (0..20_000).map(|number| format!("k{number}: x, ")).collect();
    load_in_time("mistakes on one line", &format!("{{{flow}}}"));
}
