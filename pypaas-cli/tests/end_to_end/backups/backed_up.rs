//! A host with an app that has data in every kind of place.

use camino::Utf8PathBuf;
use pypaas_sandbox::{Client, Sandbox};

use crate::shop::Shop;

/// An app with a database, an SQLite file, and a file of its own.
const APP: &str = "runners: {web: {type: NginxStatic, subdirectory: public}, worker: {type: SimpleProcess, cmd: sleep 1000}}, stores: {db: Postgres}, hooks: {release: \
    [psql -v ON_ERROR_STOP=1 -qc 'CREATE TABLE IF NOT EXISTS notes (text text)']}";

/// A host that is backed up, with an app that is live.
pub(super) struct Host {
    pub(super) shop: Shop,
    pub(super) admin: Client,
}

impl Host {
    pub(super) fn start() -> Self {
        let shop = Shop::new("static-site", APP);
        let sandbox = &shop.sandbox;
        let to = sandbox.root().join("elsewhere");
        let settings = sandbox.read_config("pypaas.yml");
        sandbox
            .write_config("pypaas.yml", &format!("{settings}\nbackup: {{to: {to}, keep: {{daily: 3}}}}\n"));
        let host = Self { admin: sandbox.client("admin"), shop };
        host.shop.push().must_succeed();
        host.write("first");
        host
    }

    pub(super) fn sandbox(&self) -> &Sandbox {
        &self.shop.sandbox
    }

    pub(super) fn run(&self, script: &str) -> String {
        let words = ["run", "shop", "main", "--", "sh", "-ec", script];
        self.sandbox().pypaas(&words).must_succeed().stdout.trim().to_owned()
    }

    /// Runs SQL as the app.
    pub(super) fn psql(&self, sql: &str) {
        let words = ["run", "shop", "main", "--", "psql", "-qv", "ON_ERROR_STOP=1"];
        self.admin.ssh_with_input(&words, sql).must_succeed();
    }

    /// Writes a word into each place where an app has data.
    pub(super) fn write(&self, word: &str) {
        self.run(&format!(
            "echo {word} >>$PYPAAS_DATA_DIR/file; psql -qc \"INSERT INTO notes VALUES ('{word}')\"; \
             sqlite3 $PYPAAS_DATA_DIR/app.db \"PRAGMA journal_mode=WAL; CREATE TABLE IF NOT EXISTS notes (text); \
             INSERT INTO notes VALUES ('{word}')\" >/dev/null"
        ));
    }

    /// Returns the words in all of these places.
    pub(super) fn words(&self) -> [String; 3] {
        [
            "cat $PYPAAS_DATA_DIR/file",
            "psql -Atc 'SELECT text FROM notes'",
            "sqlite3 $PYPAAS_DATA_DIR/app.db 'SELECT text FROM notes'",
        ]
        .map(|script| self.run(script).replace('\n', " "))
    }

    pub(super) fn set_aside(&self) -> Vec<Utf8PathBuf> {
        let all = self.sandbox().home().join("set-aside");
        let entries = all.read_dir_utf8().into_iter().flatten().map(|entry| entry.unwrap().into_path());
        entries.filter(|path| path.file_name().unwrap().starts_with("before-restore-")).collect()
    }
}
