//! What `--json` prints, with what differs from run to run left out.

use pypaas_sandbox::Outcome;
use serde_json::Value;

/// Reads what a command printed.
#[track_caller]
pub(crate) fn read(outcome: Outcome) -> Value {
    let outcome = outcome.must_succeed();
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}:\n{outcome}"))
}

/// Prints it for a snapshot: commits, times, ports, processes and their like are replaced by what they are.
pub(crate) fn masked(mut value: Value) -> String {
    mask(&mut value);
    serde_json::to_string_pretty(&value).unwrap()
}

fn mask(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(fields) => {
            for (name, value) in fields {
                let hidden = [
                    "commit",
                    "at",
                    "time",
                    "port",
                    "pid",
                    "uptime_seconds",
                    "memory_bytes",
                    "seconds",
                    "configuration",
                    "checkout",
                    "log",
                    "from",
                    "deployed_at",
                ];
                match value {
                    Value::Null => {}
                    Value::String(_) | Value::Number(_) if hidden.contains(&name.as_str()) => {
                        *value = Value::String(format!("<{name}>"));
                    }
                    Value::Array(_) if name == "sections" => *value = Value::String("<sections>".to_owned()),
                    Value::Array(urls) if name == "urls" => urls.iter_mut().for_each(without_port),
                    other => mask(other),
                }
            }
        }
        _ => {}
    }
}

fn without_port(url: &mut Value) {
    if let Some((before, after)) = url.as_str().and_then(|url| url.rsplit_once(':')) {
        let path = after.trim_start_matches(|c: char| c.is_ascii_digit());
        *url = Value::String(format!("{before}:<port>{path}"));
    }
}
