//! Requests that are still with a worker of the router that is shutting down.
//!
//! Such a worker takes no new connections and closes idle ones, so every connection from the edge that it still has is a
//! request, which it answers by its old configuration: by a file, or by a process, to which it then has a connection. Those
//! with a connection to a process that is not asked for are somebody else's.

use std::collections::BTreeSet;
use std::io;

use pypaas_core::RouterSockets;

use super::nginx_master::Master;
use super::proc;
use super::proc::{tcp, unix};

/// Counts the requests on old workers that are for `ports`, or may yet be.
pub(super) fn requests(master: Master, sockets: &RouterSockets, ports: &BTreeSet<u16>) -> io::Result<usize> {
    let old = master.leaving();
    if old.is_empty() {
        return Ok(0);
    }
    let is_from_edge = |socket: &unix::Socket| {
        socket.is_connected && [&sockets.http, &sockets.https].contains(&&socket.path)
    };
    let from_edge = unix::sockets()?.into_iter().filter(is_from_edge).map(|socket| socket.inode).collect();
    let connected = tcp::connected()?.into_iter();
    let elsewhere = connected.filter(|socket| !ports.contains(&socket.remote.port()));
    let elsewhere: BTreeSet<u64> = elsewhere.map(|socket| socket.inode).collect();
    let requests = |worker: &u32| {
        let open = proc::open_sockets(*worker);
        let count = |among: &BTreeSet<u64>| open.iter().filter(|inode| among.contains(inode)).count();
        count(&from_edge).saturating_sub(count(&elsewhere))
    };
    Ok(old.iter().map(requests).sum())
}
