//! What `git push`, `rebuild` and `restart` share: making something live, and saying how it goes.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use pypaas_config::{BranchRef, Diagnostic};
use pypaas_core::host::{Clock, Host};
use pypaas_core::plan::{self, Request, Source};
use pypaas_core::{
    AttemptKind, Attempted, Decide, Deployment, Engine, Order, Phase, Progress, Record, record,
};

use crate::configurations;
use crate::console_reporter::{ConsoleReporter, seconds};
use crate::deploy_log::DeployLog;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::keeper;
use crate::terminal;
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
    /// What it is called in the first line, before the branch, such as `deploying 3f2a… of` or `restarting`.
    pub(crate) title: String,
    /// What is asked for, as the history has it.
    pub(crate) kind: AttemptKind,
    /// Who asks.
    pub(crate) invocation: &'a Invocation,
    /// How long receiving the commit took, where there was something to receive.
    pub(crate) received: Option<Duration>,
}

impl Deploying<'_> {
    /// Takes the branch's lock, lets `decide` say what to make live from the branch's record as it is then, does it, tells
    /// all of it and writes down how it ended. Nothing is done when `decide` gives `None`.
    pub(crate) fn run(
        self,
        decide: impl FnMut(&Record, &mut dyn Host, &mut dyn Progress) -> Result<Option<Source>, Failure>,
    ) -> Result<(), Failure> {
        let begin = Instant::now();
        let mut host = self.installation.host();
        host.watch_caller()?;
        let at = host.now();
        let order = self.order(at);
        let mut reporter = ConsoleReporter::with_log(self.log(at));
        reporter.line(&format!("{} {} for {}", self.title, self.branch, self.invocation.by));
        let platform = &self.installation.platform;
        let mut decision = Decision { deploying: &self, decide };
        let Attempted { outcome, attempt } =
            Engine::new(&mut host, platform, &mut reporter).attempt(&order, &mut decision);
        let outcome = outcome.map_err(|failure| match self.is_live(&mut host) {
            Ok(false) => failure.with_nothing_live(),
            _ => failure,
        });
        match &outcome {
            Ok(Some(Record { live: Some(live), .. })) => {
                self.tell_success(&mut reporter, live, begin.elapsed());
                keeper::wake(self.installation);
            }
            Ok(_) => {}
            Err(failure) => failure.text().lines().for_each(|line| reporter.log_only(line)),
        }
        if let Some(attempt) = attempt {
            Engine::new(&mut host, platform, &mut reporter).notify(&self.branch, &attempt);
        }
        outcome.map(drop)
    }

    /// Returns whether a version of the branch is live.
    fn is_live(&self, host: &mut dyn Host) -> Result<bool, Failure> {
        let record = record(host.files(), &self.installation.platform.layout, &self.branch)?;
        Ok(record.is_some_and(|record| record.live.is_some()))
    }

    fn order(&self, at: Timestamp) -> Order {
        let Deploying { installation, branch, .. } = self;
        let text = configurations::text_of(&installation.files, branch);
        let log = installation.platform.layout.deploy_log(branch, at);
        Order {
            branch: branch.clone(),
            title: self.title.clone(),
            kind: self.kind,
            by: self.invocation.by.clone(),
            from: self.invocation.from.clone(),
            at,
            configuration: configurations::hash(&text).map(|hash| (hash, text)),
            log: log.file_name().map(str::to_owned),
        }
    }

    /// Looks at what of the configuration and of the machine this deploy needs, before anything moves.
    fn check_host(&self, progress: &mut dyn Progress) -> Result<(), Failure> {
        for domain in self.installation.configuration().broken_domains_of(&self.branch.repo) {
            progress.warn(&format!(
                "the file of {domain} is broken, so nginx keeps its last working configuration; see `pypaas check`"
            ));
        }
        let defects =
            self.installation.host().check(&self.installation.platform, CheckScope::Branch(&self.branch));
        let (grave, other): (Vec<_>, Vec<_>) = defects.into_iter().partition(|it| it.blocks_deploys);
        for Diagnostic { message, fix, .. } in other {
            progress.warn(&format!("{message}; {}", fix.unwrap_or_default()));
        }
        if grave.is_empty() {
            return Ok(());
        }
        let text = format!("this host cannot serve {} now; nothing was changed", self.branch);
        let fixes: Vec<&str> = grave.iter().filter_map(|it| it.fix.as_deref()).collect();
        Err(Failure::new(text, fixes.join("\nhint: ")).because(grave.iter().map(|it| it.message.clone())))
    }

    /// Prints what would be done, as `decide` says.
    pub(crate) fn dry_run(
        self,
        mut decide: impl FnMut(&Record, &mut dyn Host, &mut dyn Progress) -> Result<Option<Source>, Failure>,
    ) -> Result<(), Failure> {
        let platform = &self.installation.platform;
        let mut host = self.installation.host();
        let record = record(&mut host, &platform.layout, &self.branch)?.unwrap_or_default();
        let Some(source) = decide(&record, &mut host, &mut ConsoleReporter::default())? else {
            return Ok(());
        };
        let (branch, kind, by) = (self.branch.clone(), self.kind, self.invocation.by.clone());
        let request = Request { branch, source, kind, by };
        terminal::plan(&Engine::dry_run(&mut host, platform, |engine| engine.deploy(&request))?);
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

    fn tell_success(&self, reporter: &mut ConsoleReporter, live: &Deployment, took: Duration) {
        let mut figures: Vec<String> =
            self.received.iter().map(|took| format!("receive {}", seconds(*took))).collect();
        let times = reporter.times().clone();
        figures.extend(PHASES.iter().filter_map(|it| Some(format!("{it} {}", seconds(*times.get(it)?)))));
        let total = took + self.received.unwrap_or_default();
        reporter.line(&format!("-----> Release {} is live after {}", live.release, seconds(total)));
        reporter.line(&format!("       {}", figures.join(", ")));
        for url in plan::urls(&self.installation.platform).remove(&self.branch).unwrap_or_default() {
            reporter.line(&format!("       {url}"));
        }
    }
}

/// What a command decides under the branch's lock, and what a deploy needs of the host.
struct Decision<'a, F> {
    deploying: &'a Deploying<'a>,
    decide: F,
}

impl<F> Decide<Failure> for Decision<'_, F>
where
    F: FnMut(&Record, &mut dyn Host, &mut dyn Progress) -> Result<Option<Source>, Failure>,
{
    fn source(
        &mut self,
        record: &Record,
        host: &mut dyn Host,
        progress: &mut dyn Progress,
    ) -> Result<Option<Source>, Failure> {
        (self.decide)(record, host, progress)
    }

    fn check(&mut self, progress: &mut dyn Progress) -> Result<(), Failure> {
        self.deploying.check_host(progress)
    }
}
