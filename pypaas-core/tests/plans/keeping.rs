//! How much of the past is kept.

use pypaas_core::{MemoryHost, Platform, record};

use crate::commands::Command;
use crate::memory::{branches, configuration, interpret, machine};

fn keeping(checkouts: u16, releases: u16) -> Platform {
    let mut configuration = configuration("static-only");
    configuration.settings.keep_checkouts = checkouts;
    configuration.settings.keep_releases = releases;
    interpret(configuration)
}

/// Names the commits whose checkouts are there, by the digit they consist of.
fn checked_out(host: &MemoryHost, platform: &Platform) -> Vec<char> {
    let checkouts = host.directories.iter().filter(|it| it.starts_with(platform.layout.all_checkouts()));
    checkouts.map(|it| it.as_str().split('-').nth(1).unwrap().chars().nth(1).unwrap()).collect()
}

#[test]
fn as_many_earlier_checkouts_stay_as_are_to_be_kept_and_a_failed_one_never_does() {
    let platform = keeping(2, 20);
    let branch = branches(&platform).remove(0);
    let mut host = machine(&platform);
    for number in 1..=4 {
        Command::Push(branch.clone(), number).give(&mut host, &platform).unwrap();
    }
    host.rejected = Some("-05".to_owned());
    Command::Push(branch.clone(), 5).give(&mut host, &platform).unwrap_err();
    assert_eq!(checked_out(&host, &platform), ['2', '3', '4']);

    let fewer = keeping(0, 20);
    Command::Apply.give(&mut host, &fewer).unwrap();
    assert_eq!(checked_out(&host, &fewer), ['4']);
}

#[test]
fn so_many_releases_are_remembered() {
    let platform = keeping(0, 3);
    let branch = branches(&platform).remove(0);
    let mut host = machine(&platform);
    for number in 1..=5 {
        Command::Push(branch.clone(), number).give(&mut host, &platform).unwrap();
    }
    let record = record(&mut host, &platform.layout, &branch).unwrap().unwrap();
    assert_eq!(record.releases.iter().map(|it| it.release).collect::<Vec<_>>(), [3, 4, 5]);
}
