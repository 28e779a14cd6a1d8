//! nginx: does it run, may this user reload it, and does it include our directory.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use pypaas_config::Severity;
use pypaas_core::host::{Version, WebServer, WebServerError};

use super::nginx_files::{ForeignDefault, Inclusion, NginxFiles};
use super::{CheckContext, Diagnostic};
use crate::LinuxHost;
use crate::nginx_master::Master;
use crate::proc::Account;
use crate::web_server::{ask, is_sudo, unprivileged, with};

/// The first version that can refuse unknown names over TLS (`ssl_reject_handshake`).
const LEAST: Version = Version(1, 19, 4);

pub(super) fn check(host: &mut LinuxHost, context: &CheckContext<'_>) -> Vec<Diagnostic> {
    let is_needed = context.domains().next().is_some();
    let severity = context.severity(is_needed);
    let mut found = Vec::new();
    let mut add =
        |message: String, mend: String| found.push(Diagnostic::new(severity, "nginx", message, mend));
    if let Err(reason) = Master::find(&host.nginx.pid_file) {
        let begin = "nginx does not run";
        let message = if reason.starts_with(begin) { reason } else { format!("{begin}: {reason}") };
        let mend = "start it, such as with `systemctl start nginx`; if it runs, name its pid file in `nginx.pid_file` \
                    of pypaas.yml";
        add(message, mend.to_owned());
    }
    match host.web_server_version() {
        Ok(version) if version < LEAST && context.domains().any(|(_, domain)| domain.ssl) => add(
            format!("this is nginx {version}, which cannot refuse unknown names over TLS"),
            format!("install nginx {LEAST} or newer"),
        ),
        Ok(_) => {}
        Err(error) => {
            add(error.to_string(), "install nginx, or set `nginx.command` in pypaas.yml".to_owned());
            return found;
        }
    }
    let include = format!("include {}/*.conf;", host.layout.web());
    let built_in = host.nginx_build().unwrap_or_default();
    let tested = host.tell(&["-t"]);
    let named = tested.as_ref().ok().and_then(|said| NginxFiles::named_in(said));
    let files = named.or_else(|| NginxFiles::of(&host.nginx.command, &built_in));
    let (inclusion, defaults) =
        files.map_or((Inclusion::Unknown, Vec::new()), |files| files.survey(host.layout.web()));
    match inclusion {
        Inclusion::Included => {}
        Inclusion::Missing { main } => add(
            format!("nginx does not include what pypaas writes into `{}`", host.layout.web()),
            format!("add the line `{include}` to the http block of {main}, then reload nginx"),
        ),
        Inclusion::Misplaced { place, block } => add(
            match block.as_str() {
                "" => format!("nginx includes `{}` in {place} outside of the http block", host.layout.web()),
                _ => format!("nginx includes `{}` in {place} inside of `{block}`", host.layout.web()),
            },
            format!("move the line `{include}` into the http block, outside of every other block"),
        ),
        // nginx itself may read more than this user; what cannot be seen is not complained about.
        Inclusion::Unknown => {}
    }
    found.extend(other_defaults(context, severity, &defaults));
    match tested {
        Ok(said) => {
            if let Some(diagnostic) = reload_is_forbidden(host, severity) {
                found.push(diagnostic);
            }
            if context.is_of_machine() {
                found.extend(warnings(&said));
            }
        }
        Err(error) => found.extend(refusal(host, context, severity, &error)),
    }
    found
}

/// Tells which files have a default server where pypaas's is to be, each file once.
fn other_defaults(
    context: &CheckContext<'_>,
    severity: Severity,
    defaults: &[ForeignDefault],
) -> Vec<Diagnostic> {
    let nginx = &context.platform.configuration.settings.nginx;
    let https = context.domains().any(|(_, domain)| domain.ssl).then_some(nginx.https_port);
    let ports = [Some(nginx.http_port), https].into_iter().flatten();
    let ours: BTreeSet<String> =
        ports.flat_map(|port| nginx.listen.iter().map(move |host| format!("{host}:{port}"))).collect();
    let mut files: BTreeMap<&Utf8Path, BTreeSet<&str>> = BTreeMap::new();
    for ForeignDefault { file, endpoint } in defaults.iter().filter(|it| ours.contains(&it.endpoint)) {
        files.entry(file).or_default().insert(endpoint);
    }
    let diagnostic = |(file, endpoints): (&Utf8Path, BTreeSet<&str>)| {
        let endpoints = endpoints.into_iter().collect::<Vec<_>>().join(" and ");
        let message = format!(
            "{file} has a default server for {endpoints}, and nginx takes one only: pypaas's, which refuses unknown hosts"
        );
        let mend = "take `default_server` out of it, or the file out of nginx (Debian's: \
                    `rm /etc/nginx/sites-enabled/default`)";
        Diagnostic::new(severity, "nginx", message, mend)
    };
    files.into_iter().map(diagnostic).collect()
}

fn refusal(
    host: &LinuxHost,
    context: &CheckContext<'_>,
    severity: Severity,
    error: &WebServerError,
) -> Option<Diagnostic> {
    let mend = match error {
        WebServerError::Rejected { place, .. } => {
            // A deploy may be what mends a file of pypaas's own, or one without a place.
            let foreign = place.as_ref().is_some_and(|place| !place.starts_with(host.layout.web().as_str()));
            if !context.is_of_machine() && !foreign {
                return None;
            }
            "nginx goes on with what it had loaded; mend the configuration it names, then try again"
                .to_owned()
        }
        _ if is_sudo(&host.nginx.command) => sudoers(host),
        _ => "see `nginx.command` in pypaas.yml".to_owned(),
    };
    Some(Diagnostic::new(severity, "nginx", error.to_string(), mend))
}

/// Asks sudo whether it would let this user reload nginx; `-t` by itself may be allowed.
fn reload_is_forbidden(host: &LinuxHost, severity: Severity) -> Option<Diagnostic> {
    let command = &host.nginx.command;
    if !is_sudo(command) {
        return None;
    }
    let (sudo, rest) = command.split_first()?;
    let words: Vec<String> =
        [sudo.as_str(), "-l"].map(str::to_owned).into_iter().chain(with(rest, &["-s", "reload"])).collect();
    let answer = ask(&words).ok()?;
    // sudo says nothing when it would refuse; when it wants a password for the answer itself, nothing is known.
    if answer.status.success() || !answer.text.trim().is_empty() {
        return None;
    }
    let reload = with(command, &["-s", "reload"]).join(" ");
    Some(Diagnostic::new(
        severity,
        "nginx",
        format!("sudo does not let this user run `{reload}`"),
        sudoers(host),
    ))
}

fn sudoers(host: &LinuxHost) -> String {
    let user = Account::own().map_or_else(|| "deploy".to_owned(), |own| own.name());
    let program = unprivileged(&host.nginx.command).join(" ");
    format!(
        "install sudo, and with `visudo -f /etc/sudoers.d/pypaas` write \
         `{user} ALL=(root) NOPASSWD: {program} -t, {program} -s reload`"
    )
}

/// Passes on what nginx warns about, each once.
fn warnings(said: &str) -> Vec<Diagnostic> {
    let warned = said.lines().filter_map(|line| Some(line.split_once("[warn] ")?.1));
    let warned: BTreeSet<&str> = warned.collect();
    let diagnostic = |warning| {
        let mend = "nginx works, but probably not as it was meant to; see the file it names";
        Diagnostic::new(Severity::Warning, "nginx", format!("nginx warns: {warning}"), mend)
    };
    warned.into_iter().map(diagnostic).collect()
}
