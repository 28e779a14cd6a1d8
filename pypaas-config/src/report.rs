//! Rendering of findings: message, position, source line with a caret, and advice.

use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use camino::Utf8Path;

use crate::finding::{Finding, is_unsafe_for_terminal, sanitize};
use crate::sensitive::sensitive_lines;
use crate::source_text::SourceText;
use crate::span::Span;
use crate::{Diagnostic, Place, Severity};

/// Longer sources are not shown, because nobody would find the caret in them.
const MAX_SHOWN_BYTES: usize = 2_000;

/// Renders one finding, without color.
pub(crate) fn render(finding: &Finding, sources: &[SourceText]) -> Diagnostic {
    let message = sanitize(&finding.message);
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let report = Group::with_title(level.primary_title(&message))
        .elements(places(finding, sources))
        .elements(finding.help.iter().map(|help| Level::HELP.message(sanitize(help))));
    let report = Renderer::plain().render(&[report]);
    let rendered = tidy(&report);
    let mut diagnostic =
        Diagnostic::error("configuration", message).severity(finding.severity).rendered(rendered);
    diagnostic.place = Some(place(finding.span, sources));
    diagnostic.others = finding.also.iter().map(|(span, _)| place(*span, sources)).collect();
    diagnostic.fix = (!finding.help.is_empty()).then(|| sanitize(&finding.help.join("; ")));
    diagnostic
}

fn place(span: Span, sources: &[SourceText]) -> Place {
    let source = source_of(span, sources);
    let file = source.map_or(Utf8Path::new(""), |source| source.path.as_path()).to_owned();
    let position = source.zip(span.bytes).map(|(source, (start, _))| source.position(start as usize));
    Place { file, line: position.map(|it| it.line), column: position.map(|it| it.column) }
}

fn source_of(span: Span, sources: &[SourceText]) -> Option<&SourceText> {
    sources.get(span.file as usize)
}

/// Renders the spans of the finding, in one snippet if they are close to each other.
fn places<'a>(finding: &'a Finding, sources: &'a [SourceText]) -> Vec<Element<'a>> {
    let mut near = vec![(AnnotationKind::Primary, finding.span, finding.label.as_str())];
    let mut far = Vec::new();
    for (span, label) in &finding.also {
        let together = near.iter().map(|(_, span, _)| *span).chain([*span]);
        if shown_lines(together, sources).is_some() {
            near.push((AnnotationKind::Context, *span, label));
        } else {
            far.push((AnnotationKind::Primary, *span, label.as_str()));
        }
    }
    let mut elements = piece(&near, sources);
    for other in far {
        elements.extend(piece(&[other], sources));
    }
    elements
}

/// Renders spans that are close to each other as a snippet, or the position of a span that cannot be shown.
fn piece<'a>(near: &[(AnnotationKind, Span, &'a str)], sources: &'a [SourceText]) -> Vec<Element<'a>> {
    let Some((_, first, label)) = near.first() else { return Vec::new() };
    let Some(source) = source_of(*first, sources) else { return Vec::new() };
    let path = sanitize(source.path.as_str());
    let Some(lines) = shown_lines(near.iter().map(|(_, span, _)| *span), sources) else {
        let mut origin = Origin::path(path);
        if let Some((start, _)) = first.bytes {
            let position = source.position(start as usize);
            origin = origin.line(position.line).char_column(position.column);
        }
        let note = (!label.is_empty()).then(|| Element::from(Level::NOTE.message(sanitize(label))));
        return std::iter::once(Element::from(origin)).chain(note).collect();
    };
    let annotations = near.iter().filter_map(|(kind, span, label)| mark(*kind, *span, label, source, &lines));
    let snippet = Snippet::source(&source.text[lines.clone()])
        .line_start(source.position(lines.start).line)
        .path(path)
        .annotations(annotations);
    vec![snippet.into()]
}

/// Returns the bytes of the lines that hold all `places`, when that is little enough to show and no secret is among them.
fn shown_lines(
    places: impl Iterator<Item = Span> + Clone,
    sources: &[SourceText],
) -> Option<std::ops::Range<usize>> {
    let mut files = places.clone().map(|span| span.file);
    let file = files.next()?;
    if files.any(|other| other != file) {
        return None;
    }
    let source = sources.get(file as usize)?;
    let mut first_and_last: Option<(usize, usize)> = None;
    for span in places {
        let line = source.position(span.bytes?.0 as usize).line;
        let (first, last) = first_and_last.unwrap_or((line, line));
        first_and_last = Some((first.min(line), last.max(line)));
    }
    let (first, last) = first_and_last?;
    let lines = source.lines(first, last);
    let is_secret = sensitive_lines(&source.text).range(first..=last).next().is_some();
    (lines.len() <= MAX_SHOWN_BYTES && !is_secret).then_some(lines)
}

/// Annotates `span` within the shown lines, at most to the end of its first line.
fn mark<'a>(
    kind: AnnotationKind,
    span: Span,
    label: &'a str,
    source: &SourceText,
    lines: &std::ops::Range<usize>,
) -> Option<Annotation<'a>> {
    let (start, end) = span.bytes?;
    let start = source.floor(start as usize);
    let line = source.position(start).line;
    let line_end = source.lines(line, line).end;
    let end = source.floor(end as usize).min(line_end).max(start);
    let marked = source.text.get(start..end)?.trim_end().len();
    let label = (!label.is_empty()).then(|| sanitize(label));
    Some(kind.span(start - lines.start..start + marked - lines.start).label(label))
}

/// Removes trailing spaces, and replaces unsafe characters that the renderer leaves in source lines.
fn tidy(report: &str) -> String {
    let shown = |c| if is_unsafe_for_terminal(c) { char::REPLACEMENT_CHARACTER } else { c };
    let lines = report.lines().map(|line| line.trim_end().chars().map(shown).collect::<String>());
    lines.collect::<Vec<_>>().join("\n")
}
