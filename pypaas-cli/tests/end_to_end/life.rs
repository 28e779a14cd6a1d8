//! The whole life of an app over SSH, in the shortest words.

mod domains;
mod keys;
mod removing;
mod scaling;
mod short_form;
