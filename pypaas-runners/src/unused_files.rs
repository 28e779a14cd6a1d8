//! Files that people expect a platform to use, and that pypaas does not.

/// Names of files in the root of a checkout, each with what a pusher is told: that it is not used, and what to write instead.
pub const UNUSED_FILES: &[(&str, &str)] = &[
    ("Dockerfile", "apps run without containers; its `CMD` belongs behind `web: ` in a `Procfile`"),
    ("compose.yaml", COMPOSE),
    ("compose.yml", COMPOSE),
    ("docker-compose.yaml", COMPOSE),
    ("docker-compose.yml", COMPOSE),
    ("app.json", "write its scripts as `hooks: {release: …}` in the repo's file on the server"),
    (".nvmrc", VERSION),
    (".node-version", VERSION),
    (".python-version", VERSION),
    (".ruby-version", VERSION),
    (".tool-versions", VERSION),
    ("mise.toml", VERSION),
    ("runtime.txt", VERSION),
];

const COMPOSE: &str = "write its services as lines of a `Procfile`; databases are services of the host";

const VERSION: &str = "builds and processes use the version that the host has";
