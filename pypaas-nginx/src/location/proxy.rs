//! Locations that pass requests to an app.

use minijinja::{Value, context};
use pypaas_config::Protocol;
use pypaas_core::UpstreamName;

use super::LocationContext;
use crate::unprintable::Unprintable;

/// What an app is told of the request, besides the headers that the edge has set, which are passed on.
///
/// Only websockets are upgraded: passing on `Upgrade: h2c` would let a client tunnel past the locations.
const HTTP_HEADERS: [(&str, &str); 3] =
    [("Host", "$http_host"), ("Upgrade", "$pypaas_upgrade"), ("Connection", "$pypaas_connection")];

/// nginx's `uwsgi_params`; what it cannot know behind a socket it has from the edge's headers. An empty `HTTP_PROXY` hides a
/// client's `Proxy`, which CGI programs take for a setting.
const UWSGI_PARAMETERS: [(&str, &str); 15] = [
    ("QUERY_STRING", "$query_string"),
    ("REQUEST_METHOD", "$request_method"),
    ("CONTENT_TYPE", "$content_type"),
    ("CONTENT_LENGTH", "$content_length"),
    ("REQUEST_URI", "$request_uri"),
    ("PATH_INFO", "$document_uri"),
    ("DOCUMENT_ROOT", "$document_root"),
    ("SERVER_PROTOCOL", "$server_protocol"),
    ("REQUEST_SCHEME", "$http_x_forwarded_proto"),
    ("HTTPS", "$pypaas_https if_not_empty"),
    ("REMOTE_ADDR", "$remote_addr"),
    ("REMOTE_PORT", "$remote_port"),
    ("SERVER_PORT", "$http_x_forwarded_port"),
    ("SERVER_NAME", "$server_name"),
    ("HTTP_PROXY", "\"\" if_not_empty"),
];

/// Prints a location that leads to `upstream`.
///
/// The headers are in the location, not in the server, because one `proxy_set_header` of the admin's in the location
/// would drop all the server's. A header the admin sets there replaces ours of the same name.
pub(super) fn print(
    context: &LocationContext<'_>,
    upstream: &UpstreamName,
    protocol: Protocol,
    path: Option<&str>,
) -> Result<String, Unprintable> {
    let path = path.unwrap_or_default();
    check_path(path, protocol, context.pattern.modifier)?;
    let (pass, target, pass_on, table): (_, _, _, &[(&'static str, &'static str)]) = match protocol {
        Protocol::Http => {
            ("proxy_pass", format!("http://{upstream}{path}"), "proxy_set_header", &HTTP_HEADERS)
        }
        Protocol::Uwsgi => ("uwsgi_pass", upstream.to_string(), "uwsgi_param", &UWSGI_PARAMETERS),
    };
    let ours = table.iter().filter(|(name, _)| !context.extra.sets_for(pass_on, name));
    let passed: Vec<Value> = ours.map(|(name, value)| context! { name => *name, value => *value }).collect();
    // A path in place of the location's own cannot be had together with a variable.
    let kept = if protocol == Protocol::Http && path.is_empty() { "$pypaas_kept" } else { "" };
    let values = context! {
        pattern => &context.pattern, max_body => &context.max_body, pass, target, kept, pass_on, passed,
        extra => &context.extra.text,
    };
    context.templates.print("location_proxy", values)
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
