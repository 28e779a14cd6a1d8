//! The machine, as pypaas sees it: small traits at the level of the domain.
//!
//! A [`Host`] gives its parts one by one, and code takes the narrowest it needs (`&mut dyn Files`). Whoever has another
//! supervisor implements [`Services`] and [`Logs`] and exchanges these parts of an existing host: see [`WithParts`].

mod caller;
mod clock;
mod files;
mod git;
mod locks;
mod logs;
mod probe;
mod services;
mod shell;
mod stores;
mod web_server;
mod with_parts;

pub use caller::Caller;
pub use clock::Clock;
pub use files::{FileError, Files, Mode};
pub use git::{Commit, Git, GitError};
pub use locks::{LockError, Locks};
pub use logs::Logs;
pub use probe::{HealthRequest, PortHolder, Probe, ProbeError};
pub use services::{ServiceError, ServiceState, Services, StopReport};
pub(crate) use shell::first_line;
pub use shell::{CommandError, Shell, ShellCommand};
pub use stores::{StoreError, Stores};
pub use web_server::{Version, WebServer, WebServerError};
pub use with_parts::WithParts;

/// A whole machine, which gives its parts.
pub trait Host {
    /// Its files and directories.
    fn files(&mut self) -> &mut dyn Files;

    /// Its bare repositories.
    fn git(&mut self) -> &mut dyn Git;

    /// Its supervisor.
    fn services(&mut self) -> &mut dyn Services;

    /// What its services have written.
    fn logs(&mut self) -> &mut dyn Logs;

    /// Its nginx.
    fn web_server(&mut self) -> &mut dyn WebServer;

    /// Its shell.
    fn shell(&mut self) -> &mut dyn Shell;

    /// Its databases.
    fn stores(&mut self) -> &mut dyn Stores;

    /// Its TCP ports.
    fn probe(&mut self) -> &mut dyn Probe;

    /// Its clocks.
    fn clock(&mut self) -> &mut dyn Clock;

    /// Its locks.
    fn locks(&mut self) -> &mut dyn Locks;

    /// Whoever asked for a change and waits for it.
    fn caller(&mut self) -> &mut dyn Caller;
}
