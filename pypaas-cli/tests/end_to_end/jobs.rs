//! Commands that run at set times, started by a real keeper.

use std::fs;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::eventually::eventually;
use crate::shop::{Shop, assert_says};

/// A job `name` that is due at `at`, and notes each of its runs in the data directory.
fn job(name: &str, at: &str) -> String {
    format!(
        "{name}: {{type: Scheduled, timezone: UTC, at: \"{at}\", cmd: 'echo $GIT_COMMIT >>$PYPAAS_DATA_DIR/{name}; echo done'}}"
    )
}

fn configure(shop: &Shop, jobs: &[String]) {
    shop.configure(&format!("runners: {{web: {{type: NginxStatic}}, {}}}", jobs.join(", ")));
}

/// The expression of a job that was due two minutes ago, and will be tomorrow.
fn lately() -> String {
    let due = (Timestamp::now() - Duration::from_secs(120)).to_zoned(TimeZone::UTC);
    format!("{} {} * * *", due.minute(), due.hour())
}

/// Lets the job be known since ten minutes ago, as if the keeper had been down meanwhile.
fn known_before(shop: &Shop, name: &str) {
    let directory = shop.sandbox.home().join("state/shop/main.d/jobs");
    fs::create_dir_all(&directory).unwrap();
    let since = Timestamp::now() - Duration::from_secs(600);
    fs::write(
        directory.join(format!("{name}.json")),
        format!("{{\"decided_until\": \"{since}\", \"runs\": []}}"),
    )
    .unwrap();
}

/// The commits that a job ran in, once it has run.
fn runs(shop: &Shop, name: &str) -> Vec<String> {
    let file = shop.sandbox.home().join("data/shop/main").join(name);
    eventually(|| fs::read_to_string(&file).ok().filter(|text| !text.is_empty()));
    fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect()
}

fn state(shop: &Shop, name: &str) -> serde_json::Value {
    let listed = shop.sandbox.pypaas(&["jobs", "--json"]).must_succeed().stdout;
    let listed: Vec<serde_json::Value> = serde_json::from_str(&listed).unwrap();
    listed.into_iter().find(|job| job["runner"] == name).unwrap()
}

#[test]
fn the_keeper_makes_up_for_a_run_and_does_not_repeat_it() {
    let shop = Shop::new("static-site", "runners: {}");
    configure(&shop, &[job("first", &lately()), job("never", "0 0 29 2 *")]);
    known_before(&shop, "first");
    shop.push().must_succeed();

    assert_eq!(runs(&shop, "first"), [shop.code.head()]);
    let ended = eventually(|| Some(state(&shop, "first")).filter(|job| !job["last_ended_at"].is_null()));
    assert_eq!((&ended["outcome"], &ended["running"]), (&"succeeded".into(), &false.into()), "{ended}");
    assert_eq!(shop.sandbox.pypaas(&["jobs", "log", "shop", "first"]).must_succeed().stdout, "done\n");

    // A keeper that was killed knows what has run. When the second job has, it has looked at the first.
    let processes = shop.sandbox.processes();
    let keepers: Vec<_> = processes.iter().filter(|it| it.command.ends_with("pypaas keeper")).collect();
    assert_eq!(keepers.len(), 1, "{keepers:?}");
    shop.sandbox.shell(&format!("kill -9 {}", keepers[0].pid)).must_succeed();
    known_before(&shop, "second");
    configure(&shop, &[job("first", &lately()), job("second", &lately())]);
    shop.push_version("2").must_succeed();
    assert_eq!(runs(&shop, "second").len(), 1);
    assert_eq!(runs(&shop, "first").len(), 1);
}

#[test]
fn a_job_is_run_by_hand_and_a_failure_is_said() {
    let shop = Shop::new("static-site", "runners: {}");
    let slow =
        "slow: {type: Scheduled, at: '0 0 29 2 *', timeout: 100ms, cmd: 'echo begun; exec sleep 1000'}";
    let broken = "broken: {type: Scheduled, at: '0 0 29 2 *', cmd: 'echo no disk; exit 3'}";
    configure(&shop, &[job("good", "0 0 29 2 *"), slow.to_owned(), broken.to_owned()]);
    shop.push().must_succeed();
    let laptop = shop.sandbox.client("laptop2");

    assert_eq!(laptop.ssh_line("jobs run shop main good").must_succeed().stdout, "done\n");
    assert_eq!(runs(&shop, "good"), [shop.code.head()]);
    shop.sandbox.pypaas(&["check"]).must_succeed();
    let failed = laptop.ssh_line("jobs run shop broken").must_fail();
    assert_says(&failed, "no disk\n");
    assert_says(&failed, "shop main broken failed: it exited with status 3\n");
    let slow = laptop.ssh_line("jobs run shop main slow").must_fail();
    assert_says(&slow, "it took longer than its `timeout` of 100ms");
    let checked = shop.sandbox.pypaas(&["check"]);
    assert_says(&checked, "failed: it exited with status 3");
    assert_says(&laptop.ssh_line("jobs run shop main other").must_fail(), "it has broken, good, slow");
    assert_says(
        &laptop.ssh_line("jobs due shop main good 2026-01-01T00:00:00Z").must_fail(),
        "internal to pypaas",
    );
}
