//! Each kind of file, as it is printed.

use pypaas_core::host::Version;
use pypaas_core::{Server, Upstream, WebConfigRenderer};
use pypaas_nginx::NginxText;

use crate::fixtures::{self, Machine, upstream};

fn print(host: &pypaas_core::VirtualHost) -> String {
    let text = NginxText::new();
    format!("{}\n{}", text.edge_domain(host).unwrap(), text.router_domain(host).unwrap())
}

#[test]
fn an_app_and_its_files() {
    insta::assert_snapshot!(print(&fixtures::app_and_files(&Machine::usual())), @r"
    # written by pypaas from domains/node-js-sample.example.com.yml; changes are overwritten

    server {
        listen 0.0.0.0:80;
        listen [::]:80;
        server_name node-js-sample.example.com;
        client_max_body_size 100m;

        location / {
            proxy_pass http://pypaas_http$pypaas_kept;
        }
    }

    # written by pypaas from domains/node-js-sample.example.com.yml; changes are overwritten

    server {
        listen unix:/srv/router-http.sock;
        server_name node-js-sample.example.com;
        client_max_body_size 100m;

        location / {
            proxy_pass http://shop+master+web$pypaas_kept;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $pypaas_upgrade;
            proxy_set_header Connection $pypaas_connection;
        }

        location = /public {
            return 301 /public/$is_args$args;
        }

        location /public/ {
            alias /srv/checkout/public/;
            disable_symlinks on from=/srv/checkout/public;

            location ~ /\.(?!well-known/) {
                return 404;
            }
        }
    }
    ");
}

#[test]
fn tls_with_extras_everywhere() {
    insta::assert_snapshot!(print(&fixtures::secure_with_extras(&Machine::usual())), @r"
    # written by pypaas from domains/shop.example.yml; changes are overwritten

    server {
        listen 0.0.0.0:80;
        listen [::]:80;
        server_name shop.example;
        client_max_body_size 100m;

        location / {
            proxy_pass http://pypaas_http$pypaas_kept;
        }
    }

    server {
        listen 0.0.0.0:443 ssl http2;
        listen [::]:443 ssl http2;
        server_name shop.example;
        client_max_body_size 100m;

        ssl_certificate /srv/test.crt;
        ssl_certificate_key /srv/test.key;
        ssl_trusted_certificate /srv/chain.crt;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
        ssl_prefer_server_ciphers off;
        ssl_session_cache shared:pypaas:10m;
        ssl_session_timeout 1d;
        ssl_session_tickets off;
        ssl_stapling on;
        ssl_stapling_verify on;
        add_header Strict-Transport-Security $pypaas_hsts always;

        location / {
            proxy_pass http://pypaas_https$pypaas_kept;
        }
    }

    # written by pypaas from domains/shop.example.yml; changes are overwritten

    server {
        listen unix:/srv/router-http.sock;
        server_name shop.example;
        client_max_body_size 100m;

        location /.well-known/acme-challenge/ {
            root /var/www/acme;
        }

        location / {
            return 301 https://$host$request_uri;
        }
    }

    server {
        listen unix:/srv/router-https.sock;
        server_name shop.example;
        client_max_body_size 100m;

        gzip on;
        gzip_types
            text/css
            application/json;

        location / {
            proxy_pass http://shop+master+web$pypaas_kept;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $pypaas_upgrade;
            proxy_set_header Connection $pypaas_connection;
        }

        location /api {
            proxy_pass http://shop+master+web$pypaas_kept;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $pypaas_upgrade;
            proxy_set_header Connection $pypaas_connection;
            client_max_body_size 20m;
            add_header X-Robots-Tag noindex;
        }

        location = /public {
            return 301 /public/$is_args$args;
        }

        location /public/ {
            alias /srv/checkout/public/;
            disable_symlinks on from=/srv/checkout/public;

            location ~ /\.(?!well-known/) {
                return 404;
            }
        }
    }
    ");
}

#[test]
fn tls_as_the_admin_wants_it() {
    insta::assert_snapshot!(print(&fixtures::secure_with_own_tls(&Machine::usual())), @"
    # written by pypaas from domains/old.example.yml; changes are overwritten

    server {
        listen 0.0.0.0:80;
        listen [::]:80;
        server_name old.example;
        client_max_body_size 100m;

        location / {
            proxy_pass http://pypaas_http$pypaas_kept;
        }
    }

    server {
        listen 0.0.0.0:443 ssl http2;
        listen [::]:443 ssl http2;
        server_name old.example;
        client_max_body_size 100m;

        ssl_certificate /srv/test.crt;
        ssl_certificate_key /srv/test.key;
        ssl_trusted_certificate /srv/chain.crt;
        ssl_protocols TLSv1.3;
        ssl_ciphers DEFAULT;
        add_header Strict-Transport-Security max-age=31536000 always;

        location / {
            proxy_pass http://pypaas_https$pypaas_kept;
        }
    }

    # written by pypaas from domains/old.example.yml; changes are overwritten

    server {
        listen unix:/srv/router-http.sock;
        server_name old.example;
        client_max_body_size 100m;

        location / {
            return 301 https://$host$request_uri;
        }
    }

    server {
        listen unix:/srv/router-https.sock;
        server_name old.example;
        client_max_body_size 100m;

        location / {
            proxy_pass http://shop+master+web$pypaas_kept;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $pypaas_upgrade;
            proxy_set_header Connection $pypaas_connection;
        }
    }
    ");
}

#[test]
fn what_the_admin_sets_is_not_set_by_us() {
    insta::assert_snapshot!(print(&fixtures::overridden(&Machine::usual())), @r"
    # written by pypaas from domains/own.example.yml; changes are overwritten

    server {
        listen 0.0.0.0:80;
        listen [::]:80;
        server_name own.example;
        client_max_body_size 100m;

        location / {
            proxy_pass http://pypaas_http$pypaas_kept;
        }
    }

    # written by pypaas from domains/own.example.yml; changes are overwritten

    server {
        listen unix:/srv/router-http.sock;
        server_name own.example;
        client_max_body_size 100m;

        proxy_http_version 1.0;
        proxy_read_timeout 5m;
        absolute_redirect on;
        server_name own;

        location / {
            proxy_pass http://shop+master+web$pypaas_kept;
            proxy_set_header Upgrade $pypaas_upgrade;
            proxy_set_header Connection $pypaas_connection;
            proxy_set_header host www.example.com;
            proxy_set_header X-Team blue;
            proxy_read_timeout 10s;
        }

        location = /files {
            return 301 /files/$is_args$args;
        }

        location /files/ {
            alias /srv/checkout/files/;

            location ~ /\.(?!well-known/) {
                return 404;
            }

            disable_symlinks off;
            autoindex on;
        }
    }
    ");
}

#[test]
fn every_kind_of_location() {
    insta::assert_snapshot!(print(&fixtures::every_location(&Machine::usual())), @r#"
    # written by pypaas from domains/paths.example.yml; changes are overwritten

    server {
        listen 0.0.0.0:80;
        listen [::]:80;
        server_name paths.example;
        client_max_body_size 100m;

        location / {
            proxy_pass http://pypaas_http$pypaas_kept;
        }
    }

    # written by pypaas from domains/paths.example.yml; changes are overwritten

    server {
        listen unix:/srv/router-http.sock;
        server_name paths.example;
        client_max_body_size 100m;

        location / {
            return 404;
        }

        location = /.well-known {
            return 301 /.well-known/$is_args$args;
        }

        location /.well-known/ {
            alias "/srv/checkout/well known/";
            disable_symlinks on "from=/srv/checkout/well known";

            location ~ ^/\.well-known/(?:[^/]+/)*\.(?!well-known/) {
                return 404;
            }
        }

        location /api {
            proxy_pass http://shop+master+web/v2/;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $pypaas_upgrade;
            proxy_set_header Connection $pypaas_connection;
        }

        location = /assets {
            return 301 /assets/$is_args$args;
        }

        location ^~ /assets/ {
            alias /srv/checkout/dist/;
            disable_symlinks on from=/srv/checkout;

            location ~ /\.(?!well-known/) {
                return 404;
            }

            location ~* \.(?:css|js)$ {
                expires 1y;
            }
        }

        location = /favicon.ico {
            root /srv/checkout;
            disable_symlinks on from=/srv/checkout;
        }

        location = /old {
            return 301 /new;
        }

        location /status {
            stub_status;
            allow 127.0.0.1;
            deny all;
        }

        location ~ \.(?:png|jp(e|)g)$ {
            root /srv/checkout/images;
            disable_symlinks on from=/srv/checkout/images;

            location ~ /\.(?!well-known/) {
                return 404;
            }
        }

        location ~* "^/v[0-9]{1,2}/" {
            proxy_pass http://shop+master+web$pypaas_kept;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $pypaas_upgrade;
            proxy_set_header Connection $pypaas_connection;
        }
    }
    "#);
}

#[test]
fn an_app_that_speaks_uwsgi() {
    insta::assert_snapshot!(print(&fixtures::uwsgi(&Machine::usual())), @r#"
    # written by pypaas from domains/django.example.yml; changes are overwritten

    server {
        listen 0.0.0.0:80;
        listen [::]:80;
        server_name django.example;
        client_max_body_size 100m;

        location / {
            proxy_pass http://pypaas_http$pypaas_kept;
        }
    }

    # written by pypaas from domains/django.example.yml; changes are overwritten

    server {
        listen unix:/srv/router-http.sock;
        server_name django.example;
        client_max_body_size 100m;

        location / {
            uwsgi_pass shop+master+web;
            uwsgi_param QUERY_STRING $query_string;
            uwsgi_param REQUEST_METHOD $request_method;
            uwsgi_param CONTENT_TYPE $content_type;
            uwsgi_param CONTENT_LENGTH $content_length;
            uwsgi_param REQUEST_URI $request_uri;
            uwsgi_param PATH_INFO $document_uri;
            uwsgi_param DOCUMENT_ROOT $document_root;
            uwsgi_param SERVER_PROTOCOL $server_protocol;
            uwsgi_param REQUEST_SCHEME $http_x_forwarded_proto;
            uwsgi_param REMOTE_ADDR $remote_addr;
            uwsgi_param REMOTE_PORT $remote_port;
            uwsgi_param SERVER_PORT $http_x_forwarded_port;
            uwsgi_param SERVER_NAME $server_name;
            uwsgi_param HTTP_PROXY "" if_not_empty;
            uwsgi_param HTTPS on;
        }
    }
    "#);
}

#[test]
fn in_maintenance_and_not_deployed() {
    insta::assert_snapshot!(print(&fixtures::unavailable(&Machine::usual())), @r#"
    # written by pypaas from domains/away.example.yml; changes are overwritten

    server {
        listen 0.0.0.0:80;
        listen [::]:80;
        server_name away.example;
        client_max_body_size 100m;

        location / {
            proxy_pass http://pypaas_http$pypaas_kept;
        }
    }

    server {
        listen 0.0.0.0:443 ssl http2;
        listen [::]:443 ssl http2;
        server_name away.example;
        client_max_body_size 100m;

        ssl_certificate /srv/test.crt;
        ssl_certificate_key /srv/test.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
        ssl_prefer_server_ciphers off;
        ssl_session_cache shared:pypaas:10m;
        ssl_session_timeout 1d;
        ssl_session_tickets off;
        add_header Strict-Transport-Security $pypaas_hsts always;

        location / {
            proxy_pass http://pypaas_https$pypaas_kept;
        }
    }

    # written by pypaas from domains/away.example.yml; changes are overwritten

    server {
        listen unix:/srv/router-http.sock;
        server_name away.example;
        client_max_body_size 100m;

        location / {
            return 301 https://$host$request_uri;
        }
    }

    server {
        listen unix:/srv/router-https.sock;
        server_name away.example;
        client_max_body_size 100m;

        location / {
            types {}
            default_type text/html;
            add_header Retry-After 30 always;
            add_header Cache-Control no-store always;
            return 503 "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>In maintenance</title><h1>In maintenance</h1><p>This site is being worked on and will be back soon.</p></html>";
        }

        location /new {
            types {}
            default_type text/html;
            add_header Retry-After 300 always;
            add_header Cache-Control no-store always;
            return 503 "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>Not deployed yet</title><h1>Not deployed yet</h1><p>Nothing has been deployed here yet.</p></html>";
        }
    }
    "#);
}

#[test]
fn a_newer_nginx_on_unusual_ports() {
    let machine =
        Machine { http_port: 8080, https_port: 8443, version: Version(1, 27, 4), ..Machine::usual() };
    insta::assert_snapshot!(print(&fixtures::wildcard(&machine)), @"
    # written by pypaas from domains/*.example.org.yml; changes are overwritten

    server {
        listen 0.0.0.0:8080 backlog=1024;
        listen [::]:8080 backlog=1024;
        server_name *.example.org;
        client_max_body_size 100m;

        location / {
            proxy_pass http://pypaas_http$pypaas_kept;
        }
    }

    server {
        listen 0.0.0.0:8443 ssl backlog=1024;
        listen [::]:8443 ssl backlog=1024;
        server_name *.example.org;
        client_max_body_size 100m;
        http2 on;

        ssl_certificate /srv/test.crt;
        ssl_certificate_key /srv/test.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
        ssl_prefer_server_ciphers off;
        ssl_session_cache shared:pypaas:10m;
        ssl_session_timeout 1d;
        ssl_session_tickets off;
        add_header Strict-Transport-Security $pypaas_hsts always;

        location / {
            proxy_pass http://pypaas_https$pypaas_kept;
        }
    }

    # written by pypaas from domains/*.example.org.yml; changes are overwritten

    server {
        listen unix:/srv/router-http.sock;
        server_name *.example.org;
        client_max_body_size 100m;

        location / {
            return 301 https://$host:8443$request_uri;
        }
    }

    server {
        listen unix:/srv/router-https.sock;
        server_name *.example.org;
        client_max_body_size 100m;

        location / {
            proxy_pass http://shop+master+web$pypaas_kept;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $pypaas_upgrade;
            proxy_set_header Connection $pypaas_connection;
        }
    }
    ");
}

#[test]
fn single_page_applications() {
    insta::assert_snapshot!(print(&fixtures::single_page(&Machine::usual())), @r#"
    # written by pypaas from domains/spa.example.yml; changes are overwritten

    server {
        listen 0.0.0.0:80;
        listen [::]:80;
        server_name spa.example;
        client_max_body_size 100m;

        location / {
            proxy_pass http://pypaas_http$pypaas_kept;
        }
    }

    server {
        listen 0.0.0.0:443 ssl http2;
        listen [::]:443 ssl http2;
        server_name spa.example;
        client_max_body_size 100m;

        ssl_certificate /srv/test.crt;
        ssl_certificate_key /srv/test.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
        ssl_prefer_server_ciphers off;
        ssl_session_cache shared:pypaas:10m;
        ssl_session_timeout 1d;
        ssl_session_tickets off;
        add_header Strict-Transport-Security $pypaas_hsts always;

        location / {
            proxy_pass http://pypaas_https$pypaas_kept;
        }
    }

    # written by pypaas from domains/spa.example.yml; changes are overwritten

    server {
        listen unix:/srv/router-http.sock;
        server_name spa.example;
        client_max_body_size 100m;

        location / {
            return 301 https://$host$request_uri;
        }
    }

    server {
        listen unix:/srv/router-https.sock;
        server_name spa.example;
        client_max_body_size 100m;

        location / {
            root /srv/site;
            try_files $uri /index.html;
            disable_symlinks on from=/srv;
            gzip_static on;
            gzip_vary on;
            expires 3600s;

            location = /index.html {
                expires -1;
            }

            location ~ /\.(?!well-known/) {
                return 404;
            }
        }

        location = /admin {
            return 301 /admin/$is_args$args;
        }

        location /admin/ {
            alias "/srv/site/admin app/";
            index home.html;
            try_files $uri /admin/home.html;
            disable_symlinks on from=/srv;
            gzip_static on;
            gzip_vary on;
            expires 3600s;

            location = /admin/home.html {
                alias "/srv/site/admin app/home.html";
                expires -1;
            }

            location ~ /\.(?!well-known/) {
                return 404;
            }
        }

        location /api/ {
            proxy_pass http://shop+master+web$pypaas_kept;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $pypaas_upgrade;
            proxy_set_header Connection $pypaas_connection;
        }
    }
    "#);
}

#[test]
fn other_names_with_and_without_tls() {
    let on = Machine::usual();
    let both = [true, false].map(|tls| print(&fixtures::many_names(&on, tls)));
    insta::assert_snapshot!(both.join("\n"), @"
    # written by pypaas from domains/names.example.yml; changes are overwritten

    server {
        listen 0.0.0.0:80;
        listen [::]:80;
        server_name names.example alias.example *.alias.example www.names.example;
        client_max_body_size 100m;

        location / {
            proxy_pass http://pypaas_http$pypaas_kept;
        }
    }

    server {
        listen 0.0.0.0:443 ssl http2;
        listen [::]:443 ssl http2;
        server_name names.example alias.example *.alias.example www.names.example;
        client_max_body_size 100m;

        ssl_certificate /srv/test.crt;
        ssl_certificate_key /srv/test.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
        ssl_prefer_server_ciphers off;
        ssl_session_cache shared:pypaas:10m;
        ssl_session_timeout 1d;
        ssl_session_tickets off;
        add_header Strict-Transport-Security $pypaas_hsts always;

        location / {
            proxy_pass http://pypaas_https$pypaas_kept;
        }
    }

    # written by pypaas from domains/names.example.yml; changes are overwritten

    server {
        listen unix:/srv/router-http.sock;
        server_name www.names.example;
        client_max_body_size 100m;

        location /.well-known/acme-challenge/ {
            root /var/www/acme;
        }

        location / {
            return 301 https://names.example$request_uri;
        }
    }

    server {
        listen unix:/srv/router-https.sock;
        server_name www.names.example;
        client_max_body_size 100m;

        location / {
            return 301 https://names.example$request_uri;
        }
    }

    server {
        listen unix:/srv/router-http.sock;
        server_name names.example alias.example *.alias.example;
        client_max_body_size 100m;

        location /.well-known/acme-challenge/ {
            root /var/www/acme;
        }

        location / {
            return 301 https://$host$request_uri;
        }
    }

    server {
        listen unix:/srv/router-https.sock;
        server_name names.example alias.example *.alias.example;
        client_max_body_size 100m;

        location / {
            proxy_pass http://shop+master+web$pypaas_kept;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $pypaas_upgrade;
            proxy_set_header Connection $pypaas_connection;
        }
    }

    # written by pypaas from domains/plain.example.yml; changes are overwritten

    server {
        listen 0.0.0.0:80;
        listen [::]:80;
        server_name plain.example alias-plain.example *.alias-plain.example www.plain.example;
        client_max_body_size 100m;

        location / {
            proxy_pass http://pypaas_http$pypaas_kept;
        }
    }

    # written by pypaas from domains/plain.example.yml; changes are overwritten

    server {
        listen unix:/srv/router-http.sock;
        server_name www.plain.example;
        client_max_body_size 100m;

        location /.well-known/acme-challenge/ {
            root /var/www/acme;
        }

        location / {
            return 301 http://plain.example$request_uri;
        }
    }

    server {
        listen unix:/srv/router-http.sock;
        server_name plain.example alias-plain.example *.alias-plain.example;
        client_max_body_size 100m;

        location /.well-known/acme-challenge/ {
            root /var/www/acme;
        }

        location / {
            proxy_pass http://shop+master+web$pypaas_kept;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $pypaas_upgrade;
            proxy_set_header Connection $pypaas_connection;
        }
    }
    ");
}

#[test]
fn an_upstream() {
    let upstream = Upstream {
        name: fixtures::upstream_name("shop", "feature/Login", "web"),
        servers: [("::1", 61501), ("127.0.0.1", 61500)]
            .map(|(host, port)| Server { host: host.to_owned(), port })
            .to_vec(),
        extra: Some("keepalive 8;\n".to_owned()),
    };
    insta::assert_snapshot!(NginxText::new().upstream(&upstream, Version(1, 22, 1)).unwrap(), @"
    # written by pypaas for runner web of shop feature/Login; changes are overwritten

    upstream shop+feature%2f%4cogin+web {
        server 127.0.0.1:61500 max_fails=0;
        server [::1]:61501 max_fails=0;
        keepalive 8;
    }

    upstream shop+feature%2f%4cogin+web+kept {
        server 127.0.0.1:61500 max_fails=0;
        server [::1]:61501 max_fails=0;
        keepalive 8;
        keepalive_timeout 4s;
    }
    ");

    let print = |extra: Option<&str>| {
        let upstream = Upstream { extra: extra.map(str::to_owned), ..upstream.clone() };
        [Version(1, 29, 6), Version(1, 29, 7)].map(|it| NginxText::new().upstream(&upstream, it).unwrap())
    };
    let [before, since] = print(None);
    assert!(!before.contains("keepalive 0") && since.contains("    keepalive 0;\n"), "{since}");
    let [before, since] = print(Some("keepalive 8;\n"));
    assert!(before.contains("keepalive 8;") && before == since, "{since}");
}

#[test]
fn the_edge() {
    let server = Machine::usual().edge(12, 3);
    insta::assert_snapshot!(NginxText::new().edge(&server).unwrap(), @r#"
    # written by pypaas from pypaas.yml; changes are overwritten
    #
    # The edge: clients connect to it. It knows the domains and their certificates, and passes requests on to the router.

    daemon off;
    worker_processes auto;
    worker_rlimit_nofile 16384;
    worker_shutdown_timeout 1h;
    pid /srv/edge.pid;
    error_log stderr warn;

    events {
        worker_connections 8000;
    }

    http {
        access_log /dev/stdout combined buffer=4k flush=1s;
        server_tokens off;

        client_body_temp_path temporary/edge-body;
        proxy_temp_path temporary/edge-proxy;
        fastcgi_temp_path temporary/edge-fastcgi;
        uwsgi_temp_path temporary/edge-uwsgi;
        scgi_temp_path temporary/edge-scgi;

        resolver 127.0.0.53;

        # Slow clients and floods.
        client_header_timeout 15s;
        client_body_timeout 30s;
        large_client_header_buffers 4 16k;
        client_body_buffer_size 128k;
        limit_conn_zone $binary_remote_addr zone=pypaas_clients:10m;
        limit_conn pypaas_clients 1000;
        limit_conn_status 429;

        # Who the client is: whoever is connected, or whom a trusted proxy names.
        geo $realip_remote_addr $pypaas_trusted {
            default 0;
        }

        map "$pypaas_trusted $scheme $server_port" $pypaas_host {
            default $host:$server_port;
            "0 http 80" $host;
            "0 https 443" $host;
            "~^1 " $http_host;
        }

        map "$pypaas_trusted $http_x_forwarded_host" $pypaas_forwarded_host {
            default $pypaas_host;
            "~^1 ." $http_x_forwarded_host;
        }

        map "$pypaas_trusted $http_x_forwarded_proto" $pypaas_forwarded_proto {
            default $scheme;
            "1 http" http;
            "1 https" https;
        }

        map "$pypaas_trusted $http_x_forwarded_port" $pypaas_forwarded_port {
            default $server_port;
            "~^1 ." $http_x_forwarded_port;
        }

        map "$pypaas_trusted $http_x_forwarded_for" $pypaas_forwarded_for {
            default $remote_addr;
            "1 " $realip_remote_addr;
            "~^1 ." "$http_x_forwarded_for, $realip_remote_addr";
        }

        map $pypaas_trusted $pypaas_front_forwarded {
            default "";
            1 $http_forwarded;
        }

        map $pypaas_trusted $pypaas_front_x_forwarded {
            default "";
            1 $http_x_forwarded;
        }

        map $pypaas_trusted $pypaas_front_x_forwarded_ssl {
            default "";
            1 $http_x_forwarded_ssl;
        }

        map $pypaas_trusted $pypaas_front_x_forwarded_scheme {
            default "";
            1 $http_x_forwarded_scheme;
        }

        map $pypaas_trusted $pypaas_front_x_forwarded_prefix {
            default "";
            1 $http_x_forwarded_prefix;
        }

        map $pypaas_trusted $pypaas_front_x_forwarded_server {
            default "";
            1 $http_x_forwarded_server;
        }

        map $pypaas_trusted $pypaas_front_x_scheme {
            default "";
            1 $http_x_scheme;
        }

        map $pypaas_trusted $pypaas_front_x_url_scheme {
            default "";
            1 $http_x_url_scheme;
        }

        map $pypaas_trusted $pypaas_front_front_end_https {
            default "";
            1 $http_front_end_https;
        }

        map $pypaas_trusted $pypaas_front_x_original_host {
            default "";
            1 $http_x_original_host;
        }

        map $pypaas_trusted $pypaas_front_x_original_url {
            default "";
            1 $http_x_original_url;
        }

        map $pypaas_trusted $pypaas_front_x_rewrite_url {
            default "";
            1 $http_x_rewrite_url;
        }

        map $pypaas_trusted $pypaas_front_x_client_ip {
            default "";
            1 $http_x_client_ip;
        }

        map $pypaas_trusted $pypaas_front_x_cluster_client_ip {
            default "";
            1 $http_x_cluster_client_ip;
        }

        map $pypaas_trusted $pypaas_front_client_ip {
            default "";
            1 $http_client_ip;
        }

        map $pypaas_trusted $pypaas_front_true_client_ip {
            default "";
            1 $http_true_client_ip;
        }

        map $pypaas_trusted $pypaas_front_cf_connecting_ip {
            default "";
            1 $http_cf_connecting_ip;
        }

        map $http_upgrade $pypaas_upgrade {
            default "";
            websocket websocket;
        }

        map $pypaas_upgrade $pypaas_connection {
            default upgrade;
            "" "";
        }

        # The header of an app, or of the admin's directives, wins.
        map $upstream_http_strict_transport_security $pypaas_hsts {
            default "";
            "" max-age=63072000;
        }

        # Connections to the router are kept for the requests that nginx may send once more when one was just closed.
        map $request_method $pypaas_kept {
            default "";
            GET +kept;
            HEAD +kept;
        }

        upstream pypaas_http {
            server unix:/srv/router-http.sock max_fails=0;
        }

        upstream pypaas_http+kept {
            server unix:/srv/router-http.sock max_fails=0;
            keepalive 32;
        }

        upstream pypaas_https {
            server unix:/srv/router-https.sock max_fails=0;
        }

        upstream pypaas_https+kept {
            server unix:/srv/router-https.sock max_fails=0;
            keepalive 32;
        }

        proxy_http_version 1.1;
        proxy_connect_timeout 10s;
        proxy_read_timeout 1d;
        proxy_send_timeout 1d;
        proxy_buffering off;
        proxy_buffer_size 64k;
        proxy_buffers 4 64k;
        proxy_busy_buffers_size 128k;
        proxy_set_header Host $pypaas_host;
        proxy_set_header Upgrade $pypaas_upgrade;
        proxy_set_header Connection $pypaas_connection;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $pypaas_forwarded_for;
        proxy_set_header X-Forwarded-Proto $pypaas_forwarded_proto;
        proxy_set_header X-Forwarded-Host $pypaas_forwarded_host;
        proxy_set_header X-Forwarded-Port $pypaas_forwarded_port;
        proxy_set_header X-Request-ID $request_id;
        proxy_set_header Proxy "";
        proxy_set_header Forwarded $pypaas_front_forwarded;
        proxy_set_header X-Forwarded $pypaas_front_x_forwarded;
        proxy_set_header X-Forwarded-Ssl $pypaas_front_x_forwarded_ssl;
        proxy_set_header X-Forwarded-Scheme $pypaas_front_x_forwarded_scheme;
        proxy_set_header X-Forwarded-Prefix $pypaas_front_x_forwarded_prefix;
        proxy_set_header X-Forwarded-Server $pypaas_front_x_forwarded_server;
        proxy_set_header X-Scheme $pypaas_front_x_scheme;
        proxy_set_header X-Url-Scheme $pypaas_front_x_url_scheme;
        proxy_set_header Front-End-Https $pypaas_front_front_end_https;
        proxy_set_header X-Original-Host $pypaas_front_x_original_host;
        proxy_set_header X-Original-URL $pypaas_front_x_original_url;
        proxy_set_header X-Rewrite-URL $pypaas_front_x_rewrite_url;
        proxy_set_header X-Client-IP $pypaas_front_x_client_ip;
        proxy_set_header X-Cluster-Client-IP $pypaas_front_x_cluster_client_ip;
        proxy_set_header Client-IP $pypaas_front_client_ip;
        proxy_set_header True-Client-IP $pypaas_front_true_client_ip;
        proxy_set_header CF-Connecting-IP $pypaas_front_cf_connecting_ip;

        # Whoever asks for a name that is not configured gets no answer.
        server {
            listen 0.0.0.0:80 default_server;
            listen [::]:80 default_server;
            return 444;
        }

        server {
            listen 0.0.0.0:443 ssl http2 default_server;
            listen [::]:443 ssl http2 default_server;
            ssl_reject_handshake on;
            ssl_protocols TLSv1.2 TLSv1.3;
            ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
            ssl_prefer_server_ciphers off;
            ssl_session_cache shared:pypaas:10m;
            ssl_session_timeout 1d;
            ssl_session_tickets off;

            location / {
                return 421;
            }
        }

        include edge.d/*.conf;
    }
    "#);
}

#[test]
fn the_router() {
    let router = NginxText::new().router(&Machine::usual().router(12, 3)).unwrap();
    let (before, after) = router.split_once("    types {").unwrap();
    let after = after.split_once("    server {").unwrap().1;
    insta::assert_snapshot!(format!("{before}...{after}"), @r#"
    # written by pypaas from pypaas.yml; changes are overwritten
    #
    # The router: it passes requests to the processes and files that the paths of each domain lead to.

    daemon off;
    worker_processes auto;
    worker_rlimit_nofile 16384;
    worker_shutdown_timeout 30000ms;
    pid /srv/router.pid;
    error_log stderr warn;

    events {
        worker_connections 8000;
    }

    http {
        access_log off;
        server_tokens off;
        sendfile on;
        tcp_nopush on;
        gzip on;
        absolute_redirect off;

        client_body_temp_path temporary/router-body;
        proxy_temp_path temporary/router-proxy;
        fastcgi_temp_path temporary/router-fastcgi;
        uwsgi_temp_path temporary/router-uwsgi;
        scgi_temp_path temporary/router-scgi;

        # The edge has read the request already. It says who the client is.
        set_real_ip_from unix:;
        real_ip_header X-Real-IP;
        large_client_header_buffers 8 32k;
        client_max_body_size 0;
        keepalive_requests 100000;

        # nginx has one timeout for a slow answer and a quiet websocket; its 60 s cut websockets that send no pings.
        proxy_read_timeout 1h;
        proxy_http_version 1.1;
        proxy_request_buffering off;
        proxy_buffer_size 32k;
        proxy_buffers 8 32k;
        proxy_busy_buffers_size 64k;
        uwsgi_request_buffering off;
        uwsgi_buffer_size 32k;
        uwsgi_buffers 8 32k;
        uwsgi_busy_buffers_size 64k;

        # Only websockets are upgraded.
        map $http_upgrade $pypaas_upgrade {
            default "";
            websocket websocket;
        }

        map $pypaas_upgrade $pypaas_connection {
            default upgrade;
            "" "";
        }

        # Connections to apps are kept for the requests that nginx may send once more when the app has just closed one.
        map $request_method $pypaas_kept {
            default "";
            GET +kept;
            HEAD +kept;
        }

        map $http_x_forwarded_proto $pypaas_https {
            default "";
            https on;
        }

        default_type application/octet-stream;
    ...
            listen unix:/srv/router-http.sock default_server;
            listen unix:/srv/router-https.sock default_server;
            return 421;
        }

        include router.d/*.conf;
    }
    "#);
}

#[test]
fn an_edge_of_many_names_without_tls_behind_a_proxy() {
    let mut server = Machine { version: Version(1, 26, 3), ..Machine::usual() }.edge(60, 1_000);
    server.trusted_proxies = vec!["10.0.0.0/8".to_owned()];
    server.https_port = None;
    insta::assert_snapshot!(NginxText::new().edge(&server).unwrap(), @r#"
    # written by pypaas from pypaas.yml; changes are overwritten
    #
    # The edge: clients connect to it. It knows the domains and their certificates, and passes requests on to the router.

    daemon off;
    worker_processes auto;
    worker_rlimit_nofile 16384;
    worker_shutdown_timeout 1h;
    pid /srv/edge.pid;
    error_log stderr warn;

    events {
        worker_connections 8000;
    }

    http {
        access_log /dev/stdout combined buffer=4k flush=1s;
        server_tokens off;

        client_body_temp_path temporary/edge-body;
        proxy_temp_path temporary/edge-proxy;
        fastcgi_temp_path temporary/edge-fastcgi;
        uwsgi_temp_path temporary/edge-uwsgi;
        scgi_temp_path temporary/edge-scgi;

        server_names_hash_bucket_size 512;
        server_names_hash_max_size 4096;

        resolver 127.0.0.53;

        # Slow clients and floods.
        client_header_timeout 15s;
        client_body_timeout 30s;
        large_client_header_buffers 4 16k;
        client_body_buffer_size 128k;
        limit_conn_zone $binary_remote_addr zone=pypaas_clients:10m;
        limit_conn pypaas_clients 1000;
        limit_conn_status 429;

        # Who the client is: whoever is connected, or whom a trusted proxy names.
        geo $realip_remote_addr $pypaas_trusted {
            default 0;
            10.0.0.0/8 1;
        }
        set_real_ip_from 10.0.0.0/8;
        real_ip_header X-Forwarded-For;
        real_ip_recursive on;

        map "$pypaas_trusted $scheme $server_port" $pypaas_host {
            default $host:$server_port;
            "0 http 80" $host;
            "0 https 443" $host;
            "~^1 " $http_host;
        }

        map "$pypaas_trusted $http_x_forwarded_host" $pypaas_forwarded_host {
            default $pypaas_host;
            "~^1 ." $http_x_forwarded_host;
        }

        map "$pypaas_trusted $http_x_forwarded_proto" $pypaas_forwarded_proto {
            default $scheme;
            "1 http" http;
            "1 https" https;
        }

        map "$pypaas_trusted $http_x_forwarded_port" $pypaas_forwarded_port {
            default $server_port;
            "~^1 ." $http_x_forwarded_port;
        }

        map "$pypaas_trusted $http_x_forwarded_for" $pypaas_forwarded_for {
            default $remote_addr;
            "1 " $realip_remote_addr;
            "~^1 ." "$http_x_forwarded_for, $realip_remote_addr";
        }

        map $pypaas_trusted $pypaas_front_forwarded {
            default "";
            1 $http_forwarded;
        }

        map $pypaas_trusted $pypaas_front_x_forwarded {
            default "";
            1 $http_x_forwarded;
        }

        map $pypaas_trusted $pypaas_front_x_forwarded_ssl {
            default "";
            1 $http_x_forwarded_ssl;
        }

        map $pypaas_trusted $pypaas_front_x_forwarded_scheme {
            default "";
            1 $http_x_forwarded_scheme;
        }

        map $pypaas_trusted $pypaas_front_x_forwarded_prefix {
            default "";
            1 $http_x_forwarded_prefix;
        }

        map $pypaas_trusted $pypaas_front_x_forwarded_server {
            default "";
            1 $http_x_forwarded_server;
        }

        map $pypaas_trusted $pypaas_front_x_scheme {
            default "";
            1 $http_x_scheme;
        }

        map $pypaas_trusted $pypaas_front_x_url_scheme {
            default "";
            1 $http_x_url_scheme;
        }

        map $pypaas_trusted $pypaas_front_front_end_https {
            default "";
            1 $http_front_end_https;
        }

        map $pypaas_trusted $pypaas_front_x_original_host {
            default "";
            1 $http_x_original_host;
        }

        map $pypaas_trusted $pypaas_front_x_original_url {
            default "";
            1 $http_x_original_url;
        }

        map $pypaas_trusted $pypaas_front_x_rewrite_url {
            default "";
            1 $http_x_rewrite_url;
        }

        map $pypaas_trusted $pypaas_front_x_client_ip {
            default "";
            1 $http_x_client_ip;
        }

        map $pypaas_trusted $pypaas_front_x_cluster_client_ip {
            default "";
            1 $http_x_cluster_client_ip;
        }

        map $pypaas_trusted $pypaas_front_client_ip {
            default "";
            1 $http_client_ip;
        }

        map $pypaas_trusted $pypaas_front_true_client_ip {
            default "";
            1 $http_true_client_ip;
        }

        map $pypaas_trusted $pypaas_front_cf_connecting_ip {
            default "";
            1 $http_cf_connecting_ip;
        }

        map $http_upgrade $pypaas_upgrade {
            default "";
            websocket websocket;
        }

        map $pypaas_upgrade $pypaas_connection {
            default upgrade;
            "" "";
        }

        # The header of an app, or of the admin's directives, wins.
        map $upstream_http_strict_transport_security $pypaas_hsts {
            default "";
            "" max-age=63072000;
        }

        # Connections to the router are kept for the requests that nginx may send once more when one was just closed.
        map $request_method $pypaas_kept {
            default "";
            GET +kept;
            HEAD +kept;
        }

        upstream pypaas_http {
            server unix:/srv/router-http.sock max_fails=0;
        }

        upstream pypaas_http+kept {
            server unix:/srv/router-http.sock max_fails=0;
            keepalive 32;
        }

        upstream pypaas_https {
            server unix:/srv/router-https.sock max_fails=0;
        }

        upstream pypaas_https+kept {
            server unix:/srv/router-https.sock max_fails=0;
            keepalive 32;
        }

        proxy_http_version 1.1;
        proxy_connect_timeout 10s;
        proxy_read_timeout 1d;
        proxy_send_timeout 1d;
        proxy_buffering off;
        proxy_buffer_size 64k;
        proxy_buffers 4 64k;
        proxy_busy_buffers_size 128k;
        proxy_set_header Host $pypaas_host;
        proxy_set_header Upgrade $pypaas_upgrade;
        proxy_set_header Connection $pypaas_connection;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $pypaas_forwarded_for;
        proxy_set_header X-Forwarded-Proto $pypaas_forwarded_proto;
        proxy_set_header X-Forwarded-Host $pypaas_forwarded_host;
        proxy_set_header X-Forwarded-Port $pypaas_forwarded_port;
        proxy_set_header X-Request-ID $request_id;
        proxy_set_header Proxy "";
        proxy_set_header Forwarded $pypaas_front_forwarded;
        proxy_set_header X-Forwarded $pypaas_front_x_forwarded;
        proxy_set_header X-Forwarded-Ssl $pypaas_front_x_forwarded_ssl;
        proxy_set_header X-Forwarded-Scheme $pypaas_front_x_forwarded_scheme;
        proxy_set_header X-Forwarded-Prefix $pypaas_front_x_forwarded_prefix;
        proxy_set_header X-Forwarded-Server $pypaas_front_x_forwarded_server;
        proxy_set_header X-Scheme $pypaas_front_x_scheme;
        proxy_set_header X-Url-Scheme $pypaas_front_x_url_scheme;
        proxy_set_header Front-End-Https $pypaas_front_front_end_https;
        proxy_set_header X-Original-Host $pypaas_front_x_original_host;
        proxy_set_header X-Original-URL $pypaas_front_x_original_url;
        proxy_set_header X-Rewrite-URL $pypaas_front_x_rewrite_url;
        proxy_set_header X-Client-IP $pypaas_front_x_client_ip;
        proxy_set_header X-Cluster-Client-IP $pypaas_front_x_cluster_client_ip;
        proxy_set_header Client-IP $pypaas_front_client_ip;
        proxy_set_header True-Client-IP $pypaas_front_true_client_ip;
        proxy_set_header CF-Connecting-IP $pypaas_front_cf_connecting_ip;

        # Whoever asks for a name that is not configured gets no answer.
        server {
            listen 0.0.0.0:80 default_server;
            listen [::]:80 default_server;
            return 444;
        }

        include edge.d/*.conf;
    }
    "#);
}

#[test]
fn equal_models_give_equal_texts_in_whatever_order_they_are() {
    let machine = Machine::usual();
    let mut host = fixtures::app_and_files(&machine);
    host.locations.reverse();
    assert_eq!(print(&host), print(&fixtures::app_and_files(&machine)));
    let print = |ports: &[u16]| NginxText::new().upstream(&upstream(ports), Version(1, 22, 1)).unwrap();
    assert_eq!(print(&[2, 1]), print(&[1, 2]));
}
