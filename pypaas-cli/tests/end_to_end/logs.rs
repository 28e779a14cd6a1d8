//! `logs`: what processes said, and what deploys printed.

use crate::eventually::eventually;
use crate::json;
use crate::shop::{Shop, assert_says};

/// Says its version and each path it is asked for.
const TALKS: &str = "
const version = require('fs').readFileSync('version.txt', 'utf8').trim();
console.log('version', version, 'starts');
require('http').createServer((request, response) => {
  console.log('version', version, 'was asked for', request.url);
  response.end(version);
}).listen(process.env.PORT, '127.0.0.1');
";

fn talking() -> Shop {
    let runners = "web: {type: NginxBackend, cmd: node server.js, process_count: 2}, \
                   worker: {type: SimpleProcess, cmd: 'echo working; exec sleep 1000'}";
    let shop = Shop::new("dies-on-sigterm", &format!("runners: {{{runners}}}"));
    shop.push_file("server.js", TALKS).must_succeed();
    shop
}

#[test]
fn lines_of_all_processes_come_in_the_order_in_which_they_were_said() {
    let shop = talking();
    let admin = shop.sandbox.client("admin");
    for path in ["/first", "/second", "/third"] {
        shop.sandbox.get("shop.example", path);
    }
    let said = eventually(|| {
        let said = admin.ssh(&["logs", "shop", "main"]).must_succeed().stdout;
        said.contains("/third").then_some(said)
    });
    let asked = said.lines().filter_map(|line| line.split_once("was asked for ")).map(|it| it.1);
    // The deploy asks for `/` once.
    let asked: Vec<&str> = asked.filter(|path| *path != "/").collect();
    assert_eq!(asked, ["/first", "/second", "/third"], "{said}");
    assert!(
        said.contains(" web.0 version 1 starts\n") && said.contains(" web.1 version 1 starts\n"),
        "{said}"
    );
    assert!(said.contains(" worker.0 working\n"), "{said}");
    let today = jiff::Zoned::now().strftime("%Y-").to_string();
    assert!(said.lines().all(|line| line.starts_with(&today)), "{said}");

    let last = admin.ssh(&["logs", "shop", "main", "web", "-n", "2"]).must_succeed().stdout;
    assert_eq!(last.lines().count(), 2, "{last}");
    assert!(last.ends_with("was asked for /third\n"), "{last}");
    let worker = admin.ssh(&["logs", "shop", "main", "worker", "--since", "1h", "--json"]);
    let mut line = json::read(worker);
    line["time"] = "then".into();
    insta::assert_snapshot!(line, @r#"
    {"branch":"main","index":0,"repo":"shop","runner":"worker","slot":"a","text":"working","time":"then"}
    "#);
    let none = admin.ssh_line("logs shop --since '2999-01-01 00:00'").must_succeed();
    assert_eq!((none.stdout.as_str(), none.stderr.as_str()), ("", "no log lines\n"));
}

#[test]
fn following_goes_on_across_deploys() {
    let shop = talking();
    let following = shop.sandbox.client("admin").start_ssh(&["-T"], &["logs", "shop", "main", "-f"]);
    following.wait_for("version 1 starts");
    shop.push_version("2").must_succeed();
    following.wait_for("version 2 starts");
    shop.push_version("3").must_succeed();
    following.wait_for("version 3 starts");
    shop.sandbox.get("shop.example", "/now");
    following.wait_for("version 3 was asked for /now");
    let shown = following.kill().stdout;
    for version in 1..=3 {
        let starts = shown.matches(&format!("version {version} starts")).count();
        assert_eq!(starts, 2, "{shown}");
    }
}

#[test]
fn what_deploys_printed_is_kept() {
    let web = "runners: {web: {type: NginxStatic}}";
    let shop = Shop::new("static-site", &format!("{web}, hooks: {{build: echo building 1}}"));
    let admin = shop.sandbox.client("admin");
    let none = admin.ssh(&["logs", "shop", "main", "--deploy"]).must_fail();
    assert_says(&none, "error: there is no deploy of shop main whose output was kept\n");
    shop.push().must_succeed();
    shop.configure(&format!("{web}, hooks: {{build: echo building 2; exit 7}}"));
    shop.push_version("2").must_fail();

    let last = admin.ssh(&["logs", "shop", "main", "--deploy"]).must_succeed().stdout;
    assert!(last.contains("       building 2\n") && last.contains("exited with status 7\n"), "{last}");
    let first = admin.ssh(&["logs", "shop", "--deploy", "1"]).must_succeed().stdout;
    assert!(
        first.contains("       building 1\n") && first.contains("-----> Release 1 is live after "),
        "{first}"
    );
    let never = admin.ssh(&["logs", "shop", "main", "--deploy", "9"]).must_fail();
    assert_says(
        &never,
        "error: there is no deploy `9` of shop main whose output was kept\nhint: `pypaas releases shop main` ",
    );
}

#[test]
fn what_is_not_there_says_nothing() {
    let shop = Shop::new("static-site", "runners: {web: {type: NginxStatic}}");
    let admin = shop.sandbox.client("admin");
    for (line, said) in [
        ("logs zoo", "error: repo `zoo` is not configured\nhint: configured repos: shop\n"),
        ("logs shop develop", "error: shop main has no runner `develop`\n"),
        ("logs shop main worker", "error: shop main has no runner `worker`\nhint: there are: web\n"),
        ("logs ../x", "error: `../x` is not a valid repo name: "),
    ] {
        let refused = admin.ssh_line(line);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused}");
        assert_says(&refused, said);
    }
    let wrong = admin.ssh(&["logs", "shop", "--since", "yesterday"]);
    assert_eq!(wrong.code, 1, "{wrong}");
    assert_says(&wrong, "write a length of time such as `90s`");
}
