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
    insta::assert_snapshot!(plan(&mut host, &platform, &request), @r#"
    Tell nginx of the domain
      note what nginx's files say now
      write nginx's edge.conf
      write nginx's edge.d/shop.example.com.conf
      write nginx's router.conf
      write nginx's router.d/shop.example.com.conf
      test the router's configuration
      test the edge's configuration
      reload the router, until only new workers take connections
      reload the edge, until only new workers take connections
      nginx serves what its files say
    Begin
      record of shop main: trying release 1 (01010101010) in slot a
    Define services
      define shop+main+api+0+a
      define shop+main+api+0+b
      define shop+main+web+0+a
      define shop+main+web+0+b
      define shop+main+web+1+a
      define shop+main+web+1+b
    Check out 01010101010 "Change 1"
      create the directory /home/deploy/cache/shop/main
      create the directory /home/deploy/data/shop/main
      check out 01010101010 into 20261118_110640-01010101010
    Build with node: found `package-lock.json`
      look for `npm`
      run `npm ci --include=dev --no-audit --no-fund --no-update-notifier`
      run `npm run build --if-present --no-update-notifier`
    Start the new version
      start shop+main+api+0+a
      start shop+main+web+0+a
      start shop+main+web+1+a
      wait until shop+main+api+0+a answers /health on port 61500, for at most 30s
      wait until shop+main+web+0+a accepts on port 61501, for at most 30s
      wait until shop+main+web+1+a accepts on port 61502, for at most 30s
    Switch nginx to the new version
      note what nginx's files say now
      write nginx's router.d/shop+main+api.conf
      write nginx's router.d/shop+main+web.conf
      write nginx's router.d/shop.example.com.conf
      note where nginx's files send requests
      test the router's configuration
      reload the router, until only new workers take connections
    Go live
      record of shop main: release 1 (01010101010) in slot a is live
      nginx serves what its files say
    "#);
}

#[test]
fn a_deploy_beside_the_old_version() {
    let (platform, mut host, branches) = deployed("two-backends");
    let request = push(&mut host, &platform, &branches[0], 2);
    insta::assert_snapshot!(plan(&mut host, &platform, &request), @r#"
    Begin
      record of shop main: trying release 2 (02020202020) in slot b
    Define services
      define shop+main+api+0+b
      define shop+main+web+0+b
      define shop+main+web+1+b
    Check out 02020202020 "Change 2"
      create the directory /home/deploy/cache/shop/main
      create the directory /home/deploy/data/shop/main
      check out 02020202020 into 20261118_110640-02020202020
    Build with node: found `package-lock.json`
      look for `npm`
      run `npm ci --include=dev --no-audit --no-fund --no-update-notifier`
      run `npm run build --if-present --no-update-notifier`
    Start the new version beside the old
      start shop+main+api+0+b
      start shop+main+web+0+b
      start shop+main+web+1+b
      wait until shop+main+api+0+b answers /health on port 61503, for at most 30s
      wait until shop+main+web+0+b accepts on port 61504, for at most 30s
      wait until shop+main+web+1+b accepts on port 61505, for at most 30s
    Switch nginx to the new version
      note what nginx's files say now
      write nginx's router.d/shop+main+api.conf
      write nginx's router.d/shop+main+web.conf
      note where nginx's files send requests
      test the router's configuration
      reload the router, until only new workers take connections
    Go live
      record of shop main: release 2 (02020202020) in slot b is live, release 1 (01010101010) in slot a retires
      nginx serves what its files say
    Finish requests of the old version
      drain port 61500, 61501, 61502, for at most 30s
    Stop the old version
      stop shop+main+api+0+a, shop+main+web+0+a, shop+main+web+1+a, killing what is left after 10s
    Tidy up
      remove the checkout 20261118_110640-01010101010
      record of shop main: release 2 (02020202020) in slot b is live
    "#);
}

#[test]
fn a_deploy_with_maintenance() {
    let (platform, mut host, branches) = deployed("maintenance");
    let request = push(&mut host, &platform, &branches[0], 2);
    insta::assert_snapshot!(plan(&mut host, &platform, &request), @r#"
    Begin
      record of shop main: trying release 2 (02020202020) in slot b
    Define services
      define shop+main+web+0+b
      define shop+main+web+1+b
      define shop+main+worker+0+b
    Check out 02020202020 "Change 2"
      create the directory /home/deploy/cache/shop/main
      create the directory /home/deploy/data/shop/main
      check out 02020202020 into 20261118_110641-02020202020
    Before the build
      run `git log -1`
    Build with node: found `package-lock.json`
      look for `npm`
      run `npm ci --include=dev --no-audit --no-fund --no-update-notifier`
      run `npm run build --if-present --no-update-notifier`
    After the build
      run `npm test`
    Switch maintenance on
      record of shop main: trying release 2 (02020202020) in slot b, in maintenance
      note what nginx's files say now
      write nginx's router.d/shop.example.com.conf
      note where nginx's files send requests
      test the router's configuration
      reload the router, until only new workers take connections
      nginx serves what its files say
    Finish requests of the old version
      drain port 61500, 61501, for at most 30s
    Stop the old version
      stop shop+main+web+0+a, shop+main+web+1+a, shop+main+worker+0+a, killing what is left after 10s
    Maintenance
      run `./backup`
      run `npm run migrate`
    Start the new version
      start shop+main+web+0+b
      start shop+main+web+1+b
      start shop+main+worker+0+b
      wait until shop+main+web+0+b accepts on port 61502, for at most 30s
      wait until shop+main+web+1+b accepts on port 61503, for at most 30s
      watch shop+main+worker+0+b for 1s
    Switch nginx to the new version
      note what nginx's files say now
      write nginx's router.d/shop+main+web.conf
      write nginx's router.d/shop.example.com.conf
      note where nginx's files send requests
      test the router's configuration
      reload the router, until only new workers take connections
    Go live
      record of shop main: release 2 (02020202020) in slot b is live, release 1 (01010101010) in slot a retires
      nginx serves what its files say
    Tidy up
      remove the checkout 20261118_110640-01010101010
      record of shop main: release 2 (02020202020) in slot b is live
    "#);
}

#[test]
fn a_deploy_of_workers_stops_the_old_ones_first_and_leaves_nginx_alone() {
    let (platform, mut host, branches) = deployed("workers");
    let request = push(&mut host, &platform, &branches[0], 2);
    insta::assert_snapshot!(plan(&mut host, &platform, &request), @r#"
    Begin
      record of queue main: trying release 2 (02020202020) in slot b
    Define services
      define queue+main+greedy+0+b
      define queue+main+once+0+b
      define queue+main+worker+0+b
      define queue+main+worker+1+b
      define queue+main+worker+2+b
    Check out 02020202020 "Change 2"
      create the directory /home/deploy/cache/queue/main
      create the directory /home/deploy/data/queue/main
      check out 02020202020 into 20261118_110646-02020202020
    Build with node: found `package-lock.json`
      look for `npm`
      run `npm ci --include=dev --no-audit --no-fund --no-update-notifier`
      run `npm run build --if-present --no-update-notifier`
    Start the new version beside the old
      start queue+main+greedy+0+b
      watch queue+main+greedy+0+b for 1s
    Stop the old workers
      stop queue+main+once+0+a, killing what is left after 10s
      stop queue+main+worker+0+a, queue+main+worker+1+a, queue+main+worker+2+a, killing what is left after 1m
    Start the new workers
      start queue+main+once+0+b
      start queue+main+worker+0+b
      start queue+main+worker+1+b
      start queue+main+worker+2+b
      watch queue+main+once+0+b for 1s
      wait until queue+main+worker+0+b has been up for 5s
      wait until queue+main+worker+1+b has been up for 5s
      wait until queue+main+worker+2+b has been up for 5s
    Go live
      record of queue main: release 2 (02020202020) in slot b is live, release 1 (01010101010) in slot a retires
    Stop the old version
      stop queue+main+greedy+0+a, killing what is left after 10s
    Tidy up
      remove the checkout 20261118_110640-01010101010
      record of queue main: release 2 (02020202020) in slot b is live
    "#);
}

#[test]
fn a_deploy_of_files_needs_no_process() {
    let (platform, mut host, branches) = deployed("static-only");
    let request = push(&mut host, &platform, &branches[0], 2);
    insta::assert_snapshot!(plan(&mut host, &platform, &request), @r#"
    Begin
      record of site main: trying release 2 (02020202020) in slot b
    Check out 02020202020 "Change 2"
      create the directory /home/deploy/cache/site/main
      create the directory /home/deploy/data/site/main
      check out 02020202020 into 20261118_110640-02020202020
    Build with node: found `package-lock.json`
      look for `npm`
      run `npm ci --include=dev --no-audit --no-fund --no-update-notifier`
      run `npm run build --if-present --no-update-notifier`
    Check what nginx serves
      check what nginx serves from the root of the checkout
      check what nginx serves from `build/docs`
    Switch nginx to the new version
      note what nginx's files say now
      write nginx's router.d/www.example.com.conf
      note where nginx's files send requests
      test the router's configuration
      reload the router, until only new workers take connections
    Go live
      record of site main: release 2 (02020202020) in slot b is live, release 1 (01010101010) in slot a retires
      nginx serves what its files say
    Finish requests of the old version
      let nginx finish what it has begun, for at most 30s
    Tidy up
      remove the checkout 20261118_110640-01010101010
      record of site main: release 2 (02020202020) in slot b is live
    "#);
}

#[test]
fn a_restart_keeps_the_checkout() {
    let (platform, mut host, branches) = deployed("two-backends");
    insta::assert_snapshot!(plan(&mut host, &platform, &restart(&branches[0])), @"
    Begin
      record of shop main: trying release 2 (01010101010) in slot b
    Define services
      define shop+main+api+0+b
      define shop+main+web+0+b
      define shop+main+web+1+b
    Start the new version beside the old
      start shop+main+api+0+b
      start shop+main+web+0+b
      start shop+main+web+1+b
      wait until shop+main+api+0+b answers /health on port 61503, for at most 30s
      wait until shop+main+web+0+b accepts on port 61504, for at most 30s
      wait until shop+main+web+1+b accepts on port 61505, for at most 30s
    Switch nginx to the new version
      note what nginx's files say now
      write nginx's router.d/shop+main+api.conf
      write nginx's router.d/shop+main+web.conf
      note where nginx's files send requests
      test the router's configuration
      reload the router, until only new workers take connections
    Go live
      record of shop main: release 2 (01010101010) in slot b is live, release 1 (01010101010) in slot a retires
      nginx serves what its files say
    Finish requests of the old version
      drain port 61500, 61501, 61502, for at most 30s
    Stop the old version
      stop shop+main+api+0+a, shop+main+web+0+a, shop+main+web+1+a, killing what is left after 10s
    Tidy up
      record of shop main: release 2 (01010101010) in slot b is live
    ");
}

#[test]
fn the_documented_example() {
    let (platform, mut host, branches) = deployed("documented");
    let request = push(&mut host, &platform, &branches[0], 2);
    insta::assert_snapshot!(plan(&mut host, &platform, &request), @r#"
    Begin
      record of node-js-sample master: trying release 2 (02020202020) in slot b
    Define services
      define node-js-sample+master+background_worker+0+b
      define node-js-sample+master+node+0+b
      define node-js-sample+master+node+1+b
      define node-js-sample+master+node+2+b
      define node-js-sample+master+node+3+b
    Check out 02020202020 "Change 2"
      create the directory /home/deploy/cache/node-js-sample/master
      create the directory /home/deploy/data/node-js-sample/master
      check out 02020202020 into 20261118_110641-02020202020
    Before the build
      run `echo "Nothing is build - just a fresh checkout is there. Verify signed tags?"`
    Build with node: found `package-lock.json`
      look for `npm`
      run `npm ci --include=dev --no-audit --no-fund --no-update-notifier`
      run `npm run build --if-present --no-update-notifier`
    After the build
      run `echo "All builders are done. Build assets maybe?"`
    Check what nginx serves
      check what nginx serves from `public`
    Switch maintenance on
      record of node-js-sample master: trying release 2 (02020202020) in slot b, in maintenance
      note what nginx's files say now
      write nginx's router.d/node-js-sample.example.com.conf
      note where nginx's files send requests
      test the router's configuration
      reload the router, until only new workers take connections
      nginx serves what its files say
    Finish requests of the old version
      drain port 61500, 61501, 61502, 61503, for at most 30s
    Stop the old version
      stop node-js-sample+master+background_worker+0+a, node-js-sample+master+node+0+a, node-js-sample+master+node+1+a, node-js-sample+master+node+2+a, node-js-sample+master+node+3+a, killing what is left after 10s
    Maintenance
      run `echo "do backup"`
      run `echo "run migrations"`
    Start the new version
      start node-js-sample+master+background_worker+0+b
      start node-js-sample+master+node+0+b
      start node-js-sample+master+node+1+b
      start node-js-sample+master+node+2+b
      start node-js-sample+master+node+3+b
      watch node-js-sample+master+background_worker+0+b for 1s
      wait until node-js-sample+master+node+0+b accepts on port 61504, for at most 30s
      wait until node-js-sample+master+node+1+b accepts on port 61505, for at most 30s
      wait until node-js-sample+master+node+2+b accepts on port 61506, for at most 30s
      wait until node-js-sample+master+node+3+b accepts on port 61507, for at most 30s
    Switch nginx to the new version
      note what nginx's files say now
      write nginx's router.d/node-js-sample+master+node.conf
      write nginx's router.d/node-js-sample.example.com.conf
      note where nginx's files send requests
      test the router's configuration
      reload the router, until only new workers take connections
    Go live
      record of node-js-sample master: release 2 (02020202020) in slot b is live, release 1 (01010101010) in slot a retires
      nginx serves what its files say
    Finish requests of the old version
      drain port 61500, 61501, 61502, 61503, for at most 30s
    Tidy up
      remove the checkout 20261118_110640-01010101010
      record of node-js-sample master: release 2 (02020202020) in slot b is live
    "#);
}

#[test]
fn maintenance_by_hand() {
    let (platform, mut host, branches) = deployed("two-backends");
    let plan = Engine::dry_run(&mut host, &platform, |engine| {
        engine.maintenance(&branches[0], true, None, "laptop")
    });
    insta::assert_snapshot!(plan.unwrap(), @"
    Switch maintenance on
      note what nginx's files say now
      write nginx's router.d/shop.example.com.conf
      note where nginx's files send requests
      test the router's configuration
      reload the router, until only new workers take connections
      nginx serves what its files say
    Remember it
      record of shop main: release 1 (01010101010) in slot a is live, in maintenance
    ");
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
    insta::assert_snapshot!(plan.unwrap(), @"
    Make nginx serve what is live
      note what nginx's files say now
      write nginx's router.d/shop+main+api.conf
      write nginx's router.d/shop+main+web.conf
      note where nginx's files send requests
      test the router's configuration
      reload the router, until only new workers take connections
      nginx serves what its files say
    End what was being built
      end what is left of the commands of 20261118_110640-02020202020
    Finish requests of what was tried
      drain port 61503, 61504, 61505, for at most 30s
    Stop what was tried
      stop shop+main+api+0+b, shop+main+web+0+b, shop+main+web+1+b, killing what is left after 10s
    Tidy up
      remove the checkout 20261118_110640-02020202020
      record of shop main: release 1 (01010101010) in slot a is live
    ");
}

#[test]
fn a_cleanup_removes_what_nobody_owns() {
    let (_, mut host, _) = deployed("two-backends");
    let now = platform("static-only");
    let plan = Engine::dry_run(&mut host, &now, |engine| engine.cleanup("laptop"));
    insta::assert_snapshot!(plan.unwrap(), @"
    Make nginx's files say what is configured
      note what nginx's files say now
      remove nginx's edge.d/shop.example.com.conf
      write nginx's edge.d/www.example.com.conf
      remove nginx's router.d/shop+main+api.conf
      remove nginx's router.d/shop+main+web.conf
      remove nginx's router.d/shop.example.com.conf
      write nginx's router.d/www.example.com.conf
      note where nginx's files send requests
      test the router's configuration
      test the edge's configuration
      reload the router, until only new workers take connections
      reload the edge, until only new workers take connections
      nginx serves what its files say
    Finish requests of shop main, which is not configured
      drain port 61500, 61501, 61502, for at most 30s
    Stop shop main, which is not configured
      stop shop+main+api+0+a, shop+main+web+0+a, shop+main+web+1+a, killing what is left after 10s
    Remove shop main, which is not configured
      remove shop+main+api+0+a
      remove shop+main+api+0+b
      remove shop+main+web+0+a
      remove shop+main+web+0+b
      remove shop+main+web+1+a
      remove shop+main+web+1+b
      remove the checkout 20261118_110640-01010101010
      forget the record of shop main
    ");
}
