//! How code is built and run on a pypaas host.
//!
//! A [runner](runner_types()) says what is done with a branch's code: which processes it has, when they count as started, what
//! nginx does with requests for it. A builder ([`builders`]) says how a checkout is built that does not say so itself.
//!
//! The crate is pure: it describes; plans decide and hosts do.

mod builders;
mod nginx_backend;
mod nginx_static;
mod nginx_upstream;
mod php_app;
mod php_fpm;
mod php_nginx_backend;
mod php_version;
mod procfile;
mod scheduled;
mod simple_process;
mod unused_files;
mod uwsgi_nginx_backend;

pub use builders::{Deno, Elixir, Go, Hugo, Java, Node, Php, Python, Ruby, Rust, builders};
pub use nginx_backend::NginxBackend;
pub use nginx_static::NginxStatic;
pub use nginx_upstream::NginxUpstream;
pub use php_app::PhpApp;
pub use php_nginx_backend::PhpNginxBackend;
pub use procfile::{Procfile, ProcfileLine};
pub use scheduled::Scheduled;
pub use simple_process::SimpleProcess;
pub use unused_files::UNUSED_FILES;
pub use uwsgi_nginx_backend::UwsgiNginxBackend;

use pypaas_core::{ManifestFormat, RunnerTypes};

/// Returns the types of runners of pypaas. To add one, write a file with a [`RunnerSettings`](pypaas_core::RunnerSettings), add
/// a line here, and add its keys to the commented example configuration. An embedder adds its own types to the result.
pub fn runner_types() -> RunnerTypes {
    RunnerTypes::default()
        .with::<NginxBackend>()
        .with::<NginxStatic>()
        .with::<PhpNginxBackend>()
        .with::<Scheduled>()
        .with::<SimpleProcess>()
        .with::<UwsgiNginxBackend>()
}

/// Lists the files that say how an app is run whose branch has `runners: procfile`, in the order they are looked for.
pub fn manifest_formats() -> Vec<Box<dyn ManifestFormat>> {
    vec![Box::new(Procfile), Box::new(PhpApp::COMPOSER), Box::new(PhpApp::SCRIPT)]
}
