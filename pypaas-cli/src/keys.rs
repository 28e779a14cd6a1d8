//! Key files, and the `authorized_keys` made of them.

use std::collections::BTreeMap;

use camino::Utf8Path;
use pypaas_config::{Permission, closest};
use pypaas_linux::shell_word;
use ssh_key::{HashAlg, PublicKey};

/// Options of a key that limit it further and are kept; all others are refused, for they would undo ours.
const KEPT_OPTIONS: [&str; 4] = ["from=", "expiry-time=", "verify-required", "no-touch-required"];

/// Says which line of which key file is no key.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {reason}")]
pub(crate) struct KeyError {
    /// The file, and the line unless the file as a whole is meant.
    place: String,
    reason: String,
}

/// One key and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// Whose it is.
    pub(crate) name: String,
    /// The options of sshd that its file gives it.
    pub(crate) options: Vec<String>,
    key: String,
    /// The only permissions it has at most; `None`: whatever repos give it.
    pub(crate) only: Option<Vec<Permission>>,
}

impl Key {
    /// Returns its type and SHA-256 fingerprint, as `ssh-keygen -l` prints it.
    pub(crate) fn fingerprint(&self) -> String {
        let kind = self.key.split(' ').next().unwrap_or_default();
        let fingerprint = PublicKey::from_openssh(&self.key).map(|key| key.fingerprint(HashAlg::Sha256));
        fingerprint.map(|it| format!("{kind} {it}")).unwrap_or_default()
    }
}

/// Returns whether a file of keys, and so its owner, may have this name.
pub(crate) fn is_name(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || "._@+-".contains(c)) && !name.starts_with('-')
}

/// Returns whose keys are in a file: its name without `.pub`.
pub(crate) fn name_of(file: &Utf8Path) -> &str {
    let name = file.file_name().unwrap_or_default();
    name.strip_suffix(".pub").unwrap_or(name)
}

/// How an `authorized_keys` of ours begins.
pub(crate) const HEADER: &str = "# written by pypaas rebuild_authorized_keys";

/// What a leading comment begins with that limits the keys of its file.
const LIMIT: &str = "# pypaas:";

/// Reads the keys of one file, one a line; blank lines and lines that begin with `#` say nothing, except that one before
/// all keys, such as `# pypaas: read`, limits them to these rights.
pub(crate) fn parse(file: &Utf8Path, text: &str) -> Result<Vec<Key>, KeyError> {
    let name = name_of(file);
    if !is_name(name) {
        let reason =
            "the file's name becomes the key's: only letters, digits and `._@+-` are allowed".to_owned();
        return Err(KeyError { place: file.to_string(), reason });
    }
    let mut keys = Vec::new();
    let mut only = None;
    for (position, line) in text.lines().enumerate() {
        let line = line.trim();
        let refuse =
            |reason: &str| KeyError { place: format!("{file}:{}", position + 1), reason: reason.to_owned() };
        if only.is_some() && line.starts_with(LIMIT) {
            return Err(refuse("this is a second `# pypaas:` line; one limits all keys of the file"));
        }
        if looks_like_a_limit(line) {
            return Err(refuse(NO_LIMIT));
        }
        if let Some(rights) = line.strip_prefix(LIMIT) {
            let limit = match keys.is_empty() {
                true => read_limit(rights),
                false => Err("the `# pypaas:` line must come before the first key".to_owned()),
            };
            let place = format!("{file}:{}", position + 1);
            only = Some(limit.map_err(|reason| KeyError { place, reason })?);
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = parse_line(name, line).map_err(|reason| {
            let place = format!("{file}:{}", position + 1);
            KeyError { place, reason }
        })?;
        keys.push(Key { only: only.clone(), ..key });
    }
    Ok(keys)
}

/// Why a comment is refused that may be meant to limit keys.
const NO_LIMIT: &str = "this comment looks like a limit and is none; write `# pypaas: read` on a line of its own, or \
                        leave out the word `pypaas`";

/// Returns whether a line may be meant to limit keys and does not: a near miss must not give a key everything.
fn looks_like_a_limit(line: &str) -> bool {
    let Some((_, comment)) = line.split_once(['#', '\u{ff03}']) else { return false };
    if line.starts_with(LIMIT) {
        return false;
    }
    let comment = comment.to_lowercase();
    let words: Vec<&str> =
        comment.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty()).collect();
    let is_like = |word: &str, known: &[&str]| closest(word, known.iter().copied()).is_some();
    let names_us = words.iter().any(|word| word.len() > 3 && is_like(word, &["pypaas"]));
    let permits = words.iter().any(|word| Permission::parse(word).is_some());
    let is_addressed =
        comment.split_whitespace().next().is_some_and(|it| it.ends_with([':', '\u{ff1a}', '=']));
    names_us && (permits || is_addressed)
}

/// Finds a key that is in two files, or twice in one, and two files with one name: which limits count would be luck.
pub(crate) fn find_twin(keys: &[Key]) -> Option<String> {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    keys.iter().find_map(|key| {
        let other = seen.insert(&key.key, &key.name)?;
        Some(format!("one key is in the files of `{other}` and `{}`", key.name))
    })
}

/// Prints `authorized_keys`: every key may only run `command` with the key's name and no shell behind it. A terminal is
/// allowed, for custom commands that talk to a person.
///
/// In an option of sshd a backslash stands for itself, except before a quote (`opt_dequote` in OpenSSH's `auth-options.c`).
pub(crate) fn authorized_keys(keys: &[Key], command: &str) -> String {
    let mut text = format!("{HEADER}; changes are overwritten\n");
    for Key { name, options, key, only } in keys {
        let only = only.as_ref().map(|rights| {
            let rights: Vec<String> = rights.iter().map(Permission::to_string).collect();
            format!(" --only {}", rights.join(","))
        });
        let command = format!("{command} ssh {}{}", shell_word::quote(name), only.unwrap_or_default());
        let command = command.replace('"', r#"\""#);
        let more: String = options.iter().map(|option| format!(",{option}")).collect();
        text.push_str(&format!("command=\"{command}\",restrict,pty{more} {key} {name}\n"));
    }
    text
}

/// Reads rights that are separated by commas or spaces; at least one.
fn read_limit(text: &str) -> Result<Vec<Permission>, String> {
    let words = text.split([',', ' ', '\t']).filter(|word| !word.is_empty());
    let rights: Option<Vec<Permission>> = words.map(Permission::parse).collect();
    rights
        .filter(|rights| !rights.is_empty())
        .ok_or_else(|| format!("`{}` names no permissions; there are admin, push, run and read", text.trim()))
}

fn parse_line(name: &str, line: &str) -> Result<Key, String> {
    let (options, rest) = split_options(line)?;
    let mut words = rest.split_whitespace();
    let (Some(algorithm), Some(blob)) = (words.next(), words.next()) else {
        return Err("this is not a public key: it has fewer than two words".to_owned());
    };
    if algorithm.contains("PRIVATE") || line.starts_with("-----") {
        return Err("this is a private key; put the public one here, the file that ends in `.pub`".to_owned());
    }
    let key = format!("{algorithm} {blob}");
    PublicKey::from_openssh(&key).map_err(|error| format!("this is not a public key: {error}"))?;
    Ok(Key { name: name.to_owned(), options, key, only: None })
}

/// Takes the options off the front of a line: what stands before the key's type, quoted spaces included.
fn split_options(line: &str) -> Result<(Vec<String>, &str), String> {
    if is_algorithm(line.split_whitespace().next().unwrap_or_default()) {
        return Ok((Vec::new(), line));
    }
    let (mut quoted, mut escaped, mut ends) = (false, false, Vec::new());
    let mut end = line.len();
    for (position, c) in line.char_indices() {
        match c {
            '"' if !escaped => quoted = !quoted,
            ',' if !quoted => ends.push(position),
            c if c.is_whitespace() && !quoted => {
                end = position;
                break;
            }
            _ => {}
        }
        escaped = c == '\\';
    }
    let rest = line[end..].trim_start();
    if !is_algorithm(rest.split_whitespace().next().unwrap_or_default()) {
        return Err("this is not a public key: no key type such as `ssh-ed25519` is in it".to_owned());
    }
    let mut options = Vec::new();
    let mut begin = 0;
    for stop in ends.into_iter().chain([end]) {
        let option = &line[begin..stop];
        begin = stop + 1;
        if !KEPT_OPTIONS.iter().any(|kept| option.to_ascii_lowercase().starts_with(kept)) {
            return Err(format!("the option `{option}` cannot be kept: pypaas sets its own; remove it"));
        }
        options.push(option.to_owned());
    }
    Ok((options, rest))
}

fn is_algorithm(word: &str) -> bool {
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", "-----"].iter().any(|prefix| word.starts_with(prefix))
}
