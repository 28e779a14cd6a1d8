//! When a job is due: a cron expression on the clock of one time zone.

use std::fmt;
use std::time::Duration;

use cronexpr::{Crontab, MakeTimestamp, parse_crontab};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::{Field, Finding};

/// How far the clocks of a zone are moved at most when summer begins or ends.
const LONGEST_SHIFT: Duration = Duration::from_secs(4 * 60 * 60);

/// How many times are looked at before an expression counts as one that never comes.
const PATIENCE: usize = 5_000;

/// A cron expression: minute, hour, day of month, month, day of week.
///
/// On the day on which the clocks go forward, a job whose time does not exist runs as much later as the clocks were moved. On the day on
/// which they go back, a job runs at the first of the two times only. A job with `*` or `*/2` for the hour runs by the time that passes
/// instead: every hour has its run, also one that comes twice.
#[derive(Debug, Clone)]
pub struct Schedule {
    text: String,
    /// It knows nothing of zones: it is asked in the time that clocks show.
    expression: Crontab,
    zone: Option<TimeZone>,
}

/// Says why an expression cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// It is no expression.
    #[error("expected minute, hour, day of month, month and day of week, such as `0 3 * * *`")]
    Fields,
    /// One of the fields cannot be understood.
    #[error("{0}")]
    Field(String),
    /// No such day ever comes.
    #[error("this time never comes")]
    Never,
    /// There is no such zone.
    #[error("expected the name of a time zone, such as `Europe/Berlin` or `UTC`")]
    Zone,
}

impl Schedule {
    /// Reads an expression that counts in the zone `zone`; `None`: in that of the host.
    #[expect(clippy::disallowed_methods, reason = "the rules of a zone with a name are the same everywhere")]
    pub fn new(text: &str, zone: Option<&str>) -> Result<Self, ScheduleError> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() != 5 {
            return Err(ScheduleError::Fields);
        }
        let expression = parse_crontab(&format!("{} UTC", fields.join(" ")))
            .map_err(|error| ScheduleError::Field(reason(&error.to_string())))?;
        let zone = zone.map(TimeZone::get).transpose().map_err(|_| ScheduleError::Zone)?;
        let schedule = Self { text: fields.join(" "), expression, zone };
        match schedule.following(Timestamp::UNIX_EPOCH) {
            Some(_) => Ok(schedule),
            None => Err(ScheduleError::Never),
        }
    }

    /// Returns the first time after `after` at which the job is due; `host` is the zone of the host. `None`: it never is again.
    pub fn next_after(&self, after: Timestamp, host: &TimeZone) -> Option<Timestamp> {
        let zone = self.zone.as_ref().unwrap_or(host);
        let shown = zone.to_datetime(after);
        let mut clock = as_if_utc(shown)?.checked_sub(LONGEST_SHIFT).ok()?;
        let mut best: Option<Timestamp> = None;
        for _ in 0..PATIENCE {
            clock = self.following(clock)?;
            for time in self.times(clock, zone).into_iter().flatten().filter(|time| *time > after) {
                best = Some(best.map_or(time, |best| best.min(time)));
            }
            // Later times of the clock may be earlier ones of the day only within a shift.
            let is_past = |best: Timestamp| {
                let limit =
                    as_if_utc(zone.to_datetime(best)).and_then(|it| it.checked_add(LONGEST_SHIFT).ok());
                limit.is_none_or(|limit| clock > limit)
            };
            if best.is_some_and(is_past) {
                break;
            }
        }
        best
    }

    /// Lists when a clock in `zone` shows the time that `clock` would be in UTC, as far as a job is due then.
    fn times(&self, clock: Timestamp, zone: &TimeZone) -> [Option<Timestamp>; 2] {
        let shown = TimeZone::UTC.to_datetime(clock);
        let time = zone.to_ambiguous_zoned(shown);
        let of = |zoned: Result<jiff::Zoned, jiff::Error>| zoned.ok().map(|zoned| zoned.timestamp());
        match (time.offset(), self.is_by_the_hour()) {
            (AmbiguousOffset::Gap { .. }, true) => [None, None],
            (AmbiguousOffset::Fold { .. }, true) => [of(time.clone().earlier()), of(time.later())],
            _ => [of(time.compatible()), None],
        }
    }

    /// Returns whether the expression is about hours that pass, and not about those that a clock shows.
    fn is_by_the_hour(&self) -> bool {
        self.text.split(' ').nth(1).is_some_and(|hour| hour.starts_with('*'))
    }

    fn following(&self, clock: Timestamp) -> Option<Timestamp> {
        self.expression.find_next(MakeTimestamp(clock)).ok().map(|zoned| zoned.timestamp())
    }
}

impl Field<'_> {
    /// Decodes a cron expression that counts in `zone`; `None`: in that of the host.
    pub fn schedule(&self, zone: Option<&str>) -> Result<Schedule, Finding> {
        let expected = ScheduleError::Fields.to_string();
        let expected = expected.trim_start_matches("expected ");
        let text = self.text()?;
        Schedule::new(&text, zone).map_err(|error| match error {
            ScheduleError::Fields => self.unexpected(expected),
            error => self.unexpected(expected).help(error.to_string()),
        })
    }

    /// Decodes the name of a time zone.
    pub fn timezone(&self) -> Result<String, Finding> {
        let expected = ScheduleError::Zone.to_string();
        let expected = expected.trim_start_matches("expected ");
        let name = self.word(expected)?;
        // Any time will do: only the zone is tried.
        Schedule::new("0 0 * * *", Some(name)).map(|_| name.to_owned()).map_err(|_| self.unexpected(expected))
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.zone == other.zone
    }
}

impl Eq for Schedule {}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match self.zone.as_ref().and_then(TimeZone::iana_name) {
            Some(zone) => write!(f, " ({zone})"),
            None => Ok(()),
        }
    }
}

/// Returns the reason at the end of the parser's message, which points into the expression with a `^`.
fn reason(message: &str) -> String {
    message.rsplit('^').next().unwrap_or(message).trim().to_owned()
}

fn as_if_utc(shown: DateTime) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(shown).ok()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests name zones")]
mod tests {
    use super::*;

    fn times(text: &str, zone: &str, from: &str, until: &str) -> Vec<String> {
        let schedule = Schedule::new(text, Some(zone)).unwrap();
        let zone = TimeZone::get(zone).unwrap();
        let (mut at, until): (Timestamp, Timestamp) = (from.parse().unwrap(), until.parse().unwrap());
        let mut times = Vec::new();
        while let Some(next) = schedule.next_after(at, &TimeZone::UTC).filter(|next| *next < until) {
            assert!(next > at);
            times.push(next.to_zoned(zone.clone()).strftime("%m-%d %H:%M %Z").to_string());
            at = next;
        }
        times
    }

    #[test]
    fn on_the_day_without_half_past_two_a_job_runs_at_half_past_three() {
        let spring = ("2026-03-27T12:00:00Z", "2026-03-30T12:00:00Z");
        assert_eq!(
            times("30 2 * * *", "Europe/Berlin", spring.0, spring.1),
            ["03-28 02:30 CET", "03-29 03:30 CEST", "03-30 02:30 CEST"]
        );
        assert_eq!(times("0 3 * * *", "Europe/Berlin", spring.0, spring.1).len(), 3);
    }

    #[test]
    fn on_the_day_with_two_of_them_it_runs_once() {
        let autumn = ("2026-10-23T12:00:00Z", "2026-10-26T12:00:00Z");
        assert_eq!(
            times("30 2 * * *", "Europe/Berlin", autumn.0, autumn.1),
            ["10-24 02:30 CEST", "10-25 02:30 CEST", "10-26 02:30 CET"]
        );
    }

    #[test]
    fn every_half_hour_that_passes_has_its_run() {
        let spring = times("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:15:00Z", "2026-03-29T02:15:00Z");
        assert_eq!(spring, ["03-29 01:30 CET", "03-29 03:00 CEST", "03-29 03:30 CEST", "03-29 04:00 CEST"]);
        let autumn = times("*/30 * * * *", "Europe/Berlin", "2026-10-24T23:45:00Z", "2026-10-25T02:15:00Z");
        assert_eq!(
            autumn,
            ["10-25 02:00 CEST", "10-25 02:30 CEST", "10-25 02:00 CET", "10-25 02:30 CET", "10-25 03:00 CET"]
        );
    }

    #[test]
    fn a_year_has_a_run_for_each_day() {
        for (zone, text) in [
            ("Europe/Berlin", "30 2 * * *"),
            ("America/New_York", "59 1 * * *"),
            ("Australia/Lord_Howe", "45 1 * * *"),
        ] {
            let days = times(text, zone, "2026-01-01T12:00:00Z", "2027-01-01T12:00:00Z");
            assert_eq!(days.len(), 365, "{zone}");
        }
        assert_eq!(times("0 3 29 2 *", "UTC", "2026-01-01T00:00:00Z", "2033-01-01T00:00:00Z").len(), 2);
    }

    #[test]
    fn what_is_no_expression_is_said() {
        let error = |text: &str, zone: Option<&str>| Schedule::new(text, zone).unwrap_err();
        assert_eq!(error("0 3 * *", None), ScheduleError::Fields);
        assert_eq!(error("@daily", None), ScheduleError::Fields);
        assert_eq!(error("0 3 30 2 *", None), ScheduleError::Never);
        assert_eq!(error("0 3 * * *", Some("Europe/Atlantis")), ScheduleError::Zone);
        assert!(matches!(error("0 25 * * *", None), ScheduleError::Field(_)));
    }
}
