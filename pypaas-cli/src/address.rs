//! How clients reach this host, in the words they type.

use std::env;

use pypaas_linux::user_name;

/// The user, the host and the port that a client names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    user: String,
    host: String,
    port: u16,
}

impl Address {
    /// Returns the address at which the client that runs this program has reached this host; on the host itself, its name.
    pub(crate) fn of_this_host() -> Self {
        let user = user_name(rustix::process::geteuid().as_raw());
        let name = || rustix::system::uname().nodename().to_string_lossy().into_owned();
        let (host, port) =
            env::var("SSH_CONNECTION").ok().and_then(|text| server(&text)).unwrap_or_else(|| (name(), 22));
        Self { user, host, port }
    }

    /// Returns the host alone.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Returns the URL of a repo, for `git remote add`.
    pub(crate) fn remote(&self, repo: &str) -> String {
        let Self { user, host, port } = self;
        match host.contains(':') {
            true => format!("ssh://{user}@[{host}]:{port}/{repo}"),
            false if *port != 22 => format!("ssh://{user}@{host}:{port}/{repo}"),
            false => format!("{user}@{host}:{repo}"),
        }
    }

    /// Returns the command line that runs `words` here.
    pub(crate) fn command(&self, words: &str) -> String {
        let Self { user, host, port } = self;
        let port = if *port == 22 { String::new() } else { format!("-p {port} ") };
        format!("ssh {port}{user}@{host} {words}")
    }
}

/// Reads the server's part of `SSH_CONNECTION` (ssh(1)): the addresses and ports of client and server.
fn server(connection: &str) -> Option<(String, u16)> {
    let mut words = connection.split(' ').skip(2);
    Some((words.next()?.to_owned(), words.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(connection: &str) -> Address {
        let (host, port) = server(connection).unwrap();
        Address { user: "deploy".to_owned(), host, port }
    }

    #[test]
    fn clients_are_told_what_they_can_type() {
        let usual = address("192.0.2.7 50000 192.0.2.1 22");
        assert_eq!(usual.remote("shop"), "deploy@192.0.2.1:shop");
        assert_eq!(usual.command("check"), "ssh deploy@192.0.2.1 check");
        let port = address("192.0.2.7 50000 192.0.2.1 2222");
        assert_eq!(port.remote("shop"), "ssh://deploy@192.0.2.1:2222/shop");
        assert_eq!(port.command("check"), "ssh -p 2222 deploy@192.0.2.1 check");
        assert_eq!(
            address("2001:db8::7 50000 2001:db8::1 22").remote("shop"),
            "ssh://deploy@[2001:db8::1]:22/shop"
        );
        assert_eq!(server("nonsense"), None);
    }
}
