//! The configuration of a pypaas host: from YAML to checked types.
//!
//! [`load()`] takes the text of the configuration files and returns a [`Configuration`] with checked names, default values,
//! and resolved references between files. It also returns [`Diagnostic`]s with file, line and column, the source line, and
//! what was expected. A broken file affects only its repo or domain.
//!
//! `load` works in four steps. It parses each file into a tree with source positions (`tree`). It decodes the tree key by
//! key into checked types (`fields`; each type lists and decodes its keys in its own file; the types of
//! runners are registered by the caller, each as a [`RunnerType`]). It checks the references
//! between files (`references`). Then it renders the problems (`report`).
//!
//! The crate is pure: it reads no files. The caller passes their text.

mod access;
mod acme;
mod app;
mod argument_size;
mod backup;
mod certificate_files;
mod configuration;
mod diagnostic;
mod directory;
mod domain;
mod domain_links;
mod duration;
mod entry_lines;
mod error_chain;
mod fields;
mod file;
mod finding;
mod flatten_values;
mod foreign_keys;
mod health_check;
mod hooks;
mod keys;
mod load;
mod location;
mod names;
mod nginx_settings;
mod notify;
mod parallel;
mod persist;
mod port_count;
mod references;
mod removed_key;
mod repo;
mod report;
mod runner;
mod scalar;
mod schedule;
mod schema;
mod sensitive;
mod server_names;
mod settings;
mod share;
mod size;
mod source_text;
mod span;
mod store;
mod suggest;
mod syntax;
mod tree;
mod verbatim;

pub use access::{Access, Permission};
pub use acme::AcmeSettings;
pub use app::read_app;
pub use backup::{BackupSettings, Keep};
pub use configuration::{Configuration, Loaded, SourceFile};
pub use diagnostic::{Diagnostic, Place, Severity};
pub use domain::Domain;
pub use duration::{format_duration, parse_any_duration, parse_duration};
pub use entry_lines::EntryLines;
pub use error_chain::{error_chain, messages, on_one_line};
pub use fields::Field;
pub use finding::{Finding, is_unsafe_for_terminal};
pub use flatten_values::flatten_values;
pub use health_check::HealthCheck;
pub use hooks::Hooks;
pub use keys::{Keys, MOST_PROCESSES};
pub use load::{load, load_with};
pub use location::{InvalidLocation, Location, LocationPath};
pub use names::{BranchName, BranchRef, DomainName, InvalidName, RepoName, RunnerName, RunnerRef, StoreName};
pub use nginx_settings::NginxSettings;
pub use notify::{Notify, Trouble};
pub use persist::Persist;
pub use repo::{Branch, BuildChoice, Repo, is_reserved_variable, is_variable};
pub use runner::{Overlap, Protocol, RunnerConfig, RunnerType, Serves};
pub use schedule::{Schedule, ScheduleError};
pub use schema::{SCHEMAS, Schema};
pub use settings::{PortRange, Settings};
pub use share::Share;
pub use store::{StoreKind, StoreRef, main_store};
pub use suggest::closest;
pub use verbatim::Verbatim;
