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
fn of(states: States) -> io::Result<Vec<Socket>> {
    netlink::sockets(states).or_else(|_| text::sockets(states))
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

    use super::*;

    /// The sockets that have one of `ports` at their end, in order.
    fn at(ports: &[u16], sockets: Vec<Socket>) -> Vec<Socket> {
        let mut found: Vec<_> = sockets.into_iter().filter(|it| ports.contains(&it.local.port())).collect();
        found.sort();
        found
    }

    #[test]
    fn the_kernel_answers_what_its_files_say() {
        let listeners = ["127.0.0.1:0", "[::]:0"].map(|address| TcpListener::bind(address).unwrap());
        let ports = listeners.each_ref().map(|it| it.local_addr().unwrap().port());
        let clients = ports.map(|port| TcpStream::connect(("127.0.0.1", port)).unwrap());
        let accepted = listeners.each_ref().map(|it| it.accept().unwrap().0);
        let own = clients.each_ref().map(|it| it.local_addr().unwrap().port());
        let ports = [ports[0], ports[1], own[0], own[1]];

        let all = at(&ports, netlink::sockets(!(1 << TIME_WAIT)).unwrap());
        assert_eq!(all, at(&ports, text::sockets(!(1 << TIME_WAIT)).unwrap()));
        assert_eq!(all.len(), 6, "{all:?}");

        let connected = at(&ports, netlink::sockets(1 << ESTABLISHED).unwrap());
        assert!(connected.len() == 4 && connected.iter().all(|it| it.state == State::Connected));
        let listening = at(&ports, netlink::sockets(1 << LISTEN).unwrap());
        assert!(listening.len() == 2 && listening.iter().all(|it| it.state == State::Listening));
        drop((clients, accepted));
    }

    #[test]
    fn what_both_ends_have_closed_is_left_out() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        drop(accepted);
        // Nothing is left to read once the other end has closed.
        assert_eq!(io::Read::read(&mut &client, &mut [0]).unwrap(), 0);
        drop((client, listener));
        for sockets in
            [netlink::sockets(!(1 << TIME_WAIT)).unwrap(), text::sockets(!(1 << TIME_WAIT)).unwrap()]
        {
            assert!(at(&[port], sockets).iter().all(|it| it.state == State::Other));
        }
    }
}
