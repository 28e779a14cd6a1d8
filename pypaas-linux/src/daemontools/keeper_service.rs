//! The keeper as a service.

use camino::Utf8Path;
use pypaas_core::host::ServiceError;
use pypaas_core::{Definition, Layout};

use super::services::{Place, failed_for};
use crate::shell_word::quote;

/// The `run` script of the log.
const LOG: &str = "#!/bin/sh\n# Written by pypaas.\nexec multilog t s1000000 n3 ./main\n";

/// Makes the service of `program`, a command line, and starts it, now and at every boot. Where it runs, nothing happens.
pub(super) fn start(
    layout: &Layout,
    program: &[String],
    configuration: Option<&Utf8Path>,
) -> Result<(), ServiceError> {
    let place = Place::at(layout.keeper_service(), layout.keeper_service_link());
    let definition = definition(layout, program, configuration);
    let known = place.inspect().ok().flatten();
    if known.is_some_and(|known| known.enabled && known.supervised && known.definition == definition) {
        return Ok(());
    }
    place.define(&definition).map_err(failed_for("define", "keeper".to_owned()))?;
    place.start(layout).map_err(failed_for("start", "keeper".to_owned()))
}

fn definition(layout: &Layout, program: &[String], configuration: Option<&Utf8Path>) -> Definition {
    let words: Vec<String> = program.iter().map(quote).collect();
    let configuration = configuration.map(|it| format!("export PYPAAS_CONFIG={}\n", quote(it)));
    let run = format!(
        "#!/bin/sh\n# Written by pypaas.\nexec 2>&1\numask 077\nexport PYPAAS_HOME={}\n{}exec /usr/bin/pgrphack {}\n",
        quote(layout.home()),
        configuration.unwrap_or_default(),
        words.join(" ")
    );
    Definition { run, log: LOG.to_owned() }
}
