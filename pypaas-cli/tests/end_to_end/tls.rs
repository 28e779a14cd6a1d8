//! Domains with `ssl: true`.

use pypaas_sandbox::{Certificate, Outcome, Sandbox};

use crate::host;
use crate::site::Site;

/// How curl ends when it does not trust a certificate.
const NOT_TRUSTED: i32 = 60;
/// How curl ends when the other side refuses to begin.
const NO_HANDSHAKE: i32 = 35;

/// Configures a site that is served over https with a certificate of its own.
fn configure(sandbox: &Sandbox, name: &'static str) -> (Site, Certificate) {
    let site = Site::configure(sandbox, &sandbox.client(name), name);
    let domain = format!("{name}.example");
    let Certificate { certificate, key } = sandbox.certificate(&domain);
    let file = format!("domains/{domain}.yml");
    let route = sandbox.read_config(&file);
    sandbox.write_config(
        &file,
        &format!("{route}ssl: true\nssl_certificate: {certificate}\nssl_certificate_key: {key}\n"),
    );
    (site, Certificate { certificate, key })
}

/// Fetches a page over https as somebody who trusts one certificate only.
fn fetch(sandbox: &Sandbox, host: &str, path: &str, trusted: &Certificate, options: &[&str]) -> Outcome {
    let url = format!("https://{host}:{}{path}", sandbox.https_port());
    sandbox.curl(&[options, &["--cacert", trusted.certificate.as_str(), &url]].concat())
}

#[test]
fn a_domain_with_tls_shows_its_own_certificate_and_http_only_redirects() {
    let sandbox = host::start();
    let (shop, of_shop) = configure(&sandbox, "shop");
    let (blog, of_blog) = configure(&sandbox, "blog");
    shop.push("the shop").must_succeed();
    let told = blog.push("the blog").must_succeed().remote();
    assert!(told.ends_with(&format!("       https://blog.example:{}/\n", sandbox.https_port())), "{told}");

    let asked = ["--include", "--write-out", "%{http_version}"];
    let page = fetch(&sandbox, "shop.example", "/", &of_shop, &asked).must_succeed().stdout;
    assert!(page.starts_with("HTTP/2 200"), "{page}");
    assert!(page.contains("strict-transport-security: max-age=63072000\r\n"), "{page}");
    assert!(page.ends_with("\r\n\r\nthe shop2"), "{page}");
    assert!(page.contains("server: nginx\r\n"), "without a version: {page}");
    assert_eq!(fetch(&sandbox, "blog.example", "/", &of_blog, &[]).must_succeed().stdout, "the blog");
    let missing = fetch(&sandbox, "shop.example", "/missing", &of_shop, &["--include"]).stdout;
    assert!(missing.starts_with("HTTP/2 404") && missing.contains("strict-transport-security"), "{missing}");

    assert_eq!(fetch(&sandbox, "blog.example", "/", &of_shop, &[]).code, NOT_TRUSTED);
    for unknown in ["unknown.example", "sub.shop.example"] {
        let refused = fetch(&sandbox, unknown, "/", &of_shop, &["--insecure"]);
        assert_eq!((refused.code, refused.stdout.as_str()), (NO_HANDSHAKE, ""), "{refused}");
    }
    let without_name = sandbox.curl(&["--insecure", &format!("https://127.0.0.1:{}/", sandbox.https_port())]);
    assert_eq!(without_name.code, NO_HANDSHAKE, "{without_name}");
    let other_host =
        fetch(&sandbox, "shop.example", "/", &of_shop, &["--include", "--header", "Host: x.example"]);
    assert!(other_host.stdout.starts_with("HTTP/2 421"), "{other_host}");

    let redirect = sandbox.get("shop.example", "/a?b=c&d");
    let target = format!("https://shop.example:{}/a?b=c&d", sandbox.https_port());
    assert_eq!((redirect.status, redirect.header("Location")), (301, Some(target.as_str())));
    assert_eq!(sandbox.log("router").matches("[warn]").count(), 0);
}

#[test]
fn a_missing_certificate_is_named_and_costs_nobody_else_anything() {
    let sandbox = host::start();
    let (shop, of_shop) = configure(&sandbox, "shop");
    shop.push("version 1").must_succeed();
    let blog = Site::configure(&sandbox, &sandbox.client("writer"), "blog");
    let route = sandbox.read_config("domains/blog.example.yml");

    // Where pyPaaS looked for it.
    sandbox.write_config("domains/blog.example.yml", &format!("{route}ssl: true\n"));
    let refused = blog.push("post 1").must_fail().remote();
    let usual = "/etc/ssl/private/httpd/blog.example/blog.example.crt";
    let said = format!(
        "  because the certificate of `blog.example` cannot be read: `{usual}`: No such file or directory"
    );
    assert!(refused.contains(&said), "{refused}");
    let mend = "or name another file in `ssl_certificate` of domains/blog.example.yml\n";
    assert!(refused.contains(mend), "{refused}");

    let key = sandbox.root().join("blog.key");
    let without_key =
        format!("{route}ssl: true\nssl_certificate: {}\nssl_certificate_key: {key}\n", of_shop.certificate);
    sandbox.write_config("domains/blog.example.yml", &without_key);
    let refused = blog.worktree.push("blog", &["main"]).must_fail().remote();
    let said = format!(
        "  because the private key of `blog.example` cannot be read: `{key}`: No such file or directory"
    );
    assert!(refused.contains(&said), "{refused}");

    assert_eq!(fetch(&sandbox, "shop.example", "/", &of_shop, &[]).must_succeed().stdout, "version 1");
    shop.push("version 2").must_succeed();
    assert_eq!(fetch(&sandbox, "shop.example", "/", &of_shop, &[]).must_succeed().stdout, "version 2");
}

#[test]
fn a_domain_in_maintenance_keeps_its_certificate() {
    let sandbox = host::start();
    let (shop, of_shop) = configure(&sandbox, "shop");
    shop.push("version 1").must_succeed();
    sandbox.pypaas(&["maintenance", "on", "shop", "main"]).must_succeed();

    let page = fetch(&sandbox, "shop.example", "/", &of_shop, &["--include"]).must_succeed().stdout;
    assert!(page.starts_with("HTTP/2 503") && page.contains("retry-after: 30\r\n"), "{page}");
    assert!(page.contains("strict-transport-security: max-age=63072000\r\n"), "{page}");
}

#[test]
fn the_machines_own_tls_directives_hold_for_every_domain() {
    let settings = "ssl_config: |\n  ssl_protocols TLSv1.3;\n  add_header X-Own yes;\n";
    let sandbox = host::builder().settings(settings).start().unwrap();
    let (shop, of_shop) = configure(&sandbox, "shop");
    shop.push("version 1").must_succeed();

    let page = fetch(&sandbox, "shop.example", "/", &of_shop, &["--include"]).must_succeed().stdout;
    assert!(page.contains("x-own: yes\r\n"), "{page}");
    let old = fetch(&sandbox, "shop.example", "/", &of_shop, &["--tls-max", "1.2"]);
    assert_eq!(old.code, NO_HANDSHAKE, "TLS 1.2 is not in `ssl_protocols`: {old}");
}
