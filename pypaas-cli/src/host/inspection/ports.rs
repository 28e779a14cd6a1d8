//! The ports apps are given: who else holds some of them.

use std::collections::BTreeSet;
use std::fs;

use pypaas_config::Severity;
use pypaas_core::{Record, records};

use super::{Defect, Demand};
use crate::host::LinuxHost;
use crate::host::proc_net::{self, Socket, State};

/// Where the kernel says which ports it gives to outgoing connections.
const EPHEMERAL: &str = "/proc/sys/net/ipv4/ip_local_port_range";

pub(super) fn inspect(host: &mut LinuxHost, demand: &Demand<'_>) -> Vec<Defect> {
    let range = demand.platform.configuration.settings.ports;
    let range = range.min..=range.max;
    let written = format!("`ports` {}-{}", range.start(), range.end());
    let mut defects = Vec::new();
    let layout = host.layout.clone();
    // What cannot be read is told by every other command.
    let records = records(host, &layout).unwrap_or_default();
    let ours: BTreeSet<u16> = records
        .values()
        .flat_map(Record::deployed)
        .flat_map(|deployed| &deployed.processes)
        .filter_map(|process| process.port)
        .collect();
    let others: Vec<Socket> = proc_net::sockets()
        .unwrap_or_default()
        .into_iter()
        .filter(|socket| socket.state == State::Listening)
        .filter(|socket| range.contains(&socket.local.port()) && !ours.contains(&socket.local.port()))
        .collect();
    let mut named = BTreeSet::new();
    for socket in others {
        let port = socket.local.port();
        if named.insert(port) {
            let holder = holder(socket.inode).unwrap_or_else(|| "another user's program".to_owned());
            defects.push(Defect::new(
                Severity::Warning,
                "ports",
                format!("port {port} is in {written} and held by {holder}"),
                "let it listen elsewhere, or move `ports` in pypaas.yml; until then no app is given this port",
            ));
        }
    }
    if let Some((first, last)) = fs::read_to_string(EPHEMERAL).ok().and_then(|text| pair(&text))
        && range.start() <= &last
        && &first <= range.end()
    {
        defects.push(Defect::new(
            Severity::Warning,
            "ports",
            format!(
                "{written} overlap with the ports {first}-{last}, of which Linux takes one for each outgoing connection: \
                 now and then an app will find its port taken"
            ),
            "choose `ports` outside of that range, such as 61500-61800",
        ));
    }
    defects
}

fn pair(text: &str) -> Option<(u16, u16)> {
    let mut numbers = text.split_ascii_whitespace().map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Names the process that has the socket `inode` open, if this user may see that.
fn holder(inode: u64) -> Option<String> {
    let wanted = format!("socket:[{inode}]");
    let entries = fs::read_dir("/proc").ok()?.flatten();
    let mut ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let has_it = |id: &u32| {
        let files = fs::read_dir(format!("/proc/{id}/fd")).into_iter().flatten().flatten();
        files
            .filter_map(|file| fs::read_link(file.path()).ok())
            .any(|link| link.as_os_str() == wanted.as_str())
    };
    let id = ids.find(has_it)?;
    let name = fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
    Some(format!("`{}` (process {id})", name.trim_end()))
}
