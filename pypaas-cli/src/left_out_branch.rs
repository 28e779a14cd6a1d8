//! The branch that a command line leaves out, where its repo has only one.

use clap::{Arg, ArgAction, Command};
use pypaas_config::{BranchName, RepoName};

use crate::access::may_read;
use crate::arguments::REPO_OF_BRANCH;
use crate::command::Registration;
use crate::command_line::grammar;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;

/// Puts the branch into `words` where it was left out: a word that is no branch of a repo with one branch is the next argument.
/// Fails where the repo has several, and names them. What cannot be told stays as it is, for the command to say.
pub(crate) fn put_in(
    commands: &[Registration],
    words: &[String],
    invocation: &Invocation,
) -> Result<Vec<String>, Failure> {
    let Some(place) = Place::find(&grammar(commands), words) else { return Ok(words.to_vec()) };
    let Ok(installation) = Installation::load_without_secrets(invocation) else { return Ok(words.to_vec()) };
    let repo = RepoName::new(place.repo).ok().filter(|repo| may_read(&installation, repo));
    let Some(repo) = repo.and_then(|repo| installation.platform.configuration.repos.get(&repo)) else {
        return Ok(words.to_vec());
    };
    let branches: Vec<&str> = repo.branches.keys().map(BranchName::as_str).collect();
    if place.next.is_some_and(|word| branches.contains(&word)) {
        return Ok(words.to_vec());
    }
    match branches.as_slice() {
        [only] if place.is_free() => Ok(place.with(words, only)),
        [_, _, ..] if place.lacks_words => Err(Failure::new(
            format!("which branch of `{}`?", place.repo),
            format!("write the branch after the repo; it has {}", branches.join(", ")),
        )
        .of_usage()),
        _ => Ok(words.to_vec()),
    }
}

/// Where a branch belongs in the words of a command.
#[derive(Debug, PartialEq, Eq)]
struct Place<'a> {
    /// The repo that was given.
    repo: &'a str,
    /// Where the branch belongs among the words.
    index: usize,
    /// The argument that is there, if any.
    next: Option<&'a str>,
    /// Whether the command takes arguments after the branch.
    takes_more: bool,
    /// Whether there are fewer arguments than the command needs.
    lacks_words: bool,
}

impl<'a> Place<'a> {
    /// Returns whether a branch can be put there if the word that is there is none.
    fn is_free(&self) -> bool {
        self.next.is_none() || self.takes_more
    }

    /// Returns `words` with `branch` in its place.
    fn with(&self, words: &[String], branch: &str) -> Vec<String> {
        let mut words = words.to_vec();
        words.insert(self.index, branch.to_owned());
        words
    }

    /// Finds it; `None` for a command without a branch, or one that goes on without.
    fn find(grammar: &Command, words: &'a [String]) -> Option<Self> {
        let mut command = grammar;
        let mut start = 0;
        while let Some(inner) = words.get(start).and_then(|word| command.find_subcommand(word)) {
            command = inner;
            start += 1;
        }
        let positionals: Vec<&Arg> = command.get_positionals().collect();
        let at = positionals.iter().position(|it| it.get_id() == "branch")?;
        let before = positionals.get(at.checked_sub(1)?)?.get_id().as_str();
        let is_repo = ["repo", REPO_OF_BRANCH].contains(&before);
        let (given, end) = given(command, words, start);
        let repo = given.get(at - 1).filter(|_| is_repo)?;
        let next = given.get(at).map(|&index| words[index].as_str());
        // `status shop` shows all its branches, and so does `logs shop`.
        let is_needed = positionals[at].is_required_set() || before == REPO_OF_BRANCH;
        if next.is_none() && !is_needed {
            return None;
        }
        let required = positionals.iter().filter(|it| it.is_required_set()).count();
        let ends_in_required = positionals.last().is_some_and(|it| it.is_required_set());
        let after = usize::from(end < words.len() && ends_in_required);
        // What stands right before a `--` is meant as a branch, `run shop develop -- ls`, and so is what leaves no argument to go
        // without: `secret set shop develop NAME`.
        let is_full =
            given.len() >= positionals.len() && positionals.last().is_some_and(|it| !takes_many(it));
        let is_meant = is_full || end < words.len() && given.len() == at + 1;
        let takes_more = positionals.len() > at + 1 && !is_meant;
        Some(Self {
            repo: words[*repo].as_str(),
            index: repo + 1,
            next,
            takes_more,
            lacks_words: given.len() + after < required.max(at + 1),
        })
    }
}

/// Lists which of `words` are arguments, and not options or their values, and where a `--` ends them.
fn given(command: &Command, words: &[String], start: usize) -> (Vec<usize>, usize) {
    let mut given = Vec::new();
    let mut index = start;
    while let Some(word) = words.get(index) {
        if word == "--" {
            return (given, index);
        }
        match word.strip_prefix('-') {
            Some(option) if !option.is_empty() => index += usize::from(takes_next(command, word)),
            _ => given.push(index),
        }
        index += 1;
    }
    (given, words.len())
}

fn takes_many(argument: &Arg) -> bool {
    argument.get_num_args().is_some_and(|count| count.max_values() > 1)
}

/// Returns whether the next word is the value of the option `word`.
fn takes_next(command: &Command, word: &str) -> bool {
    let is_it = |arg: &&Arg| match word.strip_prefix("--") {
        Some(long) => arg.get_long() == Some(long),
        None => word.len() == 2 && arg.get_short() == word.chars().nth(1),
    };
    let found = command.get_arguments().find(is_it);
    found.is_some_and(|arg| {
        matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
            && arg.get_num_args().is_none_or(|count| count.min_values() > 0)
    })
}

/// Puts `main` where the branch was left out, as [`put_in`] does for a repo with that branch alone.
#[cfg(test)]
pub(crate) fn put_main_in(commands: &[Registration], words: &[String]) -> Vec<String> {
    match Place::find(&grammar(commands), words) {
        Some(place) if place.next != Some("main") && place.is_free() => place.with(words, "main"),
        _ => words.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::ALL;

    fn place(line: &str) -> Option<(String, usize, Option<String>, bool, bool)> {
        let words = shlex::split(line).unwrap();
        let place = Place::find(&grammar(ALL), &words)?;
        Some((
            place.repo.to_owned(),
            place.index,
            place.next.map(str::to_owned),
            place.takes_more,
            place.lacks_words,
        ))
    }

    #[test]
    fn the_place_of_a_branch_is_found_among_options_and_subcommands() {
        let shop = |index, next: Option<&str>, more, lacks| {
            Some(("shop".to_owned(), index, next.map(str::to_owned), more, lacks))
        };
        assert_eq!(place("stop shop"), shop(2, None, false, true));
        assert_eq!(place("stop --lock-timeout 5s shop"), shop(4, None, false, true));
        assert_eq!(place("restart shop --dry-run"), shop(2, None, false, true));
        assert_eq!(place("rollback shop 3"), shop(2, Some("3"), true, false));
        assert_eq!(place("secret set shop TOKEN"), shop(3, Some("TOKEN"), true, true));
        assert_eq!(place("run shop -- ls -l"), shop(2, None, true, true));
        assert_eq!(place("run shop ls -l"), shop(2, Some("ls"), true, true));
        assert_eq!(place("run shop develop -- ls -l"), shop(2, Some("develop"), false, false));
        assert_eq!(place("secret set shop develop NAME"), shop(3, Some("develop"), false, false));
        assert_eq!(place("custom_cmds shop migrate"), shop(2, Some("migrate"), true, true));
        assert_eq!(place("logs -n 5 shop web"), shop(4, Some("web"), true, false));
        assert_eq!(place("store psql shop -- -c x"), shop(3, None, true, true));
        for line in ["logs shop", "status shop", "list", "check", "stop", "nonsense shop", "new shop"] {
            assert_eq!(place(line), None, "{line}");
        }
    }
}
