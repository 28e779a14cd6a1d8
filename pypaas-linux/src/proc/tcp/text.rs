//! TCP sockets as `/proc/net/tcp` and `tcp6` list them.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Socket, State, States};

/// Lists the sockets in `states`.
pub(super) fn sockets(states: States) -> io::Result<Vec<Socket>> {
    let mut sockets = Vec::new();
    for file in ["/proc/net/tcp", "/proc/net/tcp6"] {
        match fs::read_to_string(file) {
            Ok(text) => sockets.extend(text.lines().skip(1).filter_map(|line| parse(line, states))),
            // The machine does without IPv6.
            Err(error) if error.kind() == ErrorKind::NotFound && file.ends_with('6') => {}
            Err(error) => return Err(error),
        }
    }
    Ok(sockets)
}

/// Reads a line whose socket is in one of `states`: `sl local remote state tx:rx tr:when retransmit uid timeout inode …`.
fn parse(line: &str, states: States) -> Option<Socket> {
    let mut fields = line.split_ascii_whitespace();
    let (local, remote) = (fields.nth(1)?, fields.next()?);
    let state = u8::from_str_radix(fields.next()?, 16).ok()?;
    if 1_u32.checked_shl(state.into())? & states == 0 {
        return None;
    }
    let unsent = fields.next()?.split_once(':')?.0;
    let user = fields.nth(2)?.parse().ok()?;
    let inode = fields.nth(1)?;
    Some(Socket {
        local: address(local)?,
        remote: address(remote)?,
        state: State::of(state),
        unsent: u64::from_str_radix(unsent, 16).ok()?,
        user,
        inode: inode.parse().ok()?,
    })
}

/// Reads `0100007F:1F90`: the address in words of four bytes, each as this machine stores it, and the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let mut bytes = Vec::new();
    for start in (0..address.len()).step_by(8) {
        let word = u32::from_str_radix(address.get(start..start + 8)?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    let address = match bytes.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(bytes).map(Ipv4Addr::from).ok()?),
        _ => IpAddr::from(<[u8; 16]>::try_from(bytes).map(Ipv6Addr::from).ok()?),
    };
    Some(SocketAddr::new(address, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn a_line_is_read() {
        let line = "   3: 0100007F:2EE0 0100007F:C350 01 0000002A:00000007 01:00000014 00000000    33        0 4711 4 0000";
        let (local, remote) = ("127.0.0.1:12000".parse().unwrap(), "127.0.0.1:50000".parse().unwrap());
        let read = Socket { local, remote, state: State::Connected, unsent: 42, user: 33, inode: 4711 };
        assert_eq!(parse(line, 1 << 1), Some(read));
        assert_eq!(parse(line, !(1 << 1)), None);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn addresses_of_both_families_are_read() {
        assert_eq!(address("0100007F:1F90"), Some("127.0.0.1:8080".parse().unwrap()));
        let mapped = "[::ffff:127.0.0.1]:8080".parse().unwrap();
        assert_eq!(address("0000000000000000FFFF00000100007F:1F90"), Some(mapped));
        assert_eq!(address("0100007F"), None);
    }
}
