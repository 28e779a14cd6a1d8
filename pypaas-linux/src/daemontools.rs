//! All that knows daemontools: the scripts it runs, how its services are started, stopped and read, and what `check` looks at.

pub(crate) mod check;
mod log_reader;
mod logs;
mod scripts;
mod services;
pub(crate) mod spares;
mod stop;
pub(crate) mod supervise;
pub(crate) mod tai64n;

pub use log_reader::{LogLine, LogReader};
pub use scripts::{Scripts, TemplateError};
pub use spares::fill_spare_services;
