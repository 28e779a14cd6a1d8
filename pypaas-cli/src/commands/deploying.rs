//! What `git push`, `rebuild` and `restart` share: making something live, told as a story.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use pypaas_config::{BranchRef, Diagnostic};
use pypaas_core::host::{Clock, Git, ShellCommand};
use pypaas_core::plan::{self, Request};
use pypaas_core::{Deployed, Engine, Host, Phase, Record, Story, record};
use serde::Serialize;

use crate::deploy_log::DeployLog;
use crate::failure::Failure;
use crate::history::{self, Attempt, Kind, Outcome, Section, Totals, configurations};
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::narrator::{Narrator, seconds};
use crate::terminal;
use pypaas_linux::LinuxHost;
use pypaas_linux::checks::CheckScope;

/// The phases whose times are told at the end, in the order they happen.
const PHASES: [Phase; 7] =
    [Phase::Check, Phase::Checkout, Phase::Build, Phase::Start, Phase::Switch, Phase::Drain, Phase::Stop];

/// One wish to make something live, and how to tell it.
pub(crate) struct Deploying<'a> {
    /// Where.
    pub(crate) installation: &'a Installation,
    /// On which branch.
    pub(crate) branch: BranchRef,
    /// What it is called in the first line, such as `deploying 3f2a…`.
    pub(crate) title: String,
    /// What is asked for, as the history has it.
    pub(crate) kind: Kind,
    /// Who asks.
    pub(crate) invocation: &'a Invocation,
    /// How long receiving the commit took, where there was something to receive.
    pub(crate) received: Option<Duration>,
}

impl Deploying<'_> {
    /// Takes the branch's lock, lets `request` decide what to make live from the branch's record as it is then, does it,
    /// tells all of it and remembers how it ended. Nothing is done when `request` gives `None`.
    pub(crate) fn run(
        self,
        request: impl FnOnce(&Record, &mut Narrator) -> Result<Option<Request>, Failure>,
    ) -> Result<(), Failure> {
        let begin = Instant::now();
        let platform = &self.installation.platform;
        let mut host = self.installation.host();
        host.watch_caller()?;
        let at = host.now();
        let mut narrator = Narrator::with_log(self.log(at));
        let purpose = format!("{} of {} for {}", self.title, self.branch, self.invocation.by);
        narrator.line(&purpose);
        let take = if self.kind == Kind::Push { Engine::queue_for_branch } else { Engine::lock_branch };
        take(&mut Engine::new(&mut host, platform, &mut narrator), &self.branch, &purpose)?;
        let mut attempt = None;
        let outcome = self.carry_out(&mut host, &mut narrator, at, request, &mut attempt);
        Engine::new(&mut host, platform, &mut narrator).unlock_branch(&self.branch)?;
        match outcome {
            Ok(record) => {
                if let Some(live) = record.and_then(|record| record.live) {
                    self.tell_success(&mut narrator, &live, begin.elapsed());
                }
                self.tell_others(&mut host, &mut narrator, attempt.as_ref());
                Ok(())
            }
            Err(failure) => {
                for line in failure.text().lines() {
                    narrator.log_only(line);
                }
                self.tell_others(&mut host, &mut narrator, attempt.as_ref());
                Err(failure)
            }
        }
    }

    /// Does it, while the branch's lock is held.
    fn carry_out(
        &self,
        host: &mut LinuxHost,
        narrator: &mut Narrator,
        at: Timestamp,
        request: impl FnOnce(&Record, &mut Narrator) -> Result<Option<Request>, Failure>,
        attempt: &mut Option<Attempt>,
    ) -> Result<Option<Record>, Failure> {
        let platform = &self.installation.platform;
        let before = record(host, &platform.layout, &self.branch)?.unwrap_or_default();
        let mut memory = Memory { deploying: self, before: &before, at, begin: Instant::now() };
        memory.note_killed();
        let Some(request) = request(&before, narrator)? else { return Ok(None) };
        memory.begin = Instant::now();
        let outcome = self
            .check_host(host, narrator)
            .and_then(|()| Ok(Engine::new(host, platform, narrator).deploy(&request)?));
        let sections = narrator.take_sections();
        *attempt = memory.note(host, &request, outcome.as_ref(), sections);
        outcome.map(Some)
    }

    /// Looks at what of the configuration and of the machine this deploy needs, before anything moves.
    fn check_host(&self, host: &mut LinuxHost, narrator: &mut Narrator) -> Result<(), Failure> {
        for domain in self.installation.configuration().broken_domains_of(&self.branch.repo) {
            narrator.warn(&format!(
                "the file of {domain} is broken, so nginx goes on with what it was last told of it; see `pypaas check`"
            ));
        }
        let defects = host.check(&self.installation.platform, CheckScope::Branch(&self.branch));
        let (grave, other): (Vec<_>, Vec<_>) = defects.into_iter().partition(|it| it.blocks_deploys);
        for Diagnostic { message, fix, .. } in other {
            narrator.warn(&format!("{message}; {}", fix.unwrap_or_default()));
        }
        if grave.is_empty() {
            return Ok(());
        }
        let text = format!("this host cannot serve {} now; nothing was changed", self.branch);
        let fixes: Vec<&str> = grave.iter().filter_map(|it| it.fix.as_deref()).collect();
        Err(Failure::new(text, fixes.join("\nhint: ")).because(grave.iter().map(|it| it.message.clone())))
    }

    /// Prints what would be done.
    pub(crate) fn dry_run(self, request: &Request) -> Result<(), Failure> {
        let platform = &self.installation.platform;
        let plan = Engine::dry_run(&mut self.installation.host(), platform, |engine| engine.deploy(request))?;
        terminal::plan(&plan);
        Ok(())
    }

    fn log(&self, at: Timestamp) -> Option<DeployLog> {
        let platform = &self.installation.platform;
        let path = platform.layout.deploy_log(&self.branch, at);
        let logger = platform.configuration.settings.deploy_logger_cmd.as_deref();
        match DeployLog::open(&path, logger, &platform.base_environment) {
            Ok(log) => Some(log),
            Err(error) => {
                terminal::err(&format!("warning: cannot keep a log of this deploy in `{path}`: {error}\n"));
                None
            }
        }
    }

    /// Runs the hooks that tell of it. One that fails is reported and changes nothing.
    fn tell_others(&self, host: &mut LinuxHost, narrator: &mut Narrator, attempt: Option<&Attempt>) {
        let platform = &self.installation.platform;
        let (Some(attempt), Some(config)) = (attempt, platform.branch(&self.branch)) else { return };
        let (title, lines) = match attempt.outcome {
            Outcome::Succeeded => ("After the deploy", &config.hooks.after_deploy),
            Outcome::Refused | Outcome::Abandoned => ("The deploy failed", &config.hooks.deploy_failed),
        };
        if lines.is_empty() {
            return;
        }
        let news = News {
            repo: self.branch.repo.as_str(),
            branch: self.branch.branch.as_str(),
            urls: plan::urls(platform).remove(&self.branch).unwrap_or_default(),
            attempt,
        };
        let Ok(news) = serde_json::to_string(&news) else { return };
        let live = record(host, &platform.layout, &self.branch).ok().flatten().and_then(|record| record.live);
        let (directory, environment, confinement) = match &live {
            Some(live) => (
                platform.layout.checkout(&self.branch, &live.checkout),
                platform.environment(&self.branch, live),
                platform.confinement(&self.branch, &live.checkout),
            ),
            None => {
                let directory = platform.layout.data(&self.branch);
                if let Err(error) = host.files().create_directory(&directory) {
                    narrator.warn(&error.to_string());
                }
                let confinement = platform.confinement_without_code(&self.branch);
                (directory, platform.base_environment.clone(), confinement)
            }
        };
        narrator.line(&format!("-----> {title}"));
        for line in lines {
            narrator.line(&format!("       $ {line}"));
            let command = ShellCommand {
                line: line.clone(),
                directory: directory.clone(),
                environment: environment.clone(),
                confinement: confinement.clone(),
            };
            if let Err(error) = host.tell_others(&command, &news, &mut |bytes| narrator.output(bytes)) {
                narrator.warn(&format!("`{line}`: {error}"));
            }
        }
    }

    fn tell_success(&self, narrator: &mut Narrator, live: &Deployed, took: Duration) {
        let mut figures: Vec<String> =
            self.received.iter().map(|took| format!("receive {}", seconds(*took))).collect();
        let times = narrator.times().clone();
        figures.extend(PHASES.iter().filter_map(|it| Some(format!("{it} {}", seconds(*times.get(it)?)))));
        let total = took + self.received.unwrap_or_default();
        narrator.line(&format!("-----> Release {} is live after {}", live.release, seconds(total)));
        narrator.line(&format!("       {}", figures.join(", ")));
        for url in plan::urls(&self.installation.platform).remove(&self.branch).unwrap_or_default() {
            narrator.line(&format!("       {url}"));
        }
    }
}

/// What hooks are told, as JSON.
#[derive(Serialize)]
struct News<'a> {
    repo: &'a str,
    branch: &'a str,
    urls: Vec<String>,
    #[serde(flatten)]
    attempt: &'a Attempt,
}

/// What is remembered of an attempt, in the branch's history.
struct Memory<'a> {
    deploying: &'a Deploying<'a>,
    before: &'a Record,
    at: Timestamp,
    begin: Instant,
}

impl Memory<'_> {
    /// Notes the attempt before this one, if it was killed before it could do so itself.
    fn note_killed(&self) {
        let Some(tried) = &self.before.trying else { return };
        let layout = &self.deploying.installation.platform.layout;
        let known = history::read(layout, &self.deploying.branch).unwrap_or_default();
        if known.iter().any(|it| it.checkout.as_ref() == Some(&tried.checkout) && it.at == tried.at) {
            return;
        }
        self.append(Attempt {
            outcome: Outcome::Abandoned,
            kind: Kind::Push,
            release: None,
            restored: None,
            commit: tried.commit.clone(),
            subject: tried.subject.clone(),
            by: tried.by.clone(),
            from: None,
            at: tried.at,
            seconds: 0.0,
            sections: Vec::new(),
            configuration: None,
            checkout: Some(tried.checkout.clone()),
            builder: tried.builder.clone(),
            log: None,
            reason: Some("pypaas was killed in the midst of it".to_owned()),
            totals: Totals::default(),
        });
    }

    fn note(
        &self,
        host: &mut LinuxHost,
        request: &Request,
        outcome: Result<&Record, &Failure>,
        sections: Vec<Section>,
    ) -> Option<Attempt> {
        let Deploying { installation, branch, kind, invocation, .. } = self.deploying;
        let layout = &installation.platform.layout;
        let live = outcome.ok().and_then(|record| record.live.as_ref());
        let known = self.before.live.as_ref();
        let known = known.map(|live| &live.commit);
        let commit = live.map(|live| &live.commit).or(request.source.commit()).or(known)?;
        let subject = host.commit(&layout.repo(&branch.repo), commit).map(|found| found.subject);
        let text = configurations::text_of(&installation.files, branch);
        let log = layout.deploy_log(branch, self.at);
        let attempt = Attempt {
            outcome: match outcome {
                Ok(_) => Outcome::Succeeded,
                Err(failure) if failure.is_abandonment() => Outcome::Abandoned,
                Err(_) => Outcome::Refused,
            },
            kind: *kind,
            release: live.map(|live| live.release),
            restored: live.and_then(|live| live.restored),
            commit: commit.clone(),
            subject: subject.unwrap_or_default(),
            by: invocation.by.clone(),
            from: invocation.from.clone(),
            at: self.at,
            seconds: self.begin.elapsed().as_secs_f64(),
            sections,
            configuration: configurations::keep(layout, branch, &text).ok(),
            checkout: live.map(|live| live.checkout.clone()),
            builder: live.and_then(|live| live.builder.clone()),
            log: log.file_name().map(str::to_owned),
            reason: outcome.err().map(Failure::causes),
            totals: Totals::default(),
        };
        Some(self.append(attempt))
    }

    /// Returns the attempt as it is remembered. A history that cannot be written does not undo a deploy.
    fn append(&self, attempt: Attempt) -> Attempt {
        let Deploying { installation, branch, .. } = self.deploying;
        history::append(&installation.platform.layout, branch, &attempt).unwrap_or_else(|error| {
            terminal::err(&format!("warning: cannot remember this in the history of {branch}: {error}\n"));
            attempt
        })
    }
}
