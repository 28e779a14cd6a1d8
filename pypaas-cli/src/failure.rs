//! How a command fails: the chain of causes, what the user can do, and the exit status.

use std::error::Error;
use std::process::ExitCode;

use pypaas_core::host::{CommandError, ServiceError, WebServerError};
use pypaas_core::{ApplyError, ChangeError, NotReady, RejectedFile};

use crate::table::Look;
use crate::terminal;

/// Exit status for usage errors: see [`terminal::USAGE`]; this one is for everything that went wrong later.
pub(crate) const FAILED: u8 = 2;
/// Exit status when another change of the same branch took too long, or a newer push takes this one's turn.
const BUSY: u8 = 3;
/// Exit status when the key that was used may not do this.
const FORBIDDEN: u8 = 5;

/// What to do when nginx does not accept its configuration.
const REJECTED: &str =
    "nginx goes on with what it had loaded; mend the configuration it names, then try again";

/// An error on its way to the user.
#[derive(Debug)]
pub(crate) struct Failure {
    error: Box<dyn Error + Send + Sync>,
    hint: Option<String>,
    status: Option<u8>,
}

impl Failure {
    /// Fails with a message of its own and advice.
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { error: message.into().into(), hint: Some(hint.into()), status: None }
    }

    /// Fails because the key that was used may not do this.
    pub(crate) fn forbidden(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status: Some(FORBIDDEN), ..Self::new(message, hint) }
    }

    /// Fails with a cause whose type is not known.
    pub(crate) fn from_cause(error: Box<dyn Error + Send + Sync>) -> Self {
        Self { error, hint: None, status: None }
    }

    /// Prints `error: …`, `because …` for each cause, `hint: …`, and returns the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        let text = self.text();
        let text = text.replacen("error: ", &format!("{} ", Look::Bad.paint("error:")), 1);
        terminal::err(&text.replacen("\nhint: ", &format!("\n{} ", Look::Strong.paint("hint:")), 1));
        ExitCode::from(self.status())
    }

    /// Returns the exit status.
    pub(crate) fn status(&self) -> u8 {
        let is_busy = matches!(self.find(), Some(ChangeError::Busy { .. } | ChangeError::Superseded(_)));
        self.status.unwrap_or(if is_busy { BUSY } else { FAILED })
    }

    /// Returns what [`Self::report`] prints.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("error: {}\n", self.error);
        let mut next = self.error.source();
        while let Some(cause) = next {
            text.push_str(&format!("  because {cause}\n"));
            next = cause.source();
        }
        let hint = self.hint.clone().or_else(|| self.known_hint().map(str::to_owned));
        text.push_str(&hint.map(|hint| format!("hint: {hint}\n")).unwrap_or_default());
        text
    }

    /// Returns the error and its causes on one line.
    pub(crate) fn causes(&self) -> String {
        let mut text = self.error.to_string();
        let mut next = self.error.source();
        while let Some(cause) = next {
            text.push_str(&format!(": {cause}"));
            next = cause.source();
        }
        text
    }

    /// Returns whether whoever asked went away or asked to stop.
    pub(crate) fn is_abandonment(&self) -> bool {
        matches!(self.find(), Some(ApplyError::Abandoned { .. }))
            || matches!(self.find(), Some(ChangeError::Abandoned(_)))
            || matches!(self.find(), Some(NotReady::Abandoned(_)))
            || matches!(self.find(), Some(CommandError::Stopped { .. }))
    }

    /// Finds an error of type `T` in the chain.
    fn find<T: Error + 'static>(&self) -> Option<&T> {
        let mut next: Option<&(dyn Error + 'static)> = Some(self.error.as_ref());
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }

    fn known_hint(&self) -> Option<&'static str> {
        if let Some(error) = self.find::<WebServerError>() {
            return Some(match error {
                WebServerError::Unreachable { .. } => {
                    "see `nginx.command` in pypaas.yml, and whether sudo allows it"
                }
                WebServerError::Rejected { .. } => REJECTED,
                WebServerError::NotReloaded { .. } => {
                    "nginx goes on with what it had loaded; its error log says more"
                }
            });
        }
        if self.find::<RejectedFile>().is_some() {
            return Some(REJECTED);
        }
        if matches!(self.find(), Some(ChangeError::Superseded(_))) {
            return Some(
                "nothing is lost if that push has this commit in its history; else fetch, then push again",
            );
        }
        if self.find::<ServiceError>().is_some() {
            return Some("is svscan running, and does it watch `services_dir`?");
        }
        if self.find::<NotReady>().is_some() {
            return Some("what was live before is live; mend the app, then push again");
        }
        match self.find() {
            Some(ChangeError::Apply(ApplyError::Step { .. })) => Some("what was live before is live"),
            _ => None,
        }
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { error: Box::new(error), hint: None, status: None }
    }
}
