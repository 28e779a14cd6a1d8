//! How a command fails: the chain of causes, what the user can do, and the exit status.

use std::error::Error;
use std::process::ExitCode;

use pypaas_config::{Diagnostic, error_chain, messages, on_one_line};
use pypaas_core::host::{ServiceError, WebServerError};
use pypaas_core::plan::PlanError;
use pypaas_core::{
    ApplyError, AttemptError, ChangeError, ManifestError, NotReady, RejectedFile, RollbackError,
};

use crate::table::Look;
use crate::terminal;
use crate::terminal::USAGE;

/// What each exit status means, for help and documentation.
pub(crate) const EXIT_STATUS: [(&str, &str); 6] = [
    ("0", "success; for `why` and `check`: no problems found"),
    ("1", "usage error"),
    ("2", "failure; for `why` and `check`: there is a problem"),
    (
        "3",
        "not run: another change of the branch took longer than `lock_timeout`, or a newer push of it supersedes this one",
    ),
    ("4", "`check` found warnings only"),
    ("5", "permission denied for the key that was used"),
];

/// Exit status for usage errors: see [`terminal::USAGE`]; this one is for everything that went wrong later.
pub(crate) const FAILED: u8 = 2;
/// Exit status when another change of the same branch took too long, or a newer push takes this one's turn.
const BUSY: u8 = 3;
/// Exit status when the key that was used may not do this.
const FORBIDDEN: u8 = 5;

/// What to do when nginx does not accept its configuration.
const REJECTED: &str = "nginx keeps the last working configuration; fix the file it names, then try again";

/// An error on its way to the user.
#[derive(Debug)]
pub(crate) struct Failure {
    error: Box<dyn Error + Send + Sync>,
    /// Causes that are no errors.
    because: Vec<String>,
    hint: Option<String>,
    status: Option<u8>,
    /// Whether there is no version that was live before.
    is_first: bool,
}

impl Failure {
    /// Fails with a message of its own and advice.
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..Self::from_cause(message.into().into()) }
    }

    /// Adds a sentence to the advice.
    pub(crate) fn advise(mut self, sentence: &str) -> Self {
        self.hint = Some(self.hint.map_or_else(|| sentence.to_owned(), |hint| format!("{hint}. {sentence}")));
        self
    }

    /// Says of a deploy that failed that no version was live before.
    pub(crate) fn with_nothing_live(self) -> Self {
        Self { is_first: true, ..self }
    }

    /// Counts as a command line that makes no sense.
    pub(crate) fn of_usage(self) -> Self {
        Self { status: Some(USAGE), ..self }
    }

    /// Fails because the key that was used may not do this.
    pub(crate) fn forbidden(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status: Some(FORBIDDEN), ..Self::new(message, hint) }
    }

    /// Fails with a cause whose type is not known.
    pub(crate) fn from_cause(error: Box<dyn Error + Send + Sync>) -> Self {
        Self { error, because: Vec::new(), hint: None, status: None, is_first: false }
    }

    /// Adds causes.
    pub(crate) fn because<T: Into<String>>(mut self, causes: impl IntoIterator<Item = T>) -> Self {
        self.because.extend(causes.into_iter().map(Into::into));
        self
    }

    /// Prints `error: …`, `because …` for each cause, `hint: …`, and returns the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        let text = self.text().replacen("error: ", &format!("{} ", Look::Bad.paint("error:")), 1);
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
        format!("{}\n", self.diagnostic("command"))
    }

    /// Describes it, as something that is wrong with `category`.
    pub(crate) fn diagnostic(&self, category: &'static str) -> Diagnostic {
        let mut messages = messages(self.error.as_ref()).into_iter();
        let diagnostic = Diagnostic::error(category, messages.next().unwrap_or_default())
            .because(messages)
            .because(self.because.clone());
        match self
            .hint
            .clone()
            .or_else(|| self.branch_hint())
            .or_else(|| self.known_hint().map(str::to_owned))
        {
            Some(hint) => diagnostic.fix(hint),
            None => diagnostic,
        }
    }

    /// Returns the error and its causes on one line.
    pub(crate) fn causes(&self) -> String {
        let own = on_one_line(self.error.as_ref());
        std::iter::once(own).chain(self.because.iter().cloned()).collect::<Vec<_>>().join(": ")
    }

    /// Finds an error of type `T` in the chain.
    fn find<T: Error + 'static>(&self) -> Option<&T> {
        error_chain(self.error.as_ref()).find_map(|error| error.downcast_ref())
    }

    /// Says which command helps a branch that nothing is deployed on.
    fn branch_hint(&self) -> Option<String> {
        let not_deployed = match (self.find(), self.find()) {
            (Some(PlanError::NotDeployed(branch)), _) | (_, Some(RollbackError::NotDeployed(branch))) => {
                branch
            }
            (Some(PlanError::NoCheckout(branch)), _) => {
                return Some(format!("run `pypaas rebuild {branch}`, which checks it out again"));
            }
            _ => return None,
        };
        Some(format!("push it; if it was pushed before, run `pypaas rebuild {not_deployed}`"))
    }

    fn known_hint(&self) -> Option<&'static str> {
        if let Some(error) = self.find::<WebServerError>() {
            return Some(match error {
                WebServerError::Unreachable { .. } => {
                    "see `nginx.program` in pypaas.yml; `pypaas check` says more"
                }
                WebServerError::Rejected { .. } => REJECTED,
                WebServerError::NotReloaded { .. } => {
                    "nginx keeps the last working configuration; its error log says more"
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
            return Some(match self.is_first {
                true => "nothing is live on this branch yet; fix the app, then push again",
                false => "the version that was live before is still live; fix the app, then push again",
            });
        }
        if let Some(PlanError::Manifest { source: ManifestError::Missing { .. }, .. }) = self.find() {
            return Some(
                "add a file `Procfile` with the line `web: ` and the command that starts your server on $PORT; or write \
                 `runners` in the repo's file on the server",
            );
        }
        if let Some(PlanError::NoManifest { .. }) = self.find() {
            return Some(
                "`runners` were in the repo's file on the server when it was made: run `rebuild`, or push, to read its \
                 `Procfile`",
            );
        }
        if let Some(error) = self.find::<RollbackError>() {
            return match error {
                RollbackError::NoSuchRelease { .. } | RollbackError::NoEarlier(_) => {
                    Some("`pypaas releases` lists what there was")
                }
                RollbackError::IsLive { .. } => {
                    Some("`restart` gives it new processes, `rebuild` builds it again")
                }
                _ => None,
            };
        }
        match self.find() {
            Some(ChangeError::Apply(ApplyError::Step { .. })) => Some(match self.is_first {
                true => "nothing is live on this branch yet; fix what is named above, then push again",
                false => "the version that was live before is still live",
            }),
            _ => None,
        }
    }
}

impl AttemptError for Failure {
    fn is_canceled(&self) -> bool {
        self.find::<ChangeError>().is_some_and(AttemptError::is_canceled)
    }

    fn reason(&self) -> String {
        self.causes()
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::from_cause(Box::new(error))
    }
}
