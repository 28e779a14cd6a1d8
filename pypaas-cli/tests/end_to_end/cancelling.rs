//! Builds that hang or flood, and deploys that somebody cancels.

use crate::eventually::eventually;
use crate::shop::{Shop, assert_says};

const WEB: &str = "runners: {web: {type: NginxStatic, subdirectory: public}}";

/// The configuration with a build that runs `command` once there is a file `slow` in the checkout.
fn with_build(command: &str, more: &str) -> String {
    format!("{WEB}, hooks: {{build: ['if [ -e slow ]; then {command}; fi']}}{more}")
}

fn builds(shop: &Shop) -> usize {
    shop.sandbox.processes().iter().filter(|it| it.command.contains("sleep 1234567")).count()
}

#[test]
fn a_build_that_hangs_is_ended_and_the_old_version_serves() {
    let shop =
        Shop::live("static-site", &with_build("sleep 1234567 & sleep 1234567", ", build_timeout: 300ms"));
    let page = shop.page();
    let refused = shop.push_file("slow", "").must_fail();
    assert_says(&refused, "` took longer than `build_timeout`, 300ms, and was ended");
    assert_eq!((shop.page(), builds(&shop)), (page, 0));
}

#[test]
fn a_deploy_is_cancelled_by_somebody_else() {
    let shop = Shop::live("static-site", &with_build("sleep 1234567", ""));
    let page = shop.page();
    let other = shop.sandbox.client("laptop2");
    assert_says(&other.ssh_line("cancel shop main").must_fail(), "nothing is going on on shop main");
    shop.code.write("slow", "");
    shop.code.commit("Slow");
    let push = shop.code.start_push(&[], "shop", &["main"]);
    eventually(|| (builds(&shop) > 0).then_some(()));

    let dry = other.ssh_line("cancel shop --dry-run").must_succeed();
    assert_says(&dry, "would cancel: deploying");
    let cancelled = other.ssh_line("cancel shop").must_succeed();
    assert_says(&cancelled, "it is cancelled");
    let pushed = push.wait().must_fail();
    assert_says(&pushed, "cancelled by laptop2");
    assert_eq!((shop.page(), builds(&shop)), (page, 0));
    let releases = other.ssh_line("releases shop").must_succeed();
    assert_says(&releases, "abandoned");

    // The request is forgotten.
    shop.code.remove("slow");
    shop.code.commit("Fast");
    shop.push().must_succeed();
}

#[test]
fn a_build_that_floods_leaves_a_small_log() {
    let flood = "yes flood | head -c 5000000; echo the end";
    let shop = Shop::live("static-site", &with_build(flood, ""));
    let pushed = shop.push_file("slow", "").must_succeed();
    assert!(pushed.remote().len() > 5_000_000);
    let kept = shop.sandbox.pypaas(&["logs", "shop", "--deploy"]).must_succeed().stdout;
    assert!(kept.len() < 1_100_000, "{}", kept.len());
    assert!(
        kept.contains("the end") && kept.contains("bytes are left out here]") && kept.contains("Release 2")
    );
}
