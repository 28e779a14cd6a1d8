//! What the admin of a pypaas host wrote: YAML to checked types.
//!
//! [`load`] takes the texts of the configuration files and gives a [`Configuration`]: every name checked, every
//! default filled in, every reference between files resolved. What is wrong comes back as [`Problem`]s that name
//! file, line and column. A broken repo or domain file breaks that repo or domain only.
//!
//! The crate is pure: it reads no file; whoever has files passes their texts.

mod configuration;
mod domain;
mod health_check;
mod hooks;
mod names;
mod problem;
mod repo;
mod runner;
mod settings;

pub use configuration::{Configuration, Loaded, SourceFile, load};
pub use domain::{Domain, Location, LocationPath};
pub use health_check::HealthCheck;
pub use hooks::Hooks;
pub use names::{BranchName, BranchRef, DomainName, InvalidName, RepoName, RunnerName, RunnerRef};
pub use problem::{Problem, Severity};
pub use repo::{Branch, BuildChoice, Repo};
pub use runner::{NginxStatic, NginxUpstream, Overlap, Protocol, RunnerConfig, SimpleProcess};
pub use settings::{NginxSettings, PortRange, Settings};
