//! The promises, checked on a machine. Knows nothing of plans.

use std::collections::{BTreeMap, BTreeSet};

use pypaas_config::{BranchRef, RunnerRef};
use pypaas_core::host::Probe;
use pypaas_core::invariants::{Violation, upstreams_in_use, violations};
use pypaas_core::{MemoryHost, Platform, Record, Scope, observe, records};

type Records = BTreeMap<BranchRef, Record>;

/// A machine as it was before something went wrong.
pub(crate) struct Before {
    records: Records,
    /// The upstreams that a domain led to; `None` when the configuration has been edited since.
    led_to: Option<BTreeSet<RunnerRef>>,
}

impl Before {
    pub(crate) fn of(host: &mut MemoryHost, platform: &Platform, edited: bool) -> Self {
        let led_to = (!edited).then(|| loaded_upstreams(host).into_keys().collect());
        Self { records: recorded(host, platform), led_to }
    }

    /// Returns whether something was under way: an earlier command ended early.
    pub(crate) fn is_under_way(&self) -> bool {
        self.records.values().any(Record::is_unfinished)
    }
}

/// Reads the records. None is ever half written.
fn recorded(host: &mut MemoryHost, platform: &Platform) -> Records {
    records(host, &platform.layout).expect("every record can be read")
}

/// Checks what holds at every moment, also right after a crash: what nginx sends requests to answers, and no branch that
/// was live is not, nor is it led to no more, unless it is in maintenance.
pub(crate) fn check_serving(host: &mut MemoryHost, platform: &Platform, before: &Before) {
    let now = recorded(host, platform);
    for (branch, _) in before.records.iter().filter(|(_, record)| record.live.is_some()) {
        if platform.branch(branch).is_some() {
            assert!(
                now.get(branch).is_some_and(|record| record.live.is_some()),
                "{branch} is not live any more"
            );
        }
    }
    let listening = host.ports_in_use().unwrap();
    let in_use = loaded_upstreams(host);
    let serving = |name: &RunnerRef| {
        now.iter().filter(|(_, it)| it.maintenance.is_none() && !it.stopped).any(|(branch, record)| {
            platform.runners(branch, record.live.as_ref()).keys().any(|runner| branch.runner(runner) == *name)
        })
    };
    for name in before.led_to.iter().flatten().filter(|name| host.web_server_runs && serving(name)) {
        assert!(in_use.contains_key(name), "no domain leads to {name} any more");
    }
    for (upstream, ports) in in_use {
        for port in ports {
            assert!(
                listening.contains(&port),
                "nginx leads to port {port} of {upstream}, where nothing listens"
            );
        }
    }
}

/// Checks what holds when a command has ended well: of the branches that are configured nothing is under way, and their
/// domains lead to what is live.
pub(crate) fn check_settled(host: &mut MemoryHost, platform: &Platform, before: &Before) {
    check_serving(host, platform, before);
    let is_of_the_command = |it: &Violation| {
        matches!(
            it,
            Violation::UnfinishedSwitch | Violation::Unfinished { .. } | Violation::PortGivenTwice { .. }
        )
    };
    let found = violated(host, platform);
    assert_eq!(found.iter().find(|it| is_of_the_command(it)), None);
    assert!(host.loaded == host.web_files(), "nginx serves something else than its files say");
}

/// Checks what holds when the whole machine agrees with the configuration and the records.
pub(crate) fn check(host: &mut MemoryHost, platform: &Platform) {
    let before = Before::of(host, platform, true);
    check_settled(host, platform, &before);
    assert_eq!(violated(host, platform), []);
    assert!(host.running_commands.is_empty(), "still running in: {:?}", host.running_commands);
}

fn violated(host: &mut MemoryHost, platform: &Platform) -> Vec<Violation> {
    let observed = observe(host, platform, Scope::Machine).expect("the machine can be seen");
    violations(platform, &observed)
}

/// Lists the upstreams that a domain leads to, of what nginx has loaded, with their ports. Checks that what is kept
/// beside each file says the same as its text.
fn loaded_upstreams(host: &MemoryHost) -> BTreeMap<RunnerRef, BTreeSet<u16>> {
    for (name, file) in &host.loaded {
        assert_eq!(ports_in_text(&file.text), file.ports(), "{name} and the list of its routes differ");
    }
    upstreams_in_use(&host.loaded)
}

fn ports_in_text(text: &str) -> BTreeSet<u16> {
    let number = |line: &str| {
        let server = line.trim().strip_prefix("server ")?;
        let server =
            server.strip_prefix("unix:/home/deploy/run/sockets/").or(server.strip_prefix("127.0.0.1:"))?;
        server.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    text.lines().filter_map(number).collect()
}
