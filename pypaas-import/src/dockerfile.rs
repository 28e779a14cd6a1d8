//! `CMD` and `ENTRYPOINT` of a Dockerfile: how an image is started.

use crate::Source;

/// The last of each, with its line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) cmd: Option<(usize, String)>,
    pub(crate) entrypoint: Option<(usize, String)>,
}

/// Reads how the last stage is started.
pub(crate) fn read(source: &Source) -> Start {
    let mut start = Start::default();
    for (line, text) in instructions(&source.text) {
        let Some((word, rest)) = text.split_once(char::is_whitespace) else { continue };
        match word.to_ascii_uppercase().as_str() {
            "FROM" => start = Start::default(),
            "CMD" => start.cmd = Some((line, command(rest.trim()))),
            "ENTRYPOINT" => start.entrypoint = Some((line, command(rest.trim()))),
            _ => {}
        }
    }
    start
}

/// Joins the lines that end in a backslash; each instruction has the number of its first line.
fn instructions(text: &str) -> Vec<(usize, String)> {
    let mut instructions: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (part, more) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        match instructions.last_mut().filter(|_| goes_on) {
            Some((_, instruction)) => instruction.push_str(part),
            None => instructions.push((number, part.to_owned())),
        }
        goes_on = more;
    }
    instructions
}

/// Returns `["a", "b c"]` as a shell would be given it; the other form is a shell command already.
fn command(text: &str) -> String {
    match serde_json::from_str::<Vec<String>>(text) {
        Ok(words) => shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| text.to_owned()),
        Err(_) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_stage_counts_in_both_forms() {
        let text = "FROM ruby AS base\nCMD [\"irb\"]\n\nFROM base\nRUN apt-get update && \\\n    true\n\
                    ENTRYPOINT [\"/rails/bin/docker-entrypoint\"]\nCMD [\"./bin/thrust\", \"a b\"]\n";
        let start = read(&Source { name: "Dockerfile".to_owned(), text: text.to_owned() });
        assert_eq!(start.cmd, Some((8, "./bin/thrust 'a b'".to_owned())));
        assert_eq!(start.entrypoint, Some((7, "/rails/bin/docker-entrypoint".to_owned())));
        let shell = read(&Source { name: "Dockerfile".to_owned(), text: "cmd node server.js\n".to_owned() });
        assert_eq!(shell.cmd, Some((1, "node server.js".to_owned())));
    }
}
