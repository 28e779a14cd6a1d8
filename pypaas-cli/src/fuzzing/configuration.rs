//! Configuration text, all the way to nginx's files.

use pypaas_config::{BranchRef, Configuration, SourceFile, load};
use pypaas_core::host::{Commit, Git};
use pypaas_core::plan::{Request, Source};
use pypaas_core::{
    AttemptKind, CommitId, Engine, Environment, Layout, MemoryHost, NoProgress, Parts, Platform, WebFile,
    WebFileName, WebInstance,
};
use pypaas_linux::daemontools::Scripts;
use pypaas_nginx::{NginxText, directives};
use pypaas_runners::{UNUSED_FILES, builders, manifest_formats, runner_types};

const FILES: [&str; 3] = ["pypaas.yml", "repo/shop.yml", "domains/shop.example.com.yml"];

/// What pypaas writes outside of any block.
const TOP_LEVEL: [&str; 5] =
    ["map", "server", "server_names_hash_bucket_size", "server_names_hash_max_size", "upstream"];

/// What the two files may hold that nginx is started with, whose directives no configuration decides.
const MAIN: [&str; 8] = [
    "daemon",
    "error_log",
    "events",
    "http",
    "pid",
    "worker_processes",
    "worker_rlimit_nofile",
    "worker_shutdown_timeout",
];

/// More processes take time and show nothing new.
const MOST_PROCESSES: u16 = 8;

/// Loads three files with a NUL between them: `pypaas.yml`, a repo's and a domain's.
///
/// Whatever they say, loading ends in a report or in a configuration whose nginx files hold nothing outside of the blocks that pypaas makes.
pub fn configuration(data: &[u8]) {
    let texts = data.splitn(3, |&byte| byte == 0);
    let files: Vec<SourceFile> = FILES
        .iter()
        .zip(texts)
        .map(|(path, text)| SourceFile { path: (*path).into(), text: text.to_vec() })
        .collect();
    let loaded = load(&files, &runner_types().for_loading());
    for problem in &loaded.problems {
        assert!(!problem.message.contains(char::is_control), "{:?}", problem.message);
        assert!(problem.report().contains(problem.file().expect("a file").as_str()), "{problem}");
        let place = problem.place.as_ref().expect("a place");
        assert_eq!(place.line.is_none(), place.column.is_none());
    }
    match loaded.configuration {
        Some(configuration) => use_it(configuration),
        None => assert!(!loaded.problems.is_empty()),
    }
}

fn use_it(configuration: Configuration) {
    let layout = Layout::new("/home/deploy".into(), &configuration.settings);
    let settings = configuration.settings.clone();
    let Ok(scripts) = Scripts::new(settings.runner_runscript_template, settings.runner_logscript_template)
    else {
        return;
    };
    let parts = Parts {
        runner_types: runner_types(),
        web: Box::new(NginxText::new()),
        scripts: Box::new(scripts),
        builders: builders(),
        manifest_formats: manifest_formats(),
        unused_files: UNUSED_FILES,
        base_environment: Environment::default(),
        program: "/usr/local/bin/pypaas".into(),
        hook: String::new(),
    };
    let platform = Platform::new(configuration, layout, parts);
    let branches: Vec<BranchRef> = platform.configuration.branches().map(|(branch, _)| branch).collect();
    for branch in branches {
        if platform.runners(&branch, None).values().map(|it| it.process_count()).fold(0, u16::saturating_add)
            <= MOST_PROCESSES
        {
            go_live(&platform, &branch);
        }
    }
}

fn go_live(platform: &Platform, branch: &BranchRef) {
    let mut host = MemoryHost::new(platform.layout.clone());
    let repo = platform.layout.repo(&branch.repo);
    host.prepare_repo(&repo, &platform.hook).expect("memory is enough");
    let id = CommitId::new("01".repeat(20)).expect("forty digits");
    host.receive(repo, id.clone(), Commit::default());
    let request = Request {
        branch: branch.clone(),
        source: Source::Commit(id),
        kind: AttemptKind::Push,
        by: "fuzz".to_owned(),
    };
    // What cannot be printed for nginx or for a shell is refused.
    let _ = Engine::new(&mut host, platform, &mut NoProgress).deploy(&request);
    let main = [WebInstance::Edge, WebInstance::Router].map(WebFileName::main);
    for (file, WebFile { text, .. }) in host.web_files() {
        let expected = if main.contains(&file) { &MAIN[..] } else { &TOP_LEVEL[..] };
        for directive in directives(&text).iter().filter(|directive| directive.within.is_empty()) {
            assert!(expected.contains(&directive.words[0].as_str()), "{file}: {directive:?}\n{text}");
        }
    }
}
