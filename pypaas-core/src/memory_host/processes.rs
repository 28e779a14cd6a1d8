//! A supervisor in memory, and what can be seen of its processes.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::{Behavior, Extent, MemoryHost};
use crate::host::{
    HealthRequest, Logs, PortHolder, Probe, ProbeError, ServiceError, ServiceState, Services, StopReport,
};
use crate::{Definition, Listen, ServiceName, UpstreamName, WebFileName};

impl MemoryHost {
    /// Returns the port, or the number of the socket, that the scripts of `service` give its process.
    fn port(&self, service: &ServiceName) -> Option<u16> {
        let run = &self.services.get(service)?.definition.run;
        let number = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
        match run.split("PORT=").nth(1) {
            Some(value) => number(value.trim_start_matches('\'')),
            None => number(run.split("SOCKET=").nth(1)?.split("/sockets/").nth(1)?),
        }
    }

    fn behaves(&self, service: &ServiceName) -> Option<Behavior> {
        self.behavior.get(service.runner.runner.as_str()).copied()
    }

    /// Returns the port a running service listens on.
    fn listens_on(&self, service: &ServiceName) -> Option<u16> {
        self.services.get(service)?.process?;
        match self.behaves(service) {
            Some(Behavior::NeverListens | Behavior::Crashes | Behavior::LosesItsPort) => None,
            Some(Behavior::ListensElsewhere(port)) => Some(port),
            Some(Behavior::Answers(_)) | None => self.port(service),
        }
    }

    fn listener(&self, port: u16) -> Option<&ServiceName> {
        self.services.keys().find(|service| self.listens_on(service) == Some(port))
    }

    /// Returns whether somebody else took `port` before the process it was given to.
    fn has_lost(&self, port: u16) -> bool {
        let lost = |service: &&ServiceName| self.behaves(service) == Some(Behavior::LosesItsPort);
        let mut running = self.services.iter().filter(|(_, state)| state.process.is_some());
        running.any(|(service, _)| lost(&service) && self.port(service) == Some(port))
    }

    fn service_effect(
        &mut self,
        words: String,
        action: &'static str,
        service: &ServiceName,
        change: impl FnOnce(&mut Self, Extent),
    ) -> Result<(), ServiceError> {
        self.effect(words, change).map_err(|source| error(action, service, source.to_string()))
    }

    fn change_service(&mut self, service: &ServiceName, change: impl FnOnce(&mut ServiceState)) {
        if let Some(state) = self.services.get_mut(service) {
            change(state);
        }
    }
}

impl Services for MemoryHost {
    fn list_services(&mut self) -> Result<Vec<ServiceName>, ServiceError> {
        Ok(self.services.keys().cloned().collect())
    }

    fn inspect_service(&mut self, service: &ServiceName) -> Result<Option<ServiceState>, ServiceError> {
        Ok(self.services.get(service).cloned())
    }

    fn define_service(&mut self, service: &ServiceName, definition: &Definition) -> Result<(), ServiceError> {
        if self.services.get(service).is_some_and(|state| state.process.is_some()) {
            return Err(error("define", service, "it is running"));
        }
        let define = |host: &mut Self, extent| {
            let mut definition = definition.clone();
            if extent == Extent::Half {
                definition.run = String::new();
            }
            let enabled = host.services.get(service).is_some_and(|known| known.enabled);
            let supervised = extent == Extent::Whole || host.services.contains_key(service);
            let state = ServiceState { definition, enabled, supervised, process: None };
            host.services.insert(service.clone(), state);
        };
        self.service_effect(format!("define {service}"), "define", service, define)
    }

    fn start_service(&mut self, service: &ServiceName) -> Result<(), ServiceError> {
        match self.services.get(service) {
            None => return Err(error("start", service, "it was never defined")),
            Some(state) if !state.supervised => return Err(error("start", service, "nothing supervises it")),
            Some(_) => {}
        }
        let port = self.port(service);
        let is_taken = |port| {
            self.foreign_ports.contains(&port) || self.listener(port).is_some_and(|other| other != service)
        };
        if port.is_some_and(is_taken) {
            return Err(error("start", service, "its port is taken"));
        }
        let crashes = self.behaves(service) == Some(Behavior::Crashes);
        let start = |host: &mut Self, extent| {
            host.change_service(service, |state| {
                state.enabled = extent == Extent::Whole;
                state.process = (!crashes).then_some((1, Duration::ZERO));
            });
        };
        self.service_effect(format!("start {service}"), "start", service, start)
    }

    fn stop_services(
        &mut self,
        services: &[ServiceName],
        timeout: Duration,
    ) -> Result<StopReport, ServiceError> {
        let names: Vec<String> = services.iter().map(ServiceName::to_string).collect();
        for service in services {
            if !self.services.contains_key(service) {
                return Err(error("stop", service, "it was never defined"));
            }
            self.service_is_idle(service)?;
        }
        let words = format!(
            "stop {}, killing what is left after {}",
            names.join(", "),
            pypaas_config::format_duration(timeout)
        );
        let stop = |host: &mut Self, extent| {
            for (position, service) in services.iter().enumerate() {
                host.change_service(service, |state| {
                    state.enabled = false;
                    if extent == Extent::Whole || position % 2 == 1 {
                        state.process = None;
                    }
                });
            }
        };
        if let Some(first) = services.first() {
            self.service_effect(words, "stop", first, stop)?;
        }
        Ok(StopReport::default())
    }

    fn remove_service(&mut self, service: &ServiceName) -> Result<(), ServiceError> {
        match self.services.get(service) {
            None => return Err(error("remove", service, "it was never defined")),
            Some(state) if state.process.is_some() => return Err(error("remove", service, "it is running")),
            Some(_) => {}
        }
        let remove = |host: &mut Self, extent| {
            if extent == Extent::Whole {
                host.services.remove(service);
            }
            host.change_service(service, |state| state.supervised = false);
        };
        self.service_effect(format!("remove {service}"), "remove", service, remove)
    }
}

impl MemoryHost {
    /// Refuses to stop what nginx still sends requests to, or what has connections: somebody would lose an answer.
    fn service_is_idle(&self, service: &ServiceName) -> Result<(), ServiceError> {
        let Some(port) = self.listens_on(service) else { return Ok(()) };
        if self.connections.get(&port).is_some_and(|open| *open > 0) {
            return Err(error("stop", service, "connections to it are open"));
        }
        if self.old_workers > 0 {
            return Err(error("stop", service, "nginx may yet send requests to it"));
        }
        let upstream = WebFileName::upstream(&UpstreamName::new(&service.runner));
        let is_a_server = self.loaded.get(&upstream).is_some_and(|file| file.has_server(port));
        let mut domains = self.loaded.iter().filter(|(file, _)| file.as_domain().is_some());
        if is_a_server && domains.any(|(_, file)| file.uses_upstream(&service.runner)) {
            return Err(error("stop", service, "nginx sends requests to it"));
        }
        Ok(())
    }
}

impl Logs for MemoryHost {
    fn last_lines(&mut self, service: &ServiceName, lines: usize) -> Vec<String> {
        let all = self.logs.get(service).cloned().unwrap_or_default();
        all[all.len().saturating_sub(lines)..].to_vec()
    }
}

impl Probe for MemoryHost {
    fn ports_in_use(&mut self) -> Result<BTreeSet<u16>, ProbeError> {
        let own = self.services.keys().filter_map(|service| self.listens_on(service));
        Ok(own.chain(self.foreign_ports.iter().copied()).collect())
    }

    fn listening(&mut self, service: &ServiceName) -> Result<BTreeSet<SocketAddr>, ProbeError> {
        Ok(self
            .listens_on(service)
            .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
            .into_iter()
            .collect())
    }

    fn holder(&mut self, service: &ServiceName, listen: &Listen) -> Result<PortHolder, ProbeError> {
        let port = number(listen);
        if self.has_lost(port) {
            return Ok(PortHolder::Other("process 4711 (`squatter`)".to_owned()));
        }
        Ok(match self.listener(port) {
            None => PortHolder::Nobody,
            Some(holder) if holder == service => PortHolder::Service,
            Some(holder) => PortHolder::Other(holder.to_string()),
        })
    }

    fn accepts(&mut self, listen: &Listen) -> Result<(), ProbeError> {
        let port = number(listen);
        if self.has_lost(port) {
            return Ok(());
        }
        self.listener(port).map(drop).ok_or_else(|| ProbeError("connection refused".to_owned()))
    }

    fn answers(&mut self, listen: &Listen, _: HealthRequest<'_>, _: Duration) -> Result<u16, ProbeError> {
        let service =
            self.listener(number(listen)).ok_or_else(|| ProbeError("connection refused".to_owned()))?;
        match self.behaves(service) {
            Some(Behavior::Answers(status)) => Ok(status),
            _ => Ok(200),
        }
    }

    fn connections(&mut self, ports: &BTreeSet<u16>) -> Result<usize, ProbeError> {
        let mut open = 0;
        for port in ports {
            open += self.connections.remove(port).unwrap_or(0);
        }
        Ok(open)
    }
}

/// Returns the number of a port or a socket.
fn number(listen: &Listen) -> u16 {
    match listen {
        Listen::Port(port) => *port,
        Listen::Socket(path) => {
            path.parent().and_then(|it| it.file_name()).and_then(|it| it.parse().ok()).unwrap_or_default()
        }
    }
}

fn error(action: &'static str, service: &ServiceName, reason: impl Into<String>) -> ServiceError {
    ServiceError { action, service: service.to_string(), source: reason.into().into() }
}
