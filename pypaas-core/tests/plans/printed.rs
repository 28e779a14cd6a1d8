//! What each kind of plan says.

use pypaas_config::BranchRef;
use pypaas_core::{Engine, MemoryHost, Platform};

use crate::memory::{branches, carry_out, machine, plan, platform, push, restart};

/// Deploys the first commit on every branch of a fixture.
fn deployed(fixture: &str) -> (Platform, MemoryHost, Vec<BranchRef>) {
    let platform = platform(fixture);
    let mut host = machine(&platform);
    let branches = branches(&platform);
    for branch in &branches {
        let request = push(&mut host, &platform, branch, 1);
        carry_out(&mut host, &platform, &request).unwrap();
    }
    (platform, host, branches)
}

#[test]
fn the_first_deploy_of_a_branch() {
    let platform = platform("two-backends");
    let mut host = machine(&platform);
    let branch = branches(&platform).remove(0);
    let request = push(&mut host, &platform, &branch, 1);
    insta::assert_snapshot!(plan(&mut host, &platform, &request));
}

#[test]
fn a_deploy_beside_the_old_version() {
    let (platform, mut host, branches) = deployed("two-backends");
    let request = push(&mut host, &platform, &branches[0], 2);
    insta::assert_snapshot!(plan(&mut host, &platform, &request));
}

#[test]
fn a_deploy_with_maintenance() {
    let (platform, mut host, branches) = deployed("maintenance");
    let request = push(&mut host, &platform, &branches[0], 2);
    insta::assert_snapshot!(plan(&mut host, &platform, &request));
}

#[test]
fn a_deploy_of_workers_stops_the_old_ones_first_and_leaves_nginx_alone() {
    let (platform, mut host, branches) = deployed("workers");
    let request = push(&mut host, &platform, &branches[0], 2);
    insta::assert_snapshot!(plan(&mut host, &platform, &request));
}

#[test]
fn a_deploy_of_files_needs_no_process() {
    let (platform, mut host, branches) = deployed("static-only");
    let request = push(&mut host, &platform, &branches[0], 2);
    insta::assert_snapshot!(plan(&mut host, &platform, &request));
}

#[test]
fn a_restart_keeps_the_checkout() {
    let (platform, mut host, branches) = deployed("two-backends");
    insta::assert_snapshot!(plan(&mut host, &platform, &restart(&branches[0])));
}

#[test]
fn the_documented_example() {
    let (platform, mut host, branches) = deployed("documented");
    let request = push(&mut host, &platform, &branches[0], 2);
    insta::assert_snapshot!(plan(&mut host, &platform, &request));
}

#[test]
fn maintenance_by_hand() {
    let (platform, mut host, branches) = deployed("two-backends");
    let plan = Engine::dry_run(&mut host, &platform, |engine| {
        engine.maintenance(&branches[0], true, None, "laptop")
    });
    insta::assert_snapshot!(plan.unwrap());
}

#[test]
fn what_a_killed_deploy_left_is_mended() {
    let (platform, mut host, branches) = deployed("two-backends");
    let request = push(&mut host, &platform, &branches[0], 2);
    host.clear_journal();
    let effects = crate::memory::effects(&plan(&mut host, &platform, &request));
    // Right before the record names the new version as live: nginx serves it already.
    let commit_point = effects.iter().position(|line| line.contains("is live, release 1")).unwrap();
    host.crash_at(commit_point);
    carry_out(&mut host, &platform, &request).unwrap_err();
    host.revive();
    let plan = Engine::dry_run(&mut host, &platform, |engine| engine.converge(&branches[0]));
    insta::assert_snapshot!(plan.unwrap());
}

#[test]
fn a_cleanup_removes_what_nobody_owns() {
    let (_, mut host, _) = deployed("two-backends");
    let now = platform("static-only");
    let plan = Engine::dry_run(&mut host, &now, |engine| engine.cleanup("laptop"));
    insta::assert_snapshot!(plan.unwrap());
}
