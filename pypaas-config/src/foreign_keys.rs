//! Keys that people know from other platforms, and what to write instead.

use crate::schema::Schema;
use crate::{domain, health_check, hooks, location, repo, settings};

/// The advice for a key that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advice {
    /// The same key has another name here.
    Key(&'static str),
    /// pypaas does it in another way.
    Text(&'static str),
}

/// The mappings that a row is about.
#[derive(Debug, Clone, Copy)]
enum Owner {
    /// A mapping with this schema.
    Of(&'static Schema),
    /// A runner of any type; for [`Advice::Key`], only of types with that key.
    Runner,
}
use Owner::{Of, Runner};

/// The owners of a row, its foreign keys, and the advice for them.
type Row = (&'static [Owner], &'static [&'static str], Advice);

const HOOKS: &[Owner] = &[Of(&hooks::HOOKS)];
const DOMAIN: &[Owner] = &[Of(&domain::DOMAIN)];
/// Where people put what belongs to a branch.
const NEAR_BRANCH: &[Owner] = &[Of(&repo::REPO), Of(&repo::BRANCH), Runner];

const ROWS: &[Row] = &[
    (
        &[Runner],
        &["command", "entrypoint", "exec", "run", "script", "start", "start_command"],
        Advice::Key("cmd"),
    ),
    (
        &[Runner],
        &[
            "concurrency",
            "count",
            "instances",
            "num_processes",
            "numprocs",
            "processes",
            "quantity",
            "replicas",
            "scale",
            "workers",
        ],
        Advice::Key("process_count"),
    ),
    (&[Runner], &["check", "checks", "health", "health_check", "healthchecks"], Advice::Key("healthcheck")),
    (
        &[Runner],
        &["dir", "directory", "document_root", "path", "publish", "root", "static"],
        Advice::Key("subdirectory"),
    ),
    (
        &[Of(&repo::BRANCH)],
        &["apps", "processes", "procfile", "services", "servers", "web", "worker", "workers"],
        Advice::Text(
            "list processes under `runners`: `runners: {web: {type: NginxBackend, cmd: npm start}}`; or write \
             `runners: procfile`, and list them in the app's `Procfile`",
        ),
    ),
    (
        &[Of(&repo::BRANCH)],
        &["command", "run", "start"],
        Advice::Text("put the command into a runner: `runners: {web: {type: NginxBackend, cmd: npm start}}`"),
    ),
    (&[Of(&repo::BRANCH)], &["commands", "scripts", "tasks"], Advice::Key("custom_cmds")),
    (
        NEAR_BRANCH,
        &["expose", "http_port", "listen", "port", "ports"],
        Advice::Text("pypaas assigns a port to each process, in the environment variable PORT; listen on it"),
    ),
    (
        NEAR_BRANCH,
        &["migrate", "migrations", "predeploy", "pre_deploy", "release", "release_command"],
        Advice::Text(
            "use `hooks` of the branch: `release` runs while the old version serves, `maintenance` while nothing runs",
        ),
    ),
    (
        NEAR_BRANCH,
        &["postdeploy", "post_deploy"],
        Advice::Text("use `hooks: {after_deploy: …}` of the branch"),
    ),
    (
        NEAR_BRANCH,
        &["cron", "crons", "cronjobs", "jobs", "schedule", "scheduled"],
        Advice::Text("use the crontab of the deploy user: `pypaas run <repo> <branch> -- <command>`"),
    ),
    (
        NEAR_BRANCH,
        &[
            "domain",
            "domains",
            "host",
            "hostname",
            "hosts",
            "proxy",
            "server_name",
            "url",
            "urls",
            "virtual_host",
        ],
        Advice::Text("create `domains/<domain>.yml` with a location that routes to a runner of this branch"),
    ),
    (
        NEAR_BRANCH,
        &["config", "config_vars", "environment", "env_vars", "variables", "vars"],
        Advice::Text("use `env` of the branch, or `pypaas secret set` for values that nobody else may read"),
    ),
    (
        NEAR_BRANCH,
        &["builder", "buildpack", "buildpacks", "dockerfile", "image", "runtime", "stack"],
        Advice::Text(
            "pypaas runs no containers: build with `hooks: {build: …}` of the branch, a `.build.sh`, or the built-in builders",
        ),
    ),
    (
        NEAR_BRANCH,
        &["data", "disks", "mounts", "storage", "volumes"],
        Advice::Text(
            "keep files in the directory that the environment variable PYPAAS_DATA_DIR names, which survives deploys, or \
             list their paths under `persist` of the branch",
        ),
    ),
    (&[Of(&repo::REPO), Runner], &["persist"], Advice::Text("use `persist` of the branch")),
    (
        &[Runner],
        &["autorestart", "restart", "restart_policy"],
        Advice::Text("a process that exits is always restarted"),
    ),
    (
        HOOKS,
        &["predeploy", "pre_deploy", "release_command"],
        Advice::Text(
            "use `release`, which runs while the old version serves, or `maintenance`, while nothing runs",
        ),
    ),
    (HOOKS, &["prebuild", "pre_build"], Advice::Key("before_build")),
    (HOOKS, &["postbuild", "post_build"], Advice::Key("after_build")),
    (HOOKS, &["deployed", "postdeploy", "post_deploy", "success"], Advice::Key("after_deploy")),
    (HOOKS, &["failed", "failure", "on_failure"], Advice::Key("deploy_failed")),
    (DOMAIN, &["paths", "routes", "upstreams"], Advice::Key("locations")),
    (DOMAIN, &["https", "letsencrypt", "tls"], Advice::Key("ssl")),
    (DOMAIN, &["cert", "certificate", "ssl_cert"], Advice::Key("ssl_certificate")),
    (DOMAIN, &["key", "private_key", "ssl_key"], Advice::Key("ssl_certificate_key")),
    (DOMAIN, &["names", "other_names", "server_name", "server_names"], Advice::Key("aliases")),
    (DOMAIN, &["redirect_from", "redirects"], Advice::Key("redirect")),
    (
        DOMAIN,
        &["repo", "branch", "runner", "upstream"],
        Advice::Text("put it below a path: `locations: {/: {upstream: {repo: …, branch: …, runner: …}}}`"),
    ),
    (
        &[Of(&location::LOCATION)],
        &["backend", "proxy_pass", "service", "target", "to"],
        Advice::Key("upstream"),
    ),
    (&[Of(&location::UPSTREAM)], &["app", "project", "repository"], Advice::Key("repo")),
    (&[Of(&location::UPSTREAM)], &["process", "service"], Advice::Key("runner")),
    (&[Of(&health_check::HEALTHCHECK)], &["endpoint", "uri", "url"], Advice::Key("path")),
    (
        &[Of(&health_check::HEALTHCHECK)],
        &["code", "codes", "expect", "expected_status"],
        Advice::Key("status"),
    ),
    (&[Of(&settings::PORTS)], &["first", "from", "start"], Advice::Key("min")),
    (&[Of(&settings::PORTS)], &["end", "last", "to"], Advice::Key("max")),
];

impl Owner {
    fn is(self, schema: &Schema, advice: Advice) -> bool {
        match (self, advice) {
            (Of(own), _) => own == schema,
            (Runner, Advice::Key(key)) => schema.keys.contains(&"type") && schema.keys.contains(&key),
            (Runner, Advice::Text(_)) => schema.keys.contains(&"type"),
        }
    }
}

/// Returns the advice for `key` in a mapping with `schema`.
pub(crate) fn advice(schema: &Schema, key: &str) -> Option<Advice> {
    let key = key.to_lowercase().replace('-', "_");
    let applies = |(owners, keys, advice): &&Row| {
        keys.contains(&key.as_str()) && owners.iter().any(|owner| owner.is(schema, *advice))
    };
    ROWS.iter().find(applies).map(|(_, _, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_keys_that_exist_for_keys_that_do_not() {
        for (owners, keys, advice) in ROWS {
            for owner in *owners {
                let Of(schema) = owner else { continue };
                assert!(keys.iter().all(|key| !schema.keys.contains(key)), "{}: {keys:?}", schema.name);
                if let Advice::Key(key) = advice {
                    assert!(schema.keys.contains(key), "{} has no {key}", schema.name);
                }
            }
        }
    }
}
