//! The tables of `status` at the widths of common terminals.

use insta::assert_snapshot;
use jiff::Timestamp;
use pypaas_core::Slot;

use super::{Live, Process, Processes, Row, State, render};

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn row(repo: &str, branch: &str, subject: &str) -> Row {
    let instance = Process {
        runner: "web".to_owned(),
        index: 0,
        slot: Slot::A,
        port: Some(8_001),
        pid: Some(41_233),
        uptime_seconds: Some(3_600),
        restarts: Some(2),
        memory_bytes: 45_000_000,
    };
    Row {
        repo: repo.to_owned(),
        branch: branch.to_owned(),
        configured: true,
        broken: false,
        state: State::Up,
        live: Some(Live {
            release: 12,
            commit: "3f2a".repeat(10),
            subject: subject.to_owned(),
            deployed_at: "2026-11-22T09:57:00Z".parse().unwrap(),
            deployed_by: "ada-lovelace".to_owned(),
            restored: None,
        }),
        processes: Processes::of(vec![instance]),
        maintenance: None,
        message: None,
        deploying: None,
        last_failure: None,
        urls: vec!["https://shop.example.com/".to_owned()],
        disk: None,
    }
}

fn overview(width: usize) -> String {
    let rows = [
        row("shop", "main", &"word ".repeat(600)),
        row("api", "feature/a-name-of-a-branch-that-is-long", "Fix it"),
    ];
    anstream::adapter::strip_str(&render::overview(&rows, now(), Some(width))).to_string()
}

fn details(width: usize) -> String {
    let row = row("shop", "main", "Add a basket");
    anstream::adapter::strip_str(&row.details(now(), Some(width))).to_string()
}

#[test]
fn at_40_columns() {
    assert_snapshot!(overview(40), @"
    shop main
      LIVE       3f2a3f2a3f2 word word word…
      DEPLOYED   3 minutes ago by ada-lovelace
      PROCESSES  1 of 1 up, 1 hour
      RESTARTS   2
      MEMORY     45 MB
      https://shop.example.com/
    api feature/a-name-of-a-branch-that-is-long
      LIVE       3f2a3f2a3f2 Fix it
      DEPLOYED   3 minutes ago by ada-lovelace
      PROCESSES  1 of 1 up, 1 hour
      RESTARTS   2
      MEMORY     45 MB
      https://shop.example.com/
    ");
    assert_snapshot!(details(40), @"
    shop main
      release 12: 3f2a3f2a3f2 \"Add a basket\", 3 minutes ago by ada-lovelace
      https://shop.example.com/

      1 of 1 process up
      web.0
        PORT      8001
        PID       41233
        UP        1 hour
        RESTARTS  2
        MEMORY    45 MB
    ");
}

#[test]
fn at_80_columns() {
    assert_snapshot!(overview(80), @"
    shop main
      LIVE       3f2a3f2a3f2 word word word word word word word word word word word…
      DEPLOYED   3 minutes ago by ada-lovelace
      PROCESSES  1 of 1 up, 1 hour
      RESTARTS   2
      MEMORY     45 MB
      https://shop.example.com/
    api feature/a-name-of-a-branch-that-is-long
      LIVE       3f2a3f2a3f2 Fix it
      DEPLOYED   3 minutes ago by ada-lovelace
      PROCESSES  1 of 1 up, 1 hour
      RESTARTS   2
      MEMORY     45 MB
      https://shop.example.com/
    ");
    assert_snapshot!(details(80), @"
    shop main
      release 12: 3f2a3f2a3f2 \"Add a basket\", 3 minutes ago by ada-lovelace
      https://shop.example.com/

      1 of 1 process up
      PROCESS  PORT  PID    UP      RESTARTS  MEMORY
      web.0    8001  41233  1 hour  2         45 MB
    ");
}

#[test]
fn at_120_columns() {
    assert_snapshot!(overview(120), @"
    BRANCH                                       LIVE          DEPLOYED                  PROCESSES          RESTARTS  MEMORY
    shop main                                    3f2a3f2a3f2…  3 minutes ago by ada-lo…  1 of 1 up, 1 hour  2         45 MB
      https://shop.example.com/
    api feature/a-name-of-a-branch-that-is-long  3f2a3f2a3f2…  3 minutes ago by ada-lo…  1 of 1 up, 1 hour  2         45 MB
      https://shop.example.com/
    ");
    assert_snapshot!(details(120), @"
    shop main
      release 12: 3f2a3f2a3f2 \"Add a basket\", 3 minutes ago by ada-lovelace
      https://shop.example.com/

      1 of 1 process up
      PROCESS  PORT  PID    UP      RESTARTS  MEMORY
      web.0    8001  41233  1 hour  2         45 MB
    ");
}
