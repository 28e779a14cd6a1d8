//! Where pypaas's nginx listens: on the ports of the web, unless another web server owns one of them.

use std::collections::BTreeSet;

/// Where the edge listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// On 80 and 443, for everybody.
    Own,
    /// Behind another web server, for this machine alone.
    Behind {
        /// Who owns which port.
        others: &'a [(u16, String)],
        /// The ports instead of 80 and 443.
        http: u16,
        https: u16,
    },
}

/// Decides by who owns the ports of the web, and which ports are taken.
pub(super) fn place<'a>(others: &'a [(u16, String)], taken: &BTreeSet<u16>) -> Place<'a> {
    if others.is_empty() {
        return Place::Own;
    }
    // Of all ports one is free: a machine has fewer sockets.
    let free = |first: u16| (first..61_000).find(|port| !taken.contains(port)).unwrap_or(first);
    Place::Behind { others, http: free(8080), https: free(8443) }
}

/// The ports of apps: above those that Linux gives to outgoing connections.
const APP_PORTS: &str = "# The ports that apps may use.\nports: {min: 61500, max: 61800}\n";

impl Place<'_> {
    /// Returns the first `pypaas.yml`.
    pub(super) fn settings(&self) -> String {
        match self {
            Self::Own => APP_PORTS.to_owned(),
            Self::Behind { others, http, https } => format!(
                "{APP_PORTS}# {} owns {}, and forwards requests.\nnginx:\n  http_port: {http}\n  https_port: {https}\n  \
                 listen: [\"127.0.0.1\"]\n  trusted_proxies: [127.0.0.1]\n",
                names(others),
                ports(others)
            ),
        }
    }

    /// Says what was done about another web server, and what its administrator has to do.
    pub(super) fn note(&self) -> Option<String> {
        let Self::Behind { others, http, .. } = self else { return None };
        let owners = names(others);
        let snippet = match others.first().map(|(_, name)| name.as_str()) {
            Some("nginx") => format!(
                "    location / {{\n        proxy_pass http://127.0.0.1:{http};\n        proxy_http_version 1.1;\n        \
                 proxy_set_header Host $host;\n        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n        \
                 proxy_set_header X-Forwarded-Proto $scheme;\n        proxy_set_header Upgrade $http_upgrade;\n        \
                 proxy_set_header Connection $http_connection;\n        client_max_body_size 0;\n    }}"
            ),
            Some("apache2") => format!(
                "    ProxyPreserveHost On\n    ProxyPass / http://127.0.0.1:{http}/ upgrade=any\n    \
                 RequestHeader set X-Forwarded-Proto expr=%{{REQUEST_SCHEME}}"
            ),
            Some("caddy") => format!("    reverse_proxy 127.0.0.1:{http}"),
            _ => format!(
                "    http://127.0.0.1:{http}, with the headers Host, X-Forwarded-For and X-Forwarded-Proto"
            ),
        };
        Some(format!(
            "{owners} already owns {}. It was left alone, and pypaas's nginx listens on 127.0.0.1:{http} instead (`nginx` in \
             pypaas.yml). Let {owners} forward the domains of your apps:\n\n{snippet}",
            ports(others)
        ))
    }
}

fn ports(others: &[(u16, String)]) -> String {
    let ports: Vec<String> = others.iter().map(|(port, _)| format!("port {port}")).collect();
    ports.join(" and ")
}

fn names(others: &[(u16, String)]) -> String {
    let names: BTreeSet<&str> = others.iter().map(|(_, name)| name.as_str()).collect();
    names.into_iter().collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ports_of_the_web_are_ours_unless_somebody_owns_one() {
        let place = place(&[], &BTreeSet::new());

        assert_eq!(place.settings(), APP_PORTS);
        assert_eq!(place.note(), None);
    }

    #[test]
    fn behind_another_web_server_free_ports_are_taken() {
        let others = [(80, "apache2".to_owned()), (443, "apache2".to_owned())];

        let place = place(&others, &BTreeSet::from([80, 443, 8080, 8081]));

        insta::assert_snapshot!(place.settings(), @r#"
        # The ports that apps may use.
        ports: {min: 61500, max: 61800}
        # apache2 owns port 80 and port 443, and forwards requests.
        nginx:
          http_port: 8082
          https_port: 8443
          listen: ["127.0.0.1"]
          trusted_proxies: [127.0.0.1]
        "#);
        insta::assert_snapshot!(place.note().unwrap(), @"
        apache2 already owns port 80 and port 443. It was left alone, and pypaas's nginx listens on 127.0.0.1:8082 instead (`nginx` in pypaas.yml). Let apache2 forward the domains of your apps:

            ProxyPreserveHost On
            ProxyPass / http://127.0.0.1:8082/ upgrade=any
            RequestHeader set X-Forwarded-Proto expr=%{REQUEST_SCHEME}
        ");
    }

    #[test]
    fn each_web_server_gets_its_own_snippet() {
        for (name, expected) in [
            ("nginx", "proxy_pass http://127.0.0.1:8080;"),
            ("caddy", "reverse_proxy"),
            ("haproxy", "the headers Host"),
        ] {
            let others = [(80, name.to_owned())];
            let note = place(&others, &BTreeSet::new()).note().unwrap();
            assert!(note.contains(expected), "{note}");
        }
    }
}
