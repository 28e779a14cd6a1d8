//! Backups through restic, and what is restored from them.

mod backed_up;
mod hostile_data;
mod trouble;

use std::fs;

use backed_up::Host;

use crate::eventually::eventually;
use crate::shop::assert_says;

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
    assert_says(&made, "dumping db of shop main\n");
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
    assert!(!restored.stderr.contains("warning:"), "{restored}");
    assert_eq!(host.words(), ["first"; 3]);
    assert_eq!(host.sandbox().get("shop.example", "/").status, 200);
    assert_eq!(host.admin.ssh_line("secret list shop").must_succeed().stdout, "TOKEN\n");
    host.shop.push_version("2").must_succeed();
    host.admin.ssh_line("backup now").must_succeed();
    let again = host.sandbox().pypaas(&words).must_fail();
    assert_says(&again, "this host has apps already");
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
