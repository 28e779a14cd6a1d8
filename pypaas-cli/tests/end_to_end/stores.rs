//! Databases of branches, in a real Postgres.

use crate::shop::{Shop, assert_says};

const VISITS: &str = "runners: {web: {type: NginxStatic}}, stores: {db: Postgres}, hooks: {release: \
    [psql -v ON_ERROR_STOP=1 -c 'CREATE TABLE IF NOT EXISTS releases (commit text)', \
    psql \"$DATABASE_URL\" -qc \"INSERT INTO releases VALUES ('$GIT_COMMIT')\"]}";

/// What the app itself reads from its database.
fn rows(shop: &Shop) -> String {
    let query = "psql \"$DB_URL\" -Atc 'SELECT count(*) FROM releases'";
    let answer = shop.sandbox.pypaas(&["run", "shop", "main", "--", "sh", "-c", query]).must_succeed();
    answer.stdout.trim().to_owned()
}

#[test]
fn a_store_is_made_before_the_build_and_outlives_deploys_crashes_and_reboots() {
    let mut shop = Shop::new("static-site", VISITS);
    let first = shop.push().must_succeed();
    assert_says(&first, "Prepare the stores");
    assert_eq!(rows(&shop), "1");

    shop.push_version("2").must_succeed();
    assert_eq!(rows(&shop), "2");

    shop.sandbox.reboot();
    shop.push_version("3").must_succeed();
    assert_eq!(rows(&shop), "3");

    // What is taken out of the configuration is kept.
    shop.configure("runners: {web: {type: NginxStatic}}");
    shop.push_version("4").must_succeed();
    let gone = shop.sandbox.pypaas(&["run", "shop", "main", "--", "sh", "-c", "echo ${DATABASE_URL-none}"]);
    assert_eq!(gone.must_succeed().stdout, "none\n");
    shop.configure(VISITS);
    shop.push_version("5").must_succeed();
    assert_eq!(rows(&shop), "4");
}

#[test]
fn no_other_app_reaches_a_store() {
    let shop = Shop::live("static-site", VISITS);
    let url = "echo \"$DATABASE_URL\"";
    let url = shop.sandbox.pypaas(&["run", "shop", "main", "--", "sh", "-c", url]).must_succeed().stdout;
    let (address, sockets) = url.trim().split_once("?host=").unwrap();
    let laptop = shop.sandbox.client("thief");
    let code = laptop.worktree_named_from_app("thief", "static-site");
    let thief = |stores: &str| {
        let config = format!("branches: {{main: {{runners: {{web: {{type: NginxStatic}}}}{stores}}}}}\n");
        shop.sandbox.write_config("repo/thief.yml", &config);
        code.write("again", stores);
        code.commit("Steal");
        code.push("thief", &["main"]).must_succeed();
    };
    let steal =
        |command: &str| shop.sandbox.pypaas(&["run", "thief", "main", "--", "sh", "-c", command]).must_fail();

    // Without a store of its own it does not even see the server.
    thief("");
    assert_says(&steal(&format!("ls {sockets}")), "No such file or directory");
    assert_says(
        &steal(&format!("psql '{address}?host={sockets}' -c 'SELECT 1'")),
        "No such file or directory",
    );
    // With one it has another password, which opens no other database.
    thief(", stores: {db: Postgres}");
    assert_says(
        &steal("PGUSER=shop_main_db PGDATABASE=shop_main_db psql -c 'SELECT 1'"),
        "password authentication failed",
    );
    assert_says(
        &steal("PGUSER=pypaas PGDATABASE=postgres psql -c 'SELECT 1'"),
        "password authentication failed",
    );
    assert_says(&steal("PGDATABASE=shop_main_db psql -c 'SELECT 1'"), "no pg_hba.conf entry for host");
    assert_says(
        &steal("PGUSER=shop_main_db PGDATABASE=shop_main_db PGPASSWORD= psql -w -c 'SELECT 1'"),
        "no password supplied",
    );
    assert_says(&steal(&format!("cat {sockets}/../postgres/PG_VERSION")), "No such file or directory");
}

#[test]
fn a_dump_is_loaded_into_another_branch_or_not_at_all() {
    let shop = Shop::live("static-site", VISITS);
    let laptop = shop.sandbox.client("laptop2");
    let listed = laptop.ssh_line("store list --json").must_succeed().stdout;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["database"], "shop_main_db");
    assert!(listed[0]["bytes"].as_u64() > Some(0) && listed[0]["configured"] == true, "{listed}");
    let dump =
        "pypaas store dump shop main >dump && pypaas store psql shop main -- -qc 'DELETE FROM releases'";
    let shell = |script: &str| shop.sandbox.shell(script);
    shell(dump).must_succeed();
    assert_eq!(rows(&shop), "0");

    // What cannot be loaded as a whole changes nothing.
    let broken = "printf 'INSERT INTO releases VALUES (1); nonsense;' | pypaas store load shop main";
    assert_says(&shell(broken).must_fail(), "the dump was not loaded into db of shop main");
    assert_eq!(rows(&shop), "0");
    shell("pypaas store load shop main <dump").must_succeed();
    assert_eq!(rows(&shop), "1");
    shell("echo 'INSERT INTO releases VALUES (2)' | pypaas store load shop main").must_succeed();
    assert_eq!(rows(&shop), "2");
}

#[test]
fn psql_is_kept_within_the_bounds_of_its_branch() {
    let shop = Shop::live("static-site", VISITS);
    let laptop = shop.sandbox.client("laptop2");
    let psql = |command: &str| laptop.ssh_line(&format!("store psql shop main -- -c '{command}'"));
    assert_says(&psql("\\! echo started by psql").must_succeed(), "started by psql");
    let home = shop.sandbox.home();
    assert_says(&psql(&format!("\\! cat {home}/config/pypaas.yml")), "No such file or directory");
    assert_says(&psql(&format!("\\! ls {home}/state")), "No such file or directory");
}

#[test]
fn a_store_is_dropped_only_when_nothing_is_configured_to_use_it() {
    let shop = Shop::live("static-site", VISITS);
    let refused = shop.sandbox.pypaas(&["store", "drop", "shop", "main", "db"]).must_fail();
    assert_says(&refused, "`db` is still among the `stores` of shop main");
    shop.configure("runners: {web: {type: NginxStatic}}");
    let listed = shop.sandbox.pypaas(&["store", "list"]).must_succeed();
    assert_says(&listed, "not configured any more");

    shop.sandbox.pypaas(&["store", "drop", "shop", "main", "db", "--dry-run"]).must_succeed();
    assert_says(&shop.sandbox.pypaas(&["store", "list"]), "shop");
    let dropped = shop.sandbox.pypaas(&["store", "drop", "shop", "main", "db"]).must_succeed();
    assert_says(&dropped, "removed the database shop_main_db");
    assert_says(&shop.sandbox.pypaas(&["store", "list"]), "no branch has a store");
}
