//! An embedder's own runner: a process that keeps a cache warm, and must have stayed up for two seconds.
//!
//! pypaas-core knows runners only by their trait, so a tool that embeds it can put in its own. Run it with
//! `cargo run --example own_runner`: it prints the plan of a first deploy on a machine in memory, and walks it.

#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use std::error::Error;
use std::time::Duration;

use pypaas_config::{BranchName, BranchRef, Overlap, RepoName, RunnerConfig, RunnerName, SourceFile, load};
use pypaas_core::host::{Commit, Git, Version};
use pypaas_core::plan::{Request, Source};
use pypaas_core::{
    Builder, CommitId, DefaultServer, Definition, Engine, Environment, Layout, MemoryHost, NginxBase, Parts,
    Platform, Quiet, Readiness, Runner, Script, ScriptText, ScriptTextError, Upstream, VirtualHost, WebText,
    WebTextError,
};

/// Warms a cache for as long as it is deployed.
struct CacheWarmer {
    command: String,
}

impl Runner for CacheWarmer {
    fn command(&self) -> Option<&str> {
        Some(&self.command)
    }

    fn process_count(&self) -> u16 {
        1
    }

    fn needs_port(&self) -> bool {
        false
    }

    fn readiness(&self) -> Readiness {
        Readiness::StaysUp(Duration::from_secs(2))
    }

    fn overlap(&self) -> Overlap {
        Overlap::StartFirst
    }

    fn patience(&self) -> (Duration, Duration) {
        (Duration::ZERO, Duration::from_secs(3))
    }

    fn nginx(&self) -> Option<&dyn NginxBase> {
        None
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let branch = BranchRef { repo: RepoName::new("shop")?, branch: BranchName::new("main")? };
    let mut platform = platform()?;
    let warmer = CacheWarmer { command: "./warm-cache --forever".to_owned() };
    platform.set_runner(branch.runner(&RunnerName::new("warmer")?), Box::new(warmer));

    let mut host = MemoryHost::new(platform.layout.clone());
    let commit = CommitId::new("3f2a".repeat(10))?;
    host.prepare_repo(&platform.layout.repo(&branch.repo), &platform.hook)?;
    let pushed = Commit { subject: "Warm the cache".to_owned(), entries: vec!["warm-cache".to_owned()] };
    host.receive(platform.layout.repo(&branch.repo), commit.clone(), pushed);
    let request = Request { branch: branch.clone(), source: Source::Commit(commit), by: "laptop".to_owned() };

    print!("{}", Engine::dry_run(&mut host, &platform, |engine| engine.deploy(&request))?);
    println!("\n{}", Engine::new(&mut host, &platform, &mut Quiet).deploy(&request)?);
    Ok(())
}

/// Puts a configuration without runners together with the plainest parts there are.
fn platform() -> Result<Platform, Box<dyn Error>> {
    let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
    let files = [
        file("pypaas.yml", "ports: {min: 61500, max: 61800}"),
        file("repo/shop.yml", "branches: {main: {runners: {}}}"),
    ];
    let configuration = load(&files).configuration.ok_or("the configuration is wrong")?;
    let layout = Layout::new("/home/deploy".into(), &configuration.settings);
    let parts = Parts {
        runner: |_: &RunnerConfig| unreachable!("no runner is configured"),
        web: Box::new(NoWeb),
        scripts: Box::new(PlainScripts),
        builders: Vec::<Box<dyn Builder>>::new(),
        base_environment: Environment::default(),
        hook: String::new(),
    };
    Ok(Platform::new(configuration, layout, parts))
}

/// Scripts of two lines.
struct PlainScripts;

impl ScriptText for PlainScripts {
    fn definition(&self, script: &Script) -> Result<Definition, ScriptTextError> {
        let run = format!("#!/bin/sh\ncd {} && exec {}\n", script.checkout, script.command);
        Ok(Definition { run, log: "#!/bin/sh\nexec cat >>log\n".to_owned() })
    }
}

/// No web server: the configuration has no domains.
struct NoWeb;

impl WebText for NoWeb {
    fn default_server(&self, _: &DefaultServer) -> Result<String, WebTextError> {
        Ok(String::new())
    }

    fn upstream(&self, _: &Upstream, _: Version) -> Result<String, WebTextError> {
        Ok(String::new())
    }

    fn virtual_host(&self, _: &VirtualHost) -> Result<String, WebTextError> {
        Ok(String::new())
    }
}
