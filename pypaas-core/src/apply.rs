//! Walking a plan: one match, no choice left to make.

mod drain;
mod port_ownership;
mod ready;

use std::error::Error;
use std::slice;

use pypaas_config::on_one_line;

use crate::host::{Host, Mode, ShellCommand};
use crate::plan::OnFailure;
use crate::{Layout, Plan, Progress, Step, written};

use ready::HealthTarget;
pub use ready::NotReady;

/// Says where a plan ended early.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// A step failed.
    #[error("step {number} of {total} failed: {step}")]
    Step {
        /// Which step of its stage, from 1.
        number: usize,
        /// How many steps the stage has.
        total: usize,
        /// The step's line.
        step: String,
        /// Why it failed.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Whoever asked for it does not want it any more.
    #[error("abandoned before the new version went live: {reason}")]
    Abandoned {
        /// What happened to the caller.
        reason: String,
    },
}

/// Walks `plan` and reports to `progress`. A plan that `can_be_abandoned` ends between two steps when the caller wants to stop.
pub fn apply(
    plan: &Plan,
    layout: &Layout,
    host: &mut dyn Host,
    progress: &mut dyn Progress,
    can_be_abandoned: bool,
) -> Result<(), ApplyError> {
    let total = plan.steps().count();
    let mut number = 0;
    for section in &plan.sections {
        let begin = host.clock().elapsed();
        progress.section(&section.title, section.phase);
        section.notes.iter().for_each(|note| progress.note(note));
        let mut outcome = Ok(());
        for (position, step) in section.steps.iter().enumerate() {
            if let Some(reason) = host.caller().wants_to_stop().filter(|_| can_be_abandoned) {
                return Err(ApplyError::Abandoned { reason });
            }
            progress.step(step);
            if let Err(source) = perform(step, layout, host, progress, can_be_abandoned) {
                let number = number + position + 1;
                outcome = Err(ApplyError::Step { number, total, step: step.to_string(), source });
                break;
            }
        }
        match (outcome, section.on_failure) {
            (Ok(()), _) => {}
            (Err(error), OnFailure::Stop) => return Err(error),
            (Err(error), OnFailure::Warn) => progress.warn(&on_one_line(&error)),
        }
        number += section.steps.len();
        progress.section_done(section.phase, host.clock().elapsed().saturating_sub(begin));
    }
    Ok(())
}

/// Says that a program a builder needs is not on the host.
#[derive(Debug, thiserror::Error)]
#[error("`{program}` is not installed on this host: {remedy}")]
pub struct NotInstalled {
    /// The program.
    pub program: String,
    /// How to install it.
    pub remedy: String,
}

type Failure = Box<dyn Error + Send + Sync>;

fn perform(
    step: &Step,
    layout: &Layout,
    host: &mut dyn Host,
    progress: &mut dyn Progress,
    can_be_abandoned: bool,
) -> Result<(), Failure> {
    match step {
        Step::PrepareRepo { repo, hook } => host.git().prepare_repo(&layout.repo(repo), hook)?,
        Step::WriteRecord { branch, record } => {
            host.files().replace_file(&layout.record(branch), &json(record.as_ref())?, Mode::Private)?;
        }
        Step::RemoveRecord { branch } => host.files().remove_file(&layout.record(branch))?,
        Step::RemoveDirectory { path } => host.files().remove_directory(path)?,
        Step::CreateDirectory { path } => host.files().create_directory(path)?,
        Step::WriteFile { path, text, mode } => host.files().replace_file(path, text, *mode)?,
        Step::CheckOut { branch, commit, checkout } => {
            let (repo, directory) = (layout.repo(&branch.repo), layout.checkout(branch, checkout));
            let checked_out =
                host.git().check_out(&repo, commit, &directory, &mut |bytes| progress.output(bytes));
            // The step has said already what was tried.
            checked_out.map_err(|error| error.source)?;
        }
        Step::Persist { branch, checkout, paths, live } => {
            let live = live.as_ref().map(|live| layout.checkout(branch, live));
            let (checkout, data) = (layout.checkout(branch, checkout), layout.data(branch));
            for path in host.files().persist(paths, &checkout, &data, live.as_deref())? {
                progress.note(&format!(
                    "`{path}` is copied from the live checkout to {data}; what is written there until the switch is not in \
                     the copy"
                ));
            }
        }
        Step::RemoveCheckout { branch, checkout, live_since } => {
            let directory = layout.checkout(branch, checkout);
            if let Some(since) = live_since {
                let to = layout.set_aside(branch, checkout);
                let kept = host.files().set_aside(&directory, *since, &to)?;
                if !kept.is_empty() {
                    progress.warn(&written::set_aside_words(&kept, &to));
                }
            }
            host.files().remove_directory(&directory)?
        }
        Step::Run { command } => host.shell().run_command(command, &mut |bytes| progress.output(bytes))?,
        Step::EndCommands { branch, checkout } => {
            host.shell().end_commands(&layout.checkout(branch, checkout))?
        }
        Step::RequireProgram { program, names, remedy, shell } => {
            let names = if names.is_empty() { slice::from_ref(program) } else { names.as_slice() };
            let looks: Vec<String> = names.iter().map(|name| format!("command -v {name}")).collect();
            let command = ShellCommand { line: looks.join(" || "), ..shell.clone() };
            let (program, remedy) = (program.clone(), remedy.clone());
            host.shell().run_command(&command, &mut |_| ()).map_err(|_| NotInstalled { program, remedy })?;
        }
        Step::CheckSite { branch, checkout, site, live } => {
            let live = live.as_ref().map(|live| layout.checkout(branch, live));
            let checkout = layout.checkout(branch, checkout);
            let contents = host.files().inspect_site(site, &checkout, live.as_deref())?;
            if let Some(note) = site.check(&contents)? {
                progress.warn(&note);
            }
        }
        Step::PrepareStore { store } => host.stores().prepare_store(store)?,
        Step::DefineService { service, definition } => host.services().define_service(service, definition)?,
        Step::StartService { service } => host.services().start_service(service)?,
        Step::AwaitReady { service, listen, script, origin, readiness } => {
            let (listen, script) = (listen.as_ref(), script.as_deref());
            let target = HealthTarget { service, listen, script, origin, can_be_abandoned };
            ready::await_ready(host, progress, target, readiness)?;
        }
        Step::StopServices { services, timeout } => {
            for killed in host.services().stop_services(services, *timeout)?.killed {
                let timeout = pypaas_config::format_duration(*timeout);
                progress.warn(&format!("{killed} did not end within {timeout} of SIGTERM and was killed"));
            }
        }
        Step::RemoveService { service } => host.services().remove_service(service)?,
        Step::BeginWebSwitch { journal } => {
            host.files().replace_file(&layout.pending_switch(), &json(journal)?, Mode::Private)?;
        }
        Step::WriteWebFile { file, text } => {
            host.files().replace_file(&layout.web_file(file), text, Mode::Public)?
        }
        Step::WriteWebRoutes { routes } => {
            host.files().replace_file(&layout.web_routes(), &json(routes)?, Mode::Private)?
        }
        Step::RemoveWebFile { file } => host.files().remove_file(&layout.web_file(file))?,
        Step::TestWebServer { instance } => host.web_server().test_web_server(*instance)?,
        Step::ReloadWebServer { instance } => host.web_server().reload_web_server(*instance)?,
        Step::ReloadIfRunning { instance } => host.web_server().reload_if_running(*instance)?,
        Step::StopWebServer { instance } => host.web_server().stop_web_server(*instance)?,
        Step::EndWebSwitch => host.files().remove_file(&layout.pending_switch())?,
        Step::Drain { ports, timeout } => drain::drain(host, progress, ports, *timeout)?,
    }
    Ok(())
}

fn json(value: &impl serde::Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(value).map(|text| text + "\n")
}
