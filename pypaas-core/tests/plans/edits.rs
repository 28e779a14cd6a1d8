//! Edits of a configuration, as an admin makes them.

use pypaas_config::{Branch, BranchRef, Configuration, DomainName, Location, RunnerName, RunnerRef};
use pypaas_core::runner_config;
use pypaas_runners::{NginxBackend, SimpleProcess, UwsgiNginxBackend};

/// Changes a configuration; one to which an edit does not apply stays as it is.
pub(crate) type Edit = fn(&mut Configuration);

/// The edits, by what they are.
pub(crate) const EDITS: [(&str, Edit); 11] = [
    ("more processes", more_processes),
    ("fewer processes", fewer_processes),
    ("another environment", another_environment),
    ("a runner added", add_a_runner),
    ("a runner removed", remove_a_runner),
    ("a runner renamed", rename_a_runner),
    ("a domain added", add_a_domain),
    ("a domain removed", remove_a_domain),
    ("a domain changed", change_a_domain),
    ("a branch removed", remove_a_branch),
    ("a repo removed", remove_a_repo),
];

fn more_processes(configuration: &mut Configuration) {
    recount(configuration, |count| count + 1);
}

fn fewer_processes(configuration: &mut Configuration) {
    recount(configuration, |count| count.saturating_sub(1).max(1));
}

fn another_environment(configuration: &mut Configuration) {
    all_branches(configuration).for_each(|branch| {
        let edited = branch.env.get("EDITED").map_or("once", |_| "again").to_owned();
        branch.env.insert("EDITED".to_owned(), edited);
    });
}

fn add_a_runner(configuration: &mut Configuration) {
    for branch in all_branches(configuration) {
        let Some(runner) = branch.runners.values().next().cloned() else { continue };
        branch.runners.insert(RunnerName::new("added").unwrap(), runner);
    }
}

fn remove_a_runner(configuration: &mut Configuration) {
    for branch in all_branches(configuration).filter(|branch| branch.runners.len() > 1) {
        branch.runners.pop_last();
    }
    drop_dangling(configuration);
}

/// Gives the first runner of every branch another name, and takes the locations along.
fn rename_a_runner(configuration: &mut Configuration) {
    let branches: Vec<BranchRef> = configuration.branches().map(|(branch, _)| branch).collect();
    for of in branches {
        let branch = configuration.repos.get_mut(&of.repo).unwrap().branches.get_mut(&of.branch).unwrap();
        let Some((old, runner)) = branch.runners.pop_first() else { continue };
        let new = RunnerName::new(format!("{old}-renamed")).unwrap();
        branch.runners.insert(new.clone(), runner);
        for runner in locations(configuration).flat_map(targets) {
            if *runner == of.runner(&old) {
                runner.runner = new.clone();
            }
        }
    }
}

fn add_a_domain(configuration: &mut Configuration) {
    let Some(domain) = configuration.domains.values().next().cloned() else { return };
    configuration.domains.insert(DomainName::new("added.example.com").unwrap(), domain);
}

fn remove_a_domain(configuration: &mut Configuration) {
    configuration.domains.pop_first();
}

fn change_a_domain(configuration: &mut Configuration) {
    if let Some(mut domain) = configuration.domains.first_entry() {
        domain.get_mut().nginx_http_extra_config = Some("add_header X-Edited yes;".to_owned());
    }
}

fn remove_a_branch(configuration: &mut Configuration) {
    for repo in configuration.repos.values_mut().filter(|repo| repo.branches.len() > 1) {
        repo.branches.pop_last();
    }
    drop_dangling(configuration);
}

fn remove_a_repo(configuration: &mut Configuration) {
    configuration.repos.pop_first();
    drop_dangling(configuration);
}

/// Removes locations that lead nowhere, and domains without locations.
fn drop_dangling(configuration: &mut Configuration) {
    let repos = configuration.repos.clone();
    let is_there = |runner: &RunnerRef| {
        let branch = repos.get(&runner.repo).and_then(|repo| repo.branches.get(&runner.branch));
        branch.is_some_and(|branch| branch.procfile || branch.runners.contains_key(&runner.runner))
    };
    for domain in configuration.domains.values_mut() {
        domain.locations.retain(|_, location| is_there(&location.upstream));
        for location in domain.locations.values_mut() {
            location.maintenance_upstream = location.maintenance_upstream.take().filter(&is_there);
        }
    }
    configuration.domains.retain(|_, domain| !domain.locations.is_empty());
}

fn recount(configuration: &mut Configuration, change: fn(u16) -> u16) {
    for branch in all_branches(configuration).filter(|branch| branch.procfile) {
        let count = branch.formation.entry(RunnerName::new("web").unwrap()).or_insert(1);
        *count = change(*count);
    }
    for runner in all_branches(configuration).flat_map(|branch| branch.runners.values_mut()) {
        if let Some(mut it) = runner.settings::<SimpleProcess>().cloned() {
            it.process_count = change(it.process_count);
            *runner = runner_config(it);
        } else if let Some(mut it) = runner.settings::<NginxBackend>().cloned() {
            it.upstream.process_count = change(it.upstream.process_count);
            *runner = runner_config(it);
        } else if let Some(mut it) = runner.settings::<UwsgiNginxBackend>().cloned() {
            it.upstream.process_count = change(it.upstream.process_count);
            *runner = runner_config(it);
        }
    }
}

fn all_branches(configuration: &mut Configuration) -> impl Iterator<Item = &mut Branch> {
    configuration.repos.values_mut().flat_map(|repo| repo.branches.values_mut())
}

fn locations(configuration: &mut Configuration) -> impl Iterator<Item = &mut Location> {
    configuration.domains.values_mut().flat_map(|domain| domain.locations.values_mut())
}

fn targets(location: &mut Location) -> impl Iterator<Item = &mut RunnerRef> {
    [Some(&mut location.upstream), location.maintenance_upstream.as_mut()].into_iter().flatten()
}
