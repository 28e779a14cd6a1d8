//! Repositories and checkouts, compared with what git does.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_core::CommitId;
use pypaas_core::host::Git;

use super::machine::Machine;

/// Runs git as somebody whose configuration says nothing.
pub(super) fn git(directory: &Utf8Path, words: &[&str]) -> String {
    let mut git = Command::new("git");
    git.current_dir(directory).args(words).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    for (name, value) in [("HOME", "/nowhere"), ("GIT_CONFIG_NOSYSTEM", "1")] {
        git.env(name, value);
    }
    for role in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{role}_NAME"), "Ada").env(format!("GIT_{role}_EMAIL"), "ada@example.com");
    }
    let output = git.output().unwrap();
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A working copy, and the bare repository it is pushed to.
pub(super) struct Source {
    pub(super) machine: Machine,
    pub(super) work: Utf8PathBuf,
    pub(super) bare: Utf8PathBuf,
}

impl Source {
    pub(super) fn new() -> Self {
        let mut machine = Machine::new();
        let (work, bare) = (machine.home.join("work"), machine.home.join("repos/shop"));
        machine.host.prepare_repo(&bare, "#!/bin/sh\nexit 0\n").unwrap();
        fs::create_dir(&work).unwrap();
        git(&work, &["init", "--quiet", "--initial-branch=master"]);
        Self { machine, work, bare }
    }

    pub(super) fn write(&self, path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work.as_std_path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, contents).unwrap();
        path
    }

    /// Commits what is there and pushes it.
    pub(super) fn push(&self, subject: &str) -> CommitId {
        git(&self.work, &["add", "--all"]);
        git(&self.work, &["commit", "--quiet", "--allow-empty", "--message", subject]);
        git(&self.work, &["push", "--quiet", "--force", self.bare.as_str(), "HEAD:refs/heads/master"]);
        CommitId::new(git(&self.work, &["rev-parse", "HEAD"])).unwrap()
    }

    pub(super) fn check_out(
        &mut self,
        commit: &CommitId,
    ) -> Result<Utf8PathBuf, pypaas_core::host::GitError> {
        let directory = self.machine.home.join("checkouts").join(commit.short());
        self.machine.host.check_out(&self.bare, commit, &directory, &mut |_| {})?;
        Ok(directory)
    }

    /// Checks a commit out with the git program.
    pub(super) fn check_out_with_git(&self, commit: &CommitId) -> Utf8PathBuf {
        let directory = self.machine.home.join("expected");
        fs::create_dir(&directory).unwrap();
        let (git_dir, work_tree) = (format!("--git-dir={}", self.bare), format!("--work-tree={directory}"));
        git(&self.work, &[&git_dir, &work_tree, "read-tree", "--reset", "-u", commit.as_str()]);
        fs::remove_file(self.bare.join("index")).unwrap();
        directory
    }

    fn a_checkout_equals_gits(&mut self) {
        let commit = self.push("Everything");
        let expected = contents(self.check_out_with_git(&commit).as_std_path());
        let found = contents(self.check_out(&commit).unwrap().as_std_path());
        assert_eq!(found, expected);
        assert!(found.len() > 3);
    }
}

/// All files under a directory: their mode, and their bytes or where they link to.
fn contents(directory: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let found = entry.metadata().unwrap();
        let bytes = match found.file_type() {
            kind if kind.is_symlink() => fs::read_link(entry.path()).unwrap().into_os_string().into_vec(),
            kind if kind.is_file() => fs::read(entry.path()).unwrap(),
            _ => Vec::new(),
        };
        all.insert(entry.file_name().into(), (found.permissions().mode(), bytes));
        if found.is_dir() {
            let below = contents(&entry.path()).into_iter();
            all.extend(below.map(|(path, file)| (Path::new(&entry.file_name()).join(path), file)));
        }
    }
    all
}

#[test]
fn a_checkout_equals_gits_with_links_modes_line_endings_and_odd_names() {
    let mut source = Source::new();
    source.write("README", "hello\n");
    let script = source.write("bin/start", "#!/bin/sh\n");
    fs::set_permissions(script, fs::Permissions::from_mode(0o755)).unwrap();
    symlink("../README", source.work.join("bin/link")).unwrap();
    symlink("/no/where", source.work.join("dangling")).unwrap();
    symlink("deep", source.work.join("directory-link")).unwrap();
    source.write(".gitattributes", "*.txt text eol=crlf\n*.bin -text\nsub/* export-ignore\n");
    source.write("sub/.gitattributes", "*.txt -text\n");
    source.write("dos.txt", "one\ntwo\n");
    source.write("sub/unix.txt", "one\ntwo\n");
    source.write("raw.bin", b"\x00\r\n\n\xff");
    source.write("empty", "");
    source.write("deep/er/and/deeper/file", "x".repeat(100_000));
    for name in
        [" space ", "-dash", "--help", "quote\"'", "new\nline", "caf\u{e9}", "back\\slash", "CON", "a*b?"]
    {
        source.write(format!("odd/{name}"), name);
    }
    source.write(Path::new("odd").join(OsStr::from_bytes(b"latin-\xe9")), "bytes");
    source.a_checkout_equals_gits();
}

#[test]
fn a_checkout_equals_gits_with_what_gix_lacks() {
    let mut source = Source::new();
    source.write("sub/.gitattributes", "*.utf16 text working-tree-encoding=UTF-16LE\n*.id ident\n");
    source.write("sub/text.utf16", "h\0i\0\n\0");
    source.write("sub/version.id", "$Id$\n");
    source.write("other", "");
    source.a_checkout_equals_gits();
}

#[test]
fn a_checkout_may_be_repeated_and_holds_no_git_directory() {
    let mut source = Source::new();
    source.write("file", "one");
    let commit = source.push("First");
    let directory = source.check_out(&commit).unwrap();
    fs::write(directory.join("file"), "changed").unwrap();
    fs::write(directory.join("left"), "over").unwrap();

    source.check_out(&commit).unwrap();

    assert_eq!(contents(directory.as_std_path()).into_keys().collect::<Vec<_>>(), [Path::new("file")]);
    assert_eq!(fs::read(directory.join("file")).unwrap(), b"one");
}

#[test]
fn a_subject_is_short_and_moves_no_cursor() {
    let mut source = Source::new();
    let hostile = source.push("Sell\u{1b}[2J\u{7} shoes\u{9b}31m");
    let long = source.push(&"é".repeat(5_000));
    let mut subject = |commit| source.machine.host.commit(&source.bare, commit, &[]).unwrap().subject;

    assert_eq!(subject(&hostile), "Sell\u{fffd}[2J\u{fffd} shoes\u{fffd}31m");
    assert_eq!(subject(&long), "é".repeat(100) + "…");
}

#[test]
fn a_commit_tells_its_subject_and_its_entries() {
    let mut source = Source::new();
    source.write("package.json", "{}");
    source.write("src/index.js", "");
    source.write(".env", "");
    symlink("src", source.work.join("link")).unwrap();
    let first = source.push("Sell shoes: caf\u{e9}\n\nAnd socks.");

    let commit =
        source.machine.host.commit(&source.bare, &first, &["package.json", "link", "src", ".nvmrc"]).unwrap();

    assert_eq!(commit.subject, "Sell shoes: caf\u{e9}");
    assert_eq!(commit.entries, [".env", "link", "package.json", "src/"]);
    assert_eq!(
        commit.files,
        [("package.json".to_owned(), "{}".to_owned())].into(),
        "only files, and those asked for"
    );
}

#[test]
fn a_branch_is_found_by_its_whole_name() {
    let mut source = Source::new();
    source.write("file", "");
    let first = source.push("First");
    git(&source.work, &["push", "--quiet", source.bare.as_str(), "HEAD:refs/heads/feature/x"]);
    git(&source.work, &["push", "--quiet", source.bare.as_str(), "HEAD:refs/tags/v1"]);
    let host = &mut source.machine.host;
    let mut head = |branch: &str| host.branch_head(&source.bare, branch).unwrap();

    assert_eq!(head("master"), Some(first.clone()));
    assert_eq!(head("feature/x"), Some(first));
    assert_eq!([head("x"), head("v1"), head("feature")], [None, None, None]);
    git(&source.bare, &["pack-refs", "--all"]);
    assert!(source.machine.host.branch_head(&source.bare, "master").unwrap().is_some());
    let nowhere = source.machine.home.join("repos/nowhere");
    assert_eq!(source.machine.host.branch_head(&nowhere, "master").unwrap(), None);
}

#[test]
fn preparing_again_changes_only_what_differs() {
    let mut source = Source::new();
    let hook = source.bare.join("hooks/update");
    assert_eq!(fs::metadata(&hook).unwrap().permissions().mode() & 0o777, 0o755);
    git(&source.bare, &["config", "receive.maxInputSize", "1g"]);
    let changed = |path: &Utf8Path| fs::metadata(path).unwrap().modified().unwrap();
    let before = [changed(&hook), changed(&source.bare.join("config"))];

    source.machine.host.prepare_repo(&source.bare, "#!/bin/sh\nexit 0\n").unwrap();
    assert_eq!([changed(&hook), changed(&source.bare.join("config"))], before);
    source.machine.host.prepare_repo(&source.bare, "#!/bin/sh\nexit 1\n").unwrap();

    assert_eq!(fs::read(&hook).unwrap(), b"#!/bin/sh\nexit 1\n");
    assert_eq!(git(&source.bare, &["config", "receive.maxInputSize"]), "1g");
    assert_eq!(git(&source.bare, &["config", "receive.advertiseAtomic"]), "false");
}

#[test]
fn the_hook_is_asked_before_anything_else_refuses() {
    let mut source = Source::new();
    source.write("file", "");
    source.push("First");
    let hook = "#!/bin/sh\necho asked about \"$1\" >&2\nexit 1\n";
    source.machine.host.prepare_repo(&source.bare, hook).unwrap();
    git(&source.work, &["commit", "--quiet", "--amend", "--message", "Changed"]);
    // Somebody has hooks of his own for all repositories.
    fs::write(source.machine.home.join(".gitconfig"), "[core]\n\thooksPath = /nowhere\n").unwrap();
    for what in [":refs/heads/master", "+HEAD:refs/heads/master"] {
        let mut push = Command::new("git");
        push.current_dir(&source.work).args(["push", source.bare.as_str(), what]);
        let output = push.env("HOME", &source.machine.home).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains("asked about refs/heads/master"), "{said}");
    }
}

#[test]
fn a_missing_commit_is_named() {
    let mut source = Source::new();
    let nothing = CommitId::new("3f2a".repeat(10)).unwrap();
    let error = source.check_out(&nothing).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot check out `3f2a3f2a3f2` in `{}`", source.bare));
    let error = source.machine.host.commit(&source.bare, &nothing, &[]).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot read the commit `3f2a3f2a3f2` in `{}`", source.bare));
}
