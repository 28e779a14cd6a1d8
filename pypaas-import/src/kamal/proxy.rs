//! `proxy`: the domains, and how requests reach the app.

use crate::ImportError;
use crate::app::App;
use crate::document::{Entry, Map};
use crate::domain_file::Ssl;
use crate::kamal;
use crate::repo_file::HealthCheck;

/// The path that Kamal asks where no other is written.
const PATH: &str = "/up";

/// Reads `proxy` of the whole app.
pub(super) fn read(app: &mut App, proxy: Option<Entry>) -> Result<(), ImportError> {
    let file = super::CONFIG;
    let is_off = |entry: &Entry| !entry.is_map() && entry.text() == Ok("false");
    let mut map = match proxy.filter(|it| !is_off(it)) {
        Some(proxy) => proxy.map()?,
        None => Map::default(),
    };
    for host in map.take_items("host").into_iter().chain(map.take_items("hosts")) {
        for name in host.text()?.split(',') {
            app.add_domain(file, host.line, name.trim());
        }
    }
    read_ssl(app, &mut map)?;
    if let Some(port) = map.take("app_port") {
        let port_of_app = port.number()?;
        app.note_entry(&port, format!("the app must listen on `$PORT`, not on {port_of_app}"));
    }
    app.sites.request_timeout = kamal::seconds(map.take("response_timeout"))?;
    read_paths(app, &mut map)?;
    let mut check = map.take_map("healthcheck")?;
    let path = check.take("path").map(|it| it.text().map(str::to_owned)).transpose()?;
    let healthcheck = HealthCheck {
        path: path.unwrap_or(PATH.to_owned()),
        interval: kamal::seconds(check.take("interval"))?,
        timeout: kamal::seconds(check.take("timeout"))?,
    };
    app.note_rest(check);
    if let Some(web) = app.branch.runners.get_mut("web").filter(|it| it.kind == "NginxBackend") {
        web.healthcheck = Some(healthcheck);
    }
    let mut buffering = map.take_map("buffering")?;
    app.sites.max_body = buffering.take("max_request_body").map(|it| it.number()).transpose()?;
    for entry in buffering.rest() {
        app.note_entry(&entry, "nginx buffers requests, and passes responses on as they come");
    }
    for (key, instead) in [
        (
            "forward_headers",
            "`nginx: {trusted_proxies: […]}` in pypaas.yml lists the proxies whose headers are trusted",
        ),
        ("logging", "add an `access_log` to `nginx_https_extra_config` of the domain"),
        ("run", "nginx is configured in pypaas.yml, for all domains"),
    ] {
        app.note_key(&mut map, key, instead);
    }
    app.note_rest(map);
    Ok(())
}

fn read_ssl(app: &mut App, map: &mut Map) -> Result<(), ImportError> {
    let Some(ssl) = map.take("ssl") else {
        app.note_key(map, "ssl_redirect", "without `ssl` nothing is redirected");
        return Ok(());
    };
    if ssl.is_map() {
        let instead = "put the certificate and its key where `ssl_certificate` and `ssl_certificate_key` of the domain say (docs/https.md)";
        app.note_entry(&ssl, instead);
        app.sites.ssl = Some(Ssl::Own);
    } else if ssl.boolean()? {
        app.sites.ssl = Some(Ssl::Auto);
    }
    if let Some(redirect) = map.take("ssl_redirect")
        && !redirect.boolean()?
    {
        app.note_entry(&redirect, "http is always redirected to https, once there is a certificate");
    }
    Ok(())
}

/// Serves the app below paths, which Kamal takes away before it passes a request on.
fn read_paths(app: &mut App, map: &mut Map) -> Result<(), ImportError> {
    let paths: Vec<Entry> =
        map.take_items("path_prefix").into_iter().chain(map.take_items("path_prefixes")).collect();
    let strips = map.take("strip_path_prefix").map(|it| it.boolean()).transpose()?.unwrap_or(true);
    for entry in &paths {
        for path in entry.text()?.split(',').map(|it| it.trim().trim_end_matches('/')) {
            app.sites.locations.insert(format!("{path}/"), "web".to_owned());
        }
    }
    if let Some(web) = app.branch.runners.get_mut("web").filter(|_| strips && !paths.is_empty()) {
        web.nginx_proxy_path = Some("/".to_owned());
    }
    if !paths.is_empty() {
        app.sites.has_only_paths = true;
    }
    Ok(())
}
