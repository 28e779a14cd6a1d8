//! `notify`: who gets a message about trouble, when, and how often.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::{fs, thread};

use camino::Utf8PathBuf;
use serde_json::Value;

use crate::eventually::eventually;
use crate::host;
use crate::shop::{NODE, Shop, assert_says};

/// A host that appends each message to a file.
struct Host {
    shop: Shop,
    file: Utf8PathBuf,
}

impl Host {
    fn start(on: &str) -> Self {
        let shop = Shop::live("dies-on-sigterm", NODE);
        let file = shop.sandbox.root().join("messages");
        let settings = shop.sandbox.read_config("pypaas.yml");
        let notify = format!("\nnotify:\n- to: \"cat >>{file}; echo >>{file}\"\n  on: {on}\n");
        shop.sandbox.write_config("pypaas.yml", &format!("{settings}{notify}"));
        Self { shop, file }
    }

    /// Runs `notify` and returns everything that was sent until now, also by the keeper.
    fn told(&self) -> Vec<Value> {
        self.shop.sandbox.pypaas(&["notify"]).must_succeed();
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[test]
fn a_deploy_that_failed_is_told_once_and_once_more_when_one_succeeds() {
    let host = Host::start("[failed, job]");
    assert_eq!(host.told(), [Value::Null; 0]);
    host.shop.push_file("server.js", "process.exit(1)").must_fail();

    let told = host.told();

    assert_eq!(told.len(), 1, "{told:?}");
    let [state, kind, repo, branch] = ["state", "kind", "repo", "branch"].map(|key| told[0][key].as_str());
    assert_eq!((state, kind, repo, branch), (Some("problem"), Some("failed"), Some("shop"), Some("main")));
    let text = told[0]["text"].as_str().unwrap();
    assert!(text.contains(": the deploy of shop main by laptop failed: "), "{text}");
    assert_eq!(host.told(), told, "only changes are sent");
    host.shop.push_file("server.js", "process.exit(2)").must_fail();
    assert_eq!(host.told(), told, "it is the same trouble still");
    let works =
        "require('http').createServer((_, answer) => answer.end('ok')).listen(process.env.PORT, '127.0.0.1')";
    host.shop.push_file("server.js", works).must_succeed();
    let all = host.told();
    assert_eq!((all.len(), all[1]["state"].as_str()), (2, Some("over")), "{all:?}");
    assert_eq!(host.told(), all);
}

#[test]
fn what_check_finds_is_told_to_those_who_want_to_know() {
    let host = Host::start("machine");
    let before = host.told().len();
    host.shop.sandbox.write_config("domains/broken.example.yml", "locations: [");

    let listed = host.shop.sandbox.pypaas(&["notify", "--dry-run"]).must_succeed();
    assert!(!listed.stdout.is_empty() && host.told().len() == before + 1, "{listed}");

    fs::remove_file(host.shop.sandbox.home().join("config/domains/broken.example.yml")).unwrap();
    let all = host.told();
    assert_eq!(all.len(), before + 2);
    // Who wants to know of jobs alone hears nothing of this.
    let settings = host.shop.sandbox.read_config("pypaas.yml").replace("on: machine", "on: [job]");
    host.shop.sandbox.write_config("pypaas.yml", &settings);
    host.shop.sandbox.write_config("domains/broken.example.yml", "locations: [");
    assert_eq!(host.told(), all);
}

#[test]
fn a_url_gets_json_and_what_could_not_be_sent_is_sent_later() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let settings = shop.sandbox.read_config("pypaas.yml");
    let notify = format!("\nnotify: {{to: \"http://{address}/services/SECRET\", on: failed}}\n");
    // Nothing of this starts the keeper, which would send it, too.
    shop.push_file("server.js", "process.exit(1)").must_fail();
    shop.sandbox.write_config("pypaas.yml", &format!("{settings}{notify}"));

    let server = serve(listener, vec!["500 Internal Server Error", "200 OK", "200 OK"]);
    let failed = shop.sandbox.pypaas(&["notify"]).must_fail();
    assert_says(&failed, "cannot send `");
    assert_says(&failed, "500");
    shop.sandbox.pypaas(&["notify"]).must_succeed();
    let tested = shop.sandbox.pypaas(&["notify", "--test"]).must_succeed();
    assert_eq!(tested.stdout, format!("sent to http://{address}/…\n"));

    let bodies = server.join().unwrap();
    let messages: Vec<Value> = bodies.iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    assert_eq!(messages[0]["message"], messages[1]["message"]);
    assert!(messages[2]["text"].as_str().unwrap().contains("this is a test"), "{bodies:?}");
}

/// Answers one request for each of `answers`, and returns the bodies.
fn serve(listener: TcpListener, answers: Vec<&'static str>) -> thread::JoinHandle<Vec<String>> {
    thread::spawn(move || {
        let serve_one = |answer: &str| {
            let mut stream = listener.accept().unwrap().0;
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(number) = line.to_lowercase().strip_prefix("content-length:") {
                    length = number.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
            String::from_utf8(body).unwrap()
        };
        answers.into_iter().map(serve_one).collect()
    })
}

#[test]
fn the_keeper_tells_by_itself() {
    let host = Host::start("failed");
    host.shop.push_file("server.js", "process.exit(1)").must_fail();
    host.shop.sandbox.pypaas(&["apply"]).must_succeed();
    let text = eventually(|| fs::read_to_string(&host.file).ok().filter(|text| text.ends_with("}\n")));
    assert!(text.contains("the deploy of shop main by laptop failed"), "{text}");
}

#[test]
fn mistakes_in_notify_are_named_and_without_it_the_command_says_what_to_write() {
    let sandbox = host::start();
    assert_says(
        &sandbox.pypaas(&["notify"]).must_fail(),
        "write `notify: [{to: https://…}]` into pypaas.yml",
    );
    let settings = sandbox.read_config("pypaas.yml");
    for (text, said) in [
        ("[{to: x, on: [disc]}]", "did you mean `disk`?"),
        ("[{on: [disk]}]", "expected the key `to`"),
        ("{to: 'https://a b'}", "a URL without spaces"),
        ("https://example.com/", "expected a mapping with to and on"),
    ] {
        sandbox.write_config("pypaas.yml", &format!("{settings}\nnotify: {text}\n"));
        assert_says(&sandbox.pypaas(&["check"]).must_fail(), said);
    }
}
