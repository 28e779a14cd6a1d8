//! How nginx is told what to serve: virtual hosts, locations, upstreams, TLS.
