//! Lines of a crontab: when, and what.

/// Splits the five fields of a time from the command behind them; `@daily` and the like stand for five fields.
pub(crate) fn split(line: &str) -> Option<(String, &str)> {
    let line = line.trim();
    if let Some((word, command)) = line.split_once(char::is_whitespace).filter(|_| line.starts_with('@')) {
        return Some((schedule(word)?, command.trim()));
    }
    let mut rest = line;
    let mut fields = Vec::new();
    for _ in 0..5 {
        let (field, next) = rest.split_once(char::is_whitespace)?;
        fields.push(field);
        rest = next.trim_start();
    }
    (!rest.is_empty()).then(|| (fields.join(" "), rest))
}

/// Returns a time as five fields: `@daily` is `0 0 * * *`. What has none, such as `@reboot`, is no time.
pub(crate) fn schedule(text: &str) -> Option<String> {
    let text = text.trim();
    let fields = match text {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        text => text,
    };
    let fields: Vec<&str> = fields.split_whitespace().collect();
    (fields.len() == 5).then(|| fields.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_split_from_commands() {
        assert_eq!(split("*/5 * *  * 1-5  npm run x"), Some(("*/5 * * * 1-5".to_owned(), "npm run x")));
        assert_eq!(split("@daily true"), Some(("0 0 * * *".to_owned(), "true")));
        for wrong in ["* * * * *", "@reboot true", "", "@daily"] {
            assert_eq!(split(wrong), None, "{wrong}");
        }
    }
}
