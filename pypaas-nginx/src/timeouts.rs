//! How long an answer may take.

use std::time::Duration;

use minijinja::{Value, context};
use pypaas_core::VirtualHost;

use crate::snippet::Snippet;
use crate::unprintable::Unprintable;

/// nginx's directives for it, which an admin may have in directives of his own.
const DIRECTIVES: [&str; 2] = ["proxy_read_timeout", "uwsgi_read_timeout"];

/// How much later than the router the edge gives up, where the router has a bound of its own.
const LATER: Duration = Duration::from_secs(5);

/// Returns the bounds of a domain as the edge's template prints them: `request` and `websocket`. What the admin wrote for one of its
/// locations raises them, since the router knows the location and the edge does not.
pub(crate) fn of_host(host: &VirtualHost) -> Result<Value, Unprintable> {
    let snippets = Snippet::all_of(host)?;
    let written = DIRECTIVES.iter().flat_map(|name| snippets.iter().flat_map(|it| it.values_of(name)));
    let written = written.filter_map(read).max().map_or(Duration::ZERO, |longest| longest + LATER);
    let bound = |own: Duration| spelled(own.max(written));
    Ok(context! { request => bound(host.request_timeout), websocket => bound(host.websocket_timeout) })
}

fn spelled(time: Duration) -> String {
    if time.subsec_nanos() == 0 { format!("{}s", time.as_secs()) } else { format!("{}ms", time.as_millis()) }
}

/// Reads a time as nginx does, such as `90`, `1h 30m` or `500ms`; `None` for what nginx itself will refuse.
fn read(text: &str) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let letters = after.bytes().take_while(u8::is_ascii_lowercase).count();
        let (unit, after) = after.split_at(letters);
        let milliseconds = match unit {
            "ms" => 1,
            "" | "s" => 1000,
            "m" => 60 * 1000,
            "h" => 60 * 60 * 1000,
            "d" => 24 * 60 * 60 * 1000,
            _ => return None,
        };
        let number = number.parse::<u64>().ok()?;
        sum = sum.checked_add(Duration::from_millis(number.checked_mul(milliseconds)?))?;
        rest = after.trim_start();
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_nginx_does() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("1h 30m", 5400), ("1h30m", 5400), ("2d", 172_800)] {
            assert_eq!(read(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(read("500ms"), Some(Duration::from_millis(500)));
        assert_eq!((read("5 minutes"), read("-1"), read("$time")), (None, None, None));
    }
}
