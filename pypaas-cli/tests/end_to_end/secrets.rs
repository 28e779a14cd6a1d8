//! `secret`: values that are in the environment and nowhere else.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::shop::{NODE, Shop, assert_says};

const VALUE: &str = "  it's \"a\" $secret; `x`\n\twith lines\n";

/// A shop whose page says what its variable `TOKEN` holds.
fn shop() -> Shop {
    let shop = Shop::new("dies-on-sigterm", &format!("{NODE}, env: {{TOKEN: configured}}"));
    let server = "require('http').createServer((_, it) => it.end(process.env.TOKEN ?? 'none')).listen(process.env.PORT)";
    shop.push_file("server.js", server).must_succeed();
    shop
}

#[test]
fn a_secret_is_in_the_environment_over_env_and_shown_nowhere() {
    let shop = shop();
    let admin = shop.sandbox.client("admin");
    assert_eq!(shop.page(), "configured");
    let load = shop.sandbox.load("shop.example", "/").rate(50).start();

    let set = admin
        .ssh_with_input(&["secret", "set", "shop", "main", "TOKEN"], format!("{VALUE}\n"))
        .must_succeed();

    assert_eq!(shop.page(), VALUE);
    let report = load.finish();
    assert_eq!(report.failed(), 0, "new processes beside the old ones: {report}");
    assert!(set.stderr.ends_with("TOKEN of shop main is set\n"), "{set}");
    let file = shop.sandbox.home().join("state/shop/main.d/secrets.json");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(admin.ssh(&["secret", "list", "shop", "main"]).must_succeed().stdout, "TOKEN\n");
    insta::assert_snapshot!(admin.ssh(&["secret", "list", "shop", "main", "--json"]).must_succeed().stdout, @r#"
    [
      "TOKEN"
    ]
    "#);
    for command in [
        "env shop main --show",
        "status shop main --json",
        "releases shop main --json",
        "logs shop main",
        "logs shop main --deploy",
        "restart shop main --dry-run",
    ] {
        let said = admin.ssh_line(command).must_succeed();
        assert!(!format!("{said}{set}").contains("$secret"), "{said}");
    }
    assert!(admin.ssh_line("env shop main --show").stdout.contains("\nTOKEN=(secret)\n"));

    shop.push_version("2").must_succeed();
    assert_eq!(shop.page(), VALUE, "a deploy keeps it");
    let same = admin
        .ssh_with_input(&["secret", "set", "shop", "main", "TOKEN"], format!("{VALUE}\n"))
        .must_succeed();
    assert_says(&same, "TOKEN of shop main has that value already\n");
    admin.ssh_with_input(&["secret", "set", "--no-restart", "shop", "main", "TOKEN"], "later").must_succeed();
    assert_eq!(shop.page(), VALUE);
    admin.ssh(&["restart", "shop", "main"]).must_succeed();
    assert_eq!(shop.page(), "later");
    admin.ssh(&["secret", "unset", "shop", "main", "TOKEN"]).must_succeed();
    assert_eq!(shop.page(), "configured");
    assert!(!file.exists());
    assert_says(
        &admin.ssh(&["secret", "unset", "shop", "main", "TOKEN"]).must_succeed(),
        "TOKEN of shop main is not set\n",
    );
}

#[test]
fn a_secret_with_which_nothing_starts_is_not_kept() {
    let shop = shop();
    let admin = shop.sandbox.client("admin");
    shop.push_file(
        "server.js",
        "if (process.env.KEY) process.exit(1);
        require('http').createServer((_, it) => it.end('fine')).listen(process.env.PORT)",
    )
    .must_succeed();

    let failed = admin.ssh_with_input(&["secret", "set", "shop", "main", "KEY"], "wrong").must_fail();

    assert_says(&failed, "KEY of shop main is restored to the previous value\nerror: ");
    assert_eq!(shop.page(), "fine");
    assert_eq!(admin.ssh(&["secret", "list", "shop", "main"]).must_succeed().stdout, "");
}

#[test]
fn what_cannot_be_a_secret_is_refused() {
    let shop = Shop::new("dies-on-sigterm", NODE);
    let admin = shop.sandbox.client("admin");
    for name in ["PORT", "PYPAAS_REPO", "1A", "A-B", "PWD", "a b"] {
        let refused = admin.ssh_line(&format!("secret set shop main '{name}'"));
        assert_eq!(refused.code, 2, "{refused}");
        assert_says(&refused, &format!("error: `{name}` cannot name a secret\n"));
    }
    for (value, said) in [
        (vec![0xff], "is not UTF-8"),
        (vec![0], "contains a NUL character"),
        (vec![b'x'; 70_000], "is longer than 64 KiB"),
    ] {
        let refused = admin.ssh_with_input(&["secret", "set", "shop", "main", "A"], value);
        assert_eq!(refused.code, 2, "{refused}");
        assert_says(&refused, said);
    }
    let unknown = admin.ssh_with_input(&["secret", "set", "shop", "develop", "A"], "x");
    assert_says(&unknown, "error: branch `develop` of `shop` is not configured\n");
    // Before the first deploy there is nothing to restart.
    admin.ssh_with_input(&["secret", "set", "shop", "main", "A"], "x").must_succeed();
    assert_eq!(admin.ssh(&["secret", "list", "shop", "main"]).must_succeed().stdout, "A\n");
}

#[test]
fn an_empty_standard_input_sets_nothing_and_a_file_sets_several_with_one_restart() {
    let shop = shop();
    let admin = shop.sandbox.client("admin");
    for words in
        [["secret", "set", "shop", "main", "TOKEN"].as_slice(), &["secret", "import", "shop", "main"]]
    {
        let refused = admin.ssh_with_input(words, "");
        assert_eq!(refused.code, 2, "{refused}");
        assert_says(&refused, "error: standard input ");
    }
    let releases = || admin.ssh_line("releases shop main --json").stdout.matches("\"kind\"").count();
    let before = releases();
    let file = "# from the vault\nTOKEN=one = two\nexport OTHER=\"quoted\"\n\nTHIRD='x'\n";
    let imported = admin.ssh_with_input(&["secret", "import", "shop", "main"], file).must_succeed();
    assert_says(&imported, "TOKEN, OTHER, THIRD of shop main are set\n");
    assert_eq!(shop.page(), "one = two");
    assert_eq!(releases(), before + 1, "one restart");
    assert_eq!(admin.ssh_line("secret list shop main").stdout, "OTHER\nTHIRD\nTOKEN\n");
    for (text, said) in [
        ("TOKEN=hush\nhush", "line 2 is not of the form NAME=value\n"),
        ("A=hush\nA=hush", "line 2 sets `A` a second time\n"),
        ("1A=hush", "`1A` cannot name a secret\n"),
    ] {
        let refused = admin.ssh_with_input(&["secret", "import", "shop", "main"], text).must_fail();
        assert_says(&refused, said);
        assert!(!refused.stderr.contains("hush"), "{refused}");
    }
    assert_eq!(shop.page(), "one = two");
}
