//! Where branches are reached.

use std::collections::BTreeMap;

use pypaas_config::BranchRef;

use crate::Platform;

/// Lists the addresses at which each branch is reached; a branch that no domain leads to is not in it.
pub fn urls(platform: &Platform) -> BTreeMap<BranchRef, Vec<String>> {
    let nginx = &platform.configuration.settings.nginx;
    let mut urls: BTreeMap<BranchRef, Vec<String>> = BTreeMap::new();
    for (name, domain) in &platform.configuration.domains {
        let (scheme, port, usual) = match platform.is_secure(name, domain) {
            true => ("https", nginx.https_port, 443),
            false => ("http", nginx.http_port, 80),
        };
        let port = if port == usual { String::new() } else { format!(":{port}") };
        // Locations that stand for an expression are no address.
        let addressed = domain.locations.iter().filter(|(path, _)| path.as_str().starts_with('/'));
        for (path, location) in addressed {
            let url = format!("{scheme}://{name}{port}{path}", path = path.as_str());
            urls.entry(location.upstream.branch_ref()).or_default().push(url);
        }
    }
    urls
}
