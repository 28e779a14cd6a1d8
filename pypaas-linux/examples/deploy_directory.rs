//! Deploys the repository in a directory without the `pypaas` program: on this host, with a time limit in place of a caller.
//! `cargo run --example deploy_directory HOME DIRECTORY`: the repo is `site`, which `HOME/config/repo/site.yml` configures.
//! It is in this crate and not in pypaas-core because it needs a real host, and pypaas-core knows none.

use std::error::Error;
use std::process::Command;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::{BranchName, BranchRef, RepoName, load_with};
use pypaas_core::host::{Caller, Host, WithParts};
use pypaas_core::plan::{Request, Source};
use pypaas_core::{AttemptKind, Engine, Layout, NoProgress, Parts, Platform, Record};
use pypaas_linux::{LinuxHost, base_environment, daemontools::Scripts};

/// A caller that cancels the deploy when its time is over.
struct Deadline(Instant);

impl Caller for Deadline {
    fn wants_to_stop(&mut self) -> Option<String> {
        (Instant::now() > self.0).then(|| "the time limit is exceeded".to_owned())
    }
}

/// Deploys `directory` within `limit`, and returns the record of the branch.
pub(crate) fn deploy(
    home: &Utf8Path,
    directory: &Utf8Path,
    limit: Duration,
) -> Result<Record, Box<dyn Error>> {
    let files = ["pypaas.yml", "repo/site.yml"].map(Utf8PathBuf::from);
    let runner_types = pypaas_runners::runner_types();
    let loaded =
        load_with(&files, &runner_types.for_loading(), |path| std::fs::read(home.join("config").join(path)));
    let configuration = loaded.configuration.ok_or_else(|| format!("{:?}", loaded.problems))?;
    let settings = configuration.settings.clone();
    let parts = Parts {
        runner_types,
        web: Box::new(pypaas_nginx::NginxText::default()),
        scripts: Box::new(Scripts::new(None, None)?),
        builders: pypaas_runners::builders(),
        manifest_formats: pypaas_runners::manifest_formats(),
        unused_files: pypaas_runners::UNUSED_FILES,
        base_environment: base_environment(home),
        hook: "#!/bin/sh\nexit 1\n".to_owned(),
        // What confines commands and processes, unless the branch says `confine: false`.
        program: "/usr/local/bin/pypaas".into(),
    };
    let platform = Platform::new(configuration, Layout::new(home, &settings), parts);
    let branch = BranchRef { repo: RepoName::new("site")?, branch: BranchName::new("main")? };
    let bare = platform.layout.repo(&branch.repo);

    let mut linux = LinuxHost::new(platform.layout.clone(), settings.nginx);
    let mut deadline = Deadline(Instant::now() + limit);
    let mut host = WithParts { caller: Some(&mut deadline), ..WithParts::of(&mut linux) };
    host.git().prepare_repo(&bare, &platform.hook)?;
    let fetch = ["-C", bare.as_str(), "fetch", "-q", directory.as_str(), "+HEAD:refs/heads/main"];
    Command::new("git").args(fetch).status()?;
    let commit = host.git().branch_head(&bare, "main")?.ok_or("the directory has no commit")?;

    let request = Request {
        branch: branch.clone(),
        source: Source::Commit(commit),
        kind: AttemptKind::Push,
        by: "local".to_owned(),
    };
    let mut progress = NoProgress;
    let mut engine = Engine::new(&mut host, &platform, &mut progress);
    engine.lock_branch(&branch, "a deploy of a directory")?;
    let outcome = engine.deploy(&request);
    engine.unlock_branch(&branch)?;
    Ok(outcome?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(home), Some(directory)) = (words.next(), words.next()) else {
        return Err("HOME DIRECTORY".into());
    };
    deploy(home.as_str().into(), directory.as_str().into(), Duration::from_secs(300)).map(drop)
}
