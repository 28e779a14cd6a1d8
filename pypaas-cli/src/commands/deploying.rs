//! What `git push`, `rebuild` and `restart` share: making something live, told as a story.

use std::time::{Duration, Instant};

use pypaas_config::BranchRef;
use pypaas_core::host::Clock;
use pypaas_core::plan::{self, Request};
use pypaas_core::{
    Deployed, Phase, Record, Scope, Story, deploy, lock_branch, observe, record, unlock_branch,
};

use crate::deploy_log::DeployLog;
use crate::failure::Failure;
use crate::host::LinuxHost;
use crate::host::inspection::{Defect, Extent};
use crate::installation::Installation;
use crate::narrator::{Narrator, seconds};
use crate::terminal;

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
    /// Who asks.
    pub(crate) by: String,
    /// How long receiving the commit took, where there was something to receive.
    pub(crate) received: Option<Duration>,
}

impl Deploying<'_> {
    /// Takes the branch's lock, lets `request` decide what to make live from the branch's record as it is then, does it,
    /// and tells all of it. Nothing is done when `request` gives `None`.
    pub(crate) fn run(
        self,
        request: impl FnOnce(&Record) -> Result<Option<Request>, Failure>,
    ) -> Result<(), Failure> {
        let begin = Instant::now();
        let platform = &self.installation.platform;
        let mut host = self.installation.host();
        host.watch_caller()?;
        let mut narrator = Narrator::with_log(self.log(&mut host));
        narrator.line(&format!("{} of {} for {}", self.title, self.branch, self.by));
        let purpose = format!("{} of {} for {}", self.title, self.branch, self.by);
        lock_branch(&mut host, platform, &self.branch, &purpose, &mut narrator)?;
        let outcome = record(&mut host, &platform.layout, &self.branch)
            .map_err(Failure::from)
            .and_then(|record| request(&record.unwrap_or_default()))
            .and_then(|request| match request {
                Some(request) => {
                    self.check_host(&mut host, &mut narrator)?;
                    Ok(Some(deploy(&mut host, platform, &request, &mut narrator)?))
                }
                None => Ok(None),
            });
        unlock_branch(&mut host, &platform.layout, &self.branch)?;
        match outcome {
            Ok(record) => {
                if let Some(live) = record.and_then(|record| record.live) {
                    self.tell_success(&mut narrator, &live, begin.elapsed());
                }
                Ok(())
            }
            Err(failure) => {
                for line in failure.text().lines() {
                    narrator.log_only(line);
                }
                Err(failure)
            }
        }
    }

    /// Looks at what of the machine this deploy needs, before anything moves.
    fn check_host(&self, host: &mut LinuxHost, narrator: &mut Narrator) -> Result<(), Failure> {
        let defects = host.inspect(&self.installation.platform, Extent::Branch(&self.branch));
        let (grave, other): (Vec<_>, Vec<_>) = defects.into_iter().partition(|defect| defect.stops_deploys);
        for Defect { message, mend, .. } in other {
            narrator.warn(&format!("{message}; {mend}"));
        }
        if grave.is_empty() {
            return Ok(());
        }
        let mut text = format!("this host cannot serve {} now; nothing was changed", self.branch);
        for defect in &grave {
            text.push_str(&format!("\n  because {}", defect.message));
        }
        let mends: Vec<&str> = grave.iter().map(|defect| defect.mend.as_str()).collect();
        Err(Failure::new(text, mends.join("\nhint: ")))
    }

    /// Prints what would be done.
    pub(crate) fn dry_run(self, request: &Request) -> Result<(), Failure> {
        let platform = &self.installation.platform;
        let commit = match &request.source {
            plan::Source::Commit(commit) => Some(commit),
            plan::Source::Live => None,
        };
        let scope = Scope::Branch { branch: &self.branch, commit, ports: true };
        let observed = observe(&mut self.installation.host(), platform, scope)?;
        terminal::out(&plan::deploy(platform, &observed, request)?.to_string());
        Ok(())
    }

    fn log(&self, host: &mut dyn Clock) -> Option<DeployLog> {
        let platform = &self.installation.platform;
        let path = platform.layout.deploy_log(&self.branch, host.now());
        let logger = platform.configuration.settings.deploy_logger_cmd.as_deref();
        match DeployLog::open(&path, logger, &platform.base_environment) {
            Ok(log) => Some(log),
            Err(error) => {
                terminal::err(&format!("warning: cannot keep a log of this deploy in `{path}`: {error}\n"));
                None
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
        for url in plan::urls(&self.installation.platform, &self.branch) {
            narrator.line(&format!("       {url}"));
        }
    }
}
