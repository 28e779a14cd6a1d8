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
mod configuration;
mod directory;
mod domain;
mod duration;
mod fields;
mod file;
mod finding;
mod flatten_values;
mod health_check;
mod hooks;
mod load;
mod location;
mod names;
mod nginx_settings;
mod parallel;
mod port_count;
mod problem;
mod references;
mod repo;
mod report;
mod runner;
mod scalar;
mod schema;
mod server_names;
mod settings;
mod source_text;
mod span;
mod suggest;
mod syntax;
mod tree;
mod verbatim;

pub use access::{Access, Permission};
pub use configuration::{Configuration, Loaded, SourceFile};
pub use domain::Domain;
pub use duration::parse_duration;
pub use flatten_values::flatten_values;
pub use health_check::HealthCheck;
pub use hooks::Hooks;
pub use load::{load, load_with};
pub use location::{InvalidLocation, Location, LocationPath};
pub use names::{BranchName, BranchRef, DomainName, InvalidName, RepoName, RunnerName, RunnerRef};
pub use nginx_settings::NginxSettings;
pub use problem::{Problem, Severity};
pub use repo::{Branch, BuildChoice, Repo, is_reserved_variable, is_variable};
pub use runner::{NginxStatic, NginxUpstream, Overlap, Protocol, RunnerConfig, SimpleProcess};
pub use schema::{SCHEMAS, Schema};
pub use settings::{PortRange, Settings};
pub use verbatim::Verbatim;
