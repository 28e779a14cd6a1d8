//! The edge and the router as services.

use camino::Utf8PathBuf;
use pypaas_core::host::ServiceError;
use pypaas_core::{Definition, Layout, WebInstance};
use rustix::process::geteuid;

use super::services::{Place, failed_for};
use crate::durable;
use crate::shell_word::quote;

/// The `run` script of the log: as those of apps.
const LOG: &str = "#!/bin/sh\n# Written by pypaas.\nexec multilog t s1000000 n10 ./main\n";

/// The `run` script. Words in capitals stand for values.
const RUN: &str = include_str!("templates/web_server_run.sh");

/// Returns whether svscan starts it at every boot.
pub(super) fn is_enabled(layout: &Layout, instance: WebInstance) -> bool {
    place(layout, instance).is_enabled().unwrap_or(false)
}

/// Makes the services of all `programs`, so that svscan finds them at once, and starts that of `instance`.
pub(super) fn start(
    layout: &Layout,
    instance: WebInstance,
    programs: &[(WebInstance, Vec<String>)],
) -> Result<(), ServiceError> {
    for (instance, program) in programs {
        let defined = place(layout, *instance).define(&definition(layout, *instance, program));
        defined.map_err(failed_for("define", instance.name().to_owned()))?;
    }
    let allowed = durable::replace_if_different(&start_now(layout, instance), b"", 0o600);
    allowed.map_err(|error| failed_for("start", instance.name().to_owned())(error.into()))?;
    place(layout, instance).start(layout).map_err(failed_for("start", instance.name().to_owned()))
}

/// Stops `instance` and removes its service.
pub(super) fn stop(layout: &Layout, instance: WebInstance) -> Result<(), ServiceError> {
    let failed = || failed_for("stop", instance.name().to_owned());
    durable::remove_file(&start_now(layout, instance)).map_err(|error| failed()(error.into()))?;
    place(layout, instance).remove().map_err(failed())
}

fn place(layout: &Layout, instance: WebInstance) -> Place {
    Place::at(layout.web_service(instance), layout.web_service_link(instance))
}

/// Prints the `run` script.
///
/// Sockets outlive a killed nginx, which would then not start. `pgrphack` makes nginx a process group of its own, so that it
/// survives a supervisor that is killed with its group. Only the edge, which binds the low ports, keeps the capability for that.
fn definition(layout: &Layout, instance: WebInstance, program: &[String]) -> Definition {
    let sockets = layout.router_sockets();
    let clear = match instance {
        WebInstance::Edge => String::new(),
        WebInstance::Router => format!("rm -f {} {}", quote(sockets.http), quote(sockets.https)),
    };
    let drop = match instance {
        WebInstance::Router if !geteuid().is_root() => "setpriv --ambient-caps -all --inh-caps -all ",
        _ => "",
    };
    let words: Vec<String> = program.iter().map(quote).collect();
    let values = [
        ("WEB", quote(layout.web())),
        ("PENDING", quote(layout.pending_switch())),
        ("START_NOW", quote(start_now(layout, instance))),
        ("PID", quote(layout.web_pid_file(instance))),
        ("CLEAR", clear),
        ("PROGRAM", format!("{drop}{}", words.join(" "))),
    ];
    // Line by line and once each, so that no value is searched for the next one's name.
    let fill = |line: &str| {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        for word in &mut words {
            if let Some((_, value)) = values.iter().find(|(name, _)| name == word) {
                word.clone_from(value);
            }
        }
        words.join(" ")
    };
    let run: Vec<String> = RUN.lines().map(fill).collect();
    Definition { run: run.join("\n") + "\n", log: LOG.to_owned() }
}

/// A file whose presence lets it start while a change of its files is not finished: it is started by that change.
fn start_now(layout: &Layout, instance: WebInstance) -> Utf8PathBuf {
    layout.run().join(format!("{}.start-now", instance.name()))
}
