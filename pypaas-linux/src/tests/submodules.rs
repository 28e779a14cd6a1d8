//! Submodules, from a real git server.

use std::error::Error;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use camino::Utf8Path;

use super::git::{Source, git};
use super::machine::eventually;

/// Serves all repositories below a directory.
struct Server {
    daemon: Child,
    port: u16,
}

impl Server {
    fn of(directory: &Utf8Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut daemon = Command::new("git");
        daemon.args(["daemon", "--export-all", "--listen=127.0.0.1", &format!("--port={port}")]);
        daemon.arg(format!("--base-path={directory}")).stdin(Stdio::null());
        let daemon = daemon.process_group(0).spawn().unwrap();
        eventually(|| TcpStream::connect(("127.0.0.1", port)).ok());
        Self { daemon, port }
    }

    fn url(&self, repo: &str) -> String {
        format!("git://127.0.0.1:{}/{repo}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.daemon);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.daemon.wait();
    }
}

/// Makes a repository with one file in `directory`, and adds it to `source` at `path`, to be fetched from `url`.
fn add_submodule(source: &Source, repo: &Utf8Path, path: &str, url: &str) {
    if !repo.exists() {
        fs::create_dir_all(repo).unwrap();
        git(repo, &["init", "--quiet", "--initial-branch=main"]);
        fs::write(repo.join("library.js"), repo.as_str()).unwrap();
        git(repo, &["add", "--all"]);
        git(repo, &["commit", "--quiet", "--message", "Library"]);
    }
    let commit = git(repo, &["rev-parse", "HEAD"]);
    git(&source.work, &["update-index", "--add", "--cacheinfo", &format!("160000,{commit},{path}")]);
    git(&source.work, &["config", "--file", ".gitmodules", &format!("submodule.{path}.path"), path]);
    git(&source.work, &["config", "--file", ".gitmodules", &format!("submodule.{path}.url"), url]);
    fs::create_dir_all(source.work.join(path)).unwrap();
}

fn reason(source: &mut Source) -> String {
    let commit = source.push("Submodules");
    let error = source.check_out(&commit).unwrap_err();
    let mut cause: &dyn Error = &error;
    let mut reasons = Vec::new();
    while let Some(next) = cause.source() {
        reasons.push(next.to_string());
        cause = next;
    }
    reasons.join("; ")
}

#[test]
fn submodules_and_theirs_are_written_and_the_next_time_need_no_server() {
    let mut source = Source::new();
    let libraries = source.machine.home.join("libraries");
    fs::create_dir(&libraries).unwrap();
    let server = Server::of(&libraries);
    let inner = libraries.join("inner");
    add_submodule(&source, &inner, "unused", &server.url("inner"));
    let mut outer = Source::new();
    outer.work = libraries.join("outer");
    fs::create_dir_all(&outer.work).unwrap();
    git(&outer.work, &["init", "--quiet", "--initial-branch=main"]);
    add_submodule(&outer, &inner, "vendor/inner", &server.url("inner"));
    outer.push("Outer");
    git(&source.work, &["rm", "--quiet", "--cached", "unused"]);
    fs::remove_file(source.work.join(".gitmodules")).unwrap();
    source.write("app.js", "");
    add_submodule(&source, &outer.work, "lib/outer", &server.url("outer"));
    let commit = source.push("App");

    let directory = source.check_out(&commit).unwrap();
    drop(server);
    fs::remove_dir_all(&directory).unwrap();
    source.check_out(&commit).unwrap();

    let library = fs::read_to_string(directory.join("lib/outer/vendor/inner/library.js")).unwrap();
    assert_eq!(library, inner.as_str());
    let hidden = Command::new("find").args([directory.as_str(), "-name", ".git"]).output().unwrap();
    assert_eq!(hidden.stdout, b"");
}

#[test]
fn a_submodule_may_not_come_from_files_or_programs() {
    let mut source = Source::new();
    let library = source.machine.home.join("library");
    add_submodule(&source, &library, "lib", library.as_str());
    let said = reason(&mut source);
    assert_eq!(said, "cannot write the submodule `lib`; fatal: transport 'file' not allowed");
    for url in ["ext::touch pwned", "--upload-pack=touch pwned", "file:///etc"] {
        add_submodule(&source, &library, "lib", url);
        let said = reason(&mut source);
        assert!(said.starts_with("cannot write the submodule `lib`; fatal: "), "{said}");
    }
    assert!(!source.bare.join("pwned").exists() && !source.machine.home.join("pwned").exists());
}

#[test]
fn a_relative_url_is_explained() {
    let mut source = Source::new();
    let library = source.machine.home.join("library");
    add_submodule(&source, &library, "lib", "../library.git");
    let said = reason(&mut source);
    assert_eq!(
        said,
        "cannot write the submodule `lib`; its `url`, `../library.git`, is relative, and what is pushed here does not \
        say to what; write the whole URL"
    );
}

#[test]
fn a_submodule_nobody_mentions_is_refused() {
    let mut source = Source::new();
    let library = source.machine.home.join("library");
    add_submodule(&source, &library, "lib", "unused");
    fs::remove_file(source.work.join(".gitmodules")).unwrap();
    let said = reason(&mut source);
    assert_eq!(said, "cannot write the submodule `lib`; `.gitmodules` does not mention it");
}

#[test]
fn a_submodule_that_shall_not_be_updated_is_an_empty_directory() {
    let mut source = Source::new();
    let library = source.machine.home.join("library");
    add_submodule(&source, &library, "lib", "unused");
    git(&source.work, &["config", "--file", ".gitmodules", "submodule.lib.update", "none"]);
    let commit = source.push("App");
    let directory = source.check_out(&commit).unwrap();
    assert_eq!(fs::read_dir(directory.join("lib")).unwrap().count(), 0);
}
