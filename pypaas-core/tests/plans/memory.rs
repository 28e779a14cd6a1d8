//! A host in memory with one of the example configurations on it.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_config::{BranchRef, Configuration, SourceFile, load};
use pypaas_core::host::Commit;
use pypaas_core::plan::{Request, Source};
use pypaas_core::{
    ApplyError, AttemptKind, ChangeError, CommitId, Engine, Environment, Layout, MemoryHost, NoProgress,
    Observed, Parts, Plan, Platform, Record, Scope, Step, apply, observe,
};

/// The example configurations, each a directory below `fixtures/configurations`.
pub(crate) fn fixtures() -> Vec<String> {
    let mut names: Vec<String> =
        directory("").read_dir_utf8().unwrap().map(|entry| entry.unwrap().file_name().to_owned()).collect();
    names.sort();
    assert!(names.len() >= 9, "{names:?}");
    names
}

fn directory(fixture: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/configurations").join(fixture)
}

/// Puts the example configuration `fixture` and its interpreters together, as the program does.
pub(crate) fn platform(fixture: &str) -> Platform {
    interpret(configuration(fixture))
}

/// Loads the example configuration `fixture`.
pub(crate) fn configuration(fixture: &str) -> Configuration {
    let mut files = Vec::new();
    for below in ["", "repo", "repos", "domains"] {
        let Ok(entries) = directory(fixture).join(below).read_dir_utf8() else { continue };
        for entry in entries.map(|entry| entry.unwrap()).filter(|entry| entry.path().is_file()) {
            let path = Utf8Path::new(below).join(entry.file_name());
            files.push(SourceFile { path, text: fs::read(entry.path()).unwrap() });
        }
    }
    let loaded = load(&files, &pypaas_runners::runner_types().for_loading());
    assert_eq!(loaded.problems, [], "{fixture}");
    loaded.configuration.unwrap()
}

/// Puts a configuration and its interpreters together, as the program does.
pub(crate) fn interpret(configuration: Configuration) -> Platform {
    let layout = Layout::new("/home/deploy".into(), &configuration.settings);
    let settings = &configuration.settings;
    let scripts = pypaas_linux::daemontools::Scripts::new(
        settings.runner_runscript_template.clone(),
        settings.runner_logscript_template.clone(),
    );
    let mut base_environment = Environment::default();
    base_environment.set("HOME", "/home/deploy");
    base_environment.set("PATH", "/usr/bin:/bin");
    let parts = Parts {
        runner_types: pypaas_runners::runner_types(),
        web: Box::new(pypaas_nginx::NginxText::new()),
        scripts: Box::new(scripts.unwrap()),
        builders: pypaas_runners::builders(),
        manifest_formats: pypaas_runners::manifest_formats(),
        unused_files: pypaas_runners::UNUSED_FILES,
        base_environment,
        program: "/usr/local/bin/pypaas".into(),
        hook: "#!/bin/sh\nexec pypaas update-hook \"$@\"\n".to_owned(),
    };
    Platform::new(configuration, layout, parts)
}

/// Lists the configured branches.
pub(crate) fn branches(platform: &Platform) -> Vec<BranchRef> {
    platform.configuration.branches().map(|(branch, _)| branch).collect()
}

/// Makes a machine to which nothing was pushed.
pub(crate) fn machine(platform: &Platform) -> MemoryHost {
    let mut host = MemoryHost::new(platform.layout.clone());
    for repo in platform.configuration.repos.keys() {
        use pypaas_core::host::Git;
        host.prepare_repo(&platform.layout.repo(repo), &platform.hook).unwrap();
    }
    host.clear_journal();
    host
}

/// Receives the `number`-th commit for `branch` and asks for it to be made live.
pub(crate) fn push(host: &mut MemoryHost, platform: &Platform, branch: &BranchRef, number: u8) -> Request {
    let id = CommitId::new(format!("{number:02x}").repeat(20)).unwrap();
    // Branches of one repo have the same commits.
    let brings_runners = platform.configuration.repos[&branch.repo].branches.values().any(|it| it.procfile);
    let entries = ["package-lock.json", "package.json", "public/"].into_iter();
    let entries = brings_runners.then_some("Procfile").into_iter().chain(entries);
    let entries = entries.map(str::to_owned).collect();
    // Every other commit has one more process.
    let worker = if number.is_multiple_of(2) { "" } else { "worker: node worker.js\n" };
    let procfile = format!("web: node server.js {number}\n{worker}release: npm run migrate\n");
    let files = [("Procfile".to_owned(), procfile)].into();
    let commit = Commit { subject: format!("Change {number}"), entries, files };
    host.receive(platform.layout.repo(&branch.repo), id.clone(), commit);
    Request {
        branch: branch.clone(),
        source: Source::Commit(id),
        kind: AttemptKind::Push,
        by: "laptop".to_owned(),
    }
}

/// Asks for new processes of what is live.
pub(crate) fn restart(branch: &BranchRef) -> Request {
    Request {
        branch: branch.clone(),
        source: Source::Live,
        kind: AttemptKind::Restart,
        by: "laptop".to_owned(),
    }
}

/// Makes a machine on which the first commit of every branch is live.
pub(crate) fn deployed(platform: &Platform) -> MemoryHost {
    let mut host = machine(platform);
    for branch in branches(platform) {
        let first = push(&mut host, platform, &branch, 1);
        carry_out(&mut host, platform, &first).unwrap();
    }
    host.clear_journal();
    host
}

/// Applies the configuration; nothing may be left unapplied.
pub(crate) fn apply_configuration(host: &mut MemoryHost, platform: &Platform) {
    let failed = Engine::new(host, platform, &mut NoProgress).apply("laptop").unwrap();
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Carries out a request under the branch's lock, as the program does.
pub(crate) fn carry_out(
    host: &mut MemoryHost,
    platform: &Platform,
    request: &Request,
) -> Result<Record, ChangeError> {
    let mut progress = NoProgress;
    let mut engine = Engine::new(host, platform, &mut progress);
    engine.lock_branch(&request.branch, "a test")?;
    let outcome = engine.deploy(request);
    let _ = engine.unlock_branch(&request.branch);
    outcome
}

/// Observes what the request concerns.
pub(crate) fn look(host: &mut MemoryHost, platform: &Platform, request: &Request) -> Observed {
    let commit = request.source.commit();
    let scope = Scope::Branch { branch: &request.branch, commit, ports: true };
    observe(host, platform, scope).expect("the machine can be seen")
}

/// Plans the whole of a request.
pub(crate) fn plan(host: &mut MemoryHost, platform: &Platform, request: &Request) -> Plan {
    Engine::dry_run(host, platform, |engine| engine.deploy(request)).unwrap()
}

/// Applies a plan.
pub(crate) fn walk(host: &mut MemoryHost, platform: &Platform, plan: &Plan) -> Result<(), ApplyError> {
    apply(plan, &platform.layout, host, &mut NoProgress, false)
}

/// Lists the lines of a plan's steps that change something.
pub(crate) fn effects(plan: &Plan) -> Vec<String> {
    plan.steps().filter(|step| !step.is_read_only()).map(Step::to_string).collect()
}
