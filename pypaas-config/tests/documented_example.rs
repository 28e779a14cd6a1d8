//! The example of pyPaaS's documentation, unchanged.

use std::time::Duration;

use pypaas_config::{BuildChoice, Configuration, Overlap, PortRange, SourceFile, load};
use pypaas_core::runner_config;
use pypaas_runners::{NginxBackend, NginxStatic, NginxUpstream, SimpleProcess, runner_types};

const SETTINGS: &str = include_str!("../../fixtures/configurations/documented/pypaas.yml");
const REPO: &str = include_str!("../../fixtures/configurations/documented/repo/node-js-sample.yml");
const DOMAIN: &str =
    include_str!("../../fixtures/configurations/documented/domains/node-js-sample.example.com.yml");

fn documented() -> Option<Configuration> {
    let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
    let files = [
        file("pypaas.yml", SETTINGS),
        file("repo/node-js-sample.yml", REPO),
        file("domains/node-js-sample.example.com.yml", DOMAIN),
    ];
    let loaded = load(&files, &runner_types().for_loading());
    assert_eq!(loaded.problems, []);
    loaded.configuration
}

#[test]
fn its_settings_are_the_ports_and_defaults() {
    let settings = documented().unwrap().settings;

    assert_eq!(settings.ports, PortRange { min: 61500, max: 61800 });
    assert_eq!(settings.nginx.program, "/usr/sbin/nginx");
    assert_eq!((settings.nginx.http_port, settings.nginx.https_port), (80, 443));
    assert_eq!(settings.nginx.listen, ["0.0.0.0", "[::]"]);
    assert_eq!(settings.services_dir, "~/services");
    assert_eq!(settings.lock_timeout, Duration::from_secs(600));
    assert_eq!(settings.deploy_logger_cmd, None);
    assert_eq!(settings.ssl_config, None);
}

#[test]
fn its_branch_has_three_runners() {
    let configuration = documented().unwrap();
    let (name, branch) = configuration.branches().next().unwrap();
    let runners: Vec<_> = branch.runners.iter().map(|(name, runner)| (name.as_str(), runner)).collect();

    assert_eq!(name.to_string(), "node-js-sample master");
    let background_worker = runner_config(SimpleProcess {
        cmd: "node".to_owned(),
        process_count: 1,
        min_uptime: None,
        stop_timeout: Duration::from_secs(10),
        overlap: Overlap::StopFirst,
    });
    let upstream = NginxUpstream {
        cmd: "npm start".to_owned(),
        process_count: 4,
        nginx_extra_config: None,
        nginx_extra_upstream_config: None,
        start_timeout: Duration::from_secs(30),
        drain_timeout: Duration::from_secs(30),
        stop_timeout: Duration::from_secs(10),
        overlap: Overlap::StartFirst,
    };
    let node = runner_config(NginxBackend { upstream, nginx_proxy_path: None, healthcheck: None });
    let files = runner_config(NginxStatic {
        subdirectory: "public".into(),
        index: "index.html".to_owned(),
        spa: false,
        publish_all: false,
        cache: None,
        nginx_extra_config: None,
    });
    assert_eq!(runners, [("background_worker", &background_worker), ("node", &node), ("static", &files)]);
}

#[test]
fn its_branch_has_an_environment_hooks_and_a_custom_command() {
    let configuration = documented().unwrap();
    let (_, branch) = configuration.branches().next().unwrap();

    assert_eq!(branch.env, [("NODE_ENV".to_owned(), "production".to_owned())].into());
    assert_eq!(
        branch.hooks.before_build,
        [r#"echo "Nothing is build - just a fresh checkout is there. Verify signed tags?""#]
    );
    assert_eq!(branch.hooks.build, None);
    assert_eq!(branch.hooks.after_build, [r#"echo "All builders are done. Build assets maybe?""#]);
    assert_eq!(branch.hooks.maintenance, [r#"echo "do backup""#, r#"echo "run migrations""#]);
    assert_eq!(branch.custom_cmds, [("npm_list".to_owned(), "npm list".to_owned())].into());
    assert_eq!(branch.build, BuildChoice::Auto);
}

#[test]
fn its_domain_leads_to_the_backend_and_the_files_without_tls() {
    let configuration = documented().unwrap();
    let (name, domain) = configuration.domains.iter().next().unwrap();
    let locations: Vec<_> = domain
        .locations
        .iter()
        .map(|(path, location)| (path.as_str(), location.upstream.to_string()))
        .collect();

    assert_eq!(name.as_str(), "node-js-sample.example.com");
    assert_eq!(
        locations,
        [
            ("/", "node-js-sample master node".to_owned()),
            ("/public", "node-js-sample master static".to_owned())
        ]
    );
    assert!(domain.locations.values().all(|location| location.maintenance_upstream.is_none()));
    assert!(!domain.ssl);
    assert_eq!(
        domain.ssl_certificate,
        "/etc/ssl/private/httpd/node-js-sample.example.com/node-js-sample.example.com.crt"
    );
    assert_eq!(
        domain.ssl_certificate_key,
        "/etc/ssl/private/httpd/node-js-sample.example.com/node-js-sample.example.com.key"
    );
    assert_eq!(domain.ssl_certificate_chain, None);
}
