//! How nginx is told what to serve: virtual hosts, locations, upstreams, TLS.
//!
//! [`NginxText`] prints the model of [`pypaas_core::VirtualHost`] as configuration that an admin could have written by
//! hand: one template per nginx block (`templates/`), filled with what Rust decided. There are two nginx. Clients connect to the
//! edge (`edge.rs`; a domain's names, ports and TLS: `edge_server.rs`, `tls.rs`), which passes requests on to the router
//! (`router.rs`; a domain's locations: `virtual_host.rs`, `location.rs`; processes: `upstream.rs`).
//!
//! Two kinds of text meet in the output and are never mixed up. *Data* (names, paths, addresses) goes through the quoting
//! of `quote.rs`, or is refused. *The admin's directives* (`nginx_extra_config` and its like) are printed as written, after
//! `snippet.rs` made sure that they end where they should. What pypaas would set by itself it leaves out where the
//! admin's directives set it, because nginx takes most directives only once per block.
//!
//! The crate is pure: whoever has an nginx writes the texts to files.

mod directive;
mod edge;
mod edge_server;
mod indent;
mod listen;
mod location;
mod max_body;
mod nginx_text;
mod quote;
mod router;
mod snippet;
mod syntax;
mod templates;
mod timeouts;
mod tls;
mod unprintable;
mod upstream;
mod virtual_host;

pub use nginx_text::NginxText;
pub use syntax::{WrittenDirective, directives};
