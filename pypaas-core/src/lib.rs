//! What has to happen on a pypaas host.
//!
//! Every command is the same three lines: [`observe`] the machine, make a [`Plan`], [`apply`] it. A plan is a pure
//! function of the configuration, the [`Record`]s, what was observed and what is wanted; it decides everything, so it
//! can be printed, tested without a machine, and walked without a choice left to make.
//!
//! One [`Record`] per branch says what is live. A deploy happens at the moment the record names the new checkout;
//! whatever breaks before or after, planning again from the record mends it ([`plan::converge`]).
//!
//! All effects go through [`host`]'s small traits. [`MemoryHost`] implements them in memory, stricter than a machine.

mod apply;
mod blame;
mod builder;
mod change;
mod checkout;
mod encode;
mod environment;
pub mod host;
mod layout;
pub mod memory_host;
mod observe;
pub mod plan;
mod platform;
mod process;
mod record;
mod runner;
mod script;
mod service;
mod step;
mod story;
mod web;
mod web_journal;

pub use apply::{ApplyError, NotInstalled, NotReady, apply};
pub use blame::RejectedFile;
pub use builder::{BuildRecipe, Builder, Requirement};
pub use change::{
    ChangeError, Unapplied, cleanup, converge, converge_machine, deploy, lock_branch, maintenance,
    queue_for_branch, stop, unlock_branch,
};
pub use checkout::{CheckoutName, CommitId, InvalidCommit};
pub use encode::{decode, encode};
pub use environment::Environment;
pub use host::Host;
pub use layout::Layout;
pub use memory_host::MemoryHost;
pub use observe::{ObserveError, Observed, Scope, observe, record, recorded_branches, records};
pub use plan::{OnFailure, Phase, Plan, PlanError, Section};
pub use platform::{Parts, Platform};
pub use process::Process;
pub use record::{Deployed, Maintenance, Record, Release};
pub use runner::{NginxBase, Placement, Readiness, Runner};
pub use script::{Script, ScriptText, ScriptTextError};
pub use service::{Definition, ServiceName, Slot};
pub use step::Step;
pub use story::{Quiet, Story};
pub use web::{
    DefaultServer, Face, Route, RoutedLocation, Server, Tls, Unavailable, Upstream, UpstreamName,
    VirtualHost, WebFileName, WebText, WebTextError,
};
pub use web_journal::{WebChange, WebJournal};
