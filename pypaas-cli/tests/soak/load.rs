//! No request is lost in many deploys, restarts and rollbacks under load.

use std::env;
use std::fs;

use pypaas_sandbox::Report;

use crate::shop::{NODE, Shop};

/// An app that finishes what it is doing on SIGTERM.
const POLITE: &str = "const http = require('node:http');
const version = require('node:fs').readFileSync(`${__dirname}/version.txt`, 'utf8').trim();
const server = http.createServer((request, response) => {
  if (request.method === 'POST') request.pipe(response);
  else response.end(`polite version ${version}\\n`);
}).listen(process.env.PORT, '127.0.0.1');
process.on('SIGTERM', () => server.close(() => process.exit(0)));
";

/// The head of the table.
const HEAD: &str = "| app | deploys | restarts | rollbacks | requests | rate | answers | errors |
|---|---|---|---|---|---|---|---|";

/// How many deploys there are; restarts and rollbacks are fewer in proportion.
fn deploys() -> usize {
    env::var("PYPAAS_SOAK_DEPLOYS").ok().and_then(|text| text.parse().ok()).unwrap_or(50)
}

/// Deploys 50 times, restarts 20 times and rolls back 10 times under load.
fn change_under_load(name: &str, shop: &Shop, path: &str, keep_alive: bool) -> Report {
    let load = shop.sandbox.load("shop.example", path).rate(500).threads(200).posts();
    let load = if keep_alive { load.keep_alive() } else { load };
    let load = load.start();
    let (mut restarts, mut rollbacks) = (0, 0);
    for number in 0..deploys() {
        shop.push_version(&format!("{}", number + 2)).must_succeed();
        if number % 5 < 2 {
            shop.sandbox.pypaas(&["restart", "shop", "main"]).must_succeed();
            restarts += 1;
        }
        if number % 5 == 4 {
            shop.sandbox.pypaas(&["rollback", "shop", "main"]).must_succeed();
            rollbacks += 1;
        }
    }
    let report = load.finish();
    let statuses: Vec<String> =
        report.by_status.iter().map(|(status, count)| format!("{count} × {status}")).collect();
    let errors: Vec<String> = report.errors.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    println!(
        "| {name} | {} | {restarts} | {rollbacks} | {} | {:.0}/s | {} | {} |",
        deploys(),
        report.total,
        report.rate(),
        statuses.join(", "),
        if errors.is_empty() { "none".to_owned() } else { errors.join(", ") },
    );
    report
}

#[test]
fn no_request_is_lost() {
    println!("{HEAD}");
    let polite = Shop::new("dies-on-sigterm", NODE);
    polite.code.write("server.js", POLITE);
    polite.code.commit("Be polite");
    polite.push().must_succeed();
    let rude = Shop::live("dies-on-sigterm", NODE);
    let four = Shop::live(
        "dies-on-sigterm",
        "runners: {web: {type: NginxBackend, cmd: node server.js, process_count: 4}}",
    );
    for (name, shop, path) in [
        ("finishes on SIGTERM", &polite, "/"),
        ("dies at once on SIGTERM", &rude, "/"),
        ("takes 300 ms, dies at once", &rude, "/slow?ms=300"),
        ("four processes", &four, "/"),
    ] {
        let report = change_under_load(name, shop, path, false);
        assert_eq!(report.failed(), 0, "{report}");
        assert_eq!(report.by_status.keys().collect::<Vec<_>>(), [&200], "{report}");
    }
}

/// Whoever keeps connections open may lose one to a reload, where nginx cannot be told to wait for a request that is on its
/// way when it closes an idle one.
#[test]
fn connections_kept_open_are_closed_between_requests() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    println!("{HEAD}");
    let report = change_under_load("dies at once, connections kept open", &shop, "/", true);
    assert_eq!(report.by_status.keys().collect::<Vec<_>>(), [&200], "{report}");
    let files = fs::read_dir(shop.sandbox.home().join("nginx/router.d")).unwrap();
    let texts: Vec<String> = files.map(|it| fs::read_to_string(it.unwrap().path()).unwrap()).collect();
    assert!(!texts.is_empty());
    if texts.iter().any(|text| text.contains("keepalive_min_timeout")) {
        assert_eq!(report.failed(), 0, "{report}");
    }
}
