//! What the admin of a pypaas host wrote: YAML to checked types.
//!
//! [`load()`] takes the texts of the configuration files and gives a [`Configuration`]: every name checked, every
//! default filled in, every reference between files resolved. What is wrong comes back as [`Problem`]s that name
//! file, line and column, show the source line and say what was expected. A broken file breaks its repo or domain only.
//!
//! `load` parses each file into a tree that knows where everything stands (`tree`), reads it key by key into the checked
//! types (`fields`; each type's file lists its keys and decodes them), and then follows the references between files
//! (`references`). Findings are collected on the way and rendered last (`report`).
//!
//! The crate is pure: it reads no file; whoever has files passes their texts.

mod access;
mod block;
mod capacity;
mod claims;
mod configuration;
mod directory;
mod domain;
mod duration;
mod fields;
mod file;
mod finding;
mod health_check;
mod hooks;
mod load;
mod location;
mod names;
mod nginx_settings;
mod outline;
mod parallel;
mod place;
mod problem;
mod references;
mod repo;
mod report;
mod runner;
mod scalar;
mod settings;
mod suggest;
mod syntax;
mod tree;
mod verbatim;

pub use access::{Access, Right};
pub use block::{BLOCKS, Block};
pub use configuration::{Configuration, Loaded, SourceFile};
pub use domain::Domain;
pub use duration::duration;
pub use health_check::HealthCheck;
pub use hooks::Hooks;
pub use load::{load, load_with};
pub use location::{InvalidLocation, Location, LocationPath};
pub use names::{BranchName, BranchRef, DomainName, InvalidName, RepoName, RunnerName, RunnerRef};
pub use nginx_settings::NginxSettings;
pub use outline::outline;
pub use problem::{Problem, Severity};
pub use repo::{Branch, BuildChoice, Repo, is_reserved_variable, is_variable};
pub use runner::{NginxStatic, NginxUpstream, Overlap, Protocol, RunnerConfig, SimpleProcess};
pub use settings::{PortRange, Settings};
pub use verbatim::Verbatim;
