//! Health checks of new processes.

use pypaas_sandbox::Certificate;

use super::must_be_refused;
use crate::shop::{Shop, assert_says};

#[test]
fn an_app_that_is_not_healthy_is_refused_and_one_that_gets_healthy_is_waited_for() {
    let shop = Shop::live(
        "dies-on-sigterm",
        "runners: {web: {type: NginxBackend, cmd: node server.js, start_timeout: 3s, \
         healthcheck: {path: /health, interval: 100ms, timeout: 200ms}}}",
    );
    let port = shop.ports("web")[0] + 1;
    let server = |answer: &str| {
        format!(
            "const started = Date.now(); console.log('here');
             require('http').createServer((request, response) => {{ {answer} }}).listen(process.env.PORT, '127.0.0.1')"
        )
    };
    let because = "  because shop+main+web+0+b is not ready after 3s: its health check /health:";

    let failing = must_be_refused(&shop, &server("response.statusCode = 500; response.end()"));
    assert_says(
        &failing,
        &format!("wait until shop+main+web+0+b answers /health on port {port}, for at most 3s\n"),
    );
    assert_says(&failing, "       the last lines of shop+main+web+0+b:\n         here\n");
    assert_says(
        &failing,
        &format!("{because} answered 500, wanted 200-399; it listens on 127.0.0.1:{port}\n"),
    );

    let silent = must_be_refused(&shop, &server(""));
    assert_says(&silent, &format!("{because} no answer within 200 ms; it listens on 127.0.0.1:{port}\n"));

    let slow = server(
        "const healthy = Date.now() - started > 1000;
         response.statusCode = request.url == '/health' && !healthy ? 503 : 200;
         response.end(`healthy: ${healthy}`)",
    );
    shop.push_file("server.js", &slow).must_succeed();
    assert_eq!(shop.page(), "healthy: true");
    shop.assert_settled();
}

#[test]
fn a_health_check_asks_by_the_name_that_clients_use() {
    let shop = Shop::new(
        "dies-on-sigterm",
        "runners: {web: {type: NginxBackend, cmd: node server.js, start_timeout: 5s, healthcheck: {path: /}}}",
    );
    let picky = "require('http').createServer((request, response) => {
        response.statusCode = request.headers.host.split(':')[0] === 'shop.example' ? 200 : 400;
        response.end('picky');
    }).listen(process.env.PORT, '127.0.0.1');";

    shop.push_file("server.js", picky).must_succeed();

    assert_eq!(shop.page(), "picky");
}

/// An app that is healthy only if host and scheme are those that clients use.
fn picky(host: &str, scheme: &str) -> String {
    format!(
        "require('http').createServer((request, response) => {{
             const {{host, 'x-forwarded-proto': scheme}} = request.headers;
             console.log(`asked for ${{scheme}}://${{host}}`);
             response.statusCode = host === '{host}' && scheme === '{scheme}' ? 200 : 421;
             response.end('picky');
         }}).listen(process.env.PORT, '127.0.0.1')"
    )
}

const PICKY: &str = "runners: {web: {type: NginxBackend, cmd: node server.js, start_timeout: 5s, \
    healthcheck: {path: /, interval: 100ms, status: 200}}}";

#[test]
fn a_health_check_of_a_domain_with_tls_says_that_the_client_used_https() {
    let shop = Shop::new("dies-on-sigterm", PICKY);
    let Certificate { certificate, key } = shop.sandbox.certificate("shop.example");
    let route = shop.sandbox.read_config("domains/shop.example.yml");
    let tls = format!("{route}ssl: true\nssl_certificate: {certificate}\nssl_certificate_key: {key}\n");
    shop.sandbox.write_config("domains/shop.example.yml", &tls);
    let host = format!("shop.example:{}", shop.sandbox.https_port());

    shop.push_file("server.js", &picky(&host, "https")).must_succeed();
}

#[test]
fn a_health_check_of_a_wildcard_domain_asks_for_a_name_below_it() {
    let shop = Shop::new("dies-on-sigterm", PICKY);
    shop.sandbox.remove_config("domains/shop.example.yml");
    shop.sandbox.domain("*.shop.example", "shop", "main", "web");
    let port = shop.sandbox.http_port();

    shop.push_file("server.js", &picky(&format!("www.shop.example:{port}"), "http")).must_succeed();
}

#[test]
fn a_health_check_prefers_a_domain_that_has_an_exact_name() {
    let shop = Shop::new("dies-on-sigterm", PICKY);
    shop.sandbox.domain("*.shop.example", "shop", "main", "web");
    let port = shop.sandbox.http_port();

    shop.push_file("server.js", &picky(&format!("shop.example:{port}"), "http")).must_succeed();
}
