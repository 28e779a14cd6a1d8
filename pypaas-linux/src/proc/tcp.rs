//! The TCP sockets of this machine.

mod netlink;
mod text;

use std::io;
use std::net::SocketAddr;

/// One TCP socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Socket {
    /// Its address at this end. An IPv4 address in IPv6 form stays in that form.
    pub(crate) local: SocketAddr,
    /// Its address at the other end.
    pub(crate) remote: SocketAddr,
    /// What it does.
    pub(crate) state: State,
    /// How many bytes wait to be sent, or for the other end to say that it has them.
    pub(crate) unsent: u64,
    /// Who has it open.
    pub(crate) user: u32,
    /// The number by which the files of a process name it; 0 before it is accepted.
    pub(crate) inode: u64,
}

/// What a socket does, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// Connected.
    Connected,
    /// Waiting for connections.
    Listening,
    /// On the way between these.
    Other,
}

/// The kernel's numbers of states, from its `tcp_states.h`.
const ESTABLISHED: u8 = 1;
const TIME_WAIT: u8 = 6;
const LISTEN: u8 = 10;

/// A set of states: bit N stands for the state that the kernel gives the number N.
type States = u32;

/// Lists all TCP sockets, over IPv4 and IPv6, but for those closed by both ends, whose port is free for who listens: a busy
/// machine has tens of thousands of them.
pub(crate) fn sockets() -> io::Result<Vec<Socket>> {
    of(!(1 << TIME_WAIT))
}

/// Lists those that are connected.
pub(crate) fn connected() -> io::Result<Vec<Socket>> {
    of(1 << ESTABLISHED)
}

/// Lists those that wait for connections.
pub(crate) fn listening() -> io::Result<Vec<Socket>> {
    of(1 << LISTEN)
}

/// Asks the kernel for the sockets in `states`, and reads its files where it does not answer: in a sandbox that has no
/// netlink, or where the module `tcp_diag` is missing. Reading the files takes 10 ms, and 50 ms on a busy machine, where the
/// answer takes at most 3 ms.
///
/// Both come in pieces. A socket that moves between them, because others open and close, may be listed twice: once is kept.
fn of(states: States) -> io::Result<Vec<Socket>> {
    let mut sockets = netlink::sockets(states).or_else(|_| text::sockets(states))?;
    sockets.sort_unstable();
    sockets.dedup();
    Ok(sockets)
}

impl State {
    fn of(number: u8) -> Self {
        match number {
            ESTABLISHED => Self::Connected,
            LISTEN => Self::Listening,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsFd;

    use super::*;

    /// The sockets that have `port` at their end.
    fn at(port: u16, sockets: Vec<Socket>) -> Vec<Socket> {
        sockets.into_iter().filter(|it| it.local.port() == port).collect()
    }

    /// The number by which the kernel names a socket.
    fn inode(socket: &impl AsFd) -> u64 {
        rustix::fs::fstat(socket).unwrap().st_ino
    }

    /// The kernel sends its lists in pieces: the sockets of other programs may come and go between them, but these stay.
    #[test]
    fn both_sources_list_what_this_process_has_open() {
        let listeners = ["127.0.0.1:0", "[::]:0"].map(|address| TcpListener::bind(address).unwrap());
        let ports = listeners.each_ref().map(|it| it.local_addr().unwrap().port());
        let clients = ports.map(|port| TcpStream::connect(("127.0.0.1", port)).unwrap());
        let accepted = listeners.each_ref().map(|it| it.accept().unwrap().0);

        let user = rustix::process::getuid().as_raw();
        let any = ["0.0.0.0:0", "[::]:0"].map(|address| address.parse().unwrap());
        let listening = listeners.iter().zip(any).map(|(socket, remote)| {
            let (local, inode) = (socket.local_addr().unwrap(), inode(socket));
            Socket { local, remote, state: State::Listening, unsent: 0, user, inode }
        });
        let connected = clients.iter().chain(&accepted).map(|socket| {
            let (local, remote) = (socket.local_addr().unwrap(), socket.peer_addr().unwrap());
            Socket { local, remote, state: State::Connected, unsent: 0, user, inode: inode(socket) }
        });
        let (listening, connected): (Vec<_>, Vec<_>) = (listening.collect(), connected.collect());
        for list in [netlink::sockets, text::sockets] {
            let all = list(!(1 << TIME_WAIT)).unwrap();
            for own in listening.iter().chain(&connected) {
                assert!(all.contains(own), "{own:?} is missing in {:?}", at(own.local.port(), all));
            }
            let some = list(1 << ESTABLISHED).unwrap();
            assert!(connected.iter().all(|it| some.contains(it)));
            assert!(some.iter().all(|it| it.state == State::Connected));
            let some = list(1 << LISTEN).unwrap();
            assert!(listening.iter().all(|it| some.contains(it)));
            assert!(some.iter().all(|it| it.state == State::Listening));
        }
    }

    #[test]
    fn what_both_ends_have_closed_is_left_out() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        let (local, remote) = (accepted.local_addr().unwrap(), accepted.peer_addr().unwrap());
        drop(accepted);
        // Nothing is left to read once the other end has closed.
        assert_eq!(io::Read::read(&mut &client, &mut [0]).unwrap(), 0);
        drop(client);
        for list in [netlink::sockets, text::sockets] {
            let connected = list(1 << ESTABLISHED).unwrap();
            assert!(!connected.iter().any(|it| it.local == local && it.remote == remote));
        }
        // Its port is the listener's still.
        assert_eq!(at(local.port(), listening().unwrap()).len(), 1);
    }
}
