//! The router: the nginx behind the edge. It knows which process or file each path of a domain leads to.

use minijinja::context;
use pypaas_core::RouterConfig;

use crate::listen::names_hash;
use crate::templates::Templates;
use crate::unprintable::Unprintable;

/// Prints what is common to all domains.
///
/// `worker_shutdown_timeout` bounds how long a worker with an older configuration may go on with requests that it has
/// taken: it cuts what takes longer.
pub(crate) fn print(templates: &Templates, router: &RouterConfig) -> Result<String, Unprintable> {
    let sockets = [&router.sockets.http, &router.sockets.https].map(|socket| format!("unix:{socket}"));
    let values = context! {
        pid => router.pid_file.as_str(),
        shutdown_timeout => format!("{}ms", router.shutdown_timeout.as_millis().max(1)),
        sockets => sockets.to_vec(),
        hash => names_hash(router.longest_name, router.names),
    };
    templates.print("router", values)
}
