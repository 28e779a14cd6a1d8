//! Durations such as `30s`, `500ms`, `2m` or `1h`.

use std::time::Duration;

use crate::fields::Field;
use crate::finding::Finding;
use crate::tree::Value;

const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Ten years.
const MAX_CACHE_DURATION: Duration = Duration::from_secs(520 * 7 * 24 * 60 * 60);

/// Parses a duration of at most one day, in the syntax of the configuration: `500ms`, `30s`, `2m`, `1h`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    parse_any_duration(text).filter(|duration| *duration <= LONGEST)
}

impl Field<'_> {
    /// Decodes a duration; zero is allowed.
    pub fn duration(&self) -> Result<Duration, Finding> {
        let expected = "a duration such as 500ms, 30s, 2m or 1h";
        let Value::Scalar(scalar) = &self.node.value else { return Err(self.unexpected(expected)) };
        match parse_any_duration(&scalar.text) {
            Some(duration) if duration <= LONGEST => Ok(duration),
            Some(_) => Err(self.unexpected("a duration of at most 24h")),
            None if !scalar.text.is_empty() && scalar.text.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(self.unexpected(expected).help(format!("did you mean `{}s`?", scalar.text)))
            }
            None => Err(self.unexpected(expected)),
        }
    }

    /// Decodes a duration that must not be zero.
    pub fn positive_duration(&self) -> Result<Duration, Finding> {
        let duration = self.duration()?;
        if duration.is_zero() { Err(self.unexpected("a duration greater than zero")) } else { Ok(duration) }
    }
}

impl Field<'_> {
    /// Decodes a cache lifetime in whole seconds, also with the units `d` and `w`.
    pub fn cache_duration(&self) -> Result<Duration, Finding> {
        let expected = "a duration such as 10m, 1h, 7d or 52w";
        let Value::Scalar(scalar) = &self.node.value else { return Err(self.unexpected(expected)) };
        match parse_any_duration(&scalar.text) {
            Some(duration) if duration > MAX_CACHE_DURATION => {
                Err(self.unexpected("a duration of at most 520w"))
            }
            Some(duration) if duration.subsec_millis() == 0 => Ok(duration),
            _ => Err(self.unexpected(expected)),
        }
    }
}

/// Reads a whole number and its unit; too large a number is longer than any bound.
pub fn parse_any_duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    if number.is_empty() {
        return None;
    }
    let number: u64 = number.parse().unwrap_or(u64::MAX);
    let milliseconds = match unit {
        "ms" => number,
        "s" => number.saturating_mul(1_000),
        "m" => number.saturating_mul(60_000),
        "h" => number.saturating_mul(3_600_000),
        "d" => number.saturating_mul(24 * 3_600_000),
        "w" => number.saturating_mul(7 * 24 * 3_600_000),
        _ => return None,
    };
    Some(Duration::from_millis(milliseconds))
}

/// Prints a duration in the same syntax, in the largest unit up to minutes that takes a whole number of it.
pub fn format_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    match (millis % 1000, millis % 60_000) {
        (0, 0) if millis > 0 => format!("{}m", millis / 60_000),
        (0, _) => format!("{}s", millis / 1000),
        _ => format!("{millis}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_is_read() {
        assert_eq!(parse_any_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_any_duration("30s"), Some(Duration::from_secs(30)));
        assert_eq!(parse_any_duration("2m"), Some(Duration::from_secs(120)));
        assert_eq!(parse_any_duration("1h"), Some(Duration::from_secs(3_600)));
        assert_eq!(parse_any_duration("0s"), Some(Duration::ZERO));
    }

    #[test]
    fn what_is_printed_is_read_back() {
        for (text, millis) in [("0s", 0), ("500ms", 500), ("30s", 30_000), ("90s", 90_000), ("2m", 120_000)] {
            assert_eq!(format_duration(Duration::from_millis(millis)), text);
            assert_eq!(parse_any_duration(text), Some(Duration::from_millis(millis)));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "s", "30", "30 s", "1.5s", "-1s", "1m30s", "30S", "1y", "٣s"] {
            assert_eq!(parse_any_duration(text), None, "{text}");
        }
        assert!(parse_any_duration("99999999999999999999999h").is_some_and(|duration| duration > LONGEST));
    }
}
