//! `run` and `env`: where processes are and what they find.

use crate::json;
use crate::shop::{Shop, assert_says};

#[test]
fn a_command_runs_in_the_live_checkout_with_its_words_as_they_were_typed() {
    let web = "runners: {web: {type: NginxStatic}}, env: {GREETING: good day}";
    let shop = Shop::live("static-site", web);
    let client = shop.sandbox.client("laptop2");

    let said = client.ssh_line(
        r#"run shop main -- sh -c 'printf "%s|" "$GREETING" "$PWD" "$@"' x 'a  b' "it's" '$HOME' '' '*'"#,
    );
    let checkout = &shop.checkouts()[0];
    assert_eq!(said.must_succeed().stdout, format!("good day|{checkout}|a  b|it's|$HOME||*|"));
    let piped = client.ssh_with_input(&["run", "shop", "main", "--", "wc", "-c"], "12345").must_succeed();
    assert_eq!(piped.stdout.trim(), "5");
    let failed = client.ssh_line("run shop main -- sh -c 'echo out; echo err >&2; exit 42'");
    assert_eq!((failed.code, failed.stdout.as_str(), failed.stderr.as_str()), (42, "out\n", "err\n"));
    assert_eq!(client.ssh_line("run shop main -- sh -c 'kill -9 $$'").code, 137);
    assert_eq!(client.ssh_line("run shop main test -t 0").code, 1, "no terminal");
    let terminal = client.start_ssh(&["-tt"], &["run", "shop", "main", "--", "test", "-t", "0"]).wait();
    assert_eq!(terminal.code, 0, "{terminal}");
    let own = client.ssh_line("run shop main -- sh -c 'env | grep ^SSH_'");
    assert_eq!(own.code, 1, "nothing of the connection is seen: {own}");

    let missing = client.ssh_line("run shop main -- no-such-program");
    assert_eq!(missing.code, 2, "{missing}");
    assert_says(&missing, "error: there is no program `no-such-program` in the PATH\n");
    assert_eq!(client.ssh_line("run shop main").code, 1);
    assert_says(
        &client.ssh_line("run shop develop -- true"),
        "error: branch `develop` of `shop` is not configured\n",
    );
}

#[test]
fn the_environment_is_listed_and_its_values_only_when_asked_for() {
    let shop =
        Shop::new("static-site", "runners: {web: {type: NginxStatic}}, env: {GREETING: 'good day', N: 1.10}");
    let client = shop.sandbox.client("laptop2");
    let before = client.ssh_line("env shop main").must_succeed();
    assert_eq!(before.stdout, "GREETING=(hidden)\nN=(hidden)\n");
    shop.push().must_succeed();

    let hidden = client.ssh_line("env shop main").must_succeed().stdout;
    assert!(hidden.contains("GREETING=(hidden)\nHOME=(hidden)\n"), "{hidden}");
    assert!(!hidden.contains("good day"), "{hidden}");
    let shown = client.ssh_line("env shop main --show").must_succeed().stdout;
    assert!(shown.contains(&format!("GIT_COMMIT={}\nGREETING=good day\n", shop.code.head())), "{shown}");
    assert!(shown.contains("\nN=1.10\n"), "{shown}");
    let all = json::read(client.ssh_line("env shop main --json"));
    let own: Vec<_> =
        all.as_array().unwrap().iter().filter(|it| it["source"] == "configured").cloned().collect();
    insta::assert_snapshot!(serde_json::to_string_pretty(&own).unwrap(), @r#"
    [
      {
        "name": "GREETING",
        "source": "configured",
        "value": null
      },
      {
        "name": "N",
        "source": "configured",
        "value": null
      }
    ]
    "#);
    let unknown = client.ssh_line("env shop develop");
    assert_eq!(unknown.code, 2, "{unknown}");
}
