//! Templates in the syntax of Python's `str.format`, as pyPaaS has them.

/// A template that was read and whose placeholders all exist.
///
/// Only what pyPaaS documents is understood: names in braces and doubled braces, no conversions (`!r`) and no widths
/// (`:>20`). One pass both checks and splits, so no second reader can disagree with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LegacyTemplate(Vec<Piece>);

impl LegacyTemplate {
    /// Reads `text`; an error says what is wrong and in which line.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            literal.push_str(before);
            let line = line_of(text, from);
            if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                literal.push_str(&from[..1]);
                rest = after;
                continue;
            }
            let (name, after) =
                from.strip_prefix('{').and_then(|inside| inside.split_once('}')).ok_or_else(|| {
                    format!("a brace that is not doubled and has no other half, on line {line}")
                })?;
            let placeholder = Placeholder::named(name)
                .ok_or_else(|| format!("unknown placeholder `{{{name}}}` on line {line}; {}", known()))?;
            if placeholder == Placeholder::Cmd && (literal.ends_with(QUOTES) || after.starts_with(QUOTES)) {
                return Err(format!("`{{cmd}}` stands in quotes on line {line}, but it is quoted already"));
            }
            pieces.push(Piece::Text(std::mem::take(&mut literal)));
            pieces.push(Piece::Placeholder(placeholder));
            rest = after;
        }
        pieces.push(Piece::Text(literal + rest));
        Ok(Self(pieces))
    }

    /// Prints the template with a value for each placeholder.
    pub(super) fn render(
        &self,
        mut value_of: impl FnMut(Placeholder) -> Result<String, String>,
    ) -> Result<String, String> {
        let print = |piece: &Piece| match piece {
            Piece::Text(text) => Ok(text.clone()),
            Piece::Placeholder(placeholder) => value_of(*placeholder),
        };
        self.0.iter().map(print).collect()
    }
}

/// What a template can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placeholder {
    CheckoutPath,
    EnvCmds,
    Cmd,
    BranchName,
    RepoName,
}

impl Placeholder {
    /// Returns its name in a template.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CheckoutPath => "checkout.path",
            Self::EnvCmds => "env_cmds",
            Self::Cmd => "cmd",
            Self::BranchName => "branch.name",
            Self::RepoName => "repo.name",
        }
    }

    fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|placeholder| placeholder.name() == name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Placeholder(Placeholder),
}

const ALL: [Placeholder; 5] = [
    Placeholder::CheckoutPath,
    Placeholder::EnvCmds,
    Placeholder::Cmd,
    Placeholder::BranchName,
    Placeholder::RepoName,
];

const QUOTES: [char; 2] = ['\'', '"'];

fn known() -> String {
    let names: Vec<String> = ALL.iter().map(|placeholder| format!("`{{{}}}`", placeholder.name())).collect();
    format!("there are {}, and braces are doubled: `{{{{`", names.join(", "))
}

/// Counts the line of `text` on which its end part `from` begins.
fn line_of(text: &str, from: &str) -> usize {
    text[..text.len() - from.len()].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(template: &str) -> Result<String, String> {
        LegacyTemplate::parse(template)?.render(|placeholder| Ok(format!("<{}>", placeholder.name())))
    }

    #[test]
    fn placeholders_are_filled_and_doubled_braces_halved() {
        let template = "{{ {cmd}{repo.name}\n${{HOME}} {{{branch.name}}} {env_cmds}";
        let printed = "{ <cmd><repo.name>\n${HOME} {<branch.name>} <env_cmds>";
        assert_eq!(print(template).unwrap(), printed);
    }

    #[test]
    fn what_cannot_be_filled_is_named_with_its_line() {
        insta::assert_snapshot!(print("#!/bin/sh\n\nexec {command}").unwrap_err(), @"unknown placeholder `{command}` on line 3; there are `{checkout.path}`, `{env_cmds}`, `{cmd}`, `{branch.name}`, `{repo.name}`, and braces are doubled: `{{`");
        insta::assert_snapshot!(print("{cmd!r}").unwrap_err(), @"unknown placeholder `{cmd!r}` on line 1; there are `{checkout.path}`, `{env_cmds}`, `{cmd}`, `{branch.name}`, `{repo.name}`, and braces are doubled: `{{`");
        insta::assert_snapshot!(print("exec ${HOME").unwrap_err(), @"a brace that is not doubled and has no other half, on line 1");
        insta::assert_snapshot!(print("exec }").unwrap_err(), @"a brace that is not doubled and has no other half, on line 1");
        insta::assert_snapshot!(print("su www -c '{cmd}'").unwrap_err(), @"`{cmd}` stands in quotes on line 1, but it is quoted already");
    }
}
