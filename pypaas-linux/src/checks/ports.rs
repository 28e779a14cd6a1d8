//! The ports apps are given: who else holds some of them.

use std::collections::{BTreeMap, BTreeSet};

use pypaas_config::Severity;
use pypaas_core::{Record, records};

use super::{CheckContext, Diagnostic};
use crate::LinuxHost;
use crate::proc;
use crate::proc::tcp::{self, Socket};

pub(super) fn check(host: &mut LinuxHost, context: &CheckContext<'_>) -> Vec<Diagnostic> {
    let range = context.platform.configuration.settings.ports;
    let range = range.min..=range.max;
    let written = format!("`ports` {}-{}", range.start(), range.end());
    let mut found = Vec::new();
    let layout = host.layout.clone();
    // What cannot be read is told by every other command.
    let records = records(host, &layout).unwrap_or_default();
    let ours: BTreeSet<u16> = records
        .values()
        .flat_map(Record::deployed)
        .flat_map(|deployed| &deployed.processes)
        .filter_map(|process| process.port)
        .collect();
    let others: Vec<Socket> = tcp::listening()
        .unwrap_or_default()
        .into_iter()
        .filter(|socket| range.contains(&socket.local.port()) && !ours.contains(&socket.local.port()))
        .collect();
    let holders = holders(&others.iter().map(|socket| socket.inode).collect());
    let mut of_holders: BTreeMap<&str, BTreeSet<u16>> = BTreeMap::new();
    for socket in &others {
        let holder = holders.get(&socket.inode).map_or("another user's program", String::as_str);
        of_holders.entry(holder).or_default().insert(socket.local.port());
    }
    for (holder, ports) in of_holders {
        let one = ports.len() == 1;
        let (ports, are, these) =
            (spell(&ports), if one { "is" } else { "are" }, if one { "this port" } else { "these ports" });
        let plural = if one { "" } else { "s" };
        found.push(Diagnostic::new(
            Severity::Warning,
            "ports",
            format!("port{plural} {ports} {are} in {written} and held by {holder}"),
            format!(
                "let it listen elsewhere, or move `ports` in pypaas.yml; until then no app is given {these}"
            ),
        ));
    }
    if let Some((first, last)) = proc::ephemeral_ports()
        && range.start() <= &last
        && &first <= range.end()
    {
        found.push(Diagnostic::new(
            Severity::Warning,
            "ports",
            format!(
                "{written} overlap with the ports {first}-{last}, of which Linux takes one for each outgoing connection: \
                 now and then an app will find its port taken"
            ),
            "choose `ports` outside of that range, such as 61500-61800",
        ));
    }
    found
}

/// Writes ports as people do: `61500-61503, 61510`.
fn spell(ports: &BTreeSet<u16>) -> String {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for &port in ports {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(port) => *last = port,
            _ => ranges.push((port, port)),
        }
    }
    let spell = |(first, last): &(u16, u16)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    ranges.iter().map(spell).collect::<Vec<_>>().join(", ")
}

/// Names the processes that have the `sockets` open, as far as this user may see that.
fn holders(sockets: &BTreeSet<u64>) -> BTreeMap<u64, String> {
    let name = |process| format!("`{}` (process {process})", proc::program_name(process).unwrap_or_default());
    let found = proc::processes_with_sockets(sockets);
    found.into_iter().map(|(socket, process)| (socket, name(process))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_written_as_ranges() {
        assert_eq!(spell(&[61510, 61500, 61502, 61501].into()), "61500-61502, 61510");
        assert_eq!(spell(&[65535].into()), "65535");
    }
}
