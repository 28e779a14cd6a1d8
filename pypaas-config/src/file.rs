//! Reading one file: what it says by itself, before the files are held against each other.

use std::fmt::Display;

use camino::Utf8PathBuf;

use crate::claims::Claim;
use crate::directory::{self, Role};
use crate::fields::Field;
use crate::finding::{Finding, Findings, quote};
use crate::place::{Place, Source};
use crate::references::Reference;
use crate::{Domain, DomainName, Repo, RepoName, Settings, SourceFile, tree};

/// A file that was read.
#[derive(Debug)]
pub(crate) struct File {
    /// As it was read, if it could be.
    pub(crate) text: Option<SourceFile>,
    pub(crate) source: Source,
    pub(crate) content: Content,
    pub(crate) findings: Findings,
}

/// What a file says; `None` where something in it is wrong.
#[derive(Debug)]
pub(crate) enum Content {
    /// With the place of `ports`.
    Settings(Option<(Settings, Place)>),
    Repo(RepoName, Option<Repo>),
    Domain(DomainName, Option<Domain>, Mentions),
    /// It is not read, or its name is no name.
    Nothing,
}

/// The names in a domain file, of a broken one too.
#[derive(Debug, Default)]
pub(crate) struct Mentions {
    /// The names that it claims.
    pub(crate) claims: Vec<Claim>,
    /// What it points at.
    pub(crate) references: Vec<Reference>,
}

/// Reads the file at `path` as number `number`; `text` is asked for what it says, unless that does not matter.
pub(crate) fn read<E: Display>(
    number: u32,
    path: &Utf8PathBuf,
    text: impl FnOnce() -> Result<Vec<u8>, E>,
) -> File {
    let role = directory::role(path);
    let mut findings = Findings::default();
    let text = match role {
        Role::Settings | Role::Repo(_) | Role::Domain(_) => text().map_err(|reason| {
            let finding = Finding::error(Place::whole(number), format!("the file cannot be read: {reason}"));
            findings.add(finding.help("the deploy user must be able to read it"));
        }),
        Role::Ignored { .. } | Role::Foreign => Err(()),
    };
    let text = text.ok().map(|text| SourceFile { path: path.clone(), text });
    let (source, broken_at) = text.as_ref().map_or_else(|| (Source::missing(path), None), Source::new);
    if let Some(at) = broken_at {
        findings.add(
            Finding::error(Place::bytes(number, at, at), "the text is not UTF-8")
                .label("the first byte that is not")
                .help("save the file as UTF-8"),
        );
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
        Role::Foreign => Content::Nothing,
    };
    File { text, source, content, findings }
}

/// Reads one file's text.
struct Reader<'a> {
    number: u32,
    source: &'a Source,
    findings: &'a mut Findings,
}

impl Reader<'_> {
    fn settings(&mut self) -> Option<(Settings, Place)> {
        self.decode(|field, findings| {
            let ports = field.node.get("ports").map_or(field.key, |entry| entry.key_place);
            Some((Settings::decode(field, findings)?, ports))
        })
    }

    fn repo(&mut self, name: &str, path: &Utf8PathBuf) -> Option<Content> {
        let repo = self.decode(|field, findings| Repo::decode(name, path, field, findings));
        let name = RepoName::new(name).map_err(|error| Finding::invalid_name(self.whole(), &error));
        let name = self.findings.take(name.map_err(|finding| finding.help("rename the file")))?;
        Some(Content::Repo(name, repo))
    }

    fn domain(&mut self, written: &str, path: &Utf8PathBuf) -> Option<Content> {
        let lower = written.to_lowercase();
        let name =
            DomainName::new(lower.as_str()).map_err(|error| Finding::invalid_name(self.whole(), &error));
        let name = self.findings.take(name.map_err(|finding| finding.help("rename the file")))?;
        let mut mentions = Mentions::default();
        mentions.claims.push(Claim { name: name.clone(), place: self.whole() });
        let domain = self.decode(|field, findings| {
            Domain::decode(&name, path, field, &mut mentions.references, &mut mentions.claims, findings)
        });
        if lower != written {
            let message = format!("{} has capital letters in its name", quote(path.as_str()));
            let finding = Finding::error(self.whole(), message);
            self.findings.add(finding.help(format!("rename it to `domains/{lower}.yml`")));
        }
        Some(Content::Domain(name, domain, mentions))
    }

    /// Parses the text and decodes it; `None` when anything in it is wrong.
    fn decode<T>(&mut self, decode: impl FnOnce(Field<'_>, &mut Findings) -> Option<T>) -> Option<T> {
        if self.findings.is_broken(self.number) {
            return None;
        }
        let root = tree::parse(self.source, self.number, self.findings)?;
        let field = Field { name: self.source.path.as_str(), key: self.whole(), node: &root };
        decode(field, self.findings).filter(|_| !self.findings.is_broken(self.number))
    }

    fn whole(&self) -> Place {
        Place::whole(self.number)
    }
}
