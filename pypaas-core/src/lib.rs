//! What has to happen on a pypaas host.
//!
//! Programs hold an [`Engine`]. Every verb of it is the same three lines: [`observe`] the machine, make a [`Plan`],
//! [`apply`] it. A plan is a pure function of the configuration, the [`Record`]s, what was observed and what is asked for; it
//! decides everything, so it can be printed ([`Engine::dry_run`]), tested without a machine, and applied without a choice
//! left to make.
//!
//! One [`Record`] per branch says what is live. A deploy happens at the moment the record names the new checkout;
//! whatever breaks before or after, planning again from the record repairs it ([`Engine::converge`]).
//!
//! All effects go through [`host`]'s small traits. [`MemoryHost`] implements them in memory, stricter than a machine.

mod alert;
mod apply;
mod attempt;
mod backup;
mod builder;
mod checkout;
mod confinement;
mod deployment;
mod encode;
mod engine;
mod environment;
mod history;
pub mod host;
pub mod invariants;
mod issued_certificate;
mod job;
mod layout;
mod listen;
mod manifest;
pub mod memory_host;
mod not_running;
mod observe;
mod origin;
mod pending_switch;
pub mod plan;
mod platform;
mod predict;
mod process;
mod progress;
mod record;
mod rejection;
mod renewal;
mod rollback;
mod runner;
mod scaled_runner;
mod script;
mod service;
mod site;
mod step;
mod store;
mod unknown;
mod web;
mod web_file;
mod written;

pub use alert::{Alert, AlertMessage, AlertRecord, AlertState, PendingAlert, ToldAlert, alert_id};
pub use apply::{ApplyError, NotInstalled, NotReady, apply};
pub use attempt::{Attempt, AttemptKind, Outcome, SectionTime, Totals};
pub use backup::{BackupRecord, FailedBackup, SucceededBackup};
pub use builder::{BuildRecipe, Builder, Requirement};
pub use checkout::{CheckoutName, CommitId, InvalidCommit};
pub use confinement::Confinement;
pub use deployment::Deployment;
pub use encode::{decode, encode};
pub use engine::{ApplyFailure, AttemptError, Attempted, ChangeError, Decide, Engine, Order};
pub use environment::Environment;
pub use history::History;
pub use host::Host;
pub use issued_certificate::IssuedCertificate;
pub use job::{Decision, Hindrance, Job, JobOutcome, JobRecord, JobRun, LATEST};
pub use layout::Layout;
pub use listen::Listen;
pub use manifest::{Manifest, ManifestError, ManifestFormat};
pub use memory_host::MemoryHost;
pub use not_running::{NotRunning, NotRunningError, RebuildError, rebuild};
pub use observe::{ObserveError, Observed, Scope, observe, record, recorded_branches, records};
pub use origin::Origin;
pub use pending_switch::{FileChange, PendingSwitch};
pub use plan::{OnFailure, Phase, Plan, PlanError, Section};
pub use platform::{Parts, Platform};
pub use process::Process;
pub use progress::{NoProgress, Progress};
pub use pypaas_config::{Schedule, ScheduleError};
pub use record::{Maintenance, Record};
pub use rejection::RejectedFile;
pub use renewal::{FailedRenewal, Renewal};
pub use rollback::{RollbackError, rollback};
pub use runner::{NginxBase, Placement, Readiness, Runner, RunnerSettings, RunnerTypes, runner_config};
pub use scaled_runner::ScaledRunner;
pub use script::{Script, ScriptText, ScriptTextError};
pub use service::{Definition, ServiceName, Slot};
pub use site::{Site, SiteContents, SiteError};
pub use step::Step;
pub use store::{Store, database};
pub use unknown::UnknownFields;
pub use web::{
    EdgeConfig, Frontend, Linked, Route, RoutedLocation, RouterConfig, RouterSockets, Server, Tls,
    Unavailable, Upstream, UpstreamName, VirtualHost, WebConfigError, WebConfigRenderer, WebInstance,
};
pub use web_file::{RouteTarget, WebFile, WebFileName, WebRoutes};
pub use written::{persist_words, written_words};
