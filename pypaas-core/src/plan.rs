//! Plans: what to do, decided before anything is done.
//!
//! A deploy is a row of [`Stage`]s. Each is planned when its turn comes, from what is observed then; what one stage must
//! tell the next stands in the record. A dry run strings all of them together by predicting what each leaves behind
//! ([`Engine::dry_run`](crate::Engine::dry_run)).

mod begin;
mod build;
mod cleanup;
mod maintenance;
mod processes;
mod recognized;
mod restore;
mod retire;
mod services;
mod stage;
mod start;
mod switch;
mod urls;
mod web;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use cleanup::{hooks, remove_branch, unconfigured_branches, web_files};
pub use maintenance::{maintenance, stop};
pub use processes::{recorded, wants_new_processes};
pub use stage::{Request, Source, Stage, stages};
pub use urls::urls;
pub(crate) use web::files_of as web_files_of;
pub use web::{is_served_unrecorded, route_of};

use crate::{ManifestError, ScriptTextError, Step, WebConfigError};

/// Titled sections of steps.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Plan {
    /// The sections, in order; none is empty.
    pub sections: Vec<Section>,
}

/// Steps that belong together; the title is what a pusher reads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Section {
    /// What the steps are for.
    pub title: String,
    /// Which part of a deploy its time counts to.
    pub phase: Phase,
    /// What a pusher reads below the title.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Whether a failing step ends the plan.
    pub on_failure: OnFailure,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// The parts of a deploy whose times are told at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Making the machine agree with the record.
    Check,
    /// Writing the commit's files.
    Checkout,
    /// Hooks and builders.
    Build,
    /// Starting processes until they are ready.
    Start,
    /// Making nginx route to them.
    Switch,
    /// Waiting for the old version's connections.
    Drain,
    /// Stopping and removing the old version.
    Stop,
}

/// What a failing step does to the rest of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// Ends it.
    Stop,
    /// Ends its section; the rest goes on, with a warning.
    Warn,
}

impl Plan {
    /// Appends a section, unless it has no steps.
    pub fn section(&mut self, title: impl Into<String>, phase: Phase, steps: Vec<Step>) {
        self.noted_section(title, phase, Vec::new(), steps);
    }

    /// Appends a section with notes, unless it has no steps.
    pub fn noted_section(
        &mut self,
        title: impl Into<String>,
        phase: Phase,
        notes: Vec<String>,
        steps: Vec<Step>,
    ) {
        self.push(Section { title: title.into(), phase, notes, on_failure: OnFailure::Stop, steps });
    }

    /// Appends a section whose failure is a warning, unless it has no steps.
    pub fn lenient_section(&mut self, title: impl Into<String>, phase: Phase, steps: Vec<Step>) {
        self.push(Section {
            title: title.into(),
            phase,
            notes: Vec::new(),
            on_failure: OnFailure::Warn,
            steps,
        });
    }

    /// Appends all sections of `other`.
    pub fn append(&mut self, other: Self) {
        self.sections.extend(other.sections);
    }

    /// Returns whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// Lists all steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.sections.iter().flat_map(|section| &section.steps)
    }

    fn push(&mut self, section: Section) {
        if !section.steps.is_empty() {
            self.sections.push(section);
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for section in &self.sections {
            writeln!(f, "{}", section.title)?;
            for note in &section.notes {
                writeln!(f, "  ({note})")?;
            }
            for step in &section.steps {
                writeln!(f, "  {step}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Check => "check",
            Self::Checkout => "checkout",
            Self::Build => "build",
            Self::Start => "start",
            Self::Switch => "switch",
            Self::Drain => "drain",
            Self::Stop => "stop",
        })
    }
}

/// Says why no plan could be made. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The branch is not in the configuration.
    #[error("`{0}` is not configured")]
    NotConfigured(pypaas_config::BranchRef),
    /// There is nothing live to do it with.
    #[error("nothing is deployed on `{0}`")]
    NotDeployed(pypaas_config::BranchRef),
    /// The checkout that is to get new processes is not there any more.
    #[error("the live checkout of {0} is gone")]
    NoCheckout(pypaas_config::BranchRef),
    /// Nothing says how the commit is run.
    #[error("cannot tell how `{branch}` is run")]
    Manifest {
        /// The branch.
        branch: pypaas_config::BranchRef,
        /// Why.
        source: ManifestError,
    },
    /// The release was made while the configuration said how it is run.
    #[error("release {release} of `{branch}` does not say how it is run")]
    NoManifest {
        /// The branch.
        branch: pypaas_config::BranchRef,
        /// The release.
        release: u64,
    },
    /// The port range is used up.
    #[error("{needed} free ports are needed and {free} of `ports` {min}-{max} are free")]
    NoPorts {
        /// How many processes need one.
        needed: usize,
        /// How many there are.
        free: usize,
        /// `ports.min`.
        min: u16,
        /// `ports.max`.
        max: u16,
    },
    /// Something else took a port between its choice and the start of the process it was chosen for.
    #[error("something else listens by now on the port chosen for the new version: {}", list(ports))]
    PortsTaken {
        /// Which.
        ports: Vec<u16>,
    },
    /// A generated nginx file cannot be written.
    #[error(transparent)]
    WebConfigRenderer(#[from] WebConfigError),
    /// A generated script cannot be written.
    #[error(transparent)]
    ScriptText(#[from] ScriptTextError),
}

fn list(ports: &[u16]) -> String {
    ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}
