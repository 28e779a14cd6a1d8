//! Time stamps as daemontools writes them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// What daemontools adds to Unix seconds: TAI64's offset, and ten leap seconds for good.
const OFFSET: u64 = (1 << 62) + 10;

/// A moment in TAI64N: big-endian seconds and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tai64n {
    seconds: u64,
    nanoseconds: u32,
}

impl Tai64n {
    /// Takes the wall clock's time.
    pub(crate) fn now() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { seconds: OFFSET + unix.as_secs(), nanoseconds: unix.subsec_nanos() }
    }

    /// Reads the first twelve bytes of a status file.
    pub(crate) fn from_bytes(bytes: [u8; 12]) -> Self {
        let [a, b, c, d, e, f, g, h, nanoseconds @ ..] = bytes;
        let seconds = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        Self { seconds, nanoseconds: u32::from_be_bytes(nanoseconds) }
    }

    /// Splits a line of `multilog t` into its stamp, `@` and 24 hex digits, and the rest. Another line has no stamp.
    pub(crate) fn split(line: &str) -> (Option<Self>, &str) {
        match Self::read(line) {
            Some(stamp) => (Some(stamp), line.get(26..).unwrap_or_default()),
            None => (None, line),
        }
    }

    /// Returns the moment in the usual count; `None` for one that no clock shows.
    pub(crate) fn timestamp(self) -> Option<Timestamp> {
        let seconds = i64::try_from(self.seconds.checked_sub(OFFSET)?).ok()?;
        Timestamp::new(seconds, i32::try_from(self.nanoseconds).ok()?).ok()
    }

    /// Returns the time from this moment to now; zero when the clock was set back.
    pub(crate) fn elapsed(self) -> Duration {
        let since_epoch =
            Duration::new(self.seconds.saturating_sub(OFFSET), self.nanoseconds.min(999_999_999));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        now.saturating_sub(since_epoch)
    }

    fn read(line: &str) -> Option<Self> {
        let digits = line.strip_prefix('@')?;
        let seconds = u64::from_str_radix(digits.get(..16)?, 16).ok()?;
        let nanoseconds = u32::from_str_radix(digits.get(16..24)?, 16).ok()?;
        matches!(digits.as_bytes().get(24), None | Some(b' ')).then_some(Self { seconds, nanoseconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_multilog_splits_into_stamp_and_text() {
        let (stamp, text) = Tai64n::split("@400000003b4a39c23294b13c fatal: out of memory");
        assert_eq!(stamp, Some(Tai64n { seconds: 0x4000_0000_3b4a_39c2, nanoseconds: 0x3294_b13c }));
        assert_eq!(text, "fatal: out of memory");
        let at = stamp.and_then(Tai64n::timestamp).unwrap();
        assert_eq!(at.to_string(), "2001-07-09T23:09:44.8486055Z");
        assert_eq!(Tai64n::split("@400000003b4a39c23294b13c").1, "");
    }

    #[test]
    fn other_lines_stay_as_they_are() {
        for line in ["", "@", "@home is where", "@400000003b4a39c23294b13cx", "@é00000003b4a39c23294b13c y"]
        {
            assert_eq!(Tai64n::split(line), (None, line));
        }
    }
}
