//! TCP sockets as the kernel's `sock_diag` lists them; see sock_diag(7), and netlink(7) for the frame around it.
//!
//! The kernel picks the states by itself, so what is not asked for costs nothing. Two questions and a format of fixed offsets
//! are written here rather than taken from three more crates.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with,
};

use super::{LISTEN, Socket, State, States};

/// The length of the header of every message: length, kind, flags, sequence, sender.
const HEADER: usize = 16;

/// Kinds of messages.
const ERROR: u16 = 2;
const DONE: u16 = 3;
const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// `NLM_F_REQUEST | NLM_F_DUMP`.
const LIST: u16 = 0x301;

/// `NLM_F_DUMP_INTR`: the list has changed while it was sent, and may lack something.
const INTERRUPTED: u16 = 0x10;

/// The lengths of `struct inet_diag_req_v2` and of `struct inet_diag_sockid` at its end.
const QUESTION: usize = 56;
const SOCKET_ID: usize = 48;

/// How long the kernel may take. It answers within the call; this is only for one that does not know the protocol.
const ANSWER: Duration = Duration::from_secs(1);

const TCP: u8 = 6;

/// Lists the sockets in `states`. Fails where the kernel does not answer, or not completely.
pub(super) fn sockets(states: States) -> io::Result<Vec<Socket>> {
    let flags = SocketFlags::CLOEXEC;
    let channel = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, Some(netlink::SOCK_DIAG))?;
    set_socket_timeout(&channel, Timeout::Recv, Some(ANSWER))?;
    let mut sockets = Vec::new();
    for family in [AddressFamily::INET, AddressFamily::INET6] {
        send(&channel, &question(family, states), SendFlags::empty())?;
        while receive(&channel, &mut sockets)? {}
    }
    Ok(sockets)
}

/// Writes the header and `struct inet_diag_req_v2`, whose filter by addresses stays empty.
fn question(family: AddressFamily, states: States) -> Vec<u8> {
    let length = (HEADER + QUESTION) as u32;
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes.extend(LIST.to_ne_bytes());
    bytes.extend([0; 8]);
    bytes.extend([family.as_raw() as u8, TCP, 0, 0]);
    bytes.extend(states.to_ne_bytes());
    bytes.extend([0; SOCKET_ID]);
    bytes
}

/// Receives some messages; returns whether more follow.
fn receive(channel: &OwnedFd, sockets: &mut Vec<Socket>) -> io::Result<bool> {
    // The kernel sends at most 32 KiB at once.
    let mut buffer = vec![0; 64 * 1024];
    let (length, _) = recv(channel.as_fd(), &mut buffer, RecvFlags::empty())?;
    let mut rest = buffer.get(..length).unwrap_or_default();
    if rest.is_empty() {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    while !rest.is_empty() {
        let length = u32_at(rest, 0)? as usize;
        let message = rest.get(..length).filter(|it| it.len() >= HEADER).ok_or_else(broken)?;
        if !take(message, sockets)? {
            return Ok(false);
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(true)
}

/// Takes one message; returns whether more follow.
fn take(message: &[u8], sockets: &mut Vec<Socket>) -> io::Result<bool> {
    let kind = u32_at(message, 4)?.to_ne_bytes();
    let [kind, flags] = [[kind[0], kind[1]], [kind[2], kind[3]]].map(u16::from_ne_bytes);
    if flags & INTERRUPTED != 0 {
        return Err(ErrorKind::Interrupted.into());
    }
    let payload = message.get(HEADER..).unwrap_or_default();
    match kind {
        // Both begin with an error number below zero, or with zero.
        DONE | ERROR => match u32_at(payload, 0)?.cast_signed() {
            0 if kind == DONE => Ok(false),
            0 => Err(broken()),
            number => Err(io::Error::from_raw_os_error(number.saturating_neg())),
        },
        SOCK_DIAG_BY_FAMILY => {
            sockets.push(socket(payload)?);
            Ok(true)
        }
        _ => Ok(true),
    }
}

/// Reads `struct inet_diag_msg`: family, state, two of no matter; the ports and addresses in network order, with what
/// identifies the socket; when a timer expires; bytes to be read, bytes to be sent, user, inode.
fn socket(payload: &[u8]) -> io::Result<Socket> {
    let [family, state] = bytes_at(payload, 0)?;
    let address = |port, start| -> io::Result<SocketAddr> {
        let port = u16::from_be_bytes(bytes_at(payload, port)?);
        let address = if AddressFamily::from_raw(family.into()) == AddressFamily::INET6 {
            IpAddr::from(Ipv6Addr::from(bytes_at::<16>(payload, start)?))
        } else {
            IpAddr::from(Ipv4Addr::from(bytes_at::<4>(payload, start)?))
        };
        Ok(SocketAddr::new(address, port))
    };
    Ok(Socket {
        local: address(4, 8)?,
        remote: address(6, 24)?,
        state: State::of(state),
        // For one that waits for connections, the kernel says here how many may wait.
        unsent: if state == LISTEN { 0 } else { u32_at(payload, 60)?.into() },
        user: u32_at(payload, 64)?,
        inode: u32_at(payload, 68)?.into(),
    })
}

fn u32_at(bytes: &[u8], start: usize) -> io::Result<u32> {
    Ok(u32::from_ne_bytes(bytes_at(bytes, start)?))
}

fn bytes_at<const N: usize>(bytes: &[u8], start: usize) -> io::Result<[u8; N]> {
    bytes.get(start..).and_then(|rest| rest.first_chunk()).copied().ok_or_else(broken)
}

fn broken() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "an answer of the kernel that is not understood")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message with the given kind, flags and first number.
    fn message(kind: u16, flags: u16, number: i32) -> Vec<u8> {
        let mut bytes = 20u32.to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        bytes.extend([0; 8]);
        bytes.extend(number.to_ne_bytes());
        bytes
    }

    #[test]
    fn a_list_that_is_refused_or_incomplete_is_an_error() {
        let take = |bytes: Vec<u8>| take(&bytes, &mut Vec::new());
        assert!(!take(message(DONE, 2, 0)).unwrap());
        // ENOENT: the kernel has no tcp_diag.
        assert_eq!(take(message(ERROR, 0, -2)).unwrap_err().raw_os_error(), Some(2));
        assert_eq!(take(message(DONE, 2, -12)).unwrap_err().raw_os_error(), Some(12));
        assert!(take(message(DONE, 2 | INTERRUPTED, 0)).is_err());
        assert!(take(message(SOCK_DIAG_BY_FAMILY, 2, 0)).is_err());
        assert!(take(Vec::new()).is_err());
    }
}
