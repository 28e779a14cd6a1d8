//! What nginx is told, and what it does when it cannot be told.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;

use pypaas_sandbox::{Request, Sandbox};

use crate::host;
use crate::shop::Shop;
use crate::site::Site;

#[test]
fn a_bad_snippet_in_one_domain_stops_pushes_to_its_repo_only_and_before_anything_stops() {
    let runners = "runners: {web: {type: NginxBackend, cmd: node server.js}, \
                   worker: {type: SimpleProcess, cmd: exec sleep 3600}}";
    let shop = Shop::live("dies-on-sigterm", &format!("{runners}, hooks: {{maintenance: echo hook}}"));
    let sandbox = &shop.sandbox;
    let blog = Site::configure(sandbox, &sandbox.client("writer"), "blog");
    blog.push("post 1").must_succeed();
    let (processes, head) = (shop.pids(), shop.head());

    let good = sandbox.read_config("domains/shop.example.yml");
    sandbox.write_config("domains/shop.example.yml", &format!("{good}    nginx_extra_config: gzipp on;\n"));
    let refused = shop.push_version("2").must_fail().remote();

    let file = sandbox.home().join("nginx/router.d/shop.example.conf");
    assert!(refused.contains("because nginx rejected `nginx/router.d/shop.example.conf`\n"), "{refused}");
    assert!(refused.contains("because unknown directive \"gzipp\" on line "), "{refused}");
    assert!(refused.contains("from `nginx_extra_config` at domains/shop.example.yml:7\n"), "{refused}");
    assert!(!refused.contains("Stop") && !refused.contains("hook\n"), "{refused}");
    assert_eq!((shop.pids(), shop.head()), (processes, head));
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
    assert!(!fs::read_to_string(&file).unwrap().contains("gzipp"));

    blog.push("post 2").must_succeed();
    assert_eq!(sandbox.get("blog.example", "/").text(), "post 2");
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");

    sandbox.write_config("domains/shop.example.yml", &good);
    shop.push().must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 2\n");
}

#[test]
fn a_reload_that_nginx_silently_refuses_is_noticed_and_taken_back() {
    let sandbox = host::start();
    let client = sandbox.client("writer");
    let site = Site::configure(&sandbox, &client, "site");
    let other = Site::configure(&sandbox, &client, "other");
    site.push("version 1").must_succeed();
    other.push("version 1").must_succeed();
    let before = nginx_files(&sandbox);
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = taken.local_addr().unwrap();

    let good = sandbox.read_config("domains/site.example.yml");
    sandbox.write_config(
        "domains/site.example.yml",
        &format!("{good}nginx_http_extra_config: listen {address};\n"),
    );
    let refused = site.push("version 2").must_fail().remote();

    let reason = format!(" s: bind() to {address} failed (98: Address already in use)\n");
    assert!(refused.contains("because nginx did not load the new configuration within "), "{refused}");
    assert!(refused.contains(&reason), "{refused}");
    assert!(
        refused.contains("hint: nginx keeps the last working configuration; its error log says more\n"),
        "{refused}"
    );
    assert_eq!(nginx_files(&sandbox), before);
    assert_eq!(sandbox.get("site.example", "/").text(), "version 1");
    other.push("version 2").must_succeed();
    assert_eq!(sandbox.get("other.example", "/").text(), "version 2");

    drop(taken);
    site.worktree.push("site", &["main"]).must_succeed();
    assert_eq!(sandbox.get("site.example", "/").text(), "version 2");
    let there = Request::get("site.example", "/").send_to(address).unwrap();
    assert_eq!(there.text(), "version 2");
}

#[test]
fn what_is_not_deployed_yet_says_so_until_its_first_push() {
    let sandbox = host::start();
    let client = sandbox.client("writer");
    let site = Site::configure(&sandbox, &client, "site");
    let blog = Site::configure(&sandbox, &client, "blog");
    sandbox.write_config(
        "domains/site.example.yml",
        "locations:
  /: {upstream: {repo: site, branch: main, runner: page}}
  /blog:
    upstream: {repo: blog, branch: main, runner: page}
    nginx_extra_config: return 200 never;
",
    );
    sandbox.domain("stands-in.example", "blog", "main", "page");
    let stands_in = sandbox.read_config("domains/stands-in.example.yml")
        + "    maintenance_upstream: {repo: site, branch: main, runner: page}\n";
    sandbox.write_config("domains/stands-in.example.yml", &stands_in);

    sandbox.pypaas(&["cleanup"]).must_succeed();
    for (host, path) in [("site.example", "/"), ("site.example", "/blog/x.js"), ("blog.example", "/")] {
        let page = sandbox.get(host, path);
        assert_eq!((page.status, page.header("Retry-After")), (503, Some("300")), "{host}{path}");
        assert_eq!(page.header("Content-Type"), Some("text/html"), "{host}{path}");
        assert!(page.text().contains("<h1>Not deployed yet</h1>"), "{}", page.text());
    }

    site.push("the site").must_succeed();
    assert_eq!(sandbox.get("site.example", "/").text(), "the site");
    assert_eq!(sandbox.get("site.example", "/blog/").status, 503);
    assert_eq!(sandbox.get("stands-in.example", "/").text(), "the site");

    blog.push("the blog").must_succeed();
    assert_eq!(sandbox.get("blog.example", "/").text(), "the blog");
    assert_eq!(sandbox.get("stands-in.example", "/").text(), "the blog");
}

#[test]
fn a_host_that_is_not_configured_gets_no_answer() {
    let sandbox = host::start();
    let site = Site::configure(&sandbox, &sandbox.client("writer"), "site");
    site.push("the site").must_succeed();
    let nginx = SocketAddr::from((Ipv4Addr::LOCALHOST, sandbox.http_port()));

    for host in ["unknown.example", "sub.site.example", "127.0.0.1", "localhost", "_"] {
        let answer = Request::get(host, "/").send_to(nginx);
        assert_eq!(answer.map_err(|error| error.kind()).map(|it| it.text()), Err("closed"), "{host}");
    }
    assert_eq!(sandbox.get("site.example", "/").text(), "the site");
    assert_eq!(sandbox.get("SITE.example", "/").text(), "the site");
    assert_eq!(sandbox.get("", "/").status, 400, "nginx itself refuses a request without a host");
}

#[test]
fn a_static_runner_serves_nothing_from_outside_its_directory() {
    let sandbox = host::start();
    sandbox.write_config("repo/site.yml", Site::REPO);
    let route = "upstream: {repo: site, branch: main, runner: page}";
    sandbox.write_config(
        "domains/site.example.yml",
        &format!("locations: {{/: {{{route}}}, /public: {{{route}}}, /deep/er/: {{{route}}}}}"),
    );
    let code = sandbox.client("writer").worktree_named_from_app("site", "static-site");
    code.write("public/ok.txt", "ok");
    code.write("public/.well-known/security.txt", "ok");
    code.write("public/.env", "SECRET");
    code.write("public/.git2/config", "SECRET");
    code.write("publicity/plan.txt", "SECRET");
    code.write("secret.txt", "SECRET");
    code.link("public/up", "..");
    code.link("public/file", "../secret.txt");
    code.link("public/absolute", "/etc/hostname");
    code.link("public/config", "../../../../../config/pypaas.yml");
    code.commit("Links and hidden files");
    code.push("site", &["main"]).must_succeed();

    for prefix in ["", "/public", "/deep/er"] {
        for right in ["ok.txt", ".well-known/security.txt"] {
            assert_eq!(sandbox.get("site.example", &format!("{prefix}/{right}")).text(), "ok", "{prefix}");
        }
        for wrong in [
            "../secret.txt",
            "..%2fsecret.txt",
            "%2e%2e/secret.txt",
            "..%5csecret.txt",
            ".%00./secret.txt",
            "../public/../secret.txt",
            "/../secret.txt",
            "../../secret.txt",
            "../publicity/plan.txt",
            "up/secret.txt",
            "file",
            "absolute",
            "config",
            ".env",
            ".git2/config",
            "up/.env",
            "../.git/config",
        ] {
            for path in [format!("{prefix}/{wrong}"), format!("{prefix}{wrong}")] {
                if !path.starts_with('/') {
                    continue;
                }
                let page = sandbox.get("site.example", &path);
                assert!([400, 403, 404].contains(&page.status), "{path}: {} {}", page.status, page.text());
                assert!(!page.text().contains("SECRET"), "{path}: {}", page.text());
            }
        }
    }
    let page = sandbox.get("site.example", "/public?x=1");
    assert_eq!((page.status, page.header("Location")), (301, Some("/public/?x=1")));
    assert!(sandbox.get("site.example", "/public/").text().contains("static-site version 1"));
}

#[test]
fn a_static_directory_that_is_itself_a_link_out_of_the_checkout_is_not_served() {
    let sandbox = host::start();
    sandbox.write_config("repo/site.yml", Site::REPO);
    sandbox.domain("site.example", "site", "main", "page");
    let code = sandbox.client("writer").worktree("site");
    code.link("public", "../../../../config");
    code.commit("A directory of the deploy user's");
    code.push("site", &["main"]);

    let page = sandbox.get("site.example", "/pypaas.yml");
    assert!([403, 404, 503].contains(&page.status), "{} {}", page.status, page.text());
    assert!(!page.text().contains("ports"), "{}", page.text());
}

#[test]
fn a_websocket_goes_through_the_proxy() {
    let shop = Shop::live("node-plain", "runners: {web: {type: NginxBackend, cmd: npm start}}");

    let mut websocket = shop.sandbox.websocket("shop.example", "/ws");
    websocket.send("hello");
    assert_eq!(websocket.receive().as_deref(), Some("1: hello"));
    websocket.send("again");
    assert_eq!(websocket.receive().as_deref(), Some("1: again"));
}

/// Reads all files nginx includes.
fn nginx_files(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let entries = sandbox.home().join("nginx/router.d").read_dir_utf8().unwrap().map(Result::unwrap);
    entries.map(|it| (it.file_name().to_owned(), fs::read_to_string(it.path()).unwrap())).collect()
}

#[test]
fn a_thousand_domains_with_names_of_two_hundred_characters_need_no_warning_of_nginx() {
    let mut sandbox = host::start();
    let site = Site::configure(&sandbox, &sandbox.client("writer"), "site");
    let route = sandbox.read_config("domains/site.example.yml");
    let label = "x".repeat(60);
    let name = |number: u32| format!("{number:014}.{label}.{label}.{label}.no");
    for number in 0..1_000 {
        assert_eq!(name(number).len(), 200);
        sandbox.write_config(&format!("domains/{}.yml", name(number)), &route);
    }

    site.push("version 1").must_succeed();

    assert_eq!(sandbox.get(&name(0), "/").text(), "version 1");
    assert_eq!(sandbox.get(&name(999), "/").text(), "version 1");
    sandbox.kill_nginx();
    sandbox.start_nginx();
    assert_eq!(sandbox.get(&name(500), "/").text(), "version 1");
    assert_eq!(sandbox.log("router").matches("[warn]").count(), 0);
}

#[test]
fn files_are_served_whatever_the_umask_of_the_login_is() {
    let site = "runners: {web: {type: NginxStatic, subdirectory: public}}, hooks: {build: 'mkdir public/made && echo it >public/made/it'}";
    let shop = Shop::new("static-site", site);
    let keys = shop.sandbox.home().join(".ssh/authorized_keys");
    let strict = fs::read_to_string(&keys).unwrap().replace("command=\"", "command=\"umask 077; ");
    fs::write(&keys, strict).unwrap();

    shop.push().must_succeed();

    let mode =
        |path: &str| fs::metadata(shop.checkouts()[0].join(path)).unwrap().permissions().mode() & 0o777;
    for (path, expected) in [
        ("..", 0o755),
        (".", 0o755),
        ("public", 0o755),
        ("public/index.html", 0o644),
        // What a build makes is for nobody else: nginx is the same user.
        ("public/made", 0o700),
        ("public/made/it", 0o600),
    ] {
        assert_eq!(mode(path), expected, "{path}");
    }
    assert_eq!(shop.sandbox.get("shop.example", "/made/it").text(), "it\n");
    let private = shop.sandbox.home().join("state/shop/main.json");
    assert_eq!(fs::metadata(private).unwrap().permissions().mode() & 0o777, 0o600);
}
