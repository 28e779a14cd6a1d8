//! `apply`: the whole machine agrees with the configuration.

use pypaas_config::{BranchRef, Configuration, DomainName};
use pypaas_core::host::Files;
use pypaas_core::{Engine, MemoryHost, NoProgress, Plan, Platform, Step};

use crate::edits::EDITS;
use crate::invariants::check;
use crate::memory::{
    apply_configuration, branches, carry_out, configuration, deployed, effects, fixtures, interpret, machine,
    platform, push,
};

/// A machine on which everything of `fixture` is live, and its configuration as `edit` leaves it.
fn edited(fixture: &str, edit: impl FnOnce(&mut Configuration)) -> (MemoryHost, Platform) {
    let mut configuration = configuration(fixture);
    let host = deployed(&interpret(configuration.clone()));
    edit(&mut configuration);
    (host, interpret(configuration))
}

fn plan_of(host: &mut MemoryHost, platform: &Platform) -> Plan {
    Engine::dry_run(host, platform, |engine| engine.apply("laptop")).unwrap()
}

fn edit_named(name: &str) -> crate::edits::Edit {
    EDITS.iter().find(|(known, _)| *known == name).unwrap().1
}

#[test]
fn where_nothing_differs_nothing_is_touched() {
    for fixture in fixtures() {
        let platform = platform(&fixture);
        let mut host = deployed(&platform);
        assert_eq!(plan_of(&mut host, &platform).to_string(), "", "{fixture}");
        apply_configuration(&mut host, &platform);
        assert!(host.journal().is_empty(), "{fixture}: {:?}", host.journal());
    }
}

#[test]
fn every_edit_is_applied_as_it_is_printed_and_only_once() {
    for fixture in fixtures() {
        for (name, edit) in EDITS {
            let (mut host, platform) = edited(&fixture, edit);
            let printed = effects(&plan_of(&mut host, &platform));
            apply_configuration(&mut host, &platform);
            assert_eq!(host.journal(), printed, "{fixture}: {name}");
            check(&mut host, &platform);
            assert_eq!(plan_of(&mut host, &platform).to_string(), "", "{fixture}: {name}");
        }
    }
}

#[test]
fn without_any_domain_processes_are_replaced_though_nginx_does_not_run() {
    for (name, edit) in EDITS {
        let mut configuration = configuration("two-backends");
        configuration.domains.clear();
        let mut host = deployed(&interpret(configuration.clone()));
        edit(&mut configuration);
        configuration.domains.clear();
        let platform = interpret(configuration);
        assert!(!host.web_server_runs, "{name}");
        apply_configuration(&mut host, &platform);
        check(&mut host, &platform);
        for service in host.services.values().filter(|it| it.process.is_some()) {
            let is_edited = name != "another environment" || service.definition.run.contains("EDITED");
            assert!(is_edited, "{name}: {}", service.definition.run);
        }
    }
}

#[test]
fn a_domain_can_be_configured_before_the_first_push() {
    let platform = platform("two-backends");
    let mut host = machine(&platform);
    insta::assert_snapshot!(plan_of(&mut host, &platform), @"
    Make nginx's files say what is configured
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
    ");
    apply_configuration(&mut host, &platform);
    assert!(host.loaded.values().any(|file| file.text.contains("Not deployed yet")));
}

#[test]
fn more_processes_start_beside_the_old_ones() {
    let (mut host, platform) = edited("slashes", |configuration| {
        edit_named("a branch removed")(configuration);
        edit_named("more processes")(configuration);
    });
    insta::assert_snapshot!(plan_of(&mut host, &platform), @"
    Make nginx serve what is live
      note what nginx's files say now
      write nginx's router.d/login.example.com.conf
      note where nginx's files send requests
      test the router's configuration
      reload the router, until only new workers take connections
      nginx serves what its files say
    Begin
      record of Shop-UI.v2 feature-login: trying release 2 (01010101010) in slot b
    Define services
      define %53hop-%55%49.v2+feature-login+%57eb.1+0+b
      define %53hop-%55%49.v2+feature-login+%57eb.1+1+a
      define %53hop-%55%49.v2+feature-login+%57eb.1+1+b
    Start the new version beside the old
      start %53hop-%55%49.v2+feature-login+%57eb.1+0+b
      start %53hop-%55%49.v2+feature-login+%57eb.1+1+b
      wait until %53hop-%55%49.v2+feature-login+%57eb.1+0+b accepts on port 61502, for at most 30s
      wait until %53hop-%55%49.v2+feature-login+%57eb.1+1+b accepts on port 61503, for at most 30s
    Switch nginx to the new version
      note what nginx's files say now
      write nginx's router.d/%53hop-%55%49.v2+feature-login+%57eb.1.conf
      note where nginx's files send requests
      test the router's configuration
      reload the router, until only new workers take connections
    Go live
      record of Shop-UI.v2 feature-login: release 2 (01010101010) in slot b is live, release 1 (01010101010) in slot a retires
      nginx serves what its files say
    Finish requests of the old version
      drain port 61500, for at most 30s
    Stop the old version
      stop %53hop-%55%49.v2+feature-login+%57eb.1+0+a, killing what is left after 10s
    Tidy up
      record of Shop-UI.v2 feature-login: release 2 (01010101010) in slot b is live
    Make nginx's files say what is configured
      note what nginx's files say now
      remove nginx's router.d/%53hop-%55%49.v2+feature%2f%4cogin+%57eb.1.conf
      note where nginx's files send requests
      test the router's configuration
      reload the router, until only new workers take connections
      nginx serves what its files say
    Finish requests of Shop-UI.v2 feature/Login, which is not configured
      drain port 61501, for at most 30s
    Stop Shop-UI.v2 feature/Login, which is not configured
      stop %53hop-%55%49.v2+feature%2f%4cogin+%57eb.1+0+a, killing what is left after 10s
    Remove Shop-UI.v2 feature/Login, which is not configured
      remove %53hop-%55%49.v2+feature%2f%4cogin+%57eb.1+0+a
      remove %53hop-%55%49.v2+feature%2f%4cogin+%57eb.1+0+b
      remove the checkout 20261118_110640-01010101010
      forget the record of Shop-UI.v2 feature/Login
    ");
}

#[test]
fn what_is_no_longer_configured_goes() {
    let (mut host, platform) = edited("maintenance", edit_named("a repo removed"));
    insta::assert_snapshot!(plan_of(&mut host, &platform), @"
    Make nginx's files say what is configured
      note what nginx's files say now
      remove nginx's edge.d/shop.example.com.conf
      remove nginx's router.d/shop+main+web.conf
      remove nginx's router.d/shop.example.com.conf
      note where nginx's files send requests
      test the router's configuration
      test the edge's configuration
      reload the router, until only new workers take connections
      reload the edge, until only new workers take connections
      nginx serves what its files say
    Finish requests of shop main, which is not configured
      drain port 61500, 61501, for at most 30s
    Stop shop main, which is not configured
      stop shop+main+web+0+a, shop+main+web+1+a, shop+main+worker+0+a, killing what is left after 10s
    Remove shop main, which is not configured
      remove shop+main+web+0+a
      remove shop+main+web+0+b
      remove shop+main+web+1+a
      remove shop+main+web+1+b
      remove shop+main+worker+0+a
      remove shop+main+worker+0+b
      remove the checkout 20261118_110640-01010101010
      forget the record of shop main
    ");
}

#[test]
fn a_domain_that_leads_to_a_renamed_runner_is_served_by_the_old_one_until_the_new_one_runs() {
    let (mut host, platform) = edited("two-backends", edit_named("a runner renamed"));
    let branch = branches(&platform).remove(0);
    let next = push(&mut host, &platform, &branch, 2);
    let built = crate::memory::plan(&mut host, &platform, &next);
    let first_switch = built.steps().position(|step| matches!(step, Step::BeginWebSwitch { .. }));
    let last_start = built.steps().position(|step| matches!(step, Step::AwaitReady { .. }));
    assert!(first_switch > last_start, "{built}");
    carry_out(&mut host, &platform, &next).unwrap();
    apply_configuration(&mut host, &platform);
    check(&mut host, &platform);
}

#[test]
fn a_mistake_in_one_domain_leaves_that_one_as_it_was_and_applies_the_rest() {
    let (mut host, platform) = edited("maintenance", |configuration| {
        edit_named("a domain changed")(configuration);
        edit_named("a domain added")(configuration);
        let added = configuration.domains.get_mut(&DomainName::new("added.example.com").unwrap()).unwrap();
        added.nginx_http_extra_config = Some("gzipp on;".to_owned());
        edit_named("more processes")(configuration);
    });
    let mut host_with_old = host.clone();
    host.rejected = Some("gzipp".to_owned());
    let failed = Engine::new(&mut host, &platform, &mut NoProgress).apply("laptop").unwrap();
    assert!(!failed.is_empty());
    assert_eq!(host.loaded, host.web_files());
    assert!(!host.loaded.values().any(|file| file.text.contains("gzipp")));

    host_with_old.rejected = None;
    apply_configuration(&mut host_with_old, &platform);
    check(&mut host_with_old, &platform);
}

#[test]
fn a_boot_without_nginx_puts_its_files_right_before_it_starts() {
    for fixture in fixtures() {
        let platform = platform(&fixture);
        let before = deployed(&platform);
        for branch in branches(&platform) {
            for n in 0.. {
                let mut host = before.clone();
                let next = push(&mut host, &platform, &branch, 2);
                host.crash_at(n);
                let _ = carry_out(&mut host, &platform, &next);
                if !host.has_crashed() {
                    break;
                }
                host.boot();
                apply_configuration(&mut host, &platform);
                assert_eq!(host.read_file(&platform.layout.pending_switch()).unwrap(), None);
                assert!(host.start_web_server());
                check(&mut host, &platform);
                host.clear_journal();
                apply_configuration(&mut host, &platform);
                assert!(host.journal().is_empty(), "{:?}", host.journal());
            }
        }
    }
}

#[test]
fn an_nginx_that_starts_while_a_boot_puts_its_files_right_reads_them_again() {
    for fixture in fixtures() {
        let platform = platform(&fixture);
        let before = deployed(&platform);
        for branch in branches(&platform) {
            for crashed in crashes_of_a_push(&before, &platform, &branch) {
                for start in 0..=effects_of(&crashed, |host| apply_configuration(host, &platform)) {
                    let mut host = crashed.clone();
                    host.start_web_server_at(start);
                    apply_configuration(&mut host, &platform);
                    assert!(host.web_server_runs || host.start_web_server());
                    check(&mut host, &platform);
                    host.clear_journal();
                    apply_configuration(&mut host, &platform);
                    assert!(host.journal().is_empty(), "{fixture}: {start}: {:?}", host.journal());
                }
            }
        }
    }
}

/// Returns the machine as it boots after it lost its power before each effect of a push.
fn crashes_of_a_push(before: &MemoryHost, platform: &Platform, branch: &BranchRef) -> Vec<MemoryHost> {
    let effects = effects_of(before, |host| {
        let next = push(host, platform, branch, 2);
        carry_out(host, platform, &next).unwrap();
    });
    let crash = |n| {
        let mut host = before.clone();
        let next = push(&mut host, platform, branch, 2);
        host.crash_at(n);
        let _ = carry_out(&mut host, platform, &next);
        host.boot();
        host.clear_journal();
        host
    };
    (0..effects).map(crash).collect()
}

/// Counts the effects of `act` on a copy of `host`.
fn effects_of(host: &MemoryHost, act: impl FnOnce(&mut MemoryHost)) -> usize {
    let mut host = host.clone();
    host.clear_journal();
    act(&mut host);
    host.effects()
}
