//! `import`: from the files of another platform to the page of the app.

use std::fs;

use crate::host;
use crate::shop::assert_says;

/// Answers with a value of the repository, one of the tool's export, and what the release command left.
const SERVER: &str = "const fs = require('fs'), data = process.env.PYPAAS_DATA_DIR;
require('http').createServer((request, it) => it.end(request.url == '/health' ? 'fine' :
  [process.env.GREETING, process.env.TOKEN, fs.readFileSync(data + '/released', 'utf8').trim()].join(' ') + '\\n'))
  .listen(process.env.PORT, '127.0.0.1');
";
const PROCFILE: &str = "web: node server.js
worker: sleep 1000
release: echo released >\"$PYPAAS_DATA_DIR/released\"
";
const APP_JSON: &str = r#"{
  "env": {"GREETING": "hello"},
  "formation": {"web": {"quantity": 2}, "worker": {"quantity": 1}},
  "healthchecks": {"web": [{"type": "startup", "path": "/health", "attempts": 10, "wait": 1, "timeout": 2}]},
  "cron": [{"command": "echo cleaned", "schedule": "@daily"}],
  "buildpacks": [{"url": "heroku/nodejs"}]
}
"#;
const CONFIG: &str = "export GREETING='hello'\nexport TOKEN='it'\\''s \"hush\"'\nexport PORT='5000'\n";
const DOMAINS: &str = "=====> shop domains information
       Domains app enabled: true
       Domains app vhosts:  shop.example www.shop.example
";

#[test]
fn an_app_of_dokku_is_imported_pushed_and_answers() {
    let sandbox = host::start();
    let laptop = sandbox.client("laptop");
    let code = laptop.worktree_named_from_app("shop", "dies-on-sigterm");
    code.write("server.js", SERVER);
    code.write("Procfile", PROCFILE);
    code.write("app.json", APP_JSON);
    code.commit("Run it on dokku");
    let export = |name: &str, text: &str| {
        let path = sandbox.home().join(name);
        fs::write(&path, text).unwrap();
        path.to_string()
    };
    let (config, domains) = (export("config.sh", CONFIG), export("domains.txt", DOMAINS));
    let app = code.directory().as_str();
    let import = ["import", "dokku", "shop", "--app", app, "--config", &config];
    let with_domains = [&import[..], &["--domains", &domains]].concat();

    let planned = sandbox.pypaas(&[&with_domains[..], &["--dry-run"]].concat()).must_succeed();
    assert_says(&planned, "domains/shop.example.yml:\n");
    assert!(!sandbox.home().join("config/repo/shop.yml").exists());
    let created = sandbox.pypaas(&with_domains).must_succeed();

    assert_says(&created, "Not written to any file, because the values may be secrets: TOKEN.");
    assert_says(&created, "  app.json:6 `buildpacks`: ");
    assert_says(&created, "config.sh:3 `PORT`: ");
    assert!(!created.stdout.contains("hush"), "{created}");
    let written = sandbox.read_config("repo/shop.yml");
    assert!(written.contains("GREETING: hello") && !written.contains("hush"), "{written}");
    let secrets = sandbox.pypaas(&[&import[..], &["--secrets"]].concat()).must_succeed().stdout;
    laptop.ssh_with_input(&["secret", "import", "shop", "main"], &secrets).must_succeed();
    code.push("shop", &["main"]).must_succeed();
    for domain in ["shop.example", "www.shop.example"] {
        assert_eq!(sandbox.get(domain, "/").text(), "hello it's \"hush\" released\n");
    }
    assert_eq!(sandbox.app_processes().len(), 3, "{:#?}", sandbox.app_processes());
    assert_says(&sandbox.pypaas(&["jobs", "run", "shop", "cron-1"]).must_succeed(), "cleaned\n");
    sandbox.pypaas(&["check"]).must_succeed();
    let log = fs::read_to_string(sandbox.home().join("state/audit.log")).unwrap();
    assert!(log.contains("import dokku shop"), "{log}");
    assert_says(&sandbox.pypaas(&with_domains).must_fail(), "config/repo/shop.yml` is there already");
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_nothing_is_created() {
    let sandbox = host::start();
    let laptop = sandbox.client("laptop");
    let code = laptop.worktree_named_from_app("shop", "dies-on-sigterm");
    let import = |tool: &str| sandbox.pypaas(&["import", tool, "shop", "--app", code.directory().as_str()]);

    for (tool, file) in [("heroku", "Procfile"), ("piku", "Procfile"), ("kamal", "config/deploy.yml")] {
        assert_says(&import(tool).must_fail(), &format!("error: `{file}` is missing"));
    }
    code.write("Procfile", "web: node server.js\nworker\n");
    assert_says(&import("heroku").must_fail(), "error: Procfile:2: has no `:`");
    code.write("Procfile", "web: node server.js\n");
    code.write("app.json", "{\n  \"formation\": {\"web\": {\"quantity\": \"many\"}}\n}\n");
    let wrong = "error: app.json:2: `formation.web.quantity` is not a whole number";
    assert_says(&import("heroku").must_fail(), wrong);
    assert_says(&sandbox.pypaas(&["import", "piku", "shop", "--app", "/nowhere"]), "is not a directory");
    assert!(!sandbox.home().join("config/repo/shop.yml").exists());
    // What the app's files are, only who is at the host can say.
    laptop.ssh(&["import", "piku", "shop"]).must_fail();
}

#[test]
fn on_a_computer_that_is_no_host_the_files_go_into_a_directory_of_their_own() {
    let sandbox = host::start();
    let laptop = sandbox.client("laptop");
    let code = laptop.worktree_named_from_app("shop", "dies-on-sigterm");
    code.write("Procfile", "web: node server.js\n");
    let into = laptop.directory().join("configuration");

    let app = code.directory().as_str();
    let import = ["import", "heroku", "shop", "--app", app, "--into", into.as_str()];
    let created = sandbox.pypaas(&import).must_succeed();

    assert_says(&created, &format!("\n  tar c -C {into} repo | ssh root@host "));
    assert_says(&created, "  heroku config --json >FILE   and --config FILE\n");
    assert_says(&created, "No domain routes to the app.");
    let written = fs::read_to_string(into.join("repo/shop.yml")).unwrap();
    assert_eq!(written, "# Imported from Heroku.\nbranches:\n  main: {}\n");
    assert!(!into.join("pypaas.yml").exists());
}
