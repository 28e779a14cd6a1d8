//! The two nginx: the edge and the router, which the supervisor runs as this user.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use pypaas_core::WebInstance;
use pypaas_core::host::{Version, WebServer, WebServerError};
use rustix::process::{Signal, geteuid};

use super::LinuxHost;
use super::durable;
use super::nginx_master::{ErrorLog, Master};
use super::nginx_words;
use super::old_workers;
use super::proc;
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
        WebInstance::ALL.into_iter().all(|instance| self.master(instance).is_ok())
    }

    fn web_server_is_set_up(&mut self) -> bool {
        WebInstance::ALL.into_iter().all(|instance| self.supervisor.web_server_is_enabled(instance))
    }

    fn test_web_server(&mut self, instance: WebInstance) -> Result<(), WebServerError> {
        self.test_nginx(instance).map(drop)
    }

    fn reload_web_server(&mut self, instance: WebInstance) -> Result<(), WebServerError> {
        let Ok(master) = self.master(instance) else { return self.start_web_server(instance) };
        let unseen = |reason: String| unreachable(&self.words(instance, &["-s", "reload"]), reason);
        let old = master.workers().map_err(|error| unseen(format!("cannot see nginx's workers: {error}")))?;
        let log = ErrorLog::open(&self.supervisor.web_server_log(instance), master);
        master.signal(Signal::HUP).map_err(|error| unseen(error.to_string()))?;
        await_workers(master, &old, log)
    }

    fn reload_if_running(&mut self, instance: WebInstance) -> Result<(), WebServerError> {
        let began = Instant::now();
        // Before nginx is there, a shell is, and it reads nothing of nginx's. After that nginx has no master for a moment.
        while self.master(instance).is_err() {
            if !self.is_starting(instance) || began.elapsed() > RELOAD {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(5));
        }
        self.reload_web_server(instance)
    }

    fn stop_web_server(&mut self, instance: WebInstance) -> Result<(), WebServerError> {
        let stopped = self.supervisor.stop_web_server(instance);
        stopped.map_err(|error| unreachable(&self.words(instance, &["-s", "stop"]), chain(&error)))
    }

    fn has_old_workers(&mut self) -> bool {
        self.master(WebInstance::Router).is_ok_and(Master::has_leaving)
    }

    fn requests_on_old_workers(&mut self, ports: &BTreeSet<u16>) -> Result<usize, WebServerError> {
        let Ok(master) = self.master(WebInstance::Router) else { return Ok(0) };
        let sockets = self.layout.router_sockets();
        old_workers::requests(master, &sockets, ports).map_err(|error| WebServerError::Unreachable {
            command: "look at the router's workers".to_owned(),
            reason: error.to_string(),
        })
    }
}

impl LinuxHost {
    /// Returns when the router last loaded its files.
    pub fn nginx_loaded_at(&self) -> Option<SystemTime> {
        self.master(WebInstance::Router).ok()?.loaded_at()
    }

    /// Finds the master of a running instance; the error says why there is none.
    pub(crate) fn master(&self, instance: WebInstance) -> Result<Master, String> {
        Master::find(&self.layout.web_pid_file(instance))
    }

    /// Asks nginx whether it accepts the files of `instance`, and returns what it said.
    ///
    /// nginx tries to bind the ports as well. This program may not bind those below 1024, which the supervised edge may: that
    /// nginx comes so far means that it accepts its files.
    pub(crate) fn test_nginx(&mut self, instance: WebInstance) -> Result<String, WebServerError> {
        let words = self.words(instance, &["-t"]);
        self.prepare_directories().map_err(|error| unreachable(&words, error.to_string()))?;
        let Answer { status, text } = ask(&words)?;
        if status.success() || nginx_words::only_lacks_a_low_port(&text) {
            return Ok(text);
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

    /// Returns the words that run nginx on the files of `instance`. `-e stderr` keeps it off the log file that is built in. As
    /// root, which only tests are, workers would otherwise become `nobody`.
    pub(crate) fn words(&self, instance: WebInstance, more: &[&str]) -> Vec<String> {
        let web = self.layout.web();
        let main = web.join(format!("{}.conf", instance.name()));
        let mut words: Vec<String> =
            [self.nginx.program.as_str(), "-e", "stderr", "-p", web.as_str(), "-c", main.as_str()]
                .map(str::to_owned)
                .into();
        if geteuid().is_root() {
            words.extend(["-g", "user root;"].map(str::to_owned));
        }
        words.extend(more.iter().map(|&word| word.to_owned()));
        words
    }

    /// Makes the directories that nginx itself does not make.
    pub(crate) fn prepare_directories(&self) -> io::Result<()> {
        durable::create_directory(&self.layout.run())?;
        durable::create_directory(&self.layout.web().join("temporary"))
    }

    /// Returns whether the supervisor has started nginx and that has not said yet that it runs.
    fn is_starting(&self, instance: WebInstance) -> bool {
        let process = self.supervisor.web_server_process(instance).ok().flatten();
        process.is_some_and(|id| proc::is_program(id, self.nginx.program.as_str()))
    }

    fn start_web_server(&mut self, instance: WebInstance) -> Result<(), WebServerError> {
        let words = self.words(instance, &[]);
        let failed = |error: &dyn std::error::Error| unreachable(&words, chain(error));
        self.prepare_directories().map_err(|error| failed(&error))?;
        let programs = WebInstance::ALL.map(|instance| (instance, self.words(instance, &[])));
        let started = self.supervisor.start_web_server(instance, &programs);
        started.map_err(|error| failed(&error))?;
        let began = Instant::now();
        let mut log = None;
        loop {
            let master = self.master(instance);
            if master.is_ok_and(|master| master.workers().is_ok_and(|workers| !workers.is_empty())) {
                return Ok(());
            }
            if began.elapsed() > RELOAD {
                let text = log.get_or_insert_with(|| self.supervisor.web_server_log(instance));
                let text = fs::read_to_string(&*text).unwrap_or_default();
                let last = text.lines().rev().find(|line| line.contains("[emerg]")).map(str::to_owned);
                let reason = last.unwrap_or_else(|| "its log does not say why".to_owned());
                return Err(WebServerError::NotReloaded { seconds: began.elapsed().as_secs(), reason });
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn build_words(&self) -> Vec<String> {
        vec![self.nginx.program.to_string(), "-V".to_owned()]
    }
}

/// Waits until a new worker takes connections and none of the old ones does.
fn await_workers(
    master: Master,
    old: &BTreeSet<u32>,
    mut log: Option<ErrorLog>,
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
        thread::sleep(Duration::from_millis(5));
    }
}

/// Says why the workers are the old ones: the last error but the summary, which follows the errors it sums up.
fn reason(errors: Option<&[String]>) -> String {
    let last = errors.unwrap_or_default().iter().rfind(|error| !error.starts_with("still could not bind"));
    last.cloned().unwrap_or_else(|| "its workers have not changed, and its log does not say why".to_owned())
}

/// Runs a command to its end, in the name of [`WebServer`].
fn ask(words: &[String]) -> Result<Answer, WebServerError> {
    let answer = program::command(words).and_then(|command| program::ask(command, ANSWER));
    answer.map_err(|error: io::Error| unreachable(words, error.to_string()))
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

fn first_line(text: &str) -> String {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or("it says nothing").to_owned()
}

fn unreachable(words: &[String], reason: String) -> WebServerError {
    WebServerError::Unreachable { command: words.join(" "), reason }
}
