//! What servers listen on, and how nginx finds them by name.

use pypaas_core::host::Version;

/// The first version with `http2 on;`. It warns about the older `listen … http2`.
pub(crate) const HTTP2_DIRECTIVE: Version = Version(1, 25, 1);

/// Returns the options of a `listen` for TLS. All servers of a port need the same: nginx warns when they differ.
pub(crate) fn tls_options(version: Version) -> &'static str {
    if version >= HTTP2_DIRECTIVE { "ssl" } else { "ssl http2" }
}

/// Joins a host and a port as nginx wants them; an IPv6 address gets its brackets.
pub(crate) fn endpoint(host: &str, port: u16) -> String {
    let bare = host.contains(':') && !host.starts_with('[');
    if bare { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Returns the bucket size and the largest size of nginx's hash of names; `None` when its defaults of 64 bytes and 512
/// buckets do.
///
/// A name takes 8 bytes and its length plus 2, rounded up to 8; a bucket ends with 8 more (`NGX_HASH_ELT_SIZE`). Buckets
/// that hold four names each, and four buckets a name, are found at once; nginx warns about what does not fit.
pub(crate) fn names_hash(longest: usize, names: usize) -> Option<(usize, usize)> {
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
