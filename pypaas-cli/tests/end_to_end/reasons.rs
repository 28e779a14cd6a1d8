//! Errors that name what they are about: the file, the reason and not what followed from it, and nothing twice.

use crate::host;
use crate::shop::{NODE, Shop, assert_says};
use crate::site::Site;

const PAGE: &str = "runners: {web: {type: NginxStatic}}";

#[test]
fn a_script_that_the_shell_cannot_run_is_named_with_what_is_wrong_with_it() {
    let shop = Shop::new("static-site", PAGE);
    let push = |what: &str| {
        shop.code.commit(what);
        shop.push().must_fail()
    };

    shop.code.write_executable(".build.sh", "#!/bin/sh\r\necho built\r\n");
    let refused = push("CRLF");
    assert_says(&refused, "  because `.build.sh` has the line ends of Windows (CRLF), ");
    // Nothing was live before.
    assert_says(
        &refused,
        "hint: nothing is live on this branch yet; fix what is named above, then push again\n",
    );
    shop.code.write(".gitattributes", ".build.sh text eol=lf\n");
    shop.code.git(&["add", "--renormalize", "."]).must_succeed();
    shop.code.commit("LF");
    shop.push().must_succeed();

    shop.code.git(&["update-index", "--chmod=-x", ".build.sh"]).must_succeed();
    shop.code.git(&["commit", "--quiet", "-m", "not executable"]).must_succeed();
    let refused = shop.push().must_fail();
    assert_says(
        &refused,
        "  because `.build.sh` is not executable: run `git update-index --chmod=+x .build.sh`, ",
    );
    assert_says(&refused, "hint: the version that was live before is still live\n");

    shop.code.write_executable(".build.sh", "#!/opt/no/such/sh\n");
    assert_says(
        &push("interpreter"),
        "  because `.build.sh` begins with `#!/opt/no/such/sh`, and this host has no `/opt/no/such/sh`\n",
    );
    shop.configure("runners: {web: {type: NginxStatic}}, hooks: {build: ./bin/build}");
    assert_says(&push("missing"), "  because `bin/build` is not in the checkout; is it committed? ");
    shop.configure("runners: {web: {type: NginxStatic}}, hooks: {build: sh bin/build}");
    shop.code.write("bin/build", "echo 1\r\ncd public\r\n");
    assert_says(&push("read by a shell"), "  because `bin/build` has the line ends of Windows (CRLF), ");
}

#[test]
fn a_file_that_cannot_be_written_is_named_whoever_writes_it() {
    let shop = Shop::live("static-site", PAGE);
    let long = "n".repeat(300);
    for attributes in ["* -text\n", "*.x ident\n"] {
        shop.code.write(".gitattributes", attributes);
        shop.code.commit("attributes");
        // No file system of this machine takes the name, so that git makes the tree without a file.
        let blob = shop.code.git(&["rev-parse", "HEAD:.gitattributes"]).must_succeed();
        let entry = format!("100644,{},{long}", blob.stdout.trim());
        shop.code.git(&["update-index", "--add", "--cacheinfo", &entry]).must_succeed();
        shop.code.git(&["commit", "--quiet", "-m", "a long name"]).must_succeed();
        let refused = shop.push().must_fail();
        assert_says(&refused, &long);
        assert_says(&refused, "File name too long");
        assert_says(&refused, "hint: the version that was live before is still live\n");
        assert!(!refused.remote().contains("cannot check out"), "{refused}");
        shop.code.git(&["reset", "--quiet", "--hard", "HEAD~1"]).must_succeed();
    }
}

#[test]
fn git_clients_are_told_the_reason_and_not_to_look_at_their_access_rights() {
    let sandbox = host::start();
    let site = Site::configure(&sandbox, &sandbox.client("laptop"), "site");
    site.push("1").must_succeed();
    let git = |words: &[&str]| site.worktree.git(words);
    for url in ["pypaas:site/", "pypaas:~/site", "pypaas:/site.git", "ssh://pypaas/~/site.git/"] {
        site.worktree.commit(url);
        git(&["push", url, "main"]).must_succeed();
        assert!(git(&["ls-remote", url]).must_succeed().stdout.ends_with("\trefs/heads/main\n"), "{url}");
    }
    for command in ["push", "ls-remote", "fetch"] {
        for version in ["protocol.version=0", "protocol.version=2"] {
            let refused = git(&["-c", version, command, "pypaas:sit", "main"]).must_fail();
            assert_says(
                &refused,
                "fatal: remote error: repo `sit` is not configured\nhint: did you mean `site`?",
            );
            assert_eq!(refused.stderr.matches("not configured").count(), 1, "{refused}");
            assert!(!refused.stderr.contains("access rights"), "{refused}");
        }
    }
    let refused = git(&["push", "pypaas:a/b", "main"]).must_fail();
    assert_says(&refused, "fatal: remote error: `a/b` is not a valid repo name: ");
    let reader = sandbox.client("reader");
    sandbox.write_config("repo/site.yml", &format!("access: {{laptop: push}}\n{}", Site::REPO));
    let worktree = reader.worktree("site");
    worktree.commit("mine");
    let refused = worktree.push("site", &["main"]).must_fail();
    assert_says(&refused, "fatal: remote error: ");
    assert!(!refused.stderr.contains("access rights"), "{refused}");
}

#[test]
fn the_reason_of_a_submodule_that_cannot_be_fetched_is_git_s_and_not_its_last_line() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    for (url, reason) in [
        ("file:///no/such/repository", "fatal: transport 'file' not allowed\n"),
        ("ssh://git@127.0.0.1:1/x", "ssh: connect to host 127.0.0.1 port 1: Connection refused\n"),
        ("https://127.0.0.1:1/x", "fatal: unable to access 'https://127.0.0.1:1/x/': "),
    ] {
        shop.code.write(".gitmodules", format!("[submodule \"s\"]\n\tpath = s\n\turl = {url}\n"));
        let entry = format!("160000,{},s", "3f2a".repeat(10));
        shop.code.git(&["add", "--all"]).must_succeed();
        shop.code.git(&["update-index", "--add", "--cacheinfo", &entry]).must_succeed();
        shop.code.git(&["commit", "--quiet", "-m", url]).must_succeed();
        let refused = shop.push().must_fail();
        assert_says(&refused, &format!("because {reason}"));
        assert!(!refused.stderr.contains("because and the repository exists."), "{refused}");
    }
}

#[test]
fn subjects_are_shown_in_unicode_whatever_they_were_written_in_and_short() {
    let sandbox = host::start();
    let site = Site::configure(&sandbox, &sandbox.client("laptop"), "site");
    site.worktree.write("public/index.html", "1");
    for (encoding, message) in
        [("latin1", &b"caf\xe9"[..]), ("utf-8", b"caf\xe9 na\xefve"), ("shift_jis", b"\x93\xfa\x96{")]
    {
        site.worktree.write("message", message);
        site.worktree.git(&["add", "public"]).must_succeed();
        let encoding = format!("i18n.commitEncoding={encoding}");
        let commit = ["-c", &encoding, "commit", "--quiet", "--allow-empty", "-F", "message"];
        site.worktree.git(&commit).must_succeed();
        site.worktree.push("site", &["main"]).must_succeed();
    }
    let shown = sandbox.pypaas(&["releases", "site", "main"]).must_succeed();
    for subject in ["café ", "café naïve ", "日本 "] {
        assert!(shown.stdout.contains(subject), "{subject}: {shown}");
    }
    site.worktree.commit(&"word ".repeat(600));
    let pushed = site.worktree.push("site", &["main"]).must_succeed();
    for command in [&["status"][..], &["status", "site", "main"], &["list"], &["releases", "site", "main"]] {
        let shown = sandbox.pypaas(command).must_succeed();
        let is_short = shown.stdout.lines().all(|line| line.chars().count() < 220);
        assert!(shown.stdout.contains("word word") && is_short, "{shown}");
    }
    assert!(pushed.stderr.lines().all(|line| line.chars().count() < 300), "{pushed}");
}
