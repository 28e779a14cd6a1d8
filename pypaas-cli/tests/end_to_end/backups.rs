//! Backups through restic, and what is restored from them.

use std::fs;

use camino::Utf8PathBuf;
use pypaas_sandbox::{Client, Sandbox};

use crate::eventually::eventually;
use crate::shop::{Shop, assert_says};

/// An app with a database, an SQLite file, and a file of its own.
const APP: &str = "runners: {web: {type: NginxStatic, subdirectory: public}}, stores: {db: Postgres}, hooks: {release: \
    [psql -v ON_ERROR_STOP=1 -qc 'CREATE TABLE IF NOT EXISTS notes (text text)']}";

/// A host that is backed up, with an app that is live.
struct Host {
    shop: Shop,
    admin: Client,
}

impl Host {
    fn start() -> Self {
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

    fn sandbox(&self) -> &Sandbox {
        &self.shop.sandbox
    }

    fn run(&self, script: &str) -> String {
        let words = ["run", "shop", "main", "--", "sh", "-ec", script];
        self.sandbox().pypaas(&words).must_succeed().stdout.trim().to_owned()
    }

    /// Writes a word into each place where an app has data.
    fn write(&self, word: &str) {
        self.run(&format!(
            "echo {word} >>$PYPAAS_DATA_DIR/file; psql -qc \"INSERT INTO notes VALUES ('{word}')\"; \
             sqlite3 $PYPAAS_DATA_DIR/app.db \"PRAGMA journal_mode=WAL; CREATE TABLE IF NOT EXISTS notes (text); \
             INSERT INTO notes VALUES ('{word}')\" >/dev/null"
        ));
    }

    /// Returns the words in all of these places.
    fn words(&self) -> [String; 3] {
        [
            "cat $PYPAAS_DATA_DIR/file",
            "psql -Atc 'SELECT text FROM notes'",
            "sqlite3 $PYPAAS_DATA_DIR/app.db 'SELECT text FROM notes'",
        ]
        .map(|script| self.run(script).replace('\n', " "))
    }

    fn set_aside(&self) -> Vec<Utf8PathBuf> {
        let all = self.sandbox().home().join("set-aside");
        let entries = all.read_dir_utf8().into_iter().flatten().map(|entry| entry.unwrap().into_path());
        entries.filter(|path| path.file_name().unwrap().starts_with("before-restore-")).collect()
    }
}

#[test]
fn a_branch_is_restored_as_it_was_and_what_it_had_is_set_aside() {
    let host = Host::start();
    let admin = &host.admin;

    let planned = admin.ssh_line("backup now --dry-run").must_succeed();
    assert_says(&planned, &format!("{}\n", host.sandbox().home().join("data")));
    assert!(!host.sandbox().home().join("backup").exists(), "a dry run makes nothing");
    let made = admin.ssh_line("backup now").must_succeed();
    assert_says(&made, "the backups are encrypted with the new password in ");
    assert_says(&made, "copying 1 SQLite file\n");
    assert_says(&made, "dumping the database of shop main, db\n");
    host.write("second");
    let second = admin.ssh_line("backup now").must_succeed();
    assert!(!second.stderr.contains("new password"), "{second}");
    let listed = admin.ssh_line("backup list --json").must_succeed().stdout;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let newest = listed["backups"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned();
    host.write("third");
    assert_eq!(host.words(), ["first second third"; 3]);

    let tried = admin.ssh_line("backup check").must_succeed();
    assert_says(&tried, "loading the dump of ");
    assert_says(&tried, " can be restored\n");
    assert!(!host.sandbox().home().join("backup/restored").exists());
    let planned = admin.ssh_line("restore shop --dry-run").must_succeed();
    assert_says(&planned, &format!("  {}\n", host.sandbox().home().join("data/shop/main")));
    assert_eq!(host.words(), ["first second third"; 3], "a dry run changes nothing");

    admin.ssh_line("restore shop").must_succeed();
    assert_eq!(host.words(), ["first second"; 3]);
    assert_eq!(host.shop.sandbox.get("shop.example", "/").status, 200);
    assert_eq!(host.set_aside().len(), 1);
    let aside = &host.set_aside()[0];
    assert_eq!(fs::read_to_string(aside.join("data/shop/main/file")).unwrap(), "first\nsecond\nthird\n");
    assert!(aside.join("stores/shop_main_db.dump").exists());
    host.write("fourth");

    admin.ssh_line(&format!("restore shop --at {}", &newest[..8])).must_succeed();
    assert_eq!(host.words(), ["first second"; 3]);
    assert_says(
        &admin.ssh_line("restore shop --at 1999-12-31").must_fail(),
        "there is no backup `1999-12-31`",
    );
    host.sandbox().pypaas(&["status", "shop"]).must_succeed();
}

#[test]
fn a_host_whose_disk_is_lost_is_restored_by_one_command() {
    let mut host = Host::start();
    host.admin.ssh_with_input(&["secret", "set", "shop", "TOKEN"], "mellon").must_succeed();
    host.admin.ssh_line("backup now").must_succeed();
    let password = host.sandbox().root().join("password");
    fs::copy(host.sandbox().home().join("backup/password"), &password).unwrap();
    let to = host.sandbox().root().join("elsewhere");

    host.shop.sandbox.lose_the_disk();
    assert!(!host.admin.ssh_line("list").success());
    let words = ["backup", "restore-host", "--from", to.as_str(), "--password-file", password.as_str()];
    let restored = host.sandbox().pypaas(&words).must_succeed();

    assert_says(&restored, "loading db of shop main\n");
    assert_eq!(host.words(), ["first"; 3]);
    assert_eq!(host.sandbox().get("shop.example", "/").status, 200);
    assert_eq!(host.admin.ssh_line("secret list shop").must_succeed().stdout, "TOKEN\n");
    host.shop.push_version("2").must_succeed();
    host.admin.ssh_line("backup now").must_succeed();
    let again = host.sandbox().pypaas(&words).must_fail();
    assert_says(&again, "this host has apps already");
}

#[test]
fn what_cannot_be_backed_up_is_said_and_everything_else_is_in_the_backup() {
    let host = Host::start();
    let file = "echo 'SQLite format 3' | tr '\\n' '\\000' >$PYPAAS_DATA_DIR/broken.db; echo junk >>$PYPAAS_DATA_DIR/broken.db";
    host.run(file);

    let failed = host.admin.ssh_line("backup now").must_fail();

    assert_says(&failed, "the backup is incomplete: `");
    assert_says(&failed, "broken.db`: ");
    let checked = host.sandbox().pypaas(&["check"]).must_fail();
    assert_says(&checked, "broken.db");
    host.run("rm $PYPAAS_DATA_DIR/broken.db");
    host.admin.ssh_line("backup now").must_succeed();
    host.write("second");
    host.admin.ssh_line("restore shop").must_succeed();
    assert_eq!(host.words(), ["first"; 3]);

    // An app cannot reach what opens the backups.
    let key = host.sandbox().home().join("backup/password");
    let words = ["run", "shop", "main", "--", "cat", key.as_str()];
    assert_says(&host.sandbox().pypaas(&words).must_fail(), "No such file or directory");
}

#[test]
fn the_keeper_makes_a_backup_that_is_due_and_tries_it() {
    let host = Host::start();
    let record = host.sandbox().home().join("state/backup.json");
    fs::write(&record, r#"{"since": "2026-01-01T00:00:00Z"}"#).unwrap();
    host.sandbox().pypaas(&["apply"]).must_succeed();

    let text =
        eventually(|| fs::read_to_string(&record).ok().filter(|text| text.contains("\"tried_at\": \"")));

    assert!(text.contains("\"snapshot\": \""), "{text}");
    let metrics = host.sandbox().pypaas(&["metrics"]).must_succeed().stdout;
    assert!(metrics.contains("\npypaas_backup_last_trial_timestamp_seconds 1"), "{metrics}");
    host.write("second");
    host.admin.ssh_line("restore shop").must_succeed();
    assert_eq!(host.words(), ["first"; 3]);
}

#[test]
fn backups_that_are_not_configured_are_explained_and_only_for_admins() {
    let sandbox = crate::host::start();
    sandbox.write_config("pypaas.yml", &(sandbox.read_config("pypaas.yml") + "\nadmins: [admin]\n"));
    let (admin, ci) = (sandbox.client("admin"), sandbox.client("ci"));
    assert_says(
        &admin.ssh_line("backup now").must_fail(),
        "write `backup: {to: /srv/backup}` into pypaas.yml",
    );
    for line in ["backup now --dry-run", "backup list", "restore shop main --dry-run"] {
        assert_eq!(ci.ssh_line(line).code, 5, "{line}");
    }
    let words = "backup restore-host --from /x --password-file /y";
    assert_says(&admin.ssh_line(words).must_fail(), "cannot be run over SSH");
}
