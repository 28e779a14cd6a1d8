//! nginx.

use std::collections::BTreeSet;
use std::io;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use pypaas_core::host::{Version, WebServer, WebServerError};

use super::LinuxHost;
use super::late_clients::Connections;
use super::nginx_master::{ErrorLog, Master};
use super::nginx_words;
use super::program::{self, Answer};

/// How long new workers may take to replace the old ones; it takes about a tenth of a second.
const RELOAD: Duration = Duration::from_secs(10);

/// How long nginx may take to read its configuration; names it must look up can make it slow.
const ANSWER: Duration = Duration::from_secs(60);

impl WebServer for LinuxHost {
    fn web_server_version(&mut self) -> Result<Version, WebServerError> {
        let text = self.nginx_build()?;
        nginx_words::version(&text).ok_or_else(|| unreachable(&self.build_words(), first_line(&text)))
    }

    fn has_gzip_static(&mut self) -> Result<bool, WebServerError> {
        Ok(nginx_words::has_module(&self.nginx_build()?, "http_gzip_static_module"))
    }

    fn web_server_runs(&mut self) -> bool {
        Master::find(&self.nginx.pid_file).is_ok()
    }

    fn test_web_server(&mut self) -> Result<(), WebServerError> {
        self.tell(&["-t"]).map(drop)
    }

    fn reload_web_server(&mut self) -> Result<(), WebServerError> {
        let words = ["-s", "reload"];
        let unseen = |reason: String| unreachable(&with(&self.nginx.command, &words), reason);
        let master = Master::find(&self.nginx.pid_file).map_err(unseen)?;
        let old = master.workers().map_err(|error| unseen(format!("cannot see nginx's workers: {error}")))?;
        let built_in = self.nginx_build().ok().and_then(|text| nginx_words::built_in_error_log(&text));
        let log = master.error_log(built_in.as_deref());
        let mut before = Connections::now(master, &self.nginx, self.ports);
        self.tell(&words)?;
        let mut among_themselves = true;
        await_workers(master, &old, log, || {
            // As long as there is no new worker all connections are with the old ones.
            if among_themselves {
                let now = Connections::now(master, &self.nginx, self.ports);
                among_themselves = master.workers().is_ok_and(|workers| workers.is_subset(&old));
                if among_themselves {
                    before = now;
                }
            }
        })?;
        self.before_reload = Some(before);
        Ok(())
    }
}

impl LinuxHost {
    /// Returns when nginx last loaded its files.
    pub fn nginx_loaded_at(&self) -> Option<SystemTime> {
        Master::find(&self.nginx.pid_file).ok()?.loaded_at()
    }

    /// Runs nginx with `arguments` and returns what it said; the command may start with `sudo`, which must not ask for a
    /// password.
    pub(super) fn tell(&self, arguments: &[&str]) -> Result<String, WebServerError> {
        let words = with(&self.nginx.command, arguments);
        let Answer { status, text } = ask(&words)?;
        if status.success() {
            return Ok(text);
        }
        if let Some(refusal) = nginx_words::sudo_refusal(&text, &self.nginx.command) {
            return Err(unreachable(&words, refusal));
        }
        Err(nginx_words::rejection(&text).unwrap_or_else(|| unreachable(&words, first_line(&text))))
    }

    /// Returns what nginx says of how it was built; it is asked once.
    pub(super) fn nginx_build(&mut self) -> Result<String, WebServerError> {
        if let Some(text) = &self.nginx_build {
            return Ok(text.clone());
        }
        let text = ask(&self.build_words())?.text;
        Ok(self.nginx_build.insert(text).clone())
    }

    fn build_words(&self) -> Vec<String> {
        with(unprivileged(&self.nginx.command), &["-V"])
    }
}

/// Waits until a new worker takes connections and none of the old ones does; does something again and again `meanwhile`.
fn await_workers(
    master: Master,
    old: &BTreeSet<u32>,
    mut log: Option<ErrorLog>,
    mut meanwhile: impl FnMut(),
) -> Result<(), WebServerError> {
    let began = Instant::now();
    loop {
        let now = master.workers().unwrap_or_default();
        if now.iter().any(|worker| !old.contains(worker))
            && !old.iter().any(|&worker| master.has_taking(worker))
        {
            return Ok(());
        }
        let errors = log.as_mut().map(ErrorLog::errors);
        let given_up = errors.is_some_and(|errors| errors.iter().any(|error| nginx_words::is_final(error)));
        if given_up || began.elapsed() > RELOAD {
            let seconds = began.elapsed().as_secs();
            return Err(WebServerError::NotReloaded { seconds, reason: reason(errors) });
        }
        meanwhile();
        thread::sleep(Duration::from_millis(10));
    }
}

/// Says why the workers are the old ones: the last error but the summary, which follows the errors it sums up.
fn reason(errors: Option<&[String]>) -> String {
    let Some(errors) = errors else {
        return "its workers have not changed; its error log, which this user cannot read, says why"
            .to_owned();
    };
    match errors.iter().rfind(|error| !error.starts_with("still could not bind")) {
        Some(error) => error.clone(),
        None => "its workers have not changed, and its error log does not say why".to_owned(),
    }
}

/// Returns the part of the command that runs nginx without `sudo`, which permits exactly `-t` and `-s reload`.
pub(super) fn unprivileged(command: &[String]) -> &[String] {
    if !is_sudo(command) {
        return command;
    }
    let is_nginx = |word: &String| word.rsplit('/').next().is_some_and(|name| name.contains("nginx"));
    let start = command.iter().position(is_nginx).unwrap_or(1);
    command.get(start..).unwrap_or_default()
}

/// Appends `arguments` to a command.
pub(super) fn with(command: &[String], arguments: &[&str]) -> Vec<String> {
    command.iter().map(String::as_str).chain(arguments.iter().copied()).map(str::to_owned).collect()
}

/// Runs a command to its end, in the name of [`WebServer`]; a `sudo` in front of it asks for no password.
pub(super) fn ask(words: &[String]) -> Result<Answer, WebServerError> {
    let mut asked = words.to_vec();
    if is_sudo(words) {
        // On a terminal sudo would wait for a password nobody sees it ask for.
        asked.insert(1, "-n".to_owned());
    }
    let answer = program::command(&asked).and_then(|command| program::ask(command, ANSWER));
    answer.map_err(|error: io::Error| unreachable(words, error.to_string()))
}

/// Returns whether a command begins with `sudo`.
pub(super) fn is_sudo(command: &[String]) -> bool {
    command.first().is_some_and(|program| program == "sudo" || program.ends_with("/sudo"))
}

fn first_line(text: &str) -> String {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or("it says nothing").to_owned()
}

fn unreachable(words: &[String], reason: String) -> WebServerError {
    WebServerError::Unreachable { command: words.join(" "), reason }
}
