//! `locations` of a domain: which path is routed to which runner.

use std::fmt;

use serde::Serialize;

use crate::fields::Field;
use crate::finding::{Finding, Findings, quote};
use crate::references::{Reference, Role};
use crate::schema::Schema;
use crate::span::Span;
use crate::{BranchName, InvalidName, RepoName, RunnerName, RunnerRef};

/// One of `locations`.
pub(crate) const LOCATION: Schema = Schema {
    name: "a location",
    keys: &["upstream", "maintenance_upstream", "max_body", "nginx_extra_config"],
};
/// `upstream` and `maintenance_upstream`.
pub(crate) const UPSTREAM: Schema = Schema { name: "an upstream", keys: &["repo", "branch", "runner"] };

/// A key of `locations`: a prefix such as `/api`, or nginx's `= /exact`, `^~ /prefix`, `~ regex`, `~* regex`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LocationPath(String);

/// The reason why a string is not a location.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a location: expected {expected}")]
pub struct InvalidLocation {
    text: String,
    expected: &'static str,
    meant: Option<String>,
}

/// One location of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// `upstream`: the runner that serves it.
    pub upstream: RunnerRef,
    /// `maintenance_upstream`: the runner that serves it while the branch of `upstream` is in maintenance or not deployed.
    pub maintenance_upstream: Option<RunnerRef>,
    /// `max_body`: how large the body of a request may be here, in bytes, when not as the domain says.
    pub max_body: Option<u64>,
    /// `nginx_extra_config`: verbatim, in this location.
    pub nginx_extra_config: Option<String>,
    /// The index of the location in the file, from 0. nginx uses the first regular expression that matches.
    pub position: usize,
}

impl LocationPath {
    /// Checks `text`; a location must not end the nginx directive that contains it.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidLocation> {
        let text = text.into();
        match check(&text) {
            Ok(()) => Ok(Self(text)),
            Err(expected) => Err(InvalidLocation { meant: respell(&text), text, expected }),
        }
    }

    /// Returns the key as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the modifier (`=`, `^~`, `~`, `~*`, or nothing) and the path or regular expression.
    pub fn split(&self) -> (&str, &str) {
        split(&self.0)
    }

    /// Returns whether the location is a regular expression.
    pub fn is_regex(&self) -> bool {
        matches!(self.split().0, "~" | "~*")
    }
}

impl fmt::Display for LocationPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl InvalidLocation {
    /// Creates the error at `span`.
    pub(crate) fn finding(&self, span: Span) -> Finding {
        let finding = Finding::error(span, format!("{} is not a location", quote(&self.text)))
            .label(format!("expected {}", self.expected));
        match &self.meant {
            Some(meant) => finding.help(format!("did you mean {}?", quote(meant))),
            None => finding,
        }
    }
}

impl Location {
    pub(crate) fn decode(
        field: Field<'_>,
        position: usize,
        references: &mut Vec<Reference>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let fields = field.fields(&LOCATION, findings)?;
        let mut read = |written: Field<'_>, role, findings: &mut Findings| {
            let reference = read_reference(written, field, role, findings)?;
            references.push(reference.clone());
            Some(reference.target)
        };
        let upstream = fields.require("upstream", findings);
        let upstream = upstream.and_then(|it| read(it, Role::Upstream, findings));
        let maintenance = fields.get("maintenance_upstream");
        let maintenance_upstream = maintenance.and_then(|it| read(it, Role::Maintenance, findings));
        let max_body = fields.optional("max_body", findings, Field::size);
        let nginx_extra_config = fields.verbatim("nginx_extra_config", findings);
        Some(Self { upstream: upstream?, maintenance_upstream, max_body, nginx_extra_config, position })
    }
}

fn read_reference(
    field: Field<'_>,
    location: Field<'_>,
    role: Role,
    findings: &mut Findings,
) -> Option<Reference> {
    let fields = field.fields(&UPSTREAM, findings)?;
    let repo = fields.required("repo", findings, |field| read_name(field, RepoName::new));
    let branch = fields.required("branch", findings, |field| read_name(field, BranchName::new));
    let runner = fields.required("runner", findings, |field| read_name(field, RunnerName::new));
    let span_of = |key| fields.get(key).map(|field| field.node.span);
    Some(Reference {
        repo_span: span_of("repo")?,
        branch_span: span_of("branch")?,
        runner_span: span_of("runner")?,
        upstream_span: field.key,
        location_span: location.key,
        location: location.name.to_owned(),
        role,
        target: RunnerRef { repo: repo?, branch: branch?, runner: runner? },
    })
}

fn read_name<T>(field: &Field<'_>, check: fn(String) -> Result<T, InvalidName>) -> Result<T, Finding> {
    let name = field.scalar("a name")?.text.clone();
    check(name).map_err(|error| Finding::invalid_name(field.node.span, &error))
}

fn split(text: &str) -> (&str, &str) {
    match text.split_once(' ') {
        Some((modifier @ ("=" | "^~" | "~" | "~*"), rest)) => (modifier, rest),
        _ => ("", text),
    }
}

fn check(text: &str) -> Result<(), &'static str> {
    let (modifier, rest) = split(text);
    if text.len() > 1_000 {
        return Err("at most 1000 bytes");
    }
    if rest.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("no spaces or control characters, except one space after `=`, `^~`, `~` or `~*`");
    }
    if rest.contains(['"', '\'', ';']) {
        return Err("no quotes or `;`");
    }
    if matches!(modifier, "~" | "~*") {
        return check_regex(rest);
    }
    if !rest.starts_with('/') {
        return Err("a path that begins with `/`, or `= /path`, `^~ /path`, `~ regex` or `~* regex`");
    }
    check_path(rest)
}

fn check_regex(regex: &str) -> Result<(), &'static str> {
    if regex.is_empty() {
        return Err("a regular expression after the `~`");
    }
    let first = regex.strip_prefix('^').and_then(|rest| rest.chars().next());
    if first.is_some_and(|first| first.is_alphanumeric()) {
        return Err("`^/…`, because every path begins with `/`");
    }
    Ok(())
}

/// Checks a prefix or an exact path. nginx compares it literally with the path of a request, which is decoded and normalized,
/// and has no query.
fn check_path(path: &str) -> Result<(), &'static str> {
    if path.contains('*') {
        return Err("a path without `*`: a prefix includes everything below it");
    }
    if path.contains('?') {
        return Err("a path without `?`: nginx does not compare the query");
    }
    if path.contains('#') {
        return Err("a path without `#`: clients do not send fragments");
    }
    if decoded(path).is_some() {
        return Err("a decoded path: nginx decodes `%…` before it compares");
    }
    if path.contains("//") || path.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err("a path without `//`, `/./` and `/../`: nginx removes them before it compares");
    }
    if path.split('/').any(|segment| segment.starts_with([':', '<'])) {
        return Err("a path without parameters: nginx has none");
    }
    if path.contains(['{', '}']) { Err("no braces") } else { Ok(()) }
}

/// Decodes percent escapes; returns `None` if there are none.
fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut parts = path.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    let mut found = false;
    for part in parts {
        match part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                found = true;
                bytes.push(byte);
                bytes.extend_from_slice(part.get(2..).unwrap_or_default().as_bytes());
            }
            None => {
                bytes.push(b'%');
                bytes.extend_from_slice(part.as_bytes());
            }
        }
    }
    found.then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// Suggests a correction: a missing `/`, a missing or extra space, or the part of a path that nginx can compare.
fn respell(text: &str) -> Option<String> {
    let modifiers = ["=", "^~", "~*", "~"];
    let modified =
        modifiers.iter().find_map(|modifier| Some((*modifier, text.strip_prefix(modifier)?.trim())));
    let guess = match modified {
        Some((modifier @ ("~" | "~*"), regex)) => match regex.strip_prefix('^') {
            Some(rest) if check_regex(regex).is_err() => format!("{modifier} ^/{rest}"),
            _ => format!("{modifier} {regex}"),
        },
        Some((modifier, path)) => format!("{modifier} {}", comparable(path)),
        None => comparable(&format!("/{}", text.trim().trim_start_matches('/'))),
    };
    (guess != text && check(&guess).is_ok()).then_some(guess)
}

/// Returns what nginx can compare of `path`: decoded, normalized, up to the first wildcard, query, fragment or parameter.
fn comparable(path: &str) -> String {
    if let Some(extension) = path.strip_prefix("/*.").filter(|rest| rest.chars().all(char::is_alphanumeric)) {
        return format!(r"~ \.{extension}$");
    }
    let end = path.find(['*', '?', '#', '<']).or_else(|| path.find("/:").map(|at| at + 1));
    let path = path.get(..end.unwrap_or(path.len())).unwrap_or(path);
    let path = decoded(path).unwrap_or_else(|| path.to_owned());
    let mut segments = Vec::new();
    for segment in path.split('/').filter(|segment| !matches!(*segment, "" | ".")) {
        match segment {
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let end = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::LocationPath;

    #[test]
    fn each_kind_of_nginx_location_is_taken() {
        for text in ["/", "/api", "= /exact", "^~ /images/", r"~ \.php$", "~* ^/a{2,3}/(b|c)$"] {
            assert_eq!(LocationPath::new(text).map(|path| path.as_str().to_owned()).as_deref(), Ok(text));
        }
        assert!(LocationPath::new("~ x").is_ok_and(|path| path.is_regex()));
        assert_eq!(LocationPath::new("= /x").as_ref().map(LocationPath::split), Ok(("=", "/x")));
    }

    #[test]
    fn what_would_leave_the_directive_is_refused() {
        for text in
            ["", "api", "/a b", "/a;b", "/a{", "/}", "/\"", "/'", "/\n", "=/x", "=  /x", "~ ", "~ a;b", "@x"]
        {
            assert!(LocationPath::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_location_that_nginx_never_matches_is_refused_with_one_that_it_does() {
        let corrected = |text: &str| LocationPath::new(text).unwrap_err().meant.unwrap_or_default();
        for (text, meant) in [
            ("/api/*", "/api/"),
            ("/api*", "/api"),
            ("= /api/*", "= /api/"),
            ("^~ /static/**", "^~ /static/"),
            ("/*.php", r"~ \.php$"),
            ("/b?x=1", "/b"),
            ("/page#top", "/page"),
            ("/caf%C3%A9", "/café"),
            ("/a%20b", ""),
            ("/a//b", "/a/b"),
            ("/a/../b", "/b"),
            ("/./", "/"),
            ("/users/:id", "/users/"),
            ("/users/<id>/edit", "/users/"),
            ("~ ^api/", "~ ^/api/"),
        ] {
            assert_eq!(corrected(text), meant, "{text}");
        }
    }
}
