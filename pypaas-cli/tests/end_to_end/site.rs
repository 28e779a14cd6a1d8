//! A page that nginx serves: it has no process and deploys in no time.

use pypaas_sandbox::{Client, Outcome, Sandbox, Worktree};

/// A repo with one page.
pub(crate) struct Site {
    name: &'static str,
    pub(crate) worktree: Worktree,
}

impl Site {
    /// Configures the repo `name`, to be served at `<name>.example`, and begins its code.
    #[track_caller]
    pub(crate) fn configure(sandbox: &Sandbox, client: &Client, name: &'static str) -> Self {
        sandbox.write_config(&format!("repo/{name}.yml"), Self::REPO);
        sandbox.domain(&format!("{name}.example"), name, "main", "page");
        Self { name, worktree: client.worktree(name) }
    }

    /// What its repo file says.
    pub(crate) const REPO: &str =
        "branches: {main: {runners: {page: {type: NginxStatic, subdirectory: public}}}}";

    /// Pushes the page with another text.
    #[track_caller]
    pub(crate) fn push(&self, text: &str) -> Outcome {
        self.worktree.write("public/index.html", text);
        self.worktree.commit(text);
        self.worktree.push(self.name, &["main"])
    }
}
