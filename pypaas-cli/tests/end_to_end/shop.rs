//! A host with one repo, `shop`, whose branch `main` is served at `shop.example`.

use std::collections::BTreeSet;
use std::fs;

use camino::Utf8PathBuf;
use pypaas_sandbox::{Outcome, Sandbox, Worktree};

use crate::host;

/// One runner, `web`, for the sample apps that are one file of plain Node.
pub(crate) const NODE: &str = "runners: {web: {type: NginxBackend, cmd: node server.js}}";

/// A host, and the worktree of somebody who pushes to it.
pub(crate) struct Shop {
    pub(crate) sandbox: Sandbox,
    pub(crate) code: Worktree,
}

impl Shop {
    /// Starts a host that knows the shop, `main` being the YAML of its one branch. Nothing is pushed yet.
    pub(crate) fn new(app: &str, main: &str) -> Self {
        Self::on(host::start(), app, main)
    }

    /// Does the same on a host that is unusual.
    pub(crate) fn on(sandbox: Sandbox, app: &str, main: &str) -> Self {
        sandbox.domain("shop.example", "shop", "main", "web");
        let code = sandbox.client("laptop").worktree_named_from_app("shop", app);
        let shop = Self { sandbox, code };
        shop.configure(main);
        shop
    }

    /// Starts a host on which version 1 of `app` is live.
    pub(crate) fn live(app: &str, main: &str) -> Self {
        let shop = Self::new(app, main);
        shop.push().must_succeed();
        shop
    }

    /// Replaces the configuration of the branch.
    pub(crate) fn configure(&self, main: &str) {
        self.sandbox.write_config("repo/shop.yml", &format!("branches:\n  main: {{{main}}}\n"));
    }

    /// Pushes what is committed.
    pub(crate) fn push(&self) -> Outcome {
        self.code.push("shop", &["main"])
    }

    /// Commits a version of the sample app and pushes it.
    pub(crate) fn push_version(&self, version: &str) -> Outcome {
        self.code.commit_version(version);
        self.push()
    }

    /// Writes a file, commits it and pushes.
    pub(crate) fn push_file(&self, path: &str, text: &str) -> Outcome {
        self.code.write(path, text);
        self.code.commit(&format!("Change {path}"));
        self.push()
    }

    /// Fetches the page, which has to be there.
    #[track_caller]
    pub(crate) fn page(&self) -> String {
        let response = self.sandbox.get("shop.example", "/");
        assert_eq!(response.status, 200, "{}", response.text());
        response.text()
    }

    /// Returns the commit that the host's `main` is at.
    pub(crate) fn head(&self) -> Option<String> {
        self.code.remote_head("shop", "main")
    }

    /// Lists what runs in checkouts.
    pub(crate) fn pids(&self) -> BTreeSet<u32> {
        self.sandbox.app_processes().iter().map(|process| process.pid).collect()
    }

    /// Lists the checkouts of the branch.
    pub(crate) fn checkouts(&self) -> Vec<Utf8PathBuf> {
        let directory = self.sandbox.home().join("checkouts/shop/main");
        let Ok(entries) = directory.read_dir_utf8() else { return Vec::new() };
        entries.map(|entry| entry.unwrap().into_path()).collect()
    }

    /// Lists the ports to which nginx passes requests for a runner: those of the first of its two upstreams.
    pub(crate) fn ports(&self, runner: &str) -> Vec<u16> {
        let file = self.sandbox.home().join(format!("nginx/router.d/shop+main+{runner}.conf"));
        let text = fs::read_to_string(file).unwrap_or_default();
        let lines =
            text.lines().skip_while(|line| !line.starts_with("upstream ")).take_while(|line| *line != "}");
        let servers = lines.filter_map(|line| line.trim().strip_prefix("server 127.0.0.1:"));
        servers.map(|rest| rest.split_once(' ').unwrap().0.parse().unwrap()).collect()
    }

    /// Asserts that the commit of the worktree is live, and that nothing is left of any other.
    #[track_caller]
    pub(crate) fn assert_settled(&self) {
        let checkouts = self.checkouts();
        assert_eq!(checkouts.len(), 1, "{checkouts:?}");
        let head = self.code.head();
        assert!(checkouts[0].as_str().contains(&head[..11]), "{checkouts:?} is not of {head}");
        let elsewhere: Vec<_> = self
            .sandbox
            .app_processes()
            .into_iter()
            .filter(|it| !it.directory.starts_with(&checkouts[0]))
            .collect();
        assert!(elsewhere.is_empty(), "{elsewhere:#?}");
        assert_eq!(self.head(), Some(head));
    }
}

/// Asserts that the host said so.
#[track_caller]
pub(crate) fn assert_says(outcome: &Outcome, words: &str) {
    let said = outcome.remote() + &outcome.stdout + &outcome.stderr;
    assert!(said.contains(words), "`{words}` was not said:\n{outcome}");
}
