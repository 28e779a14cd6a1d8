//! From configuration to runners: the one place that knows all types.

use pypaas_config::{Protocol, RunnerConfig};
use pypaas_core::Runner;

use crate::{NginxBackend, NginxStatic, SimpleProcess, UwsgiNginxBackend};

/// Makes the runner that `config` asks for.
pub fn runner(config: &RunnerConfig) -> Box<dyn Runner> {
    match config {
        RunnerConfig::SimpleProcess(config) => Box::new(SimpleProcess::new(config.clone())),
        RunnerConfig::NginxStatic(config) => Box::new(NginxStatic::new(config.clone())),
        RunnerConfig::NginxUpstream(config) => match config.protocol {
            Protocol::Http => Box::new(NginxBackend::new(config.clone())),
            Protocol::Uwsgi => Box::new(UwsgiNginxBackend::new(config.clone())),
        },
    }
}
