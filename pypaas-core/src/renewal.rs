//! When a certificate is due to be issued or renewed: a pure function of what is known of it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The pause after a first failure. Let's Encrypt allows five failed checks of a name an hour.
const FIRST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// The longest pause after attempts in which no authority was asked: nobody limits those.
const LONGEST_UNASKED: Duration = Duration::from_secs(15 * 60);

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(12 * 60 * 60);

/// The last attempts to get a certificate, all of which failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedRenewal {
    /// When the last one ended.
    pub at: Timestamp,
    /// How many there were since one succeeded.
    pub failures: u32,
    /// Why the last one failed.
    pub reason: String,
    /// Whether the authority was asked in it.
    #[serde(default = "asked")]
    pub asked: bool,
}

fn asked() -> bool {
    true
}

/// What decides when a certificate is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal<'a> {
    /// From when until when the newest certificate is valid; `None` when there is none, or not for all names of its domain.
    pub validity: Option<(Timestamp, Timestamp)>,
    /// The failures since then.
    pub failed: Option<&'a FailedRenewal>,
}

impl Renewal<'_> {
    /// Returns when the next attempt is due: after two thirds of the certificate's life, at once where there is none, and never
    /// before a pause after a failure, which grows with each.
    pub fn due_at(&self) -> Timestamp {
        let wanted = self.validity.map_or(Timestamp::MIN, |(begin, end)| {
            let life = end.duration_since(begin).max(SignedDuration::ZERO);
            begin.saturating_add(life * 2 / 3).unwrap_or(begin)
        });
        let allowed = self.failed.map_or(Timestamp::MIN, |failed| {
            failed.at.saturating_add(pause(failed)).unwrap_or(Timestamp::MAX)
        });
        wanted.max(allowed)
    }
}

fn pause(failed: &FailedRenewal) -> Duration {
    let doubled = 2_u32.saturating_pow(failed.failures.saturating_sub(1));
    let longest = if failed.asked { LONGEST_PAUSE } else { LONGEST_UNASKED };
    FIRST_PAUSE.saturating_mul(doubled).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn failed(failures: u32) -> FailedRenewal {
        FailedRenewal { at: at("2026-06-01T00:00:00Z"), failures, reason: "refused".to_owned(), asked: true }
    }

    #[test]
    fn a_domain_without_a_certificate_is_due_at_once() {
        assert_eq!(Renewal { validity: None, failed: None }.due_at(), Timestamp::MIN);
    }

    #[test]
    fn a_certificate_is_renewed_after_two_thirds_of_its_life() {
        let ninety_days = Some((at("2026-01-01T00:00:00Z"), at("2026-04-01T00:00:00Z")));
        let due = Renewal { validity: ninety_days, failed: None }.due_at();
        assert_eq!(due, at("2026-03-02T00:00:00Z"));
        let six_days = Some((at("2026-01-01T00:00:00Z"), at("2026-01-07T00:00:00Z")));
        assert_eq!(Renewal { validity: six_days, failed: None }.due_at(), at("2026-01-05T00:00:00Z"));
    }

    #[test]
    fn after_each_failure_the_pause_doubles_up_to_half_a_day() {
        let minutes = |failures| {
            let failed = failed(failures);
            let due = Renewal { validity: None, failed: Some(&failed) }.due_at();
            due.duration_since(failed.at).as_mins()
        };
        let pauses: Vec<i64> = (1..=9).map(minutes).collect();
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 320, 640, 720]);
        assert_eq!(minutes(u32::MAX), 720);
    }

    #[test]
    fn while_a_name_leads_elsewhere_it_is_looked_at_again_soon() {
        let failed = FailedRenewal { asked: false, ..failed(20) };
        let due = Renewal { validity: None, failed: Some(&failed) }.due_at();
        assert_eq!(due.duration_since(failed.at).as_mins(), 15);
    }

    #[test]
    fn no_authority_is_asked_more_than_five_times_within_an_hour() {
        let mut now = at("2026-06-01T00:00:00Z");
        let mut attempts = Vec::new();
        for failures in 1..200 {
            attempts.push(now);
            let failed = FailedRenewal { at: now, failures, reason: String::new(), asked: true };
            now = Renewal { validity: None, failed: Some(&failed) }.due_at();
        }
        for window in attempts.windows(6) {
            assert!(window[5].duration_since(window[0]) > SignedDuration::from_hours(1), "{window:?}");
        }
    }
}
