//! When a new version counts as started, and what a pusher is told when it does not.

mod health_checks;

use std::collections::BTreeSet;
use std::net::TcpListener;

use pypaas_sandbox::Outcome;

use crate::shop::{NODE, Shop, assert_says};

/// Pushes a server that must be refused, and sees that the live version, `before`, has not noticed.
#[track_caller]
fn must_be_refused(shop: &Shop, server: &str) -> Outcome {
    let before = (shop.head(), shop.pids(), shop.checkouts());
    let refused = shop.push_file("server.js", server).must_fail();
    // The very same processes: the old version was never stopped, and of the new one nothing is left.
    assert_eq!((shop.head(), shop.pids(), shop.checkouts()), before, "{refused}");
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
    assert_says(
        &refused,
        "hint: the version that was live before is still live; fix the app, then push again\n",
    );
    refused
}

#[test]
fn an_app_that_does_not_listen_is_refused_with_what_it_did_instead() {
    let shop = Shop::live(
        "dies-on-sigterm",
        "runners: {web: {type: NginxBackend, cmd: node server.js, start_timeout: 2s}}",
    );
    let port = shop.ports("web")[0] + 1;

    let never =
        must_be_refused(&shop, "console.log('thinking'); console.error('hard'); setInterval(() => {}, 1000)");
    assert_says(
        &never,
        &format!("       wait until shop+main+web+0+b accepts on port {port}, for at most 2s\n"),
    );
    assert_says(&never, "       the last lines of shop+main+web+0+b:\n         thinking\n         hard\n");
    assert_says(
        &never,
        &format!(
            "  because shop+main+web+0+b is not ready after 2s: 127.0.0.1:{port}: connection refused; it listens on \
             no port; it should listen on port {port}, the value of `PORT`\n"
        ),
    );

    let elsewhere = must_be_refused(&shop, "require('http').createServer().listen(0, '127.0.0.1')");
    assert_says(&elsewhere, "connection refused; it listens on port ");
    assert_says(&elsewhere, &format!(" and should listen on port {port}, the value of `PORT`\n"));

    let other = port + 1;
    let fixed =
        must_be_refused(&shop, &format!("require('http').createServer().listen({other}, '127.0.0.1')"));
    assert_says(&fixed, &format!("listen EACCES: permission denied 127.0.0.1:{other}\n"));

    let exits = must_be_refused(&shop, "console.log('no database'); setTimeout(() => process.exit(4), 300)");
    assert_says(&exits, "       the last lines of shop+main+web+0+b:\n         no database\n");
    assert_says(&exits, "  because shop+main+web+0+b exited ");
    assert_says(&exits, " after it was started\n");
}

#[test]
fn a_process_whose_port_somebody_else_took_is_not_live() {
    let web = "runners: {web: {type: NginxBackend, cmd: node server.js, start_timeout: 5m}}";
    let shop = Shop::live("dies-on-sigterm", web);
    let port = shop.ports("web")[0] + 1;
    let before = (shop.head(), shop.pids());
    shop.code.write("server.js", "setInterval(() => {}, 1000)");
    shop.code.commit("Never listen");

    let push = shop.code.start_push(&[], "shop", &["main"]);
    push.wait_for(&format!("accepts on port {port}"));
    // Everybody who connects is accepted by the kernel.
    let _thief = TcpListener::bind(("127.0.0.1", port)).unwrap();

    let refused = push.wait().must_fail();
    let thief = format!("does not get its port: port {port} is held by process {} (", std::process::id());
    assert_says(&refused, &thief);
    assert_says(&refused, "`), which is not a process of this service\n");
    assert_eq!((shop.head(), shop.pids()), before, "{refused}");
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
}

#[test]
fn a_first_push_that_does_not_start_leaves_nothing() {
    let shop = Shop::new(
        "never-listens",
        "runners: {web: {type: NginxBackend, cmd: python3 app.py, start_timeout: 1s}}",
    );

    let refused = shop.push().must_fail();

    assert_says(&refused, "         never-listens is thinking\n");
    assert_eq!((shop.head(), shop.checkouts(), shop.pids()), (None, Vec::new(), BTreeSet::new()));
    let page = shop.sandbox.get("shop.example", "/");
    assert_eq!(page.status, 503);
    let services = shop.sandbox.home().join("services-real").read_dir_utf8().unwrap();
    let of_apps = services.filter(|it| !it.as_ref().unwrap().file_name().starts_with('+'));
    assert_eq!(of_apps.count(), 0);
}

#[test]
fn a_command_runs_as_a_shell_would_run_it_and_stops_completely() {
    let commands = [
        ("web", "WORD=1 node server.js"),
        ("and", "true && WORD=2 node server.js"),
        ("exec", "exec node server.js 3"),
        ("quoted", "WORD='$4 \\\"`' exec node server.js"),
        ("piped", "node server.js 5 | cat"),
        ("lines", "export WORD=6\\nnode server.js"),
    ];
    let runner = |(name, cmd): &(&str, &str)| format!("{name}: {{type: NginxBackend, cmd: \"{cmd}\"}}");
    let runners: Vec<String> = commands.iter().map(runner).collect();
    let shop = Shop::new("dies-on-sigterm", &format!("runners: {{{}}}", runners.join(", ")));
    let location = |(name, _): &(&str, &str)| {
        format!("  /{name}: {{upstream: {{repo: shop, branch: main, runner: {name}}}}}\n")
    };
    let locations: String = commands.iter().map(location).collect();
    shop.sandbox.write_config("domains/shop.example.yml", &format!("locations:\n{locations}"));
    shop.code.write(
        "server.js",
        "const word = process.argv[2] ?? process.env.WORD;
         require('http').createServer((_, response) => response.end(word)).listen(process.env.PORT, '127.0.0.1')",
    );

    shop.code.commit("Says a word");
    shop.push().must_succeed();
    let words = || commands.map(|(name, _)| shop.sandbox.get("shop.example", &format!("/{name}")).text());
    assert_eq!(words(), ["1", "2", "3", "$4 \"`", "5", "6"]);
    let old = shop.pids();

    shop.push_version("2").must_succeed();

    assert_eq!(words(), ["1", "2", "3", "$4 \"`", "5", "6"]);
    shop.assert_settled();
    assert!(shop.pids().is_disjoint(&old));
}

/// Files for nginx, and a worker.
fn with_worker(worker: &str) -> String {
    format!(
        "runners: {{web: {{type: NginxStatic, subdirectory: public}}, worker: {{type: SimpleProcess, {worker}}}}}"
    )
}

#[test]
fn a_worker_that_exits_within_a_second_is_a_loud_warning() {
    let shop = Shop::new("static-site", &with_worker("cmd: 'echo no queue; exit 1'"));

    let warned = shop.push().must_succeed();

    assert_says(&warned, "     ! warning: shop+main+worker+0+a exit");
    assert_says(
        &warned,
        "; the supervisor keeps restarting it\n       the last lines of shop+main+worker+0+a:\n",
    );
    assert_says(&warned, "         no queue\n");
    assert_says(&warned, "-----> Release 1 is live after ");

    shop.configure(&with_worker("cmd: exec sleep 1000"));
    shop.code.commit_version("2");
    let quiet = shop.push().must_succeed();
    assert!(!quiet.remote().contains("warning"), "{quiet}");
    assert_eq!(shop.pids().len(), 1);
    shop.assert_settled();
}

#[test]
fn a_worker_must_stay_up_as_long_as_its_min_uptime_says_and_never_overlaps_the_old_one() {
    // Only one can have the lock: a new worker that were started beside the old one would end.
    let worker = "cmd: 'exec flock --nonblock \"$PYPAAS_DATA_DIR/lock\" ./work', min_uptime: 1500ms";
    let shop = Shop::new("static-site", &with_worker(worker));
    shop.code.write_executable("work", "#!/bin/sh\nexec sleep 1000\n");
    shop.code.commit("Work");

    let first = shop.push().must_succeed();
    assert_says(&first, "       wait until shop+main+worker+0+a has been up for 1500ms\n");
    shop.push_version("2").must_succeed();
    shop.assert_settled();
    assert_eq!(shop.pids().len(), 2);

    let live = (shop.head(), shop.checkouts());
    shop.code.write("work", "#!/bin/sh\necho no queue\nsleep 1\nexit 1\n");
    shop.code.commit("Break it");
    let refused = shop.push().must_fail();

    assert_says(
        &refused,
        "-----> Stop the old workers\n       stop shop+main+worker+0+b, killing what is left after 10s\n",
    );
    assert_says(&refused, "       the last lines of shop+main+worker+0+a:\n         no queue\n");
    assert_says(&refused, "  because shop+main+worker+0+a exited ");
    assert_eq!((shop.head(), shop.checkouts()), live);
    let working = shop.sandbox.app_processes();
    assert_eq!(working.len(), 2, "{working:#?}");
    assert!(working.iter().all(|process| process.directory == live.1[0]), "{working:#?}");
}

#[test]
fn an_app_that_speaks_uwsgi_is_told_of_the_request() {
    let runner = "type: UwsgiNginxBackend, process_count: 2, cmd: exec python3 app.py, \
                  nginx_extra_config: 'uwsgi_param SOLD shoes;', nginx_extra_upstream_config: 'keepalive 2;'";
    let shop = Shop::new("never-listens", &format!("runners: {{web: {{{runner}}}}}"));

    shop.push_file("app.py", SPEAKS_UWSGI).must_succeed();

    let answer = shop.sandbox.post("shop.example", "/a%20b?c=d", "posted");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let host = format!("shop.example:{}", shop.sandbox.http_port());
    assert_eq!(answer.text(), format!("POST /a b c=d {host} shoes posted\n"));
    assert_eq!(shop.ports("web").len(), 2);

    shop.push_file("version.txt", "2").must_succeed();
    assert_eq!(shop.sandbox.get("shop.example", "/").text(), format!("GET /  {host} shoes \n"));
    shop.assert_settled();
}

/// A server of the protocol: a head of four bytes, names and values with their lengths, the body.
const SPEAKS_UWSGI: &str = r#"import os, socketserver, struct
class Answer(socketserver.StreamRequestHandler):
    def handle(self):
        head = self.rfile.read(4)
        if len(head) < 4:
            return
        rest, names = self.rfile.read(struct.unpack("<H", head[1:3])[0]), {}
        while rest:
            pair = []
            for _ in range(2):
                length = struct.unpack("<H", rest[:2])[0]
                pair.append(rest[2:2 + length].decode())
                rest = rest[2 + length:]
            names[pair[0]] = pair[1]
        body = self.rfile.read(int(names["CONTENT_LENGTH"] or 0)).decode()
        said = [names[it] for it in ["REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_HOST", "SOLD"]] + [body]
        self.wfile.write(("HTTP/1.1 200 OK\r\n\r\n" + " ".join(said) + "\n").encode())
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
Server(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"#;

#[test]
fn a_full_port_range_stops_only_who_needs_more() {
    // Old and new run beside each other: two processes need four ports.
    let sandbox = crate::host::builder().app_ports(3).start().unwrap();
    let two = "runners: {web: {type: NginxBackend, cmd: node server.js, process_count: 2}}";
    let shop = Shop::on(sandbox, "dies-on-sigterm", two);
    shop.push().must_succeed();
    let pids = shop.pids();

    let refused = shop.push_version("2").must_fail();
    let range = shop.sandbox.app_ports();
    assert_says(
        &refused,
        &format!(
            "because 2 free ports are needed and 1 of `ports` {}-{} are free\n",
            range.start(),
            range.end()
        ),
    );
    assert_eq!(shop.pids(), pids);

    shop.sandbox.write_config("repo/one.yml", &format!("branches: {{main: {{{NODE}}}}}\n"));
    shop.code.push("one", &["main"]).must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
    let full = shop.sandbox.pypaas(&["restart", "one", "main"]).must_fail();
    assert_says(&full, "because 1 free ports are needed and 0 of `ports`");
}
