//! Data as nginx parameters.

use std::borrow::Cow;

use crate::unprintable::Unprintable;

/// How long a parameter may be. nginx reads its configuration through a buffer of 4096 bytes and refuses a parameter
/// that does not fit.
const LONGEST: usize = 4_000;

/// Quotes `value` so that nginx reads it as one parameter with exactly this text.
///
/// Refused are a `$`, because nginx would look for a variable and has no way to escape it, and what no configuration
/// needs: control characters and very long values.
pub(crate) fn quote(value: &str) -> Result<Cow<'_, str>, Unprintable> {
    if value.contains('$') {
        return Err(Unprintable(format!("`{value}` holds a `$`, which nginx cannot take as plain text")));
    }
    quote_literal(value)
}

/// Quotes `value` for a place where nginx looks for no variables, such as a location or a regular expression; there a
/// `$` is as good as any other character.
pub(crate) fn quote_literal(value: &str) -> Result<Cow<'_, str>, Unprintable> {
    if value.chars().any(char::is_control) {
        return Err(Unprintable(format!("{value:?} holds a control character")));
    }
    let quoted = if is_plain(value) {
        Cow::Borrowed(value)
    } else {
        Cow::Owned(format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")))
    };
    if quoted.len() > LONGEST {
        let start: String = value.chars().take(40).collect();
        return Err(Unprintable(format!("`{start}…` is longer than nginx can read")));
    }
    Ok(quoted)
}

/// Returns whether nginx reads `value` as it stands. A backslash does so before most characters (`\.`, `\d`), so that
/// ordinary regular expressions stay readable.
fn is_plain(value: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:,=@%+~^*?!&()|[]$<>".contains(c);
    let mut characters = value.chars();
    while let Some(c) = characters.next() {
        let escaped = c == '\\' && characters.next().is_some_and(|next| plain(next) && !"trn".contains(next));
        if !plain(c) && !escaped {
            return false;
        }
    }
    !value.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_values_stay_readable() {
        for plain in
            ["shop.example", "127.0.0.1:61500", "[::]:80", "/srv/x-1_2", r"\.(?:css|js)$", "*.example"]
        {
            assert_eq!(quote_literal(plain).unwrap(), plain);
        }
    }

    #[test]
    fn what_nginx_would_take_apart_is_quoted() {
        assert_eq!(quote("").unwrap(), r#""""#);
        assert_eq!(quote("/a b;{}#'").unwrap(), r#""/a b;{}#'""#);
        assert_eq!(quote(r#"a"b\"#).unwrap(), r#""a\"b\\""#);
        assert_eq!(quote_literal(r"\d{3}\t").unwrap(), r#""\\d{3}\\t""#);
    }

    #[test]
    fn what_cannot_be_quoted_is_refused() {
        for value in ["$host", "a\nb", "a\0", "\u{7f}", &"x".repeat(5_000)] {
            assert!(quote(value).is_err(), "{value:?}");
        }
    }
}
