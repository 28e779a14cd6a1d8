//! What can be seen of ports.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use pypaas_core::host::{HealthRequest, PortHolder, Probe, ProbeError};
use pypaas_core::{Listen, Origin, ServiceName};

use super::LinuxHost;
use super::fastcgi;
use super::proc::tcp::{self, Socket};
use super::proc::unix;
use super::proc::{self, ProcessTable, ProcessTree};

/// How long a connection on this machine may take.
const CONNECT: Duration = Duration::from_secs(1);

/// How much of an answer is read in search of its status.
const LONGEST_HEAD: usize = 64 * 1024;

/// How long the rest of an answer is taken, so that the app does not see its reader go.
const REST: Duration = Duration::from_millis(100);

impl Probe for LinuxHost {
    fn ports_in_use(&mut self) -> Result<BTreeSet<u16>, ProbeError> {
        let held = tcp::sockets().map_err(said)?.into_iter();
        let sockets = unix::sockets().map_err(said)?.into_iter().filter(|socket| !socket.is_connected);
        let numbers = sockets.filter_map(|socket| self.layout.number_of_socket(&socket.path));
        Ok(held.map(|socket| socket.local.port()).chain(numbers).collect())
    }

    fn listening(&mut self, service: &ServiceName) -> Result<BTreeSet<SocketAddr>, ProbeError> {
        let open = self.sockets_of(service)?;
        let listening = tcp::listening().map_err(said)?.into_iter();
        Ok(listening.filter(|socket| open.contains(&socket.inode)).map(|socket| socket.local).collect())
    }

    fn holder(&mut self, service: &ServiceName, listen: &Listen) -> Result<PortHolder, ProbeError> {
        let port = match listen {
            Listen::Port(port) => *port,
            Listen::Socket(path) => return self.holder_of_socket(service, path),
        };
        // First the sockets: one that a process opens after it was looked at would count as somebody else's.
        let takes = |socket: &Socket| socket.local.port() == port && takes_loopback(socket.local.ip());
        let listening: Vec<Socket> = tcp::listening().map_err(said)?.into_iter().filter(takes).collect();
        let own = self.sockets_of(service)?;
        let other = listening.iter().find(|socket| !own.contains(&socket.inode));
        Ok(match (other, listening.is_empty()) {
            (Some(other), _) => PortHolder::Other(owner(other)),
            (None, true) => PortHolder::Nobody,
            (None, false) => PortHolder::Service,
        })
    }

    fn accepts(&mut self, listen: &Listen) -> Result<(), ProbeError> {
        match listen {
            Listen::Port(port) => connect(*port, CONNECT).map(drop),
            Listen::Socket(path) => UnixStream::connect(path).map(drop).map_err(said),
        }
    }

    fn answers(
        &mut self,
        listen: &Listen,
        request: HealthRequest<'_>,
        timeout: Duration,
    ) -> Result<u16, ProbeError> {
        let deadline = Instant::now() + timeout;
        let mut connection: Box<dyn Connection> = match listen {
            Listen::Port(port) => Box::new(connect(*port, CONNECT.min(timeout))?),
            Listen::Socket(path) => Box::new(UnixStream::connect(path).map_err(said)?),
        };
        let connection = connection.as_mut();
        let status = match request.script {
            Some(script) => ask_script(connection, &fastcgi::request(request, script), deadline),
            None => {
                let HealthRequest { origin, path, .. } = request;
                exchange(connection, &self::request(&origin.host, path, &forwarded(origin)), deadline)
            }
        };
        status.map_err(|error| late(error, timeout))
    }

    fn connections(&mut self, ports: &BTreeSet<u16>) -> Result<usize, ProbeError> {
        let connected = tcp::connected().map_err(said)?;
        let over_ports = connected.iter().filter(|socket| ports.contains(&socket.local.port())).count();
        let sockets = unix::sockets().map_err(said)?.into_iter().filter(|socket| socket.is_connected);
        let numbers = sockets.filter_map(|socket| self.layout.number_of_socket(&socket.path));
        Ok(over_ports + numbers.filter(|number| ports.contains(number)).count())
    }
}

/// Returns whether who listens on `address` gets connections to 127.0.0.1.
fn takes_loopback(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_unspecified() || address == Ipv4Addr::LOCALHOST,
        IpAddr::V6(address) => address.is_unspecified(),
    }
}

/// Names who has `socket` open: the process where it can be seen, otherwise its user.
fn owner(socket: &Socket) -> String {
    match proc::processes_with_sockets(&[socket.inode].into()).get(&socket.inode) {
        Some(id) => format!("process {id} (`{}`)", proc::program_name(*id).unwrap_or_default()),
        None => format!("a process of user `{}`", proc::user_name(socket.user)),
    }
}

fn connect(port: u16, longest: Duration) -> Result<TcpStream, ProbeError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let connection =
        TcpStream::connect_timeout(&address, longest.max(Duration::from_millis(1))).map_err(said)?;
    // Where nobody listens, a connection within the ephemeral ports may happen to reach itself.
    match connection.local_addr() {
        Ok(own) if own == address => Err(ProbeError("connection refused".to_owned())),
        _ => Ok(connection),
    }
}

impl LinuxHost {
    /// Tells who listens on the socket at `path`. One that was replaced may still be open somewhere: nobody reaches it.
    fn holder_of_socket(&self, service: &ServiceName, path: &Utf8Path) -> Result<PortHolder, ProbeError> {
        let sockets = unix::sockets().map_err(said)?.into_iter();
        let listening: Vec<_> = sockets.filter(|it| it.path == path && !it.is_connected).collect();
        let own = self.sockets_of(service)?;
        Ok(match listening.iter().any(|socket| own.contains(&socket.inode)) {
            true => PortHolder::Service,
            false if listening.is_empty() => PortHolder::Nobody,
            false => PortHolder::Other("another process".to_owned()),
        })
    }

    /// Lists the inodes of the sockets that the processes of `service` have open.
    fn sockets_of(&self, service: &ServiceName) -> Result<BTreeSet<u64>, ProbeError> {
        let main_process = self.supervisor.main_process(service).map_err(said)?;
        let mut tree = ProcessTree::of_service(service, self.layout.home());
        tree.set_leader(main_process);
        let table = ProcessTable::read().map_err(said)?;
        Ok(table.members(&mut tree).into_iter().flat_map(|it| proc::open_sockets(it.id)).collect())
    }

    /// Sends `GET path` to `address` as a client that looks for `name`; returns the status of the answer.
    pub fn answers_for(
        &self,
        address: SocketAddr,
        name: &str,
        path: &str,
        timeout: Duration,
    ) -> Result<u16, ProbeError> {
        let deadline = Instant::now() + timeout;
        let mut connection = TcpStream::connect_timeout(&address, CONNECT).map_err(said)?;
        exchange(&mut connection, &request(name, path, ""), deadline).map_err(|error| late(error, timeout))
    }
}

/// Sends `request` by FastCGI and returns the status of the answer.
fn ask_script(connection: &mut dyn Connection, request: &[u8], deadline: Instant) -> io::Result<u16> {
    connection.bound(deadline)?;
    connection.write_all(request)?;
    fastcgi::status(&mut Bounded { connection, deadline })
}

/// A connection of which each operation can be bounded.
trait Connection: Read + Write {
    /// Lets the next operations last until `deadline`.
    fn bound(&self, deadline: Instant) -> io::Result<()>;
}

impl Connection for TcpStream {
    fn bound(&self, deadline: Instant) -> io::Result<()> {
        self.set_write_timeout(Some(left(deadline)?))?;
        self.set_read_timeout(Some(left(deadline)?))
    }
}

impl Connection for UnixStream {
    fn bound(&self, deadline: Instant) -> io::Result<()> {
        self.set_write_timeout(Some(left(deadline)?))?;
        self.set_read_timeout(Some(left(deadline)?))
    }
}

/// Reads from a connection until a deadline, also when pieces keep coming.
struct Bounded<'a> {
    connection: &'a mut dyn Connection,
    deadline: Instant,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.connection.bound(self.deadline)?;
        self.connection.read(buffer)
    }
}

/// Returns the header lines that nginx adds to a request for `origin`.
fn forwarded(origin: &Origin) -> String {
    let Origin { host, .. } = origin;
    let scheme = origin.scheme();
    let port = host.rsplit_once(':').map_or(if origin.https { "443" } else { "80" }, |(_, port)| port);
    format!(
        "X-Real-IP: 127.0.0.1\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: {scheme}\r\n\
         X-Forwarded-Host: {host}\r\nX-Forwarded-Port: {port}\r\n"
    )
}

fn request(host: &str, path: &str, headers: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}User-Agent: pypaas-healthcheck\r\nAccept: */*\r\n\
         Connection: close\r\n\r\n"
    )
}

fn late(error: io::Error, timeout: Duration) -> ProbeError {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            ProbeError(format!("no answer within {} ms", timeout.as_millis()))
        }
        _ => said(error),
    }
}

fn exchange(connection: &mut dyn Connection, request: &str, deadline: Instant) -> io::Result<u16> {
    connection.bound(deadline)?;
    connection.write_all(request.as_bytes())?;
    let mut head = Vec::new();
    loop {
        if let Some(status) = status(&head)? {
            take_rest(connection, deadline);
            return Ok(status);
        }
        if head.len() > LONGEST_HEAD || !read_more(connection, &mut head, deadline)? {
            return Err(not_http());
        }
    }
}

/// Finds the status of the final answer, behind any interim ones such as `103 Early Hints`.
fn status(mut head: &[u8]) -> io::Result<Option<u16>> {
    loop {
        let Some(end) = find(head, b"\n") else { return Ok(None) };
        let line = String::from_utf8_lossy(head.get(..end).unwrap_or_default());
        let mut words = line.split_ascii_whitespace();
        let version = words.next().filter(|version| version.starts_with("HTTP/1."));
        let status: Option<u16> = words.next().and_then(|status| status.parse().ok());
        match (version, status) {
            (Some(_), Some(100..=199)) => {}
            (Some(_), Some(status @ 200..=599)) => return Ok(Some(status)),
            _ => return Err(not_http()),
        }
        let Some(blank) = find(head, b"\r\n\r\n") else { return Ok(None) };
        head = head.get(blank + 4..).unwrap_or_default();
    }
}

fn read_more(connection: &mut dyn Connection, head: &mut Vec<u8>, deadline: Instant) -> io::Result<bool> {
    let mut buffer = [0; 4096];
    connection.bound(deadline)?;
    let length = connection.read(&mut buffer)?;
    head.extend_from_slice(buffer.get(..length).unwrap_or_default());
    Ok(length > 0)
}

fn take_rest(connection: &mut dyn Connection, deadline: Instant) {
    let deadline = deadline.min(Instant::now() + REST);
    let mut rest = Vec::new();
    while rest.len() < LONGEST_HEAD && read_more(connection, &mut rest, deadline).is_ok_and(|more| more) {}
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    text.windows(pattern.len()).position(|window| window == pattern)
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn not_http() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "the answer is not HTTP")
}

fn said(error: io::Error) -> ProbeError {
    ProbeError(match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        ErrorKind::NotFound => "there is no such socket".to_owned(),
        ErrorKind::ConnectionReset => "connection reset".to_owned(),
        ErrorKind::TimedOut => "no answer".to_owned(),
        _ => error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interim_answers_are_passed_over() {
        let head = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n";
        assert_eq!(status(head).unwrap(), Some(204));
        assert_eq!(status(b"HTTP/1.1 100 Continue\r\n").unwrap(), None);
        assert_eq!(status(b"HTTP/1.0 500").unwrap(), None);
    }

    #[test]
    fn what_is_not_http_is_an_error() {
        for head in ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 abc\r\n", "HTTP/1.1\r\n", "\r\n"] {
            assert!(status(head.as_bytes()).is_err(), "{head:?}");
        }
    }
}
