//! Commands without the name of a branch, where the repo has one.

use crate::host;
use crate::shop::{NODE, Shop, assert_says};
use crate::site::Site;

#[test]
fn the_only_branch_need_not_be_named() {
    let shop = Shop::live("dies-on-sigterm", &format!("{NODE}, custom_cmds: {{where: pwd, say: echo hi}}"));
    let laptop = shop.sandbox.client("laptop2");
    let same = |short: &str, long: &str| {
        let short = laptop.ssh_line(short).must_succeed();
        assert_eq!(short.stdout, laptop.ssh_line(long).must_succeed().stdout);
        short.stdout
    };

    same("env shop --show", "env shop main --show");
    assert_eq!(same("run shop -- echo a  b", "run shop main -- echo a b"), "a b\n");
    assert_eq!(same("run shop echo main", "run shop main echo main"), "main\n");
    assert_eq!(same("run shop echo -n a", "run shop main echo -n a"), "a");
    same("custom_cmds shop where", "custom_cmds shop main where");
    assert!(same("custom_cmds shop where say", "custom_cmds shop main where say").ends_with("\nhi\n"));
    same("releases shop 1", "releases shop main 1");
    same("maintenance show shop", "maintenance show shop main");
    laptop.ssh_line("logs shop web").must_succeed();
    shop.push_version("2").must_succeed();
    laptop.ssh_line("rollback shop").must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
    laptop.ssh_line("rollback shop 2").must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 2\n");
    laptop.ssh_with_input(&["secret", "set", "shop", "TOKEN"], "x").must_succeed();
    assert_eq!(same("secret list shop", "secret list shop main"), "TOKEN\n");
    laptop.ssh_line("secret unset --no-restart shop TOKEN").must_succeed();
    assert_eq!(same("secret list shop", "secret list shop main"), "");
    for line in ["restart shop", "rebuild shop", "maintenance on shop", "maintenance off shop", "stop shop"] {
        laptop.ssh_line(line).must_succeed();
    }
    assert!(laptop.ssh_line("status shop").stdout.contains("stopped"));
    laptop.ssh_line("start shop").must_succeed();
}

#[test]
fn a_word_that_fits_nowhere_is_taken_for_a_branch_or_refused() {
    let shop = Shop::live("static-site", "runners: {web: {type: NginxStatic}}");
    let laptop = shop.sandbox.client("laptop2");
    let unknown = "error: branch `mains` of `shop` is not configured\n";

    for line in [
        "run shop mains -- echo",
        "rollback shop mains 1",
        "env shop mains",
        "restart shop mains",
        "secret unset shop mains TOKEN",
    ] {
        assert_says(&laptop.ssh_line(line).must_fail(), unknown);
    }
    assert_says(
        &laptop.ssh_line("run shop npx -- x").must_fail(),
        "branch `npx` of `shop` is not configured",
    );
    for line in ["run shop main", "custom_cmds shop main", "rollback shop main last", "rollback shop mains"] {
        assert_eq!(laptop.ssh_line(line).code, 1, "{line}");
    }
}

#[test]
fn of_several_branches_one_must_be_named() {
    let sandbox = host::start();
    let laptop = sandbox.client("laptop");
    let page = "{runners: {page: {type: NginxStatic, subdirectory: public}}}";
    sandbox.write_config("repo/site.yml", &format!("branches: {{main: {page}, next: {page}}}"));
    let refused =
        "error: which branch of `site`?\nhint: write the branch after the repo; it has main, next\n";

    for line in [
        "env site",
        "run site -- ls",
        "secret unset site TOKEN",
        "stop site",
        "restart site",
        "rebuild site --dry-run",
        "rollback site",
        "releases site",
        "custom_cmds site migrate",
    ] {
        let said = laptop.ssh_line(line);
        assert_eq!((said.code, said.stderr.as_str()), (1, refused), "{said}");
    }
    assert_says(&laptop.ssh_line("logs site --deploy").must_fail(), "main, next");
    assert_says(&laptop.ssh_line("rollback site 3").must_fail(), "configured branches: main, next");
    laptop.ssh_line("logs site").must_succeed();
}

#[test]
fn permissions_count_where_no_branch_is_named() {
    let sandbox = host::start();
    let (ci, laptop) = (sandbox.client("ci"), sandbox.client("laptop"));
    let site = Site::configure(&sandbox, &laptop, "site");
    let access = "access: {read: [ci, laptop], push: [laptop], run: [laptop]}\n";
    sandbox.write_config(
        "repo/site.yml",
        &format!(
            "{access}{}",
            "branches: {main: {runners: {page: {type: NginxStatic, subdirectory: public}}}}"
        ),
    );
    site.push("version 1").must_succeed();

    for line in
        ["run site -- ls", "restart site", "secret unset site TOKEN", "env site --show", "rollback site 1"]
    {
        assert_eq!(ci.ssh_line(line).code, 5, "{line}");
    }
    ci.ssh_line("env site").must_succeed();
    laptop.ssh_line("run site -- ls").must_succeed();
}
