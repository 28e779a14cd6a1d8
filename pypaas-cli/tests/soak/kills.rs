//! Everything that can be killed is killed; the old version serves meanwhile, and the next command mends it.

use std::fs;
use std::time::{Duration, Instant};

use pypaas_sandbox::Process;

use crate::shop::{NODE, Shop};

/// A deploy to die in: what it is called, the configuration of its branch, whether it closes the page, and how many processes
/// it has.
type Round = (&'static str, &'static str, bool, usize);

const ROUNDS: [Round; 3] = [
    (
        "beside the old version",
        "runners: {web: {type: NginxBackend, cmd: node server.js}}, hooks: {build: 'true', after_build: 'true'}",
        false,
        1,
    ),
    (
        "three processes",
        "runners: {web: {type: NginxBackend, cmd: node server.js, process_count: 3}}, hooks: {build: 'true'}",
        false,
        3,
    ),
    (
        "with maintenance",
        "runners: {web: {type: NginxBackend, cmd: node server.js}}, hooks: {build: 'true', maintenance: ['true']}",
        true,
        1,
    ),
];

#[test]
fn pypaas_killed_before_each_step_of_a_deploy() {
    println!("| deploy | killed before step | while it was down | then | after it |");
    println!("|---|---|---|---|---|");
    let mut points = 0;
    for (name, main, closes, processes) in ROUNDS {
        let shop = Shop::live("dies-on-sigterm", main);
        let mut version = 2;
        for step in 0.. {
            let before = shop.page();
            let load = shop.sandbox.load("shop.example", "/").rate(100).start();
            fs::write(shop.sandbox.home().join("crash-at"), step.to_string()).unwrap();
            let push = shop.push_version(&version.to_string());
            version += 1;
            if push.code == 0 {
                let _ = fs::remove_file(shop.sandbox.home().join("crash-at"));
                break;
            }
            points += 1;
            let while_down = load.finish();
            let answers_well = |status: &u16| *status == 200 || (closes && *status == 503);
            assert!(while_down.errors.is_empty(), "{name}, step {step}: {while_down}");
            assert!(while_down.by_status.keys().all(answers_well), "{name}, step {step}: {while_down}");

            let (word, next) = match step % 3 {
                0 => ("push", None),
                1 => ("apply", Some(shop.sandbox.pypaas(&["apply"]))),
                _ => ("restart", Some(shop.sandbox.pypaas(&["restart", "shop", "main"]))),
            };
            if let Some(next) = next {
                next.must_succeed();
                let tried = format!("dies-on-sigterm version {}\n", version - 1);
                assert!([&before, &tried].contains(&&shop.page()), "{name}, step {step}");
                assert_eq!(
                    (shop.checkouts().len(), shop.pids().len()),
                    (1, processes),
                    "{name}, step {step}"
                );
            }
            shop.push_version(&version.to_string()).must_succeed();
            assert_eq!(shop.page(), format!("dies-on-sigterm version {version}\n"), "{name}, step {step}");
            version += 1;
            shop.assert_settled();
            println!(
                "| {name} | {step} | {} requests, {} × 503, {} lost | {word} | settled |",
                while_down.total,
                while_down.by_status.get(&503).copied().unwrap_or_default(),
                while_down.errors.values().sum::<usize>()
            );
        }
    }
    println!("{points} deaths of pypaas");
    assert!(points >= 50, "only {points}");
}

/// Kills something of a host, and starts again what no supervisor starts.
type Kill = fn(&mut Shop);

#[test]
fn what_pypaas_relies_on_killed() {
    println!("| killed | requests | lost | back after |");
    println!("|---|---|---|---|");
    let kills: [(&str, Kill); 6] = [
        ("nginx, master and workers", |shop| {
            shop.sandbox.kill_nginx();
            shop.sandbox.start_nginx();
        }),
        ("svscan", |shop| {
            shop.sandbox.kill_svscan();
            shop.sandbox.start_svscan();
        }),
        ("svscan and all its supervisors", |shop| {
            shop.sandbox.kill_supervisors();
            shop.sandbox.start_svscan();
        }),
        ("one supervise", |shop| {
            let service = shop.sandbox.home().join("services-real/shop+main+web+0");
            let supervises = |it: &Process| {
                it.command.starts_with("supervise ") && it.directory.as_str().starts_with(service.as_str())
            };
            shop.sandbox.processes().into_iter().find(supervises).unwrap().kill();
        }),
        ("the app", |shop| shop.sandbox.app_processes()[0].kill()),
        ("everything: a power failure", |shop| {
            shop.sandbox.pull_the_plug();
            shop.sandbox.start_sshd();
            shop.sandbox.start_svscan();
            shop.sandbox.pypaas(&["apply"]).must_succeed();
            shop.sandbox.start_nginx();
            shop.sandbox.pypaas(&["apply"]).must_succeed();
        }),
    ];
    let mut shop = Shop::live("dies-on-sigterm", NODE);
    for (number, (name, kill)) in kills.into_iter().enumerate() {
        let load = shop.sandbox.load("shop.example", "/").rate(100).start();
        let begin = Instant::now();
        kill(&mut shop);
        let back = back_after(&shop, begin);
        let report = load.run_for(Duration::from_secs(5));
        println!("| {name} | {} | {} | {:.1} s |", report.total, report.failed(), back.as_secs_f64());
        shop.push_version(&(number + 2).to_string()).must_succeed();
        assert_eq!(shop.page(), format!("dies-on-sigterm version {}\n", number + 2), "{name}");
        shop.assert_settled();
    }
}

/// Waits until the page is there again.
fn back_after(shop: &Shop, begin: Instant) -> Duration {
    loop {
        let answer = shop.sandbox.curl(&["--fail", "http://shop.example/"]);
        if answer.code == 0 {
            return begin.elapsed();
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{answer}");
    }
}
