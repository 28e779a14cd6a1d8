//! The scripts a supervisor runs: the model that templates print.

use camino::Utf8PathBuf;

use crate::{Confinement, Definition, Environment, ServiceName};

/// Prints a service's scripts. Equal models give equal texts.
pub trait ScriptText {
    /// Prints the `run` and `log/run` scripts of a process.
    fn definition(&self, script: &Script) -> Result<Definition, ScriptTextError>;
}

/// One process, as its scripts must start it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The service.
    pub service: ServiceName,
    /// The shell command, as the admin wrote it: `FOO=1 node x.js`, `a && b` and `exec x` work.
    pub command: String,
    /// The working directory.
    pub checkout: Utf8PathBuf,
    /// All variables to set.
    pub environment: Environment,
    /// The bounds of the process; `None`: those of the deploy user.
    pub confinement: Option<Confinement>,
}

/// Says which script could not be printed.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the scripts of `{service}`: {reason}")]
pub struct ScriptTextError {
    /// The service.
    pub service: String,
    /// Why, naming the key of the template.
    pub reason: String,
}
