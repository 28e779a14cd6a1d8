//! An embedder's own supervisor: systemd user units in place of daemontools.
//!
//! It implements `Services` and `Logs`, which go with them, and exchanges these parts of a host. Run it
//! with `cargo run --example own_services`: it carries out a plan and prints the unit files and the `systemctl` commands
//! that a real machine would see.

#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use pypaas_config::{AcmeSettings, NginxSettings, PortRange, Settings};
use pypaas_core::host::{Logs, ServiceError, ServiceState, Services, StopReport, WithParts};
use pypaas_core::plan::{Phase, Plan};
use pypaas_core::{Definition, Layout, MemoryHost, NoProgress, Origin, Readiness, ServiceName, Step, apply};

/// systemd, with every order written down in place of being given.
#[derive(Default)]
struct UserUnits {
    units: BTreeMap<ServiceName, ServiceState>,
    orders: Vec<String>,
}

impl UserUnits {
    fn order(&mut self, verb: &str, service: &ServiceName) {
        self.orders.push(format!("systemctl --user {verb} 'pypaas-{service}.service'"));
    }

    fn unit(
        &mut self,
        action: &'static str,
        service: &ServiceName,
    ) -> Result<&mut ServiceState, ServiceError> {
        let missing =
            || ServiceError { action, service: service.to_string(), source: "there is no such unit".into() };
        self.units.get_mut(service).ok_or_else(missing)
    }

    /// A unit file whose process group ends as a whole.
    fn text(service: &ServiceName, script: &str) -> String {
        let script: String = script.lines().map(|line| format!("#   {line}\n")).collect();
        format!(
            "# pypaas-{service}.service, which runs:\n{script}[Service]\nExecStart=%h/units/{service}/run\n\
             Restart=always\nKillMode=control-group\n[Install]\nWantedBy=default.target\n"
        )
    }
}

impl Services for UserUnits {
    fn list_services(&mut self) -> Result<Vec<ServiceName>, ServiceError> {
        Ok(self.units.keys().cloned().collect())
    }

    fn inspect_service(&mut self, service: &ServiceName) -> Result<Option<ServiceState>, ServiceError> {
        Ok(self.units.get(service).cloned())
    }

    fn define_service(&mut self, service: &ServiceName, definition: &Definition) -> Result<(), ServiceError> {
        self.orders.push(Self::text(service, &definition.run));
        let definition = definition.clone();
        let state = ServiceState { definition, enabled: false, supervised: true, process: None };
        self.units.insert(service.clone(), state);
        Ok(())
    }

    fn start_service(&mut self, service: &ServiceName) -> Result<(), ServiceError> {
        let unit = self.unit("start", service)?;
        (unit.enabled, unit.process) = (true, Some((1, Duration::from_secs(1))));
        self.order("enable --now", service);
        Ok(())
    }

    fn stop_services(&mut self, services: &[ServiceName], _: Duration) -> Result<StopReport, ServiceError> {
        for service in services {
            let unit = self.unit("stop", service)?;
            (unit.enabled, unit.process) = (false, None);
            self.order("disable --now", service);
        }
        Ok(StopReport::default())
    }

    fn remove_service(&mut self, service: &ServiceName) -> Result<(), ServiceError> {
        self.unit("remove", service)?;
        self.units.remove(service);
        self.order("revert", service);
        Ok(())
    }
}

/// The journal, which is empty.
struct Journal;

impl Logs for Journal {
    fn last_lines(&mut self, _: &ServiceName, _: usize) -> Vec<String> {
        Vec::new()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings {
        acme: AcmeSettings::default(),
        backup: None,
        notify: Vec::new(),
        ports: PortRange { min: 61500, max: 61800 },
        runner_runscript_template: None,
        runner_logscript_template: None,
        deploy_logger_cmd: None,
        ssl_config: None,
        nginx: NginxSettings::default(),
        services_dir: "~/units".to_owned(),
        admins: None,
        apps_domain: None,
        keep_checkouts: 0,
        keep_releases: 20,
        lock_timeout: Duration::from_secs(600),
        build_timeout: Duration::from_secs(1200),
    };
    let layout = Layout::new("/home/deploy".into(), &settings);
    let mut machine = MemoryHost::new(layout.clone());
    let (mut units, mut journal) = (UserUnits::default(), Journal);
    let mut host =
        WithParts { services: Some(&mut units), logs: Some(&mut journal), ..WithParts::of(&mut machine) };

    let service = ServiceName::parse("shop+main+worker+0+a").ok_or("not a service name")?;
    let definition = Definition { run: "#!/bin/sh\nexec ./worker\n".to_owned(), log: String::new() };
    let mut plan = Plan::default();
    let steps = vec![
        Step::DefineService { service: service.clone(), definition },
        Step::StartService { service: service.clone() },
        Step::AwaitReady {
            service: service.clone(),
            listen: None,
            script: None,
            origin: Origin::localhost(),
            readiness: Readiness::Started,
        },
        Step::StopServices { services: vec![service], timeout: Duration::from_secs(10) },
    ];
    plan.section("Run a worker", Phase::Start, steps);
    apply(&plan, &layout, &mut host, &mut NoProgress, false)?;
    println!("{}", units.orders.join("\n"));
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_runs() -> Result<(), Box<dyn std::error::Error>> {
        super::main()
    }
}
