//! Jobs: commands that run at set times. What is due follows from the clock and from what is remembered of each.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::{Schedule, UnknownFields};

/// How late a run may begin: a host that was off for longer has missed it.
pub const LATEST: Duration = Duration::from_secs(60 * 60);

/// How many runs are remembered.
const REMEMBERED: usize = 20;

/// How many runs are counted as missed at most, one by one.
const MOST_MISSED: usize = 10_000;

/// A command that runs at set times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Run by a shell in the checkout.
    pub cmd: String,
    /// When.
    pub schedule: Schedule,
    /// How long it may take.
    pub timeout: Duration,
    /// Whether a run that is due while the one before goes on begins after it; else it is skipped.
    pub waits: bool,
}

/// What is remembered of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRecord {
    /// Until when it was decided what is to run. First the time at which the job was first seen: it runs for no time before.
    pub decided_until: Timestamp,
    /// The last runs, the oldest first.
    pub runs: Vec<JobRun>,
    /// What a later version wrote.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// One run of a job, or one that did not take place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRun {
    /// The time for which it was; `None` for one that somebody asked for.
    pub due_at: Option<Timestamp>,
    /// When it began, or was given up.
    pub began_at: Timestamp,
    /// When it ended; `None` while it runs, and for one whose end nobody saw.
    pub ended_at: Option<Timestamp>,
    /// How it came out.
    pub outcome: JobOutcome,
    /// Why it failed or did not take place.
    pub reason: Option<String>,
}

/// How a run came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobOutcome {
    /// It has begun. One that no process runs any more was interrupted: it is not repeated.
    Begun,
    /// Its command exited with 0.
    Succeeded,
    /// Its command failed, or took too long.
    Failed,
    /// The one before was still running, or the branch was stopped.
    Skipped,
    /// The host was off, or nothing looked at the clock, for longer than [`LATEST`].
    Missed,
}

/// Why a job cannot begin now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    /// Its run before goes on.
    Running,
    /// Its branch does not run, for this reason.
    Paused(&'static str),
}

/// What is to be done about a job now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The time for which it runs now, if it does.
    pub run: Option<Timestamp>,
    /// When it has to be looked at again; `None`: it is never due again.
    pub next: Option<Timestamp>,
}

impl JobRecord {
    /// The record of a job that is first seen at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self { decided_until: now, runs: Vec::new(), unknown: UnknownFields::default() }
    }

    /// Decides what is to run at `now`, and notes that: a run that is returned has begun as far as this record knows, so that no
    /// crash makes it run twice.
    pub fn decide(
        &mut self,
        job: &Job,
        now: Timestamp,
        host: &TimeZone,
        hindrance: Option<Hindrance>,
    ) -> Decision {
        let mut due = Vec::new();
        let mut next = job.schedule.next_after(self.decided_until, host);
        while let Some(time) = next.filter(|time| *time <= now && due.len() < MOST_MISSED) {
            due.push(time);
            next = job.schedule.next_after(time, host);
        }
        let Some(last) = due.last().copied() else { return Decision { run: None, next } };
        let is_late = |time: Timestamp| now.duration_since(time).unsigned_abs() > LATEST;
        if hindrance == Some(Hindrance::Running) && job.waits && !is_late(last) {
            // Decided when the one before ends.
            return Decision { run: None, next };
        }
        self.decided_until = last;
        let missed = due.iter().filter(|time| is_late(**time)).count();
        if missed > 0 {
            let first = due[0];
            self.note(JobRun::not_run(first, now, JobOutcome::Missed, missed_words(missed)));
        }
        if is_late(last) {
            return Decision { run: None, next };
        }
        if let Some(hindrance) = hindrance {
            let reason = match hindrance {
                Hindrance::Running => "the run before was not over",
                Hindrance::Paused(reason) => reason,
            };
            self.note(JobRun::not_run(last, now, JobOutcome::Skipped, reason.to_owned()));
            return Decision { run: None, next };
        }
        self.begin(Some(last), now);
        Decision { run: Some(last), next }
    }

    /// Notes that a run begins.
    pub fn begin(&mut self, due_at: Option<Timestamp>, now: Timestamp) {
        self.note(JobRun { due_at, began_at: now, ended_at: None, outcome: JobOutcome::Begun, reason: None });
    }

    /// Notes how the run that began at `began_at` came out.
    pub fn end(&mut self, began_at: Timestamp, now: Timestamp, outcome: JobOutcome, reason: Option<String>) {
        let run = self.runs.iter_mut().rfind(|run| run.began_at == began_at);
        if let Some(run) = run {
            (run.ended_at, run.outcome, run.reason) = (Some(now), outcome, reason);
        }
    }

    fn note(&mut self, run: JobRun) {
        self.runs.push(run);
        let too_many = self.runs.len().saturating_sub(REMEMBERED);
        self.runs.drain(..too_many);
    }
}

impl JobRun {
    fn not_run(due_at: Timestamp, now: Timestamp, outcome: JobOutcome, reason: String) -> Self {
        Self { due_at: Some(due_at), began_at: now, ended_at: Some(now), outcome, reason: Some(reason) }
    }
}

fn missed_words(count: usize) -> String {
    let runs = if count == 1 { "it was".to_owned() } else { format!("{count} runs were") };
    format!("{runs} due while the host or the keeper was down")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn job(at: &str, waits: bool) -> Job {
        let schedule = Schedule::new(at, Some("Europe/Berlin")).unwrap();
        Job { cmd: "true".to_owned(), schedule, timeout: LATEST, waits }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Looks at the clock when something is due, and every six hours, but not while the host is off; crashes between deciding and running for every
    /// `crash`th run. Returns how often each time was run.
    fn live(
        job: &Job,
        from: &str,
        until: &str,
        off: &[(&str, &str)],
        crash: usize,
    ) -> BTreeMap<Timestamp, usize> {
        let (mut now, until) = (at(from), at(until));
        let mut record = JobRecord::new(now);
        let mut ran = BTreeMap::new();
        let mut decided = 0;
        let mut next = None;
        while now < until {
            let later = now + Duration::from_secs(6 * 60 * 60);
            now = next.map_or(later, |next: Timestamp| next.min(later));
            next = off
                .iter()
                .find(|(from, until)| at(from) <= now && now < at(until))
                .map(|(_, until)| at(until));
            if off.iter().any(|(from, until)| at(from) <= now && now < at(until)) {
                continue;
            }
            // What the disk has is all that the next keeper knows.
            record = serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap();
            let decision = record.decide(job, now, &TimeZone::UTC, None);
            next = decision.next;
            if let Some(due) = decision.run {
                decided += 1;
                if crash == 0 || decided % crash != 0 {
                    *ran.entry(due).or_default() += 1;
                    record.end(now, now, JobOutcome::Succeeded, None);
                }
            }
        }
        ran
    }

    #[test]
    fn in_a_year_with_clock_changes_reboots_and_crashes_nothing_runs_twice_or_is_forgotten() {
        let nightly = job("30 2 * * *", false);
        let (from, until) = ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
        let ran = live(&nightly, from, until, &[], 0);
        assert_eq!((ran.len(), ran.values().max()), (365, Some(&1)));
        // Off over the time itself for half an hour, and for a whole day: the first is made up for, the second is missed.
        let off = [
            ("2026-05-01T00:00:00Z", "2026-05-01T01:00:00Z"),
            ("2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z"),
        ];
        let ran = live(&nightly, from, until, &off, 0);
        assert_eq!((ran.len(), ran.values().max()), (364, Some(&1)));
        assert!(
            ran.contains_key(&at("2026-05-01T00:30:00Z")) && !ran.contains_key(&at("2026-06-01T00:30:00Z"))
        );
        // A run whose keeper died is not repeated.
        let ran = live(&nightly, from, until, &[], 5);
        assert_eq!((ran.len(), ran.values().max()), (365 - 73, Some(&1)));
    }

    #[test]
    fn what_was_missed_is_noted_once_with_its_number() {
        let hourly = job("0 * * * *", false);
        let mut record = JobRecord::new(at("2026-06-01T00:10:00Z"));
        let decided = record.decide(&hourly, at("2026-06-02T00:20:00Z"), &TimeZone::UTC, None);
        assert_eq!(decided.run, Some(at("2026-06-02T00:00:00Z")));
        assert_eq!(decided.next, Some(at("2026-06-02T01:00:00Z")));
        let told: Vec<_> = record.runs.iter().map(|run| (run.outcome, run.reason.as_deref())).collect();
        assert_eq!(
            told,
            [
                (JobOutcome::Missed, Some("23 runs were due while the host or the keeper was down")),
                (JobOutcome::Begun, None)
            ]
        );
        assert_eq!(
            record.decide(&hourly, at("2026-06-02T00:21:00Z"), &TimeZone::UTC, Some(Hindrance::Running)).run,
            None
        );
        assert_eq!(record.runs.len(), 2);
    }

    #[test]
    fn a_run_that_is_due_while_the_one_before_goes_on_is_skipped_or_waits() {
        let (before, due, after) =
            (at("2026-06-01T00:59:00Z"), at("2026-06-01T01:00:00Z"), at("2026-06-01T01:07:00Z"));
        let mut skipped = JobRecord::new(before);
        assert_eq!(
            skipped.decide(&job("0 * * * *", false), due, &TimeZone::UTC, Some(Hindrance::Running)).run,
            None
        );
        assert_eq!(skipped.runs[0].outcome, JobOutcome::Skipped);
        assert_eq!(skipped.decide(&job("0 * * * *", false), after, &TimeZone::UTC, None).run, None);

        let mut waiting = JobRecord::new(before);
        assert_eq!(
            waiting.decide(&job("0 * * * *", true), due, &TimeZone::UTC, Some(Hindrance::Running)).run,
            None
        );
        assert_eq!(waiting.runs, []);
        assert_eq!(waiting.decide(&job("0 * * * *", true), after, &TimeZone::UTC, None).run, Some(due));
    }

    #[test]
    fn a_job_does_not_run_for_times_before_it_was_there() {
        let mut record = JobRecord::new(at("2026-06-01T01:00:30Z"));
        assert_eq!(
            record.decide(&job("0 * * * *", false), at("2026-06-01T01:01:00Z"), &TimeZone::UTC, None).run,
            None
        );
    }
}
