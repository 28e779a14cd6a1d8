//! The keeper as a service.

use camino::Utf8Path;
use pypaas_core::Layout;

use crate::shell_word::quote;

/// The name of its service.
pub(super) const NAME: &str = "keeper";

/// Prints the script that runs `program`, a command line, on the configuration in that directory.
pub(super) fn print(layout: &Layout, program: &[String], configuration: Option<&Utf8Path>) -> String {
    let words: Vec<String> = program.iter().map(quote).collect();
    let configuration = configuration.map(|it| format!("export PYPAAS_CONFIG={}\n", quote(it)));
    format!(
        "#!/bin/sh\n# Written by pypaas.\nexec 2>&1\numask 077\nexport PYPAAS_HOME={}\n{}exec /usr/bin/pgrphack {}\n",
        quote(layout.home()),
        configuration.unwrap_or_default(),
        words.join(" ")
    )
}
