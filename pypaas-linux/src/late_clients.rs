//! Clients that are still with a worker of nginx that is leaving.
//!
//! Such a worker sends what it still gets where its old configuration says: the requests whose bodies it was reading (it
//! reads all of one before it asks the app), and, from nginx 1.27.4 on, those on connections that it keeps open a moment
//! longer. Before the last of them the old version must not go.
//!
//! Which worker holds a connection only root can see. Everybody can see which connections of clients there were before the
//! reload, all of them with workers that have to leave, and how many of nginx's connections to apps: a client beyond these
//! is one whose request no app has yet. Connections that are accepted while the workers change are not among them.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use pypaas_config::{NginxSettings, PortRange};
use pypaas_core::host::{ProbeError, Version};
use pypaas_nginx::{KEEPALIVE_MIN_TIMEOUT, KEEPALIVE_MIN_TIMEOUT_SINCE};

use super::LinuxHost;
use super::nginx_master::Master;
use super::nginx_words;
use super::proc::tcp::{self, Socket, State};

/// How much longer than it was told nginx may take to close an idle connection.
const MARGIN: Duration = Duration::from_millis(500);

/// The two ends of a connection: this one, and the other.
type Ends = (SocketAddr, SocketAddr);

/// The connections of nginx before a reload.
#[derive(Debug, Default)]
pub(super) struct Connections {
    /// From clients.
    clients: BTreeSet<Ends>,
    /// To apps.
    apps: BTreeSet<Ends>,
}

impl Connections {
    /// Looks at those there are. Where that fails none count.
    pub(super) fn now(master: Master, nginx: &NginxSettings, ports: PortRange) -> Self {
        let user = master.worker_user();
        let open: Vec<Socket> = tcp::sockets().unwrap_or_default();
        let open = || open.iter().filter(|socket| socket.state == State::Connected);
        let is_of_client = |socket: &&Socket| {
            // Without a number it is not accepted yet: the next worker may do that.
            socket.inode != 0 && [nginx.http_port, nginx.https_port].contains(&socket.local.port())
        };
        // Apps that ask each other do so as another user.
        let is_to_app = |socket: &&Socket| {
            Some(socket.user) == user && (ports.min..=ports.max).contains(&socket.remote.port())
        };
        Self {
            clients: open().filter(is_of_client).map(ends).collect(),
            apps: open().filter(is_to_app).map(ends).collect(),
        }
    }

    /// Counts the clients of these whose request no app has yet.
    fn without_app(&self) -> Result<usize, ProbeError> {
        let open = tcp::sockets().map_err(|error| ProbeError(error.to_string()))?;
        let open = || open.iter().filter(|socket| socket.state == State::Connected);
        // Whoever is being sent something has been answered.
        let clients = open().filter(|socket| socket.unsent == 0 && self.clients.contains(&ends(socket)));
        let apps = open().filter(|socket| self.apps.contains(&ends(socket)));
        Ok(clients.count().saturating_sub(apps.count()))
    }
}

impl LinuxHost {
    /// Counts the clients whose requests nginx may yet send by a configuration that is not the present one.
    pub(super) fn count_late_clients(&mut self) -> Result<usize, ProbeError> {
        let Ok(master) = Master::find(&self.nginx.pid_file) else { return Ok(0) };
        if !master.has_leaving() {
            return Ok(0);
        }
        let waiting = self.before_reload.as_ref().map_or(Ok(0), Connections::without_app)?;
        let build = self.nginx_build().unwrap_or_default();
        let keeps = nginx_words::version(&build).is_some_and(|it: Version| it >= KEEPALIVE_MIN_TIMEOUT_SINCE);
        let age = master.loaded_at().map(|at| at.elapsed().unwrap_or_default());
        let may_keep = keeps && age.is_some_and(|age| age < KEEPALIVE_MIN_TIMEOUT + MARGIN);
        Ok(waiting.max(usize::from(may_keep)))
    }
}

fn ends(socket: &Socket) -> Ends {
    (socket.local, socket.remote)
}
