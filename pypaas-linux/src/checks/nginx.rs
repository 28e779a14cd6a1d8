//! nginx: is it there, do the edge and the router run, and do they accept their files.

use std::collections::BTreeSet;
use std::fs;

use pypaas_config::Severity;
use pypaas_core::host::{Version, WebServer, WebServerError};
use pypaas_core::{WebFileName, WebInstance};

use super::{CheckContext, Diagnostic};
use crate::LinuxHost;
use crate::nginx_words;

/// The first version that can refuse unknown names over TLS (`ssl_reject_handshake`).
const LEAST: Version = Version(1, 19, 4);

/// The module by which the router knows the client's address; every package of nginx has it.
const REALIP: &str = "http_realip_module";

pub(super) fn check(host: &mut LinuxHost, context: &CheckContext<'_>) -> Vec<Diagnostic> {
    let severity = context.severity(context.domains().next().is_some());
    let mut found = Vec::new();
    let mut add = |message: String, fix: String| found.push(Diagnostic::new(severity, "nginx", message, fix));
    match host.web_server_version() {
        Ok(version) if version < LEAST && context.domains().any(|(_, domain)| domain.ssl) => add(
            format!("this is nginx {version}, which cannot refuse unknown names over TLS"),
            format!("install nginx {LEAST} or newer"),
        ),
        Ok(version) => {
            if !nginx_words::has_module(&host.nginx_build().unwrap_or_default(), REALIP) {
                let message = format!("this nginx {version} was built without {REALIP}");
                add(message, "install a package of nginx, such as Debian's `nginx-light`".to_owned());
            }
        }
        Err(error) => {
            add(error.to_string(), "install nginx, or set `nginx.program` in pypaas.yml".to_owned());
            return found;
        }
    }
    for instance in WebInstance::ALL {
        found.extend(check_instance(host, context, severity, instance));
    }
    found
}

fn check_instance(
    host: &mut LinuxHost,
    context: &CheckContext<'_>,
    severity: Severity,
    instance: WebInstance,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let name = instance.name();
    let main = host.layout.web_file(&WebFileName::main(instance));
    if !main.exists() {
        // Its first file is written, and it is started, by the first deploy or `pypaas apply`.
        return found;
    }
    if let Err(reason) = host.master(instance)
        && context.is_of_machine()
    {
        let log = host.supervisor.web_server_log(instance);
        let text = fs::read_to_string(&log).unwrap_or_default();
        let last = text.lines().rev().find_map(|line| Some(line.split_once("[emerg] ")?.1.to_owned()));
        let why = last.unwrap_or(reason);
        let message = format!("the {name} (nginx) does not run: {why}");
        found.push(Diagnostic::new(
            severity,
            "nginx",
            message,
            format!("see {log}; then run `pypaas apply`"),
        ));
    }
    match host.test_nginx(instance) {
        Ok(said) if context.is_of_machine() => found.extend(warnings(&said)),
        Ok(_) => {}
        Err(error) => found.extend(refusal(host, context, severity, &error)),
    }
    found
}

fn refusal(
    host: &LinuxHost,
    context: &CheckContext<'_>,
    severity: Severity,
    error: &WebServerError,
) -> Option<Diagnostic> {
    let fix = match error {
        WebServerError::Rejected { place, .. } => {
            // A deploy may be what fixes a file of pypaas's own, or one without a place.
            let foreign = place.as_ref().is_some_and(|place| !place.starts_with(host.layout.web().as_str()));
            if !context.is_of_machine() && !foreign {
                return None;
            }
            "nginx keeps the last working configuration; fix the file it names, then try again"
        }
        _ => "see `nginx.program` in pypaas.yml",
    };
    Some(Diagnostic::new(severity, "nginx", error.to_string(), fix))
}

/// Passes on what nginx warns about, each once.
fn warnings(said: &str) -> Vec<Diagnostic> {
    let warned = said.lines().filter_map(|line| Some(line.split_once("[warn] ")?.1));
    let warned = warned.map(nginx_words::without_number);
    let warned: BTreeSet<&str> = warned.collect();
    let diagnostic = |warning| {
        let fix = "nginx runs, but this may not be what you intended; see the file it names";
        Diagnostic::new(Severity::Warning, "nginx", format!("nginx warns: {warning}"), fix)
    };
    warned.into_iter().map(diagnostic).collect()
}
