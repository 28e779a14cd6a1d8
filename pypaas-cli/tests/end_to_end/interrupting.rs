//! Pushers who vanish and a pypaas that is killed.

use std::fs;
use std::time::{Duration, Instant};

use pypaas_sandbox::{Process, Running};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use crate::shop::{NODE, Shop, assert_says};

/// A build that says so and never ends; it has a child, as builds have.
const ENDLESS: &str = "hooks: {build: 'echo building; sleep 1000; true'}";

/// Finds the pypaas that git asked, which does the deploy.
#[track_caller]
pub(crate) fn deployer(shop: &Shop) -> Process {
    running_deployer(shop).expect("a deploy is under way")
}

/// Finds it, unless it has done its work already.
fn running_deployer(shop: &Shop) -> Option<Process> {
    let is_deployer = |process: &Process| process.command.contains("update-hook");
    let found: Vec<Process> = shop.sandbox.processes().into_iter().filter(is_deployer).collect();
    // A child that is about to become another program still looks like its parent.
    let is_first = |process: &&Process| !found.iter().any(|other| other.pid == process.parent);
    let mut first: Vec<Process> = found.iter().filter(is_first).cloned().collect();
    assert!(first.len() <= 1, "{found:#?}");
    first.pop()
}

/// Finds the process of sshd's that serves the push.
fn session_of(deployer: &Process) -> Pid {
    let mut id = deployer.parent;
    loop {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        let (name, rest) = stat.rsplit_once(')').unwrap();
        if name.contains("(sshd") {
            return Pid::from_raw(id.cast_signed()).unwrap();
        }
        id = rest.split_whitespace().nth(1).unwrap().parse().unwrap();
    }
}

/// Waits until a process has ended.
fn wait_for_end(process: &Process) {
    let pid = Pid::from_raw(process.pid.cast_signed()).unwrap();
    // Without a process there is nothing to wait for.
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    poll(&mut [PollFd::new(&handle, PollFlags::IN)], None).unwrap();
}

/// Pushes a version and waits until the push says so.
pub(crate) fn start_push(shop: &Shop, version: &str, until: &str) -> Running {
    shop.code.commit_version(version);
    let push = shop.code.start_push(&[], "shop", &["main"]);
    push.wait_for(until);
    push
}

/// Asserts that the version before is as it was, but for what the next push will see to.
#[track_caller]
fn assert_serves(shop: &Shop, commit: &str, version: &str) {
    assert_eq!(shop.head().as_deref(), Some(commit));
    assert_eq!(shop.page(), format!("dies-on-sigterm version {version}\n"));
}

#[test]
fn a_deploy_whose_pusher_vanishes_during_the_build_is_abandoned() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let (live, pids, checkouts) = (shop.code.head(), shop.pids(), shop.checkouts());
    shop.configure(&format!("{NODE}, {ENDLESS}"));

    let push = start_push(&shop, "2", "       building");
    let deployer = deployer(&shop);
    assert_ne!(shop.pids(), pids, "the build runs");
    push.kill();
    wait_for_end(&deployer);

    assert_serves(&shop, &live, "1");
    assert_eq!((shop.pids(), shop.checkouts()), (pids, checkouts));
    let listed = shop.sandbox.pypaas(&["list"]).must_succeed();
    assert!(!listed.stdout.contains("being deployed"), "{listed}");

    shop.configure(NODE);
    shop.push().must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 2\n");
    shop.assert_settled();
}

#[test]
fn a_deploy_whose_pusher_vanishes_during_the_start_is_abandoned() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let (live, pids, checkouts) = (shop.code.head(), shop.pids(), shop.checkouts());
    shop.code.write("server.js", "setInterval(() => {}, 1000)");

    let push = start_push(&shop, "2", "accepts on port");
    let deployer = deployer(&shop);
    push.kill();
    wait_for_end(&deployer);

    assert_serves(&shop, &live, "1");
    assert_eq!((shop.pids(), shop.checkouts()), (pids, checkouts));
}

#[test]
fn a_session_of_sshd_that_is_killed_during_the_build_abandons_the_deploy() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let (live, pids, checkouts) = (shop.code.head(), shop.pids(), shop.checkouts());
    shop.configure(&format!("{NODE}, {ENDLESS}"));

    let push = start_push(&shop, "2", "       building");
    let deployer = deployer(&shop);
    kill_process(session_of(&deployer), Signal::KILL).unwrap();
    push.wait().must_fail();
    wait_for_end(&deployer);

    assert_serves(&shop, &live, "1");
    assert_eq!((shop.pids(), shop.checkouts()), (pids, checkouts));
}

#[test]
fn a_router_whose_master_was_killed_starts_again_and_no_worker_of_it_stays() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let routers = |shop: &Shop| {
        let masters =
            |it: &Process| it.command.starts_with("nginx: master") && it.command.contains("/router.conf");
        let master = shop.sandbox.processes().into_iter().find(masters);
        let workers = shop.sandbox.processes().into_iter();
        (
            master,
            workers.filter(|it| it.command.starts_with("nginx: worker")).map(|it| it.pid).collect::<Vec<_>>(),
        )
    };
    let (master, _) = routers(&shop);
    let children = |id: u32| fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    let master = master.unwrap();
    let old: Vec<u32> = children(master.pid).split_whitespace().map(|id| id.parse().unwrap()).collect();
    master.kill();

    let begin = Instant::now();
    while routers(&shop).1.iter().any(|id| old.contains(id)) || routers(&shop).0.is_none() {
        assert!(begin.elapsed() < Duration::from_secs(60), "an old worker stays");
        std::thread::sleep(Duration::from_millis(20));
    }
    shop.push_version("2").must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 2\n");
    shop.assert_settled();
}

#[test]
fn after_a_pypaas_that_was_killed_during_the_build_the_next_push_leaves_nothing_of_it() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let live = shop.code.head();
    shop.configure(&format!("{NODE}, {ENDLESS}"));

    let push = start_push(&shop, "2", "       building");
    deployer(&shop).kill();
    push.wait().must_fail();
    assert_serves(&shop, &live, "1");

    shop.configure(NODE);
    shop.push_version("3").must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 3\n");
    shop.assert_settled();
}

#[test]
fn after_a_pypaas_that_was_killed_at_any_later_point_the_next_push_leaves_nothing_of_it() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let points = [
        "-----> Check out",
        "accepts on port",
        "reload the router, until only new workers take connections",
        "-----> Stop the old version",
        "killing what is left after",
    ];
    let mut killed = 0;
    for (round, point) in points.iter().enumerate() {
        let before = shop.page();
        let tried = format!("{}", 10 * round);
        let push = start_push(&shop, &tried, point);
        // On a busy machine a deploy may be through before it is killed.
        if let Some(deployer) = running_deployer(&shop) {
            deployer.kill();
        }
        killed += usize::from(push.wait().code != 0);
        let page = shop.page();
        assert!(page == before || page == format!("dies-on-sigterm version {tried}\n"), "{point}: {page}");

        let version = format!("{}", 10 * round + 1);
        let next = shop.push_version(&version).must_succeed();
        assert_eq!(shop.page(), format!("dies-on-sigterm version {version}\n"), "{point}");
        assert_eq!(shop.pids().len(), 1, "{point}: {next}");
        shop.assert_settled();
    }
    assert!(killed > 0, "no deploy was killed in time");
}

#[test]
fn a_killed_deploy_is_mended_by_the_next_deploy_of_another_branch() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    shop.sandbox.write_config("repo/other.yml", "branches: {main: {runners: {web: {type: NginxStatic}}}}");
    let other = shop.sandbox.client("desktop").worktree_from_app("static-site");
    shop.code.write("server.js", "setInterval(() => {}, 1000)");
    let (pids, checkouts) = (shop.pids(), shop.checkouts());

    let push = start_push(&shop, "2", "accepts on port");
    deployer(&shop).kill();
    push.wait().must_fail();
    let mending = other.push("other", &["main"]).must_succeed();

    assert_says(&mending, "repairing shop main: its last deploy was killed\n");
    let of_shop =
        |process: &&Process| process.directory.starts_with(shop.sandbox.home().join("checkouts/shop"));
    let left: Vec<u32> = shop.sandbox.app_processes().iter().filter(of_shop).map(|it| it.pid).collect();
    assert_eq!((left.into_iter().collect(), shop.checkouts()), (pids, checkouts));
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
}

#[test]
fn a_deploy_whose_pusher_vanishes_after_it_went_live_is_finished_and_the_next_push_says_so() {
    let shop = Shop::live(
        "ignores-sigterm",
        "runners: {web: {type: NginxBackend, cmd: python3 app.py, stop_timeout: 3s}}",
    );
    let push = start_push(&shop, "2", "killing what is left after");
    let deployer = deployer(&shop);
    push.kill();
    wait_for_end(&deployer);

    assert_eq!(shop.page(), "ignores-sigterm version 2\n");
    assert_eq!((shop.pids().len(), shop.checkouts().len()), (1, 1));
    let pids = shop.pids();

    let again = shop.push().must_succeed();

    assert_says(
        &again,
        &format!("{} is live already; to build it again, run `rebuild`\n", &shop.code.head()[..11]),
    );
    assert_eq!(shop.pids(), pids);
    shop.assert_settled();
}
