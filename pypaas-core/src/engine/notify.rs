//! Hooks that are told how an attempt ended.

use pypaas_config::{BranchRef, on_one_line};
use serde::Serialize;

use super::Engine;
use crate::host::ShellCommand;
use crate::{Attempt, Outcome, plan, record};

/// What hooks read, as JSON.
#[derive(Serialize)]
struct Notification<'a> {
    repo: &'a str,
    branch: &'a str,
    urls: Vec<String>,
    #[serde(flatten)]
    attempt: &'a Attempt,
}

impl Engine<'_> {
    /// Runs the hooks of `branch` that are told how `attempt` ended. One that fails is reported and changes nothing.
    pub fn notify(&mut self, branch: &BranchRef, attempt: &Attempt) {
        let platform = self.platform;
        let Some(config) = platform.branch(branch) else { return };
        let (title, lines) = match attempt.outcome {
            Outcome::Succeeded => ("After the deploy", &config.hooks.after_deploy),
            Outcome::Refused | Outcome::Abandoned => ("The deploy failed", &config.hooks.deploy_failed),
        };
        if lines.is_empty() {
            return;
        }
        let urls = plan::urls(platform).remove(branch).unwrap_or_default();
        let (repo, name) = (branch.repo.as_str(), branch.branch.as_str());
        let notification = Notification { repo, branch: name, urls, attempt };
        let Ok(notification) = serde_json::to_string(&notification) else { return };
        let (host, progress) = self.world.parts();
        let live =
            record(host.files(), &platform.layout, branch).ok().flatten().and_then(|record| record.live);
        let command = match &live {
            Some(live) => ShellCommand {
                timeout: None,
                line: String::new(),
                directory: platform.layout.checkout(branch, &live.checkout),
                environment: platform.environment(branch, live),
                confinement: platform.confinement(branch, &live.checkout),
            },
            None => {
                let directory = platform.layout.data(branch);
                if let Err(error) = host.files().create_directory(&directory) {
                    progress.warn(&on_one_line(&error));
                }
                ShellCommand {
                    timeout: None,
                    line: String::new(),
                    directory,
                    environment: platform.base_environment.clone(),
                    confinement: platform.confinement_without_code(branch),
                }
            }
        };
        progress.title(title);
        for line in lines {
            progress.command(line);
            let command = ShellCommand { line: line.clone(), ..command.clone() };
            if let Err(error) =
                host.shell().notify(&command, &notification, &mut |bytes| progress.output(bytes))
            {
                progress.warn(&on_one_line(&error));
            }
        }
    }
}
