//! What a pusher reads about a version that starts and then answers every client with an error.

use crate::shop::{NODE, Shop, assert_says};

/// A server that answers `status` to requests for any host but `localhost`.
fn server(status: u16) -> String {
    format!(
        "require('http').createServer((request, response) => {{\n\
         if (request.headers.host === 'localhost') return response.end('at home');\n\
         console.error('Invalid host: ' + request.headers.host);\n\
         response.writeHead({status});\n\
         response.end('no\\n');\n\
         }}).listen(process.env.PORT, '127.0.0.1')\n"
    )
}

#[test]
fn a_version_that_answers_every_client_with_an_error_is_warned_about() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let port = shop.sandbox.http_port();

    let pushed = shop.push_file("server.js", &server(400)).must_succeed();

    assert_says(
        &pushed,
        &format!(
            "warning: shop+main+web+0+b answers 400 to a request for http://shop.example:{port}/, and goes live all the same\n"
        ),
    );
    assert_says(&pushed, "lacks this name in its list of allowed hosts\n");
    assert_says(&pushed, &format!("         Invalid host: shop.example:{port}\n"));
    assert_says(&pushed, "write `healthcheck: {path: /}` into the runner\n");
    assert_eq!(shop.sandbox.get("shop.example", "/").status, 400);
    let broken = shop.push_file("server.js", &server(503)).must_succeed();
    assert_says(&broken, "answers 503 to a request for");

    for status in [200, 302, 401, 403, 404] {
        let pushed = shop.push_file("server.js", &server(status)).must_succeed();
        assert!(!pushed.stderr.contains("warning:"), "{pushed}");
    }
}

#[test]
fn a_health_check_refuses_what_would_be_warned_about() {
    let shop = Shop::live(
        "dies-on-sigterm",
        "runners: {web: {type: NginxBackend, cmd: node server.js, start_timeout: 2s, healthcheck: {path: /}}}",
    );
    let refused = shop.push_file("server.js", &server(400)).must_fail();
    assert_says(&refused, "answered 400, wanted 200-399");
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
}
