//! `list` and `status` on a host with 200 branches and 1,000 domains, beside `git --version` in the same run.
//!
//! `cargo bench -p pypaas-cli --bench many_branches` prints medians, their ratio to git's, and the most memory each took.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails where it cannot go on"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use camino::Utf8Path;
use pypaas_config::{BranchName, BranchRef, RepoName, RunnerName, SourceFile, load};
use pypaas_core::{
    AttemptKind, CheckoutName, CommitId, Deployment, Layout, Process, Record, Slot, UnknownFields,
};

const BRANCHES: u16 = 200;
const DOMAINS: usize = 1_000;
const RUNS: usize = 30;

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let home = Utf8Path::from_path(directory.path()).unwrap();
    make_host(home);
    let pypaas = env!("CARGO_BIN_EXE_pypaas");
    let commands: [(&str, &[&str]); 5] = [
        ("git --version", &["git", "--version"]),
        ("pypaas list", &[pypaas, "list"]),
        ("pypaas list --json", &[pypaas, "list", "--json"]),
        ("pypaas status", &[pypaas, "status"]),
        ("pypaas status repo7 main", &[pypaas, "status", "repo7", "main"]),
    ];
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); commands.len()];
    // In turns, so that what else the machine does meets all of them.
    for _ in 0..RUNS {
        for (position, (_, words)) in commands.iter().enumerate() {
            let began = Instant::now();
            assert!(command(home, words).status().unwrap().success());
            times[position].push(began.elapsed());
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    let git = median(&mut times[0]);
    println!("{BRANCHES} branches, {DOMAINS} domains, median of {RUNS} runs in turns");
    for ((name, words), times) in commands.iter().zip(&mut times) {
        let time = median(times);
        println!(
            "{name:<26} {:>7.1} ms  {:>5.1} x git --version  {}",
            time.as_secs_f64() * 1e3,
            time.as_secs_f64() / git.as_secs_f64(),
            memory(home, words).map_or_else(|| "memory unknown".to_owned(), |it| format!("{it:.1} MB"))
        );
    }
}

fn command(home: &Utf8Path, words: &[&str]) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env("PYPAAS_HOME", home).env_remove("PYPAAS_CONFIG").stdout(Stdio::null());
    command
}

/// Returns the most memory a command had, in MB, as GNU time or Python tell.
fn memory(home: &Utf8Path, words: &[&str]) -> Option<f64> {
    let script = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL); \
                  print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
    let mut python = Command::new("python3");
    python.args(["-c", script]).args(words).env("PYPAAS_HOME", home);
    let output = python.output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse::<f64>().ok().map(|kilobytes| kilobytes / 1024.0)
}

/// Writes a configuration and the state of a host on which all of it is live and has a history.
fn make_host(home: &Utf8Path) {
    let config = home.join("config");
    fs::create_dir_all(config.join("repo")).unwrap();
    fs::create_dir_all(config.join("domains")).unwrap();
    let settings = "ports: {min: 20000, max: 29999}\n";
    fs::write(config.join("pypaas.yml"), settings).unwrap();
    let source = SourceFile { path: "pypaas.yml".into(), text: settings.into() };
    let layout = Layout::new(home, &load(&[source], &[]).configuration.unwrap().settings);
    for number in 0..BRANCHES {
        let repo = "branches:\n  main:\n    env: {NODE_ENV: production, GREETING: hello}\n    runners:\n      web:\n        \
                    type: NginxBackend\n        cmd: npm start\n        healthcheck: {path: /health}\n";
        fs::write(config.join(format!("repo/repo{number}.yml")), repo).unwrap();
        make_branch(&layout, number);
    }
    for number in 0..DOMAINS {
        let branch = number % usize::from(BRANCHES);
        let text =
            format!("locations:\n  /:\n    upstream: {{repo: repo{branch}, branch: main, runner: web}}\n");
        fs::write(config.join(format!("domains/shop{number}.example.com.yml")), text).unwrap();
    }
}

fn make_branch(layout: &Layout, number: u16) {
    let branch = BranchRef {
        repo: RepoName::new(format!("repo{number}")).unwrap(),
        branch: BranchName::new("main").unwrap(),
    };
    let at = "2026-11-22T10:00:00Z".parse().unwrap();
    let commit = CommitId::new("3f2a".repeat(10)).unwrap();
    let process = Process {
        runner: RunnerName::new("web").unwrap(),
        index: 0,
        port: Some(20_000 + number),
        socket: None,
        unknown: UnknownFields::default(),
    };
    let live = Deployment {
        release: 20,
        commit: commit.clone(),
        subject: "Add a basket".to_owned(),
        checkout: CheckoutName::new(at, &commit, []),
        slot: Slot::A,
        processes: vec![process.clone()],
        builder: None,
        manifest: None,
        rollback_of: None,
        kind: AttemptKind::Push,
        unknown: UnknownFields::default(),
        by: "laptop".to_owned(),
        at,
        persist: Vec::new(),
        live_since: Some(at),
    };
    let release = |release| Deployment { release, ..live.clone() };
    let releases = (1..=20).map(release).collect();
    let record = Record { live: Some(live), releases, ..Record::default() };
    write(layout.record(&branch).as_std_path(), &serde_json::to_string_pretty(&record).unwrap());
    let attempt = format!(
        "{{\"outcome\":\"succeeded\",\"kind\":\"push\",\"release\":20,\"restored\":null,\"commit\":\"{commit}\",\"subject\":\"Add a \
         basket\",\"by\":\"laptop\",\"from\":\"192.0.2.1\",\"at\":\"2026-11-22T10:00:00Z\",\"seconds\":1.5,\"sections\":[{}],\
         \"configuration\":\"3f2a3f2a3f2\",\"checkout\":null,\"builder\":null,\"log\":null,\"reason\":null}}\n",
        ["{\"title\":\"Switch nginx to the new version\",\"phase\":\"switch\",\"seconds\":0.123}"; 8]
            .join(",")
    );
    write(layout.history(&branch).as_std_path(), &attempt.repeat(100));
    for slot in [Slot::A, Slot::B] {
        let directory = layout.service(&process.service(&branch, slot));
        write(directory.join("run").as_std_path(), "#!/bin/sh\nexec npm start\n");
        write(directory.join("starts").as_std_path(), "1763805600\n");
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}
