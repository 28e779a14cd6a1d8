//! `CHECKS`: the health checks of older versions of dokku.
//!
//! Lines such as `WAIT=5`, and below them `/path expected content`; the path may have a scheme and a host before it.

use crate::app::App;
use crate::repo_file::HealthCheck;
use crate::{ImportError, Source};

/// Reads the file.
pub(super) fn read(app: &mut App, source: &Source) -> Result<(), ImportError> {
    let (mut wait, mut timeout, mut attempts) = (5_u64, 30_u64, 5_u64);
    let mut check: Option<HealthCheck> = None;
    for (line, text) in (1..).zip(source.text.lines()) {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if let Some((key, value)) =
            text.split_once('=').filter(|(key, _)| key.chars().all(|c| c.is_ascii_uppercase()))
        {
            let value = value.split('#').next().unwrap_or(value);
            let number = value.trim().parse::<u64>();
            let number = number
                .map_err(|_| ImportError::at(&source.name, line, format!("`{key}` is not a whole number")))?;
            match key {
                "WAIT" => wait = number,
                "TIMEOUT" => timeout = number,
                "ATTEMPTS" => attempts = number,
                key => app.note(&source.name, line, key, "`pypaas import` does not know this setting"),
            }
            continue;
        }
        let (url, content) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = ["https:", "http:"].iter().find_map(|it| url.strip_prefix(it)).unwrap_or(url);
        let path = match rest.strip_prefix("//") {
            Some(host_and_path) => host_and_path.find('/').map_or("/", |at| &host_and_path[at..]),
            None => rest,
        };
        if !path.starts_with('/') {
            return Err(ImportError::at(&source.name, line, format!("`{url}` is not a path such as /check")));
        }
        if !content.trim().is_empty() {
            app.note(
                &source.name,
                line,
                content.trim(),
                "only the status of the response is checked, not its content",
            );
        }
        match check {
            None => check = Some(HealthCheck { path: path.to_owned(), ..HealthCheck::default() }),
            Some(_) => app.note(&source.name, line, path, "only the first path is checked"),
        }
    }
    let Some(check) = check else { return Ok(()) };
    let Some(web) = app.branch.runners.get_mut("web") else {
        app.note(&source.name, None, "CHECKS", "there is no process `web`");
        return Ok(());
    };
    if web.healthcheck.is_some() {
        app.note(&source.name, None, "CHECKS", "has no effect beside `healthchecks` in app.json");
        return Ok(());
    }
    let (interval, limit) = (Some(format!("{wait}s")), Some(format!("{timeout}s")));
    web.healthcheck = Some(HealthCheck { interval, timeout: limit, ..check });
    web.start_timeout = Some(format!("{}s", attempts.saturating_mul(wait.saturating_add(timeout))));
    Ok(())
}
