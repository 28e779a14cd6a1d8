//! `type: Scheduled`: a command that runs at set times.

use std::time::Duration;

use pypaas_config::{Field, Keys, Overlap, Schema, Serves};
use pypaas_core::{Job, NginxBase, Readiness, Runner, RunnerSettings};

/// Runs a command at set times; it has no processes of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheduled {
    /// `cmd`, `at`, `timezone`, `timeout` and `overlap`.
    pub job: Job,
}

/// How long a run may take where nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(60 * 60);

impl RunnerSettings for Scheduled {
    const TYPE: &'static str = "Scheduled";
    const SCHEMA: &'static Schema =
        &Schema { name: "a Scheduled", keys: &["type", "cmd", "at", "timezone", "timeout", "overlap"] };

    fn decode(keys: &mut Keys<'_, '_>) -> Option<Self> {
        let cmd = keys.required("cmd", Field::command);
        let zone = keys.optional("timezone", Field::timezone);
        let schedule = keys.required("at", |field| field.schedule(zone.as_deref()));
        let timeout = keys.optional("timeout", Field::positive_duration).unwrap_or(TIMEOUT);
        let overlap = [("skip", false), ("wait", true)];
        let waits = keys.optional("overlap", |field| field.one_of(&overlap)).unwrap_or(false);
        Some(Self { job: Job { cmd: cmd?, schedule: schedule?, timeout, waits } })
    }

    fn serves(&self) -> Serves {
        Serves::Nothing
    }
}

impl Runner for Scheduled {
    fn command(&self) -> Option<&str> {
        None
    }

    fn process_count(&self) -> u16 {
        0
    }

    fn needs_port(&self) -> bool {
        false
    }

    fn readiness(&self) -> Readiness {
        Readiness::Started
    }

    fn overlap(&self) -> Overlap {
        Overlap::StartFirst
    }

    fn patience(&self) -> (Duration, Duration) {
        (Duration::ZERO, Duration::ZERO)
    }

    fn nginx(&self) -> Option<&dyn NginxBase> {
        None
    }

    fn job(&self) -> Option<&Job> {
        Some(&self.job)
    }
}
