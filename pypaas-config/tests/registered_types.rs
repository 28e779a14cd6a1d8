//! A type of runner that somebody else registered: its mistakes are reported like those of pypaas's own.

use insta::assert_snapshot;
use pypaas_config::{Field, Finding, Keys, RunnerConfig, RunnerType, Schema, Serves, SourceFile, load};

const SETTINGS: &str = "ports: {min: 61500, max: 61800}\n";

/// Keeps a cache warm.
#[derive(Debug, PartialEq)]
struct CacheWarmer {
    pages: Vec<String>,
    rounds: u16,
    weekend: Option<bool>,
}

const WEEKEND: Schema = Schema { name: "a weekend", keys: &["rest"] };

const CACHE_WARMER: RunnerType = RunnerType {
    name: "CacheWarmer",
    schema: &Schema { name: "a CacheWarmer", keys: &["type", "pages", "rounds", "weekend"] },
    decode,
};

fn decode(keys: &mut Keys<'_, '_>) -> Option<RunnerConfig> {
    let pages = keys.required("pages", Field::texts);
    let rounds = keys.optional("rounds", |field| field.number(1, 10)).unwrap_or(1);
    let weekend = keys.mapping("weekend", &WEEKEND, |keys| keys.required("rest", read_rest));
    Some(RunnerConfig::new(
        "CacheWarmer",
        CACHE_WARMER.schema,
        Serves::Nothing,
        0,
        CacheWarmer { pages: pages?, rounds, weekend },
    ))
}

fn read_rest(field: &Field<'_>) -> Result<bool, Finding> {
    let rests = field.boolean()?;
    if rests {
        Ok(rests)
    } else {
        Err(field.unexpected("true, or nothing at all").help("leave `weekend` out"))
    }
}

/// Says what is wrong with a runner, given as the lines under its name.
fn reports(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("        {line}\n")).collect();
    let shop = format!("branches:\n  main:\n    runners:\n      warmer:\n{lines}");
    let files = [
        SourceFile { path: "pypaas.yml".into(), text: SETTINGS.into() },
        SourceFile { path: "repo/shop.yml".into(), text: shop.into() },
    ];
    let loaded = load(&files, &[CACHE_WARMER]);
    let runners =
        loaded.configuration.iter().flat_map(|it| it.branches().flat_map(|it| it.1.runners.values()));
    let settings = runners.map(|runner| format!("{:?}", runner.settings::<CacheWarmer>()));
    loaded.problems.into_iter().map(|it| it.report()).chain(settings).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn its_keys_become_its_settings() {
    assert_snapshot!(
        reports("type: CacheWarmer\npages: [/, /new]\nrounds: 2\nweekend:\n  rest: on\n"),
        @r#"Some(CacheWarmer { pages: ["/", "/new"], rounds: 2, weekend: Some(true) })"#
    );
}

#[test]
fn its_name_and_keys_are_guessed_when_mistyped() {
    assert_snapshot!(reports("type: CacheWamrer\npages: /\n"), @"
    error: unknown runner type `CacheWamrer`
     --> repo/shop.yml:5:15
      |
    5 |         type: CacheWamrer
      |               ^^^^^^^^^^^ expected CacheWarmer
      |
      = help: did you mean `CacheWarmer`?
    ");
    assert_snapshot!(reports("type: CacheWarmer\npgaes: /\nprocess_count: 2\n"), @"
    error: unknown key `pgaes`
     --> repo/shop.yml:6:9
      |
    6 |         pgaes: /
      |         ^^^^^ a CacheWarmer has type, pages, rounds and weekend
      |
      = help: did you mean `pages`?

    error: unknown key `process_count`
     --> repo/shop.yml:7:9
      |
    7 |         process_count: 2
      |         ^^^^^^^^^^^^^ a CacheWarmer has type, pages, rounds and weekend
    ");
}

#[test]
fn its_values_are_shown_where_they_are_wrong() {
    assert_snapshot!(reports("type: CacheWarmer\npages: /\nrounds: 11\nweekend:\n  rest: off\n"), @"
    error: `rounds` is `11`
     --> repo/shop.yml:7:17
      |
    7 |         rounds: 11
      |                 ^^ expected a whole number from 1 to 10

    error: `rest` is `off`
     --> repo/shop.yml:9:17
      |
    9 |           rest: off
      |                 ^^^ expected true, or nothing at all
      |
      = help: leave `weekend` out
    ");
}
