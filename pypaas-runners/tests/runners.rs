//! What each type of runner asks of a plan and of nginx.
#![expect(clippy::unwrap_used, reason = "a helper that fails is the test failing")]

use std::time::Duration;

use camino::Utf8PathBuf;
use pypaas_config::{HealthCheck, Overlap, Protocol, RunnerRef, SourceFile, load};
use pypaas_core::host::Commit;
use pypaas_core::{
    Placement, Readiness, Route, Runner, RunnerTypes, Server, ServiceName, UpstreamName, runner_config,
};
use pypaas_runners::{
    NginxBackend, NginxStatic, NginxUpstream, SimpleProcess, UwsgiNginxBackend, runner_types,
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_simple_process_has_only_to_start_unless_asked_for_more() {
    let ready = |min_uptime| SimpleProcess {
        cmd: "./worker".to_owned(),
        process_count: 2,
        min_uptime,
        stop_timeout: SECOND,
        overlap: Overlap::StopFirst,
    };
    let worker = ready(None);
    assert_eq!((worker.command(), worker.process_count()), (Some("./worker"), 2));
    assert_eq!((worker.needs_port(), worker.patience()), (false, (Duration::ZERO, SECOND)));
    assert_eq!(worker.readiness(), Readiness::Started);
    assert_eq!(ready(Some(5 * SECOND)).readiness(), Readiness::StaysUp(5 * SECOND));
    assert!(worker.nginx().is_none());
}

#[test]
fn a_backend_is_healthy_where_it_has_a_health_check_and_accepts_otherwise() {
    let within = 30 * SECOND;
    let plain = backend();
    assert_eq!(plain.readiness(), Readiness::Accepts { within, http: true });

    let check =
        HealthCheck { path: "/up".to_owned(), interval: SECOND, timeout: 5 * SECOND, status: 200..=399 };
    let checked = NginxBackend { healthcheck: Some(check.clone()), ..plain };
    assert_eq!(checked.readiness(), Readiness::Healthy { check, within });
    assert_eq!(checked.patience(), (20 * SECOND, 10 * SECOND));
    assert!(checked.needs_port());
}

#[test]
fn a_uwsgi_backend_has_to_accept_and_is_spoken_to_in_its_own_protocol() {
    let uwsgi = UwsgiNginxBackend { upstream: upstream() };
    assert_eq!(uwsgi.readiness(), Readiness::Accepts { within: 30 * SECOND, http: false });
    let route = uwsgi.nginx().unwrap().route(&placement());
    assert!(matches!(route, Route::Proxy { protocol: Protocol::Uwsgi, .. }), "{route:?}");
}

#[test]
fn a_backend_gives_nginx_a_server_for_each_process() {
    let backend = backend();
    let nginx = backend.nginx().unwrap();
    let servers = [5000, 5001].map(|port| Server { host: "127.0.0.1".to_owned(), port, socket: None });

    let block = nginx.upstream(&placement().upstream, &servers).unwrap();

    assert_eq!((block.name, block.servers), (placement().upstream, servers.to_vec()));
    assert_eq!(block.extra.as_deref(), Some("keepalive 8;"));
    assert_eq!(nginx.upstream(&placement().upstream, &[]), None);
    let expected = Route::Proxy {
        upstream: placement().upstream,
        protocol: Protocol::Http,
        path: Some("/app".to_owned()),
        extra: Some("proxy_buffering off;".to_owned()),
    };
    assert_eq!(nginx.route(&placement()), expected);
}

#[test]
fn a_static_runner_serves_the_checkout_or_a_directory_of_it() {
    let root = |subdirectory: &str| {
        let files = NginxStatic {
            subdirectory: subdirectory.into(),
            index: "home.html".to_owned(),
            spa: true,
            publish_all: false,
            cache: Some(SECOND),
            nginx_extra_config: None,
        };
        assert_eq!((files.command(), files.process_count()), (None, 0));
        assert_eq!(files.nginx().unwrap().upstream(&placement().upstream, &[]), None);
        files.nginx().unwrap().route(&placement())
    };
    let serves = |directory: &str| Route::Static {
        root: directory.into(),
        checkout: placement().checkout,
        linked: Vec::new(),
        index: "home.html".to_owned(),
        spa: true,
        cache: Some(SECOND),
        extra: None,
    };
    assert_eq!(root(""), serves("/srv/checkout"));
    assert_eq!(root("public/assets"), serves("/srv/checkout/public/assets"));
}

#[test]
fn php_is_asked_through_a_socket_for_the_one_script_and_nginx_serves_what_is_beside_it() {
    let (configured, problems) = php("public: ./web\n        front_controller: app.php\n        cache: 1s\n");
    assert_eq!(problems, "");
    let php = configured.unwrap();
    assert_eq!((php.needs_port(), php.needs_socket(), php.process_count()), (false, true, 1));
    assert_eq!(php.script().unwrap(), "web/app.php");
    let check =
        HealthCheck { path: "/".to_owned(), interval: SECOND, timeout: 5 * SECOND, status: 200..=499 };
    assert_eq!(php.readiness(), Readiness::Healthy { check, within: 30 * SECOND });
    let expected = Route::Scripts {
        upstream: placement().upstream,
        root: "/srv/checkout/web".into(),
        script: "app.php".to_owned(),
        all_scripts: false,
        checkout: placement().checkout,
        linked: Vec::new(),
        cache: Some(SECOND),
        extra: None,
    };
    assert_eq!(php.nginx().unwrap().route(&placement()), expected);
    let site = php.nginx().unwrap().site().unwrap();
    assert_eq!(
        (site.subdirectory.as_str(), site.index.as_str(), site.runs_scripts),
        ("web", "app.php", true)
    );
}

#[test]
fn php_fpm_must_be_there_in_a_version_that_composer_json_allows() {
    let php = php("").0.unwrap();
    let composer = |text: &str| Commit {
        files: [("composer.json".to_owned(), text.to_owned())].into(),
        ..Commit::default()
    };
    let [any] = php.requires(&composer("{")).try_into().unwrap();
    assert!(any.names.contains(&"php-fpm8.2".to_owned()) && any.names.contains(&"php-fpm".to_owned()));
    let [wanted] = php.requires(&composer(r#"{"require": {"php": ">=8.3 <8.5"}}"#)).try_into().unwrap();
    assert_eq!(wanted.names, ["php-fpm8.4", "php-fpm8.3"]);
    assert_eq!(wanted.program, "php-fpm of PHP >=8.3 <8.5");
}

#[test]
fn the_configuration_of_php_fpm_is_made_at_each_start() {
    insta::assert_snapshot!(php("processes: 12").0.unwrap().command().unwrap());
}

/// Reads a runner of PHP with these keys.
fn php(keys: &str) -> (Option<Box<dyn Runner>>, String) {
    let text = format!(
        "branches:\n  main:\n    runners:\n      web:\n        type: PhpNginxBackend\n        {keys}\n"
    );
    let files = [("pypaas.yml", "ports: {min: 61500, max: 61800}\n".to_owned()), ("repo/shop.yml", text)];
    let files = files.map(|(path, text)| SourceFile { path: path.into(), text: text.into() });
    let report = load(&files, &runner_types().for_loading());
    let problems: Vec<String> = report.problems.iter().map(|it| it.message.clone()).collect();
    let branch = ServiceName::parse("shop+main+web+0+a").unwrap();
    let configuration = report.configuration.unwrap();
    let runner = configuration.branch(&branch.branch()).and_then(|it| it.runners.get(&branch.runner.runner));
    (runner.and_then(|it| runner_types().runner(it)), problems.join("\n"))
}

#[test]
fn a_registered_type_takes_the_place_of_one_with_its_name() {
    let types = runner_types();
    let names = |types: &RunnerTypes| types.for_loading().iter().map(|it| it.name).collect::<Vec<_>>();
    assert_eq!(
        names(&types),
        ["NginxBackend", "NginxStatic", "PhpNginxBackend", "Scheduled", "SimpleProcess", "UwsgiNginxBackend"]
    );
    assert_eq!(names(&types.clone().with::<NginxStatic>()), names(&types));

    let made = types.runner(&runner_config(backend())).unwrap();
    assert_eq!(made.command(), Some("npm start"));
    assert!(RunnerTypes::default().runner(&runner_config(backend())).is_none());
}

fn backend() -> NginxBackend {
    NginxBackend { upstream: upstream(), nginx_proxy_path: Some("/app".to_owned()), healthcheck: None }
}

fn upstream() -> NginxUpstream {
    NginxUpstream {
        cmd: "npm start".to_owned(),
        process_count: 2,
        nginx_extra_config: Some("proxy_buffering off;".to_owned()),
        nginx_extra_upstream_config: Some("keepalive 8;".to_owned()),
        start_timeout: 30 * SECOND,
        drain_timeout: 20 * SECOND,
        stop_timeout: 10 * SECOND,
        overlap: Overlap::StartFirst,
    }
}

fn placement() -> Placement {
    Placement {
        upstream: UpstreamName::new(&shop()),
        checkout: Utf8PathBuf::from("/srv/checkout"),
        linked: Vec::new(),
    }
}

fn shop() -> RunnerRef {
    ServiceName::parse("shop+master+web+0+a").unwrap().runner
}
