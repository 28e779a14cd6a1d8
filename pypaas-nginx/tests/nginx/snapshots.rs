//! Each kind of file, as it is printed.

use pypaas_core::host::Version;
use pypaas_core::{Server, Upstream, WebConfigRenderer};
use pypaas_nginx::NginxText;

use crate::fixtures::{self, Machine, upstream};

fn print(host: &pypaas_core::VirtualHost) -> String {
    NginxText::new().virtual_host(host).unwrap()
}

#[test]
fn an_app_and_its_files() {
    insta::assert_snapshot!(print(&fixtures::app_and_files(&Machine::usual())), @r"
    # written by pypaas from domains/node-js-sample.example.com.yml; changes are overwritten

    server {
        listen 0.0.0.0:80;
        listen [::]:80;
        server_name node-js-sample.example.com;
        server_tokens off;

        absolute_redirect off;
        proxy_http_version 1.1;
        proxy_read_timeout 1h;

        location / {
            proxy_pass http://shop+master+web;
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $host;
            proxy_set_header X-Forwarded-Port $server_port;
            proxy_set_header X-Request-ID $request_id;
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
        server_tokens off;

        location /.well-known/acme-challenge/ {
            root /var/www/acme;
        }

        location / {
            return 301 https://$host$request_uri;
        }
    }

    server {
        listen 0.0.0.0:443 ssl http2;
        listen [::]:443 ssl http2;
        server_name shop.example;
        server_tokens off;

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

        absolute_redirect off;
        proxy_http_version 1.1;
        proxy_read_timeout 1h;

        resolver 127.0.0.53;
        gzip on;
        gzip_types
            text/css
            application/json;

        location / {
            proxy_pass http://shop+master+web;
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $host;
            proxy_set_header X-Forwarded-Port $server_port;
            proxy_set_header X-Request-ID $request_id;
            proxy_set_header Upgrade $pypaas_upgrade;
            proxy_set_header Connection $pypaas_connection;
        }

        location /api {
            proxy_pass http://shop+master+web;
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $host;
            proxy_set_header X-Forwarded-Port $server_port;
            proxy_set_header X-Request-ID $request_id;
            proxy_set_header Upgrade $pypaas_upgrade;
            proxy_set_header Connection $pypaas_connection;
            add_header Strict-Transport-Security $pypaas_hsts always;
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
        server_tokens off;

        location / {
            return 301 https://$host$request_uri;
        }
    }

    server {
        listen 0.0.0.0:443 ssl http2;
        listen [::]:443 ssl http2;
        server_name old.example;
        server_tokens off;

        ssl_certificate /srv/test.crt;
        ssl_certificate_key /srv/test.key;
        ssl_trusted_certificate /srv/chain.crt;
        ssl_protocols TLSv1.3;
        ssl_ciphers DEFAULT;
        add_header Strict-Transport-Security max-age=31536000 always;

        proxy_http_version 1.1;
        proxy_read_timeout 1h;

        location / {
            proxy_pass http://shop+master+web;
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $host;
            proxy_set_header X-Forwarded-Port $server_port;
            proxy_set_header X-Request-ID $request_id;
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
        server_tokens off;

        proxy_http_version 1.0;
        proxy_read_timeout 5m;
        absolute_redirect on;
        server_name own;

        location / {
            proxy_pass http://shop+master+web;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $host;
            proxy_set_header X-Forwarded-Port $server_port;
            proxy_set_header X-Request-ID $request_id;
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
        server_tokens off;

        absolute_redirect off;
        proxy_http_version 1.1;
        proxy_read_timeout 1h;

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
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $host;
            proxy_set_header X-Forwarded-Port $server_port;
            proxy_set_header X-Request-ID $request_id;
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
            proxy_pass http://shop+master+web;
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $host;
            proxy_set_header X-Forwarded-Port $server_port;
            proxy_set_header X-Request-ID $request_id;
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
        server_tokens off;

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
            uwsgi_param REQUEST_SCHEME $scheme;
            uwsgi_param REMOTE_ADDR $remote_addr;
            uwsgi_param REMOTE_PORT $remote_port;
            uwsgi_param SERVER_PORT $server_port;
            uwsgi_param SERVER_NAME $server_name;
            uwsgi_param HTTP_HOST $host;
            uwsgi_param HTTP_X_REAL_IP $remote_addr;
            uwsgi_param HTTP_X_FORWARDED_FOR $proxy_add_x_forwarded_for;
            uwsgi_param HTTP_X_FORWARDED_PROTO $scheme;
            uwsgi_param HTTP_X_FORWARDED_HOST $host;
            uwsgi_param HTTP_X_FORWARDED_PORT $server_port;
            uwsgi_param HTTP_X_REQUEST_ID $request_id;
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
        server_tokens off;

        location / {
            return 301 https://$host$request_uri;
        }
    }

    server {
        listen 0.0.0.0:443 ssl http2;
        listen [::]:443 ssl http2;
        server_name away.example;
        server_tokens off;

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
            types {}
            default_type text/html;
            add_header Retry-After 30 always;
            add_header Cache-Control no-store always;
            add_header Strict-Transport-Security $pypaas_hsts always;
            return 503 "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>In maintenance</title><h1>In maintenance</h1><p>This site is being worked on and will be back soon.</p></html>";
        }

        location /new {
            types {}
            default_type text/html;
            add_header Retry-After 300 always;
            add_header Cache-Control no-store always;
            add_header Strict-Transport-Security $pypaas_hsts always;
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
        server_tokens off;
        keepalive_min_timeout 2s;

        location / {
            return 301 https://$host:8443$request_uri;
        }
    }

    server {
        listen 0.0.0.0:8443 ssl backlog=1024;
        listen [::]:8443 ssl backlog=1024;
        server_name *.example.org;
        server_tokens off;
        http2 on;
        keepalive_min_timeout 2s;

        ssl_certificate /srv/test.crt;
        ssl_certificate_key /srv/test.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
        ssl_prefer_server_ciphers off;
        ssl_session_cache shared:pypaas:10m;
        ssl_session_timeout 1d;
        ssl_session_tickets off;
        add_header Strict-Transport-Security $pypaas_hsts always;

        proxy_http_version 1.1;
        proxy_read_timeout 1h;

        location / {
            proxy_pass http://shop+master+web;
            proxy_set_header Host $host:$server_port;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $host:$server_port;
            proxy_set_header X-Forwarded-Port $server_port;
            proxy_set_header X-Request-ID $request_id;
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
        server_tokens off;

        location / {
            return 301 https://$host$request_uri;
        }
    }

    server {
        listen 0.0.0.0:443 ssl http2;
        listen [::]:443 ssl http2;
        server_name spa.example;
        server_tokens off;

        ssl_certificate /srv/test.crt;
        ssl_certificate_key /srv/test.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
        ssl_prefer_server_ciphers off;
        ssl_session_cache shared:pypaas:10m;
        ssl_session_timeout 1d;
        ssl_session_tickets off;
        add_header Strict-Transport-Security $pypaas_hsts always;

        absolute_redirect off;
        proxy_http_version 1.1;
        proxy_read_timeout 1h;

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
            proxy_pass http://shop+master+web;
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $host;
            proxy_set_header X-Forwarded-Port $server_port;
            proxy_set_header X-Request-ID $request_id;
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
        server_name www.names.example;
        server_tokens off;

        location /.well-known/acme-challenge/ {
            root /var/www/acme;
        }

        location / {
            return 301 https://names.example$request_uri;
        }
    }

    server {
        listen 0.0.0.0:443 ssl http2;
        listen [::]:443 ssl http2;
        server_name www.names.example;
        server_tokens off;

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
            return 301 https://names.example$request_uri;
        }
    }

    server {
        listen 0.0.0.0:80;
        listen [::]:80;
        server_name names.example alias.example *.alias.example;
        server_tokens off;

        location /.well-known/acme-challenge/ {
            root /var/www/acme;
        }

        location / {
            return 301 https://$host$request_uri;
        }
    }

    server {
        listen 0.0.0.0:443 ssl http2;
        listen [::]:443 ssl http2;
        server_name names.example alias.example *.alias.example;
        server_tokens off;

        ssl_certificate /srv/test.crt;
        ssl_certificate_key /srv/test.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
        ssl_prefer_server_ciphers off;
        ssl_session_cache shared:pypaas:10m;
        ssl_session_timeout 1d;
        ssl_session_tickets off;
        add_header Strict-Transport-Security $pypaas_hsts always;

        proxy_http_version 1.1;
        proxy_read_timeout 1h;

        location / {
            proxy_pass http://shop+master+web;
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $host;
            proxy_set_header X-Forwarded-Port $server_port;
            proxy_set_header X-Request-ID $request_id;
            proxy_set_header Upgrade $pypaas_upgrade;
            proxy_set_header Connection $pypaas_connection;
        }
    }

    # written by pypaas from domains/plain.example.yml; changes are overwritten

    server {
        listen 0.0.0.0:80;
        listen [::]:80;
        server_name www.plain.example;
        server_tokens off;

        location /.well-known/acme-challenge/ {
            root /var/www/acme;
        }

        location / {
            return 301 http://plain.example$request_uri;
        }
    }

    server {
        listen 0.0.0.0:80;
        listen [::]:80;
        server_name plain.example alias-plain.example *.alias-plain.example;
        server_tokens off;

        proxy_http_version 1.1;
        proxy_read_timeout 1h;

        location /.well-known/acme-challenge/ {
            root /var/www/acme;
        }

        location / {
            proxy_pass http://shop+master+web;
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $host;
            proxy_set_header X-Forwarded-Port $server_port;
            proxy_set_header X-Request-ID $request_id;
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
    ");

    let print = |extra: Option<&str>| {
        let upstream = Upstream { extra: extra.map(str::to_owned), ..upstream.clone() };
        [Version(1, 29, 6), Version(1, 29, 7)].map(|it| NginxText::new().upstream(&upstream, it).unwrap())
    };
    let [before, since] = print(None);
    assert!(!before.contains("keepalive") && since.contains("    keepalive 0;\n"), "{since}");
    let [before, since] = print(Some("keepalive 8;\n"));
    assert!(before.contains("keepalive 8;") && before == since, "{since}");
}

#[test]
fn a_default_server() {
    let server = Machine::usual().default_server(12, 3);
    insta::assert_snapshot!(NginxText::new().default_server(&server).unwrap(), @r#"
    # written by pypaas from pypaas.yml; changes are overwritten

    # Only websockets are upgraded.
    map $http_upgrade $pypaas_upgrade {
        default "";
        websocket websocket;
    }

    map $pypaas_upgrade $pypaas_connection {
        default upgrade;
        "" "";
    }

    # An app's own header wins.
    map $upstream_http_strict_transport_security $pypaas_hsts {
        default "";
        "" max-age=63072000;
    }

    # Whoever asks for a name that is not configured gets no answer.
    server {
        listen 0.0.0.0:80 default_server;
        listen [::]:80 default_server;
        server_tokens off;
        return 444;
    }

    server {
        listen 0.0.0.0:443 ssl http2 default_server;
        listen [::]:443 ssl http2 default_server;
        server_tokens off;
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
    "#);
}

#[test]
fn a_default_server_of_many_names_without_tls() {
    let mut server = Machine { version: Version(1, 26, 3), ..Machine::usual() }.default_server(60, 1_000);
    server.https_port = None;
    insta::assert_snapshot!(NginxText::new().default_server(&server).unwrap(), @r#"
    # written by pypaas from pypaas.yml; changes are overwritten

    server_names_hash_bucket_size 512;
    server_names_hash_max_size 4096;

    # Only websockets are upgraded.
    map $http_upgrade $pypaas_upgrade {
        default "";
        websocket websocket;
    }

    map $pypaas_upgrade $pypaas_connection {
        default upgrade;
        "" "";
    }

    # An app's own header wins.
    map $upstream_http_strict_transport_security $pypaas_hsts {
        default "";
        "" max-age=63072000;
    }

    # Whoever asks for a name that is not configured gets no answer.
    server {
        listen 0.0.0.0:80 default_server;
        listen [::]:80 default_server;
        server_tokens off;
        return 444;
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
