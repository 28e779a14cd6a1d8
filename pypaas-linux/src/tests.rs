//! The real machine, tried on itself: real svscan, nginx, git and shells, in temporary directories and on free ports.

mod caller;
mod files;
mod git;
mod locks;
mod logs;
pub(super) mod machine;
mod probe;
mod removing;
mod services;
mod shell;
mod spares;
mod stopping;
mod submodules;
mod supervisor;
mod web_server;
