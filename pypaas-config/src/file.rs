//! Decoding of a single file, before references between files are checked.

use std::fmt::Display;
use std::sync::Arc;

use camino::Utf8PathBuf;

use crate::directory::{self, Role};
use crate::domain_links::DomainLinks;
use crate::fields::Field;
use crate::finding::{Finding, Findings, quote};
use crate::server_names::NameUse;
use crate::source_text::SourceText;
use crate::span::Span;
use crate::{Domain, DomainName, Repo, RepoName, RunnerType, Settings, SourceFile, domain, tree};

/// The result of reading one file.
#[derive(Debug)]
pub(crate) struct File {
    /// The file, if it could be read.
    pub(crate) text: Option<SourceFile>,
    pub(crate) source: SourceText,
    pub(crate) content: Content,
    pub(crate) findings: Findings,
}

/// The decoded content of a file; `None` if the file has an error.
#[derive(Debug)]
pub(crate) enum Content {
    /// With the span of `ports`.
    Settings(Option<(Settings, Span)>),
    Repo(RepoName, Option<Repo>),
    Domain(DomainName, Option<Domain>, DomainLinks),
    /// The file is not read, or its name is invalid.
    Nothing,
}

/// Reads and decodes the file at `path` as number `number`. `text` is called only if the file is configuration.
/// `types` are the types of runners.
pub(crate) fn read<E: Display>(
    number: u32,
    path: &Utf8PathBuf,
    types: Arc<[RunnerType]>,
    text: impl FnOnce() -> Result<Vec<u8>, E>,
) -> File {
    let role = directory::role(path);
    let mut findings = Findings::new(types);
    let text = match role {
        Role::Settings | Role::Repo(_) | Role::Domain(_) => text().map_err(|reason| {
            let finding =
                Finding::error(Span::whole_file(number), format!("the file cannot be read: {reason}"));
            findings.add(finding.help("it must be a regular file that the deploy user can read"));
        }),
        Role::Ignored { .. } | Role::Unrelated => Err(()),
    };
    let text = text.ok().map(|text| SourceFile { path: path.clone(), text });
    let (source, broken_at) =
        text.as_ref().map_or_else(|| (SourceText::missing(path), None), SourceText::new);
    if let Some(at) = broken_at {
        findings.add(not_utf8(number, at));
    }
    let mut reader = Reader { number, source: &source, findings: &mut findings };
    let content = match role {
        Role::Settings => Content::Settings(reader.settings()),
        Role::Repo(name) => reader.repo(name, path).unwrap_or(Content::Nothing),
        Role::Domain(name) => reader.domain(name, path).unwrap_or(Content::Nothing),
        Role::Ignored { reason, help } => {
            findings.add(directory::ignored_finding(number, path, reason, help));
            Content::Nothing
        }
        Role::Unrelated => Content::Nothing,
    };
    File { text, source, content, findings }
}

/// Creates the error that file number `number` has an invalid byte at `at`.
pub(crate) fn not_utf8(number: u32, at: usize) -> Finding {
    Finding::error(Span::new(number, at, at), "the file is not valid UTF-8")
        .label("the first invalid byte")
        .help("save the file as UTF-8")
}

/// Decodes the text of one file.
pub(crate) struct Reader<'a> {
    pub(crate) number: u32,
    pub(crate) source: &'a SourceText,
    pub(crate) findings: &'a mut Findings,
}

impl Reader<'_> {
    fn settings(&mut self) -> Option<(Settings, Span)> {
        self.decode(|field, findings| {
            let ports = field.node.get("ports").map_or(field.key, |entry| entry.key_span);
            Some((Settings::decode(field, findings)?, ports))
        })
    }

    fn repo(&mut self, name: &str, path: &Utf8PathBuf) -> Option<Content> {
        let repo = self.decode(|field, findings| Repo::decode(name, path, field, findings));
        let name = RepoName::new(name).map_err(|error| Finding::invalid_name(self.whole_file(), &error));
        let name = self.findings.take(name.map_err(|finding| finding.help("rename the file")))?;
        Some(Content::Repo(name, repo))
    }

    fn domain(&mut self, written: &str, path: &Utf8PathBuf) -> Option<Content> {
        let lower = written.to_lowercase();
        let name =
            DomainName::new(lower.as_str()).map_err(|error| Finding::invalid_name(self.whole_file(), &error));
        let name = self.findings.take(name.map_err(|finding| finding.help("rename the file")))?;
        if let Some(finding) = domain::check_name(&name, self.whole_file()) {
            self.findings.add(finding);
        }
        let mut links = DomainLinks::default();
        links.name_uses.push(NameUse { name: name.clone(), span: self.whole_file() });
        let domain = self.decode(|field, findings| Domain::decode(&name, path, field, &mut links, findings));
        if lower != written {
            let message = format!("the name of {} contains capital letters", quote(path.as_str()));
            let finding = Finding::error(self.whole_file(), message);
            self.findings.add(finding.help(format!("rename it to `domains/{lower}.yml`")));
        }
        Some(Content::Domain(name, domain, links))
    }

    /// Parses and decodes the text; returns `None` if it has an error.
    pub(crate) fn decode<T>(
        &mut self,
        decode: impl FnOnce(Field<'_>, &mut Findings) -> Option<T>,
    ) -> Option<T> {
        if self.findings.is_broken(self.number) {
            return None;
        }
        let root = tree::parse(self.source, self.number, self.findings)?;
        let field = Field { name: self.source.path.as_str(), key: self.whole_file(), node: &root };
        decode(field, self.findings).filter(|_| !self.findings.is_broken(self.number))
    }

    fn whole_file(&self) -> Span {
        Span::whole_file(self.number)
    }
}
