//! Backups and restores that fail: nothing is lost, and what is said is true.

use std::fs;

use super::backed_up::Host;
use crate::shop::assert_says;

#[test]
fn what_cannot_be_backed_up_is_said_and_everything_else_is_in_the_backup() {
    let host = Host::start();
    let file = "echo 'SQLite format 3' | tr '\\n' '\\000' >$PYPAAS_DATA_DIR/broken.db; echo junk >>$PYPAAS_DATA_DIR/broken.db";
    host.run(file);

    let failed = host.admin.ssh_line("backup now").must_fail();

    assert_says(&failed, "the backup is incomplete\n  because `");
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
fn a_repository_that_is_not_mounted_is_no_new_one() {
    let host = Host::start();
    let (to, away) = (host.sandbox().root().join("elsewhere"), host.sandbox().root().join("unmounted"));
    host.admin.ssh_line("backup now").must_succeed();
    fs::rename(&to, &away).unwrap();

    let failed = host.admin.ssh_line("backup now").must_fail();

    assert_says(&failed, "which the last backup is in, cannot be read");
    assert!(!to.join("config").exists());
    fs::rename(&away, &to).unwrap();
    host.admin.ssh_line("backup now").must_succeed();
}

#[test]
fn a_dump_that_cannot_be_loaded_fails_the_trial_and_a_restore_changes_nothing() {
    let host = Host::start();
    // It works for the app, and not for a dump, in which no path is searched.
    let sql = "CREATE FUNCTION works() RETURNS boolean LANGUAGE plpgsql AS \
               $$BEGIN RETURN (SELECT count(*) >= 0 FROM notes); END$$; \
               CREATE TABLE checked (a int CHECK (works())); INSERT INTO checked VALUES (1);";
    host.psql(sql);
    host.admin.ssh_line("backup now").must_succeed();
    host.write("second");

    let tried = host.admin.ssh_line("backup check").must_fail();
    assert_says(&tried, "cannot be loaded: ");
    let restored = host.admin.ssh_line("restore shop").must_fail();

    assert_says(&restored, "relation \"notes\" does not exist");
    assert_says(&restored, "; everything is as it was\n");
    assert_eq!(host.words(), ["first second"; 3]);
    assert_eq!(host.sandbox().get("shop.example", "/").status, 200);
    assert_says(&host.sandbox().pypaas(&["check"]).must_fail(), "could not be restored for a trial");
}

#[test]
fn a_restore_of_a_host_that_was_killed_is_run_again_and_no_backup_is_made_before() {
    let mut host = Host::start();
    host.admin.ssh_line("backup now").must_succeed();
    let password = host.sandbox().root().join("password");
    fs::copy(host.sandbox().home().join("backup/password"), &password).unwrap();
    let to = host.sandbox().root().join("elsewhere");
    host.shop.sandbox.lose_the_disk();
    let words = ["backup", "restore-host", "--from", to.as_str(), "--password-file", password.as_str()];
    host.sandbox().pypaas(&words).must_succeed();
    let unfinished = host.sandbox().home().join("backup/restoring");
    assert!(!unfinished.exists());
    host.write("second");
    // As if it had been killed before its end.
    fs::write(&unfinished, "").unwrap();

    assert_says(&host.admin.ssh_line("backup now").must_fail(), "run `pypaas backup restore-host` again");
    host.sandbox().pypaas(&words).must_succeed();

    assert_eq!(host.words(), ["first"; 3]);
    assert!(!unfinished.exists());
    host.admin.ssh_line("backup now").must_succeed();
}

#[test]
fn an_incomplete_backup_takes_the_place_of_no_complete_one() {
    let host = Host::start();
    host.admin.ssh_line("backup now").must_succeed();
    host.write("second");
    let broken = "echo 'SQLite format 3' | tr '\\n' '\\000' >$PYPAAS_DATA_DIR/broken.db; \
                  echo junk >>$PYPAAS_DATA_DIR/broken.db";
    host.run(broken);
    host.admin.ssh_line("backup now").must_fail();
    host.admin.ssh_line("backup now").must_fail();

    let listed = host.admin.ssh_line("backup list").must_succeed().stdout;

    assert_eq!(listed.matches("incomplete").count(), 1, "{listed}");
    // The newest that lacks nothing is restored.
    host.admin.ssh_line("restore shop").must_succeed();
    assert_eq!(host.words(), ["first"; 3]);
}
