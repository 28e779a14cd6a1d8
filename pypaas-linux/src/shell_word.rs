//! Words of the shell: what makes one of any text.

/// Quotes `text`, so that a POSIX shell reads it as one word that is `text` again.
///
/// Between single quotes no character but the quote itself means anything (POSIX.1-2017, Shell Command Language, 2.2.2).
pub fn quote(text: impl AsRef<str>) -> String {
    format!("'{}'", text.as_ref().replace('\'', r"'\''"))
}

/// Returns whether `text` is a word of its own wherever it stands: bare, in single quotes and in double quotes.
pub(crate) fn is_plain(text: &str) -> bool {
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '+' | '%' | '@' | ':' | ',');
    !text.is_empty() && text.chars().all(plain)
}

/// Returns whether a shell can have a variable of this name (POSIX.1-2017, Base Definitions, 3.235).
pub(crate) fn is_variable_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
