//! Domains with `ssl: auto`, and an authority that issues their certificates.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use camino::Utf8PathBuf;
use pypaas_sandbox::{Authority, Sandbox};

use crate::eventually::eventually;
use crate::host;
use crate::shop::assert_says;
use crate::site::Site;

/// A host with a site that is live, and an authority.
struct Host {
    sandbox: Sandbox,
    authority: Authority,
    root: Utf8PathBuf,
}

impl Host {
    fn start() -> Self {
        let mut sandbox = host::start();
        let authority = sandbox.start_authority();
        let root = sandbox.root().join("root.pem");
        fs::write(&root, authority.root()).unwrap();
        let shop = Site::configure(&sandbox, &sandbox.client("laptop"), "shop");
        shop.push("the shop").must_succeed();
        Self { sandbox, authority, root }
    }

    /// Adds lines to the file of the domain.
    fn domain(&self, lines: &str) {
        let file = "domains/shop.example.yml";
        self.sandbox.write_config(file, &format!("{}{lines}\n", self.sandbox.read_config(file)));
    }

    /// Fetches the page of a name over https, as somebody who trusts the authority alone; `None` when that fails.
    fn secure_page(&self, name: &str) -> Option<String> {
        let url = format!("https://{name}:{}/", self.sandbox.https_port());
        let outcome = self.sandbox.curl(&["--cacert", self.root.as_str(), "--include", &url]);
        outcome.success().then_some(outcome.stdout)
    }

    fn issued(&self) -> Vec<Utf8PathBuf> {
        let all = self.sandbox.home().join("certificates/shop.example");
        let entries = all.read_dir_utf8().into_iter().flatten().map(|entry| entry.unwrap().into_path());
        let mut issued: Vec<_> = entries.filter(|path| path.is_dir()).collect();
        issued.sort();
        issued
    }
}

#[test]
fn a_domain_with_ssl_auto_is_served_over_http_and_soon_over_https_for_all_its_names() {
    let host = Host::start();
    host.domain("ssl: auto\naliases: shop2.example\nredirect: www.shop.example");
    host.sandbox.pypaas(&["apply"]).must_succeed();
    // The keeper gets the certificate by itself.
    let page = eventually(|| host.secure_page("shop.example"));
    assert!(page.starts_with("HTTP/2 200") && page.ends_with("the shop"), "{page}");
    assert!(host.secure_page("shop2.example").unwrap().starts_with("HTTP/2 200"));
    assert!(host.secure_page("www.shop.example").unwrap().starts_with("HTTP/2 301"));
    let plain = host.sandbox.get("shop.example", "/");
    assert_eq!(plain.status, 301, "{}", plain.text());
    for file in ["fullchain.pem", "key.pem"] {
        let path = host.issued()[0].join(file);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{path}");
    }
    let listed = host.sandbox.pypaas(&["certificates", "--json"]).must_succeed().stdout;
    assert!(listed.contains(r#""names": ["#) && listed.contains("www.shop.example"), "{listed}");
    assert!(!listed.contains(r#""expires_at": null"#), "{listed}");
    host.sandbox.pypaas(&["check"]).must_succeed();
}

#[test]
fn a_certificate_is_renewed_by_hand_and_the_edge_serves_the_new_one() {
    let host = Host::start();
    host.domain("ssl: auto");
    host.sandbox.pypaas(&["apply"]).must_succeed();
    eventually(|| host.secure_page("shop.example"));
    let idle = host.sandbox.pypaas(&["certificates", "renew"]).must_succeed();
    assert_says(&idle, "no certificate is due");
    let first = host.issued();
    let dry = host.sandbox.pypaas(&["certificates", "renew", "--force", "--dry-run"]).must_succeed();
    assert_says(&dry, "would get a certificate for shop.example");
    assert_eq!(host.issued(), first);
    host.sandbox.pypaas(&["certificates", "renew", "shop.example", "--force"]).must_succeed();
    let second = host.issued();
    assert_eq!(second.len(), 2);
    let edge = fs::read_to_string(host.sandbox.home().join("nginx/edge.d/shop.example.conf")).unwrap();
    assert!(edge.contains(second[1].as_str()) && !edge.contains(first[0].as_str()), "{edge}");
    assert!(host.secure_page("shop.example").is_some());
    // A third removes the first.
    host.sandbox.pypaas(&["certificates", "renew", "shop.example", "--force"]).must_succeed();
    assert_eq!(host.issued()[0], second[1]);
}

#[test]
fn a_name_that_leads_elsewhere_is_told_of_and_no_authority_is_asked() {
    let host = Host::start();
    host.domain("ssl: auto");
    // Without this no name leads anywhere.
    fs::remove_file(host.sandbox.home().join(".curlrc")).unwrap();
    let refused = host.sandbox.pypaas(&["apply"]);
    assert!(refused.success(), "{refused}");
    let refused = host.sandbox.pypaas(&["certificates", "renew", "shop.example"]).must_fail();
    assert_says(&refused, "`shop.example` does not lead to this host");
    assert!(!host.sandbox.log("pebble.log").contains("newOrder"), "{}", host.sandbox.log("pebble.log"));
    let found = host.sandbox.pypaas(&["check"]);
    assert_eq!(found.code, 4, "{found}");
    assert_says(&found, "`shop.example` has no certificate yet, and is served over http");
    assert_says(&found, "does not lead to this host");
    assert_eq!(host.sandbox.get("shop.example", "/").text(), "the shop");
    // It is tried later, not now.
    let listed = host.sandbox.pypaas(&["certificates"]).must_succeed().stdout;
    assert!(listed.contains("no certificate yet") && !listed.contains(" now "), "{listed}");
    drop(host.authority);
}

#[test]
fn an_authority_that_is_down_leaves_the_domain_as_it_is() {
    let mut sandbox = host::start();
    let site = Site::configure(&sandbox, &sandbox.client("laptop"), "shop");
    site.push("the shop").must_succeed();
    drop(sandbox.start_authority());
    let settings = sandbox.read_config("pypaas.yml");
    // Nothing listens there.
    let port = settings.split("https://127.0.0.1:").nth(1).unwrap().split('/').next().unwrap().to_owned();
    sandbox.write_config("pypaas.yml", &settings.replace(&port, &sandbox.https_port().to_string()));
    let file = "domains/shop.example.yml";
    sandbox.write_config(file, &format!("{}ssl: auto\n", sandbox.read_config(file)));
    sandbox.pypaas(&["apply"]).must_succeed();
    let refused = sandbox.pypaas(&["certificates", "renew", "shop.example"]).must_fail();
    assert_says(&refused, "the authority issues no certificate");
    assert_eq!(sandbox.get("shop.example", "/").text(), "the shop");
}

#[test]
fn a_certificate_that_was_got_just_before_a_crash_is_put_to_use() {
    let host = Host::start();
    host.domain("ssl: auto");
    host.sandbox.pypaas(&["apply"]).must_succeed();
    eventually(|| host.secure_page("shop.example"));
    let edge = host.sandbox.home().join("nginx/edge.d/shop.example.conf");
    // As somebody leaves it who is killed after the authority has answered.
    let first = host.issued().pop().unwrap();
    let second = first.with_file_name("29990101_000000");
    fs::create_dir(&second).unwrap();
    for file in ["fullchain.pem", "key.pem"] {
        fs::copy(first.join(file), second.join(file)).unwrap();
    }
    // The keeper is woken by what follows, or it sees it by itself.
    host.sandbox.pypaas(&["certificates", "renew"]).must_succeed();
    eventually(|| fs::read_to_string(&edge).unwrap().contains("29990101_000000").then_some(()));
    host.sandbox.pypaas(&["certificates", "renew", "shop.example", "--force"]).must_succeed();
    let third = host.issued().pop().unwrap();
    assert!(third > second, "{third}");
    assert!(fs::read_to_string(&edge).unwrap().contains(third.as_str()));
}

#[test]
fn an_attempt_that_was_killed_counts_as_a_failure_and_is_not_repeated_at_once() {
    let host = Host::start();
    host.domain("ssl: auto");
    let note = host.sandbox.home().join("certificates/shop.example/+failed.json");
    fs::create_dir_all(note.parent().unwrap()).unwrap();
    for text in [r#"{"at": "2999-01-01T00:00:00Z", "failures": 1, "reason": "it did not end"}"#, "{\"at\": "]
    {
        fs::write(&note, text).unwrap();
        host.sandbox.pypaas(&["apply"]).must_succeed();
        let idle = host.sandbox.pypaas(&["certificates", "renew"]).must_succeed();
        assert_says(&idle, "no certificate is due");
        assert_eq!(host.sandbox.pypaas(&["check"]).code, 4);
    }
    assert!(host.issued().is_empty());
    host.sandbox.pypaas(&["certificates", "renew", "shop.example"]).must_succeed();
    assert!(host.secure_page("shop.example").is_some());
    assert!(!note.exists());
}

#[test]
fn no_app_reads_a_private_key_and_why_tells_when_there_is_no_certificate() {
    let host = Host::start();
    let all = host.sandbox.home().join("certificates");
    host.domain("ssl: auto");
    fs::create_dir_all(all.join("shop.example")).unwrap();
    fs::write(
        all.join("shop.example/+failed.json"),
        r#"{"at": "2999-01-01T00:00:00Z", "failures": 1, "reason": "x"}"#,
    )
    .unwrap();
    host.sandbox.pypaas(&["apply"]).must_succeed();
    let why = host.sandbox.pypaas(&["why", "https://shop.example/"]).must_fail();
    assert_says(&why, "`shop.example` has no certificate yet, and is served over http");
    let read = host.sandbox.pypaas(&["run", "shop", "main", "--", "ls", all.as_str()]).must_fail();
    assert_says(&read, "No such file or directory");
    host.sandbox.pypaas(&["certificates", "renew", "shop.example"]).must_succeed();
    let key = host.issued()[0].join("key.pem");
    host.sandbox.pypaas(&["run", "shop", "main", "--", "cat", key.as_str()]).must_fail();
    host.sandbox.pypaas(&["why", "https://shop.example/"]).must_succeed();
}
