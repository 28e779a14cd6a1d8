//! Times and sizes, as people read them.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

/// Prints how long ago `then` was: `3 minutes ago`.
pub(crate) fn ago(now: Timestamp, then: Timestamp) -> String {
    let seconds = now.since(then).and_then(|span| span.total(Unit::Second)).unwrap_or_default();
    format!("{} ago", span(Duration::from_secs_f64(seconds.max(0.0))))
}

/// Prints a length of time in its largest unit: `1 second`, `3 minutes`, `47 hours`, `2 days`.
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let (count, unit) = match (seconds / 3600, seconds / 60) {
        (hours, _) if hours >= 48 => (hours / 24, "day"),
        (hours, _) if hours >= 1 => (hours, "hour"),
        (_, minutes) if minutes >= 1 => (minutes, "minute"),
        _ => (seconds, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Prints a moment in the host's time zone, to the second.
pub(crate) fn local(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Prints an amount of memory: `45 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..10_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}

/// Prints a count with its noun: `1 process`, `2 processes`.
pub(crate) fn count(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_the_unit_people_would_use() {
        let spans = [0, 1, 59, 60, 3_599, 3_600, 172_799, 172_800].map(|it| span(Duration::from_secs(it)));
        assert_eq!(
            spans,
            ["0 seconds", "1 second", "59 seconds", "1 minute", "59 minutes", "1 hour", "47 hours", "2 days"]
        );
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        assert_eq!(ago(now, "2026-11-22T09:57:00Z".parse().unwrap()), "3 minutes ago");
        assert_eq!(ago(now, "2026-11-22T10:57:00Z".parse().unwrap()), "0 seconds ago");
    }

    #[test]
    fn sizes_have_few_digits() {
        assert_eq!([999, 45_600_000, 12_000_000_000].map(bytes), ["999 B", "45 MB", "12 GB"]);
    }
}
