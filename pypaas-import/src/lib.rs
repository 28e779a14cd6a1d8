//! From the files of an app on another platform to the configuration of a pypaas host.
//!
//! [`Tool::import`] gets the texts ([`Input`]) and returns what is to be written ([`Imported`]): the configuration files, the
//! secrets, and a [`Note`] for everything that has no counterpart. Nothing is dropped in silence: a reader takes the keys that
//! it knows out of a `document::Map`, and what is left is listed.
//!
//! Each tool has a file with its reader (`piku`, …), which fills an `App`. `written` makes the files of it.
//!
//! The crate is pure: text in, text out.

mod addon;
mod app;
mod app_json;
mod buildpack;
mod crontab;
mod dockerfile;
mod document;
mod dokku;
mod domain_file;
mod heroku;
mod import_error;
mod input;
mod json;
mod kamal;
mod note;
mod piku;
mod repo_file;
mod scale;
mod sites;
mod tool;
mod variables;
mod written;
mod yaml;

pub use import_error::ImportError;
pub use input::{Input, Source};
pub use note::Note;
pub use tool::Tool;
pub use written::Imported;

/// Writes a configuration file. What the structs of this crate hold is always YAML: an error cannot happen.
fn yaml_text(value: &impl serde::Serialize) -> String {
    // A command is easier to read, and to copy, on one line.
    let options = serde_yaml::ser_options! { prefer_block_scalars: false };
    serde_yaml::to_string_with_options(value, options).unwrap_or_default()
}
