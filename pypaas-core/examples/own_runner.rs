//! An embedder's own type of runner: a process that keeps a cache warm, and must have stayed up for a while.
//!
//! It is registered like those of pypaas-runners, so that a repo file can say `type: CacheWarmer`; a mistake in such a file is
//! reported with its line and column, and with what was probably meant. Run it with `cargo run --example own_runner`: it
//! prints the report of a wrong file, then the plan of a first deploy on a machine in memory, and walks it.

#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use std::error::Error;
use std::time::Duration;

use camino::Utf8PathBuf;
use pypaas_config::{
    BranchName, BranchRef, Field, Keys, Overlap, RepoName, Schema, Serves, SourceFile, load,
};
use pypaas_core::host::{Commit, Git, Version};
use pypaas_core::plan::{Request, Source};
use pypaas_core::{
    AttemptKind, Builder, CommitId, Definition, EdgeConfig, Engine, Environment, Layout, MemoryHost,
    NginxBase, NoProgress, Parts, Platform, Readiness, RouterConfig, Runner, RunnerSettings, RunnerTypes,
    Script, ScriptText, ScriptTextError, Upstream, VirtualHost, WebConfigError, WebConfigRenderer,
};

/// Warms a cache for as long as it is deployed.
#[derive(Debug, Clone, PartialEq)]
struct CacheWarmer {
    /// `pages`: the file that lists what is asked for.
    pages: Utf8PathBuf,
    /// `min_uptime`: how long it must stay up to count as started. Default 2s.
    min_uptime: Duration,
    command: String,
}

impl RunnerSettings for CacheWarmer {
    const TYPE: &'static str = "CacheWarmer";
    const SCHEMA: &'static Schema = &Schema { name: "a CacheWarmer", keys: &["type", "pages", "min_uptime"] };

    fn decode(keys: &mut Keys<'_, '_>) -> Option<Self> {
        let pages = keys.required("pages", Field::path_in_checkout);
        let min_uptime = keys.optional("min_uptime", Field::positive_duration);
        let pages = pages?;
        let command = format!("./warm-cache --forever '{pages}'");
        Some(Self { pages, min_uptime: min_uptime.unwrap_or(Duration::from_secs(2)), command })
    }

    fn serves(&self) -> Serves {
        Serves::Nothing
    }
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
        Readiness::StaysUp(self.min_uptime)
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
    let types = RunnerTypes::default().with::<CacheWarmer>();
    let wrong = load(
        &files("branches: {main: {runners: {warmer: {type: CacheWarmer, page: urls.txt}}}}"),
        &types.for_loading(),
    );
    for problem in &wrong.problems {
        println!("{problem}\n");
    }

    let branch = BranchRef { repo: RepoName::new("shop")?, branch: BranchName::new("main")? };
    let platform = platform(types)?;

    let mut host = MemoryHost::new(platform.layout.clone());
    let commit = CommitId::new("3f2a".repeat(10))?;
    host.prepare_repo(&platform.layout.repo(&branch.repo), &platform.hook)?;
    let pushed = Commit {
        subject: "Warm the cache".to_owned(),
        entries: vec!["warm-cache".to_owned()],
        ..Commit::default()
    };
    host.receive(platform.layout.repo(&branch.repo), commit.clone(), pushed);
    let request = Request {
        branch: branch.clone(),
        source: Source::Commit(commit),
        kind: AttemptKind::Push,
        by: "laptop".to_owned(),
    };

    print!("{}", Engine::dry_run(&mut host, &platform, |engine| engine.deploy(&request))?);
    println!("\n{}", Engine::new(&mut host, &platform, &mut NoProgress).deploy(&request)?);
    Ok(())
}

/// The files of a configuration whose repo file says `shop`.
fn files(shop: &str) -> [SourceFile; 2] {
    let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
    [file("pypaas.yml", "ports: {min: 61500, max: 61800}"), file("repo/shop.yml", shop)]
}

/// Puts a configuration together with the plainest parts there are.
fn platform(runner_types: RunnerTypes) -> Result<Platform, Box<dyn Error>> {
    let shop = "branches: {main: {runners: {warmer: {type: CacheWarmer, pages: urls.txt}}}}";
    let loaded = load(&files(shop), &runner_types.for_loading());
    let configuration = loaded.configuration.ok_or("the configuration is wrong")?;
    let layout = Layout::new("/home/deploy".into(), &configuration.settings);
    let parts = Parts {
        runner_types,
        web: Box::new(NoWeb),
        scripts: Box::new(PlainScripts),
        builders: Vec::<Box<dyn Builder>>::new(),
        manifest_formats: Vec::new(),
        unused_files: &[],
        base_environment: Environment::default(),
        program: "/usr/local/bin/pypaas".into(),
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

impl WebConfigRenderer for NoWeb {
    fn edge(&self, _: &EdgeConfig) -> Result<String, WebConfigError> {
        Ok(String::new())
    }

    fn edge_domain(&self, _: &VirtualHost) -> Result<String, WebConfigError> {
        Ok(String::new())
    }

    fn router(&self, _: &RouterConfig) -> Result<String, WebConfigError> {
        Ok(String::new())
    }

    fn upstream(&self, _: &Upstream, _: Version) -> Result<String, WebConfigError> {
        Ok(String::new())
    }

    fn router_domain(&self, _: &VirtualHost) -> Result<String, WebConfigError> {
        Ok(String::new())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_runs() -> Result<(), Box<dyn std::error::Error>> {
        super::main()
    }
}
