//! What a plan leaves behind, as far as it is observed.

use crate::host::ServiceState;
use crate::{Observed, Plan, Step, WebInstance};

impl Observed {
    /// Predicts what would be observed after `plan`.
    pub fn after(mut self, plan: &Plan) -> Self {
        for step in plan.steps() {
            self.predict(step);
        }
        self
    }

    fn predict(&mut self, step: &Step) {
        match step {
            Step::WriteRecord { branch, record } => {
                self.records.insert(branch.clone(), record.as_ref().clone());
            }
            Step::RemoveRecord { branch } => {
                self.records.remove(branch);
            }
            Step::CheckOut { branch, checkout, .. } => {
                self.checkouts.entry(branch.clone()).or_default().insert(checkout.clone());
            }
            Step::RemoveCheckout { branch, checkout, .. } => {
                self.checkouts.entry(branch.clone()).or_default().remove(checkout);
            }
            Step::DefineService { service, definition } => {
                let fresh =
                    |definition| ServiceState { definition, enabled: false, supervised: true, process: None };
                let state = self.services.entry(service.clone()).or_insert_with(|| fresh(definition.clone()));
                state.definition = definition.clone();
            }
            Step::StartService { service } => {
                if let Some(state) = self.services.get_mut(service) {
                    *state =
                        ServiceState { enabled: true, process: Some(Default::default()), ..state.clone() };
                }
            }
            Step::StopServices { services, .. } => {
                for state in services
                    .iter()
                    .filter_map(|name| self.services.get(name).map(|state| (name, state.clone())))
                    .collect::<Vec<_>>()
                {
                    self.services
                        .insert(state.0.clone(), ServiceState { enabled: false, process: None, ..state.1 });
                }
            }
            Step::RemoveService { service } => {
                self.services.remove(service);
            }
            Step::BeginWebSwitch { journal } => self.pending_switch = Some(journal.clone()),
            Step::WriteWebFile { file, text } => {
                self.web_files.entry(file.clone()).or_default().text.clone_from(text);
            }
            Step::RemoveWebFile { file } => {
                self.web_files.remove(file);
            }
            Step::WriteWebRoutes { routes } => {
                for (name, file) in &mut self.web_files {
                    file.routes = routes.of(name);
                }
                self.web_routes.clone_from(routes);
            }
            Step::EndWebSwitch => self.pending_switch = None,
            Step::PrepareRepo { repo, .. } => {
                self.repos.insert(repo.clone());
            }
            Step::ReloadWebServer { instance } => {
                self.web_is_set_up = true;
                self.web_has_old_workers |= *instance == WebInstance::Router && self.web_runs;
                self.web_runs = true;
            }
            Step::StopWebServer { .. } => {
                self.web_is_set_up = false;
                self.web_runs = false;
            }
            Step::Drain { .. } => self.web_has_old_workers = false,
            Step::CreateDirectory { .. }
            | Step::Persist { .. }
            | Step::WriteFile { .. }
            | Step::Run { .. }
            | Step::EndCommands { .. }
            | Step::RequireProgram { .. }
            | Step::CheckSite { .. }
            | Step::PrepareStore { .. }
            | Step::RemoveDirectory { .. }
            | Step::AwaitReady { .. }
            | Step::TestWebServer { .. }
            | Step::ReloadIfRunning { .. } => {}
        }
    }
}
