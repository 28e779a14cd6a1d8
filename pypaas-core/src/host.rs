//! The machine, as pypaas sees it: small traits at the level of the domain.
//!
//! Only [`observe`](crate::observe) and [`apply`](crate::apply) see the sum; all else asks for the narrowest.
//! Whoever has another supervisor implements [`Services`] and nothing else changes.

mod caller;
mod clock;
mod files;
mod git;
mod locks;
mod logs;
mod probe;
mod services;
mod shell;
mod web_server;
mod with_services;

pub use caller::Caller;
pub use clock::Clock;
pub use files::{FileError, Files, Mode};
pub use git::{Commit, Git, GitError};
pub use locks::{LockError, Locks};
pub use logs::Logs;
pub use probe::{Probe, ProbeError};
pub use services::{ServiceError, ServiceState, Services, StopReport};
pub use shell::{CommandError, Shell, ShellCommand};
pub use web_server::{Version, WebServer, WebServerError};
pub use with_services::WithServices;

/// A whole machine.
pub trait Host: Files + Git + Services + Logs + WebServer + Shell + Probe + Clock + Locks + Caller {}

impl<T: Files + Git + Services + Logs + WebServer + Shell + Probe + Clock + Locks + Caller> Host for T {}
