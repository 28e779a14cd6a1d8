//! Numbers of processes, in the forms in which tools print and keep them.

use crate::document::Entry;
use crate::{ImportError, Source, json};

/// How many processes of one kind there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) process: String,
    pub(crate) number: u64,
    pub(crate) line: usize,
}

/// Reads `web=1` (`DOKKU_SCALE`), `web=1:Basic worker=2:Basic` (`heroku ps:scale`), `web: 1` (`dokku ps:scale`, `SCALING`), or JSON
/// (`dokku ps:scale --format json`).
pub(crate) fn read(source: &Source) -> Result<Vec<Count>, ImportError> {
    if source.text.trim_start().starts_with('[') {
        return of_json(source);
    }
    let mut counts = Vec::new();
    for (line, text) in (1..).zip(source.text.lines()) {
        let text = text.trim();
        // The head of dokku's table, and comments.
        if text.starts_with("--") || text.starts_with('#') || text.starts_with("proctype:") {
            continue;
        }
        let words = if text.contains('=') { text.split_whitespace().collect() } else { vec![text] };
        for word in words.into_iter().filter(|word| !word.is_empty()) {
            let pair = word.split_once('=').or_else(|| word.split_once(':'));
            let count = pair.and_then(|(process, number)| {
                // Behind the number is the size of the dyno.
                let number = number.split(':').next().unwrap_or(number).trim().parse().ok()?;
                Some(Count { process: process.trim().to_owned(), number, line })
            });
            let wrong = || {
                ImportError::at(
                    &source.name,
                    line,
                    format!("`{word}` is not of the form `web=1` or `web: 1`"),
                )
            };
            counts.push(count.ok_or_else(wrong)?);
        }
    }
    Ok(counts)
}

fn of_json(source: &Source) -> Result<Vec<Count>, ImportError> {
    let mut counts = Vec::new();
    for entry in Entry::document(&source.name, json::read(source)?).items() {
        let line = entry.line;
        let mut map = entry.map()?;
        let (process, number) = (map.take("process_type"), map.take("quantity"));
        let (Some(process), Some(number)) = (process, number) else {
            return Err(ImportError::at(&source.name, line, "has no `process_type` or no `quantity`"));
        };
        counts.push(Count { process: process.text()?.to_owned(), number: number.number()?, line });
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<Vec<String>, String> {
        let counts = read(&Source { name: "scale".to_owned(), text: text.to_owned() });
        let shown = |it: Count| format!("{}: {} {}", it.line, it.process, it.number);
        counts.map(|it| it.into_iter().map(shown).collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_heroku_dokku_and_piku_say_is_read() {
        assert_eq!(shown("web=1:Basic worker=2:Standard-1X\n").unwrap(), ["1: web 1", "1: worker 2"]);
        let dokku = "-----> Scaling for shop\nproctype: qty\n--------: ---\nweb:  1\nworker: 0\n";
        assert_eq!(shown(dokku).unwrap(), ["4: web 1", "5: worker 0"]);
        assert_eq!(shown("web:2\nworker: 3").unwrap(), ["1: web 2", "2: worker 3"]);
        assert_eq!(shown("web=2\n").unwrap(), ["1: web 2"]);
        let json =
            "[{\"process_type\":\"web\",\"quantity\":1},\n{\"process_type\":\"worker\",\"quantity\":4}]";
        assert_eq!(shown(json).unwrap(), ["1: web 1", "2: worker 4"]);
        assert_eq!(shown("web\n").unwrap_err(), "scale:1: `web` is not of the form `web=1` or `web: 1`");
    }
}
