//! Data of an app that are made to gain the rights of those who copy, restore or look at them.

use super::backed_up::Host;
use crate::shop::assert_says;

/// Makes a backup, tries it and restores it, as far as each goes.
fn use_backups(host: &Host) {
    for line in ["backup now", "backup check", "restore shop"] {
        host.admin.ssh_line(line);
    }
}

#[test]
fn a_constraint_in_an_sqlite_file_runs_nothing() {
    let host = Host::start();
    let mark = host.sandbox().home().join("mark");
    // A function of sqlite3's shell runs an editor. The app itself cannot reach the file.
    host.run(&format!(
        "sqlite3 $PYPAAS_DATA_DIR/evil.db \"CREATE TABLE t (a, CHECK (length(edit(a, 'touch {mark}; true')) >= 0)); \
         INSERT INTO t VALUES ('x')\" || true"
    ));

    use_backups(&host);

    assert!(!mark.exists());
    assert!(host.run("ls $PYPAAS_DATA_DIR").contains("evil.db"));
}

#[test]
fn a_journal_that_names_a_file_removes_nothing() {
    let host = Host::start();
    let mark = host.sandbox().home().join("mark");
    std::fs::write(&mark, "precious").unwrap();
    // A hot journal (https://www.sqlite.org/fileformat.html#the_rollback_journal) with `mark` for its super-journal.
    let script = r#"
import os, sqlite3, struct
path = os.environ['PYPAAS_DATA_DIR'] + '/evil.db'
db = sqlite3.connect(path); db.execute('create table t (a)'); db.commit(); db.close()
magic = bytes.fromhex('d9d505f920a163d7'); name = b'MARK'
head = magic + struct.pack('>IIIII', 0, 1, os.path.getsize(path) // 4096, 512, 4096)
tail = struct.pack('>I', 0x40000000 // 4096 + 1) + name + struct.pack('>II', len(name), sum(name)) + magic
open(path + '-journal', 'wb').write(head.ljust(512, b'\0') + tail)
"#;
    let words = ["run", "shop", "main", "--", "python3", "-"];
    host.admin.ssh_with_input(&words, script.replace("MARK", mark.as_str())).must_succeed();

    use_backups(&host);

    assert!(mark.exists());
}

#[test]
fn names_in_a_database_do_not_lead_the_admin_astray() {
    let host = Host::start();
    let mark = host.sandbox().home().join("mark");
    let sql = r"
CREATE SCHEMA evil;
CREATE FUNCTION evil.run() RETURNS oid LANGUAGE plpgsql AS $$BEGIN
  IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch MARK''';
  END IF;
  RETURN 1::oid;
END$$;
CREATE VIEW evil.pg_class AS SELECT evil.run() AS relnamespace, 'r'::char AS relkind;
CREATE FUNCTION evil.lead() RETURNS boolean LANGUAGE plpgsql AS $$BEGIN
  EXECUTE format('ALTER DATABASE %I SET search_path = evil, pg_catalog', current_database());
  RETURN true;
END$$;
CREATE TABLE public.led (a int CHECK (evil.lead()));
INSERT INTO public.led VALUES (1);
";
    host.psql(&sql.replace("MARK", mark.as_str()));

    host.admin.ssh_line("backup now").must_succeed();
    host.admin.ssh_line("backup check").must_succeed();

    assert!(!mark.exists());
}

#[test]
fn a_database_is_its_owners_whatever_its_comment_says() {
    let host = Host::start();
    for comment in ["victim main db", "", "A! x y", "x\ny|victim main db|1|1"] {
        host.psql(&format!("COMMENT ON DATABASE shop_main_db IS '{comment}'"));

        let made = host.admin.ssh_line("backup now").must_fail();

        assert_says(&made, "db of shop main was not dumped: the comment on its database was changed");
    }
    // The next deploy writes the right one.
    host.shop.push_version("2").must_succeed();
    host.admin.ssh_line("backup now").must_succeed();
}

#[test]
fn a_file_name_leaves_nothing_else_out_of_a_backup() {
    let host = Host::start();
    host.run(
        "evil=\"$PYPAAS_DATA_DIR/x\n$PYPAAS_DATA_DIR\"; mkdir -p \"$evil\"; \
         sqlite3 \"$evil/file\" 'CREATE TABLE t (a)'; mkfifo $PYPAAS_DATA_DIR/pipe.db; \
         ln -s /etc $PYPAAS_DATA_DIR/link",
    );
    host.admin.ssh_line("backup now").must_succeed();
    host.run("rm $PYPAAS_DATA_DIR/file; rm $PYPAAS_DATA_DIR/link");

    host.admin.ssh_line("restore shop").must_succeed();

    assert_eq!(host.words(), ["first"; 3]);
    assert_eq!(host.run("readlink $PYPAAS_DATA_DIR/link"), "/etc");
}
