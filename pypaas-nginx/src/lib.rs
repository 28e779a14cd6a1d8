//! How nginx is told what to serve: virtual hosts, locations, upstreams, TLS.
//!
//! [`NginxText`] prints the model of [`pypaas_core::VirtualHost`] as configuration that an admin could have written by
//! hand: one template per nginx block (`templates/`), filled with what Rust decided. A virtual host is printed in two
//! halves, as the model has them: its frontend (`virtual_host.rs`, `tls.rs`) and its locations (`location.rs`).
//!
//! Two kinds of text meet in the output and are never mixed up. *Data* (names, paths, addresses) goes through the quoting
//! of `quote.rs`, or is refused. *The admin's directives* (`nginx_extra_config` and its like) are printed as written, after
//! `snippet.rs` made sure that they end where they should. What pypaas would set by itself it leaves out where the
//! admin's directives set it, because nginx takes most directives only once per block.
//!
//! The crate is pure: whoever has an nginx writes the texts to files.

mod default_server;
mod directive;
mod indent;
mod location;
mod nginx_text;
mod quote;
mod snippet;
mod syntax;
mod templates;
mod tls;
mod unprintable;
mod upstream;
mod virtual_host;

pub use nginx_text::NginxText;
pub use syntax::{WrittenDirective, directives};
pub use virtual_host::{KEEPALIVE_MIN_TIMEOUT, KEEPALIVE_MIN_TIMEOUT_SINCE};
