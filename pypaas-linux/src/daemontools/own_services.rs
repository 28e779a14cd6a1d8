//! Services of pypaas itself: the keeper, the servers of databases.

use pypaas_core::host::ServiceError;
use pypaas_core::{Definition, Layout};

use super::services::{Place, failed_for};

/// The `run` script of the log.
const LOG: &str = "#!/bin/sh\n# Written by pypaas.\nexec multilog t s1000000 n3 ./main\n";

/// Makes the service `name` with the script `run` and starts it, now and at every boot. Where it runs so, nothing happens.
pub(super) fn start(layout: &Layout, name: &str, run: &str) -> Result<(), ServiceError> {
    let place = Place::at(layout.own_service(name), layout.own_service_link(name));
    let definition = Definition { run: run.to_owned(), log: LOG.to_owned() };
    let known = place.inspect().ok().flatten();
    if known.is_some_and(|known| known.enabled && known.supervised && known.definition == definition) {
        return Ok(());
    }
    place.define(&definition).map_err(failed_for("define", name.to_owned()))?;
    place.start(layout).map_err(failed_for("start", name.to_owned()))
}
