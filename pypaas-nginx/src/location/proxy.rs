//! Locations that pass requests to an app.

use minijinja::{Value, context};
use pypaas_config::Protocol;
use pypaas_core::UpstreamName;

use super::Ground;
use crate::unprintable::Unprintable;

/// What an app is told of the request. `$authority` stands for [`Surroundings::authority`](super::Surroundings).
///
/// `Host` is the name nginx chose the domain by, never the client's own text (`$http_host`), which can differ from it.
/// Only websockets are upgraded: passing on `Upgrade: h2c` would let a client tunnel past the locations.
const HTTP_HEADERS: [(&str, &str); 9] = [
    ("Host", "$authority"),
    ("X-Real-IP", "$remote_addr"),
    ("X-Forwarded-For", "$proxy_add_x_forwarded_for"),
    ("X-Forwarded-Proto", "$scheme"),
    ("X-Forwarded-Host", "$authority"),
    ("X-Forwarded-Port", "$server_port"),
    ("X-Request-ID", "$request_id"),
    ("Upgrade", "$pypaas_upgrade"),
    ("Connection", "$pypaas_connection"),
];

/// nginx's `uwsgi_params`, and the same headers as for http: a parameter `HTTP_…` replaces the client's header. An empty
/// `HTTP_PROXY` hides the client's `Proxy`, which CGI programs take for a setting.
const UWSGI_PARAMETERS: [(&str, &str); 22] = [
    ("QUERY_STRING", "$query_string"),
    ("REQUEST_METHOD", "$request_method"),
    ("CONTENT_TYPE", "$content_type"),
    ("CONTENT_LENGTH", "$content_length"),
    ("REQUEST_URI", "$request_uri"),
    ("PATH_INFO", "$document_uri"),
    ("DOCUMENT_ROOT", "$document_root"),
    ("SERVER_PROTOCOL", "$server_protocol"),
    ("REQUEST_SCHEME", "$scheme"),
    ("HTTPS", "$https if_not_empty"),
    ("REMOTE_ADDR", "$remote_addr"),
    ("REMOTE_PORT", "$remote_port"),
    ("SERVER_PORT", "$server_port"),
    ("SERVER_NAME", "$server_name"),
    ("HTTP_HOST", "$authority"),
    ("HTTP_X_REAL_IP", "$remote_addr"),
    ("HTTP_X_FORWARDED_FOR", "$proxy_add_x_forwarded_for"),
    ("HTTP_X_FORWARDED_PROTO", "$scheme"),
    ("HTTP_X_FORWARDED_HOST", "$authority"),
    ("HTTP_X_FORWARDED_PORT", "$server_port"),
    ("HTTP_X_REQUEST_ID", "$request_id"),
    ("HTTP_PROXY", "\"\" if_not_empty"),
];

/// Prints a location that leads to `upstream`.
///
/// The headers are in the location, not in the server, because one `proxy_set_header` of the admin's in the location
/// would drop all the server's. A header the admin sets there replaces ours of the same name.
pub(super) fn print(
    ground: &Ground<'_>,
    upstream: &UpstreamName,
    protocol: Protocol,
    path: Option<&str>,
) -> Result<String, Unprintable> {
    let path = path.unwrap_or_default();
    check_path(path, protocol, ground.pattern.modifier)?;
    let (pass, target, pass_on, table): (_, _, _, &[(&'static str, &'static str)]) = match protocol {
        Protocol::Http => {
            ("proxy_pass", format!("http://{upstream}{path}"), "proxy_set_header", &HTTP_HEADERS)
        }
        Protocol::Uwsgi => ("uwsgi_pass", upstream.to_string(), "uwsgi_param", &UWSGI_PARAMETERS),
    };
    let ours = table.iter().filter(|(name, _)| !ground.extra.sets_for(pass_on, name));
    let authority = ground.surroundings.authority;
    let value_of = |value| if value == "$authority" { authority } else { value };
    let passed: Vec<Value> =
        ours.map(|(name, value)| context! { name => *name, value => value_of(*value) }).collect();
    let values = context! {
        pattern => &ground.pattern, hsts => ground.hsts, pass, target, pass_on, passed, extra => &ground.extra.text,
    };
    ground.templates.print("location_proxy", values)
}

fn check_path(path: &str, protocol: Protocol, modifier: &str) -> Result<(), Unprintable> {
    let flaw = match protocol {
        _ if path.is_empty() => return Ok(()),
        Protocol::Uwsgi => "means nothing to a uwsgi server",
        Protocol::Http if modifier.starts_with('~') => {
            "cannot replace the part that a regular expression matched"
        }
        Protocol::Http if !path.starts_with('/') => "does not begin with `/`",
        Protocol::Http => return Ok(()),
    };
    Err(Unprintable(format!("`nginx_proxy_path` {flaw}")))
}
