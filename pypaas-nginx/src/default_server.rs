//! The server for requests that name no configured domain, and what all virtual hosts rely on.

use minijinja::context;
use pypaas_core::DefaultServer;
use pypaas_core::host::Version;

use crate::snippet::Snippet;
use crate::templates::Templates;
use crate::tls::PROFILE;
use crate::unprintable::Unprintable;
use crate::upstream::endpoint;
use crate::virtual_host::tls_options;

/// The first version with `ssl_reject_handshake`.
const REJECT_HANDSHAKE: Version = Version(1, 19, 4);

/// Prints the server that refuses unknown hosts and unknown SNI, and the variables of the virtual hosts.
///
/// A client that named a configured domain over TLS and asks for an unknown one over the same connection gets 421, which
/// tells it to make another connection (RFC 9110, 15.5.20).
///
/// TLS directives are in it, because a client's connection begins in this server: nginx takes the protocols and the
/// session settings from here until the client has named its domain. So the admin's directives for all domains are in it.
pub(crate) fn print(templates: &Templates, server: &DefaultServer) -> Result<String, Unprintable> {
    if server.https_port.is_some() && server.version < REJECT_HANDSHAKE {
        let reason = format!(
            "nginx {} cannot refuse unknown names over TLS, {REJECT_HANDSHAKE} or newer can",
            server.version
        );
        return Err(Unprintable(reason));
    }
    let all = |port: u16| server.listen.iter().map(|host| endpoint(host, port)).collect::<Vec<_>>();
    let config = Snippet::read("ssl_config", server.tls_config.as_deref())?;
    let values = context! {
        http => all(server.http_port),
        https => server.https_port.map(all),
        tls_options => tls_options(server.version),
        profile => if config.text.is_empty() { PROFILE.to_vec() } else { Vec::new() },
        config => config.text,
        hash => names_hash(server.longest_name, server.names),
    };
    templates.print("default_server", values)
}

/// Returns the bucket size and the largest size of nginx's hash of names; `None` when its defaults of 64 bytes and 512
/// buckets do, since nginx refuses the directives when its own configuration has them already.
///
/// A name takes 8 bytes and its length plus 2, rounded up to 8; a bucket ends with 8 more (`NGX_HASH_ELT_SIZE`). Buckets
/// that hold four names each, and four buckets a name, are found at once; nginx warns about what does not fit.
fn names_hash(longest: usize, names: usize) -> Option<(usize, usize)> {
    if longest <= 46 && names <= 32 {
        return None;
    }
    let element = 8 + (longest + 2).next_multiple_of(8);
    Some(((4 * element + 8).next_power_of_two(), (4 * names).next_power_of_two().max(512)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_names_grows_with_the_names() {
        assert_eq!(names_hash(46, 32), None);
        assert_eq!(names_hash(47, 1), Some((512, 512)));
        assert_eq!(names_hash(20, 1_000), Some((256, 4_096)));
        assert_eq!(names_hash(200, 1_000), Some((1_024, 4_096)));
    }
}
