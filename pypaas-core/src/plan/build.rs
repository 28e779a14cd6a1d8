//! The middle of a deploy: services are defined, the commit is checked out and built.

use std::collections::BTreeSet;

use pypaas_config::{Branch, BranchRef, BuildChoice};

use super::{Phase, Plan, PlanError, Request, recognized, services};
use crate::host::{Commit, ShellCommand};
use crate::{BuildRecipe, Deployment, Observed, Platform, Requirement, ServiceName, Slot, Step};

/// The build script a checkout may bring.
pub(super) const BUILD_SCRIPT: &str = ".build.sh";

pub(super) fn build(platform: &Platform, observed: &Observed, request: &Request) -> Result<Plan, PlanError> {
    let branch = &request.branch;
    let record = observed.record(branch);
    let new = record.candidate.ok_or_else(|| PlanError::NotDeployed(branch.clone()))?;
    let config = platform.branch_of(branch, &new);
    let config = config.ok_or_else(|| PlanError::NotConfigured(branch.clone()))?;
    let mut plan = Plan::default();
    let prepare = |store| Step::PrepareStore { store };
    let stores = platform.stores(branch).into_iter().map(prepare).collect();
    plan.section("Prepare the stores", Phase::Build, stores);
    plan.section("Define services", Phase::Start, define(platform, observed, branch, &new)?);
    if request.source.commit().is_none() {
        return Ok(plan);
    }
    let commit = observed.commit.clone().unwrap_or_default();
    plan.noted_section(
        format!("Check out {} \"{}\"", new.commit.short(), new.subject),
        Phase::Checkout,
        recognized::notes(platform, &config, &commit),
        check_out(platform, observed, branch, &new),
    );
    let timeout = config.build_timeout.unwrap_or(platform.configuration.settings.build_timeout);
    let bounded = |line: &String| Step::Run {
        command: ShellCommand { timeout: Some(timeout), ..shell(platform, branch, &new, line) },
    };
    let run = |lines: &[String]| -> Vec<Step> { lines.iter().map(bounded).collect() };
    let look = |it: Requirement| Step::RequireProgram {
        program: it.program,
        names: it.names,
        remedy: it.remedy,
        shell: shell(platform, branch, &new, ""),
    };
    let needed = platform.runners(branch, Some(&new)).into_values().flat_map(|it| it.requires(&commit));
    plan.section("Look for what runs it", Phase::Build, needed.map(look).collect());
    plan.section("Before the build", Phase::Build, run(&config.hooks.before_build));
    let (title, recipe) = recipe(platform, &config, &commit);
    let steps = recipe.requires.into_iter().map(look).chain(run(&recipe.commands)).collect();
    plan.section(title, Phase::Build, steps);
    plan.section("After the build", Phase::Build, run(&config.hooks.after_build));
    // A migration is not cut off in the middle.
    let release = config.hooks.release.iter().flatten();
    let release = release.map(|line| self::run(platform, branch, &new, line)).collect();
    plan.section("Release", Phase::Build, release);
    plan.section("Check what nginx serves", Phase::Build, check_sites(platform, observed, branch, &new));
    Ok(plan)
}

/// Plans to look through the directories that nginx serves by itself.
fn check_sites(platform: &Platform, observed: &Observed, branch: &BranchRef, new: &Deployment) -> Vec<Step> {
    let live = observed.record(branch).live.map(|live| live.checkout);
    let runners = platform.runners(branch, Some(new));
    let sites = runners.values().filter_map(|runner| runner.nginx()?.site());
    let check = |site| Step::CheckSite {
        branch: branch.clone(),
        checkout: new.checkout.clone(),
        site,
        live: live.clone(),
    };
    sites.map(check).collect()
}

/// Plans to run a shell command in the checkout of `deployed`.
pub(super) fn run(platform: &Platform, branch: &BranchRef, deployed: &Deployment, line: &str) -> Step {
    Step::Run { command: shell(platform, branch, deployed, line) }
}

fn shell(platform: &Platform, branch: &BranchRef, deployed: &Deployment, line: &str) -> ShellCommand {
    ShellCommand {
        timeout: None,
        line: line.to_owned(),
        directory: platform.layout.checkout(branch, &deployed.checkout),
        environment: platform.environment(branch, deployed),
        confinement: platform.confinement(branch, &deployed.checkout),
    }
}

/// Finds the builder that is in charge: none when a `build` hook, `build: none` or a build script say otherwise.
pub(super) fn builder<'a>(
    platform: &'a Platform,
    config: &Branch,
    commit: &Commit,
) -> Option<(&'a str, BuildRecipe)> {
    let told = config.hooks.build.is_some() || config.build == BuildChoice::None;
    if told || commit.holds(BUILD_SCRIPT) {
        return None;
    }
    platform.builders.iter().find_map(|builder| Some((builder.name(), builder.recipe(commit)?)))
}

/// Says how the checkout is built, and why so.
fn recipe(platform: &Platform, config: &Branch, commit: &Commit) -> (String, BuildRecipe) {
    if let Some(lines) = &config.hooks.build {
        return ("Build: the `build` hook".to_owned(), lines.clone().into());
    }
    if config.build == BuildChoice::None {
        return (String::new(), BuildRecipe::default());
    }
    if commit.holds(BUILD_SCRIPT) {
        return (format!("Build: found `{BUILD_SCRIPT}`"), vec![format!("./{BUILD_SCRIPT}")].into());
    }
    match builder(platform, config, commit) {
        Some((name, recipe)) => (format!("Build with {name}: {}", recipe.reason), recipe),
        None => (String::new(), BuildRecipe::default()),
    }
}

fn check_out(platform: &Platform, observed: &Observed, branch: &BranchRef, new: &Deployment) -> Vec<Step> {
    let layout = &platform.layout;
    let paths = platform.branch(branch).map(|config| config.persist.clone()).unwrap_or_default();
    let persist = (!paths.is_empty()).then(|| Step::Persist {
        branch: branch.clone(),
        checkout: new.checkout.clone(),
        paths,
        live: observed.record(branch).live.map(|live| live.checkout),
    });
    let steps = [
        Step::CreateDirectory { path: layout.cache(branch) },
        Step::CreateDirectory { path: layout.data(branch) },
        Step::CheckOut { branch: branch.clone(), commit: new.commit.clone(), checkout: new.checkout.clone() },
    ];
    steps.into_iter().chain(persist).collect()
}

/// Plans the scripts of the new processes. A runner's other slot is made with them, so that svscan, which looks for new
/// services only every five seconds, is waited for once and never again; and before the build, so that it runs beside.
fn define(
    platform: &Platform,
    observed: &Observed,
    branch: &BranchRef,
    new: &Deployment,
) -> Result<Vec<Step>, PlanError> {
    let live: BTreeSet<ServiceName> =
        observed.record(branch).live.iter().flat_map(|live| live.services(branch)).collect();
    let mut steps = Vec::new();
    for (service, process, runner) in services::configured(platform, branch, new) {
        let Some(definition) = services::definition(platform, branch, new, process, runner.as_ref())? else {
            continue;
        };
        // An app that had this number before may have left files there.
        let socket = process.socket.map(|number| platform.layout.socket_directory(number));
        steps.extend(
            socket.into_iter().flat_map(|path| {
                [Step::RemoveDirectory { path: path.clone() }, Step::CreateDirectory { path }]
            }),
        );
        for slot in [Slot::A, Slot::B] {
            let name = process.service(branch, slot);
            let known = observed.services.get(&name);
            let differs = known.is_none_or(|known| {
                // The script of a live process is its own, also while nothing supervises it.
                (!known.supervised && !live.contains(&name))
                    || (slot == service.slot && known.definition != definition)
            });
            if differs {
                steps.push(Step::DefineService { service: name, definition: definition.clone() });
            }
        }
    }
    Ok(steps)
}
