//! Moments, as people type them: `90s`, `10m`, `1h`, `2d` ago, or a date and time.

use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use pypaas_config::parse_any_duration;

/// A moment in the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// So long ago.
    Ago(SignedDuration),
    /// Then.
    At(Timestamp),
}

impl Since {
    /// Returns the moment when it is `now`.
    pub(crate) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(time) => now.checked_sub(time).unwrap_or(Timestamp::MIN),
            Self::At(at) => at,
        }
    }
}

impl FromStr for Since {
    type Err = String;

    /// Reads a moment. A date without a time zone is in the host's.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(time) = parse_any_duration(text).and_then(|time| SignedDuration::try_from(time).ok()) {
            return Ok(Self::Ago(time));
        }
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Self::At(at));
        }
        let zoned = text.parse::<DateTime>().and_then(|time| time.to_zoned(TimeZone::system()));
        zoned.map(|zoned| Self::At(zoned.timestamp())).map_err(|_| {
            "write a length of time such as `90s`, `10m`, `1h` or `2d`, or a time such as `2026-11-22 10:00`".to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_times_are_read() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let read = |text: &str| text.parse::<Since>().map(|moment| moment.before(now).to_string());
        assert_eq!(read("1h"), Ok("2026-11-22T09:00:00Z".to_owned()));
        assert_eq!(read("2d"), Ok("2026-11-20T10:00:00Z".to_owned()));
        assert_eq!(read("2026-11-22T09:59:00Z"), Ok("2026-11-22T09:59:00Z".to_owned()));
        assert!(read("2026-11-22 09:59").is_ok());
        for wrong in ["", "h", "-1h", "1 h", "1y", "yesterday", "é"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(read("9223372036854775807d"), Ok(Timestamp::MIN.to_string()));
    }
}
