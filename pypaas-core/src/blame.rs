//! Whose mistake it is that nginx rejects a file of pypaas's own: the line of the configuration it came from.

use std::fmt;

use camino::Utf8PathBuf;
use pypaas_config::Verbatim;

use crate::host::{Files, WebServerError};
use crate::{ApplyError, Platform, WebFileName};

/// Says which of pypaas's own files nginx rejected.
#[derive(Debug, thiserror::Error)]
#[error("nginx rejected `{file}`")]
pub struct RejectedFile {
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

/// Explains `error` by the configuration, when it is that nginx rejected a file which is still there as it was tried.
pub(crate) fn blame(platform: &Platform, files: &mut dyn Files, error: ApplyError) -> ApplyError {
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
    let origins = origins(platform, &WebFileName::found(name.as_str())?, written);
    let file = path.strip_prefix(platform.layout.home()).unwrap_or(&path).to_owned();
    Some(RejectedFile { file, mistake: Mistake { message: message.to_owned(), line, origins } })
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
