//! Whose mistake it is that nginx rejects a file of pypaas's own: the line of the configuration it came from.

use std::collections::BTreeSet;
use std::fmt;

use camino::Utf8PathBuf;
use pypaas_config::Verbatim;

use crate::host::{Files, WebServerError};
use crate::{ApplyError, PendingSwitch, Platform, WebFileName};

/// Says which of pypaas's own files nginx rejected.
#[derive(Debug, thiserror::Error)]
#[error("nginx rejected `{file}`")]
pub struct RejectedFile {
    name: WebFileName,
    /// The file, as seen from the deploy user's home.
    file: Utf8PathBuf,
    #[source]
    mistake: Mistake,
}

/// What nginx did not like, and where the admin wrote it.
#[derive(Debug)]
struct Mistake {
    message: String,
    line: usize,
    /// `<key>` at `<file>:<line>`; more than one when the same line is written in several places.
    origins: Vec<String>,
}

impl std::error::Error for Mistake {}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on line {}", self.message, self.line)?;
        if self.origins.is_empty() { Ok(()) } else { write!(f, ", from {}", self.origins.join(" or ")) }
    }
}

/// Returns whether `error` is that nginx does not accept its files: then it goes on with what it had loaded.
pub(crate) fn is_rejection(error: &ApplyError) -> bool {
    let ApplyError::Step { source, .. } = error else { return false };
    source.is::<RejectedFile>() || matches!(source.downcast_ref(), Some(WebServerError::Rejected { .. }))
}

/// Names the files of `switch` that a rejection is about: the one nginx names, or else those of domains that say what it
/// quotes, such as the path of a certificate.
pub(crate) fn rejected_files(error: &ApplyError, switch: &PendingSwitch) -> BTreeSet<WebFileName> {
    let ApplyError::Step { source, .. } = error else { return BTreeSet::new() };
    if let Some(rejected) = source.downcast_ref::<RejectedFile>() {
        return switch.files.keys().filter(|file| **file == rejected.name).cloned().collect();
    }
    let Some(WebServerError::Rejected { message, place: None }) = source.downcast_ref() else {
        return BTreeSet::new();
    };
    let quoted = || message.split('"').skip(1).step_by(2).filter(|word| word.starts_with('/'));
    let files = switch.files.iter().filter(|(file, change)| {
        let proposed = change.proposed.as_ref().map_or("", |file| file.text.as_str());
        file.as_domain().is_some() && quoted().any(|word| proposed.contains(word))
    });
    files.map(|(file, _)| file.clone()).collect()
}

/// Explains `error` by the configuration, when it is that nginx rejected a file which is still there as it was tried.
pub(crate) fn explain_rejection(platform: &Platform, files: &mut dyn Files, error: ApplyError) -> ApplyError {
    let ApplyError::Step { number, total, step, source } = error else { return error };
    let explained = match source.downcast_ref() {
        Some(WebServerError::Rejected { message, place: Some(place) }) => {
            explain(platform, files, message, place)
        }
        _ => None,
    };
    let source = explained.map_or(source, |explained| Box::new(explained));
    ApplyError::Step { number, total, step, source }
}

fn explain(platform: &Platform, files: &mut dyn Files, message: &str, place: &str) -> Option<RejectedFile> {
    let (path, line) = place.rsplit_once(':')?;
    let (path, line) = (Utf8PathBuf::from(path), line.parse::<usize>().ok()?);
    let name = path.strip_prefix(platform.layout.web()).ok()?;
    let text = files.read_file(&path).ok()??;
    let written = text.lines().nth(line.checked_sub(1)?)?.trim();
    let name = WebFileName::at(name.as_str())?;
    let origins = origins(platform, &name, written);
    let file = path.strip_prefix(platform.layout.home()).unwrap_or(&path).to_owned();
    Some(RejectedFile { name, file, mistake: Mistake { message: message.to_owned(), line, origins } })
}

/// Finds where the admin wrote a line of `file`: in the file of its domain, else anywhere.
fn origins(platform: &Platform, file: &WebFileName, written: &str) -> Vec<String> {
    let configuration = &platform.configuration;
    let found = |it: &Verbatim| Some(format!("`{}` at {}:{}", it.key, it.file, it.line_of(written)?));
    let domain = file.as_domain().and_then(|name| configuration.domains.get(&name));
    let own = domain.map(|domain| {
        let own = configuration.verbatim.iter().filter(|it| it.file == domain.file);
        own.filter_map(found).collect::<Vec<_>>()
    });
    own.filter(|own| !own.is_empty())
        .unwrap_or_else(|| configuration.verbatim.iter().filter_map(found).collect())
}
