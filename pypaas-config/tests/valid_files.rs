//! Valid files, in all the ways they can be written.

use std::time::Duration;

use pypaas_config::{
    Branch, Configuration, Domain, DomainName, LocationPath, RepoName, Settings, SourceFile, load,
};
use pypaas_runners::{NginxBackend, NginxStatic, runner_types};

fn configuration(files: &[(&str, &str)]) -> Configuration {
    let source =
        |(path, text): &(&str, &str)| SourceFile { path: (*path).into(), text: text.as_bytes().to_vec() };
    let loaded = load(&files.iter().map(source).collect::<Vec<_>>(), &runner_types().for_loading());
    let reports: Vec<String> = loaded.problems.into_iter().map(|problem| problem.report()).collect();
    assert!(reports.is_empty(), "{}", reports.join("\n\n"));
    loaded.configuration.unwrap_or_else(|| unreachable!("without a problem there is a configuration"))
}

fn settings(text: &str) -> Settings {
    configuration(&[("pypaas.yml", text)]).settings
}

fn branch(text: &str) -> Branch {
    let files = [("pypaas.yml", "ports: {min: 1, max: 2}"), ("repo/shop.yml", text)];
    configuration(&files)
        .branches()
        .next()
        .map(|(_, branch)| branch.clone())
        .unwrap_or_else(|| unreachable!())
}

fn backend(lines: &str) -> NginxBackend {
    let lines: String = lines.lines().map(|line| format!("        {line}\n")).collect();
    let text = format!(
        "branches:\n  main:\n    runners:\n      web:\n        type: NginxBackend\n        cmd: x\n{lines}"
    );
    only(&branch(&text))
}

/// Returns the settings of the only runner, whose type is `T`'s.
fn only<T: Clone + 'static>(branch: &Branch) -> T {
    let runner = branch.runners.values().next();
    runner.and_then(|runner| runner.settings::<T>()).cloned().unwrap_or_else(|| unreachable!("{runner:?}"))
}

fn domain(text: &str) -> Domain {
    let repo = "branches: {main: {runners: {web: {type: NginxBackend, cmd: x}, files: {type: NginxStatic}}}}";
    let files = [
        ("pypaas.yml", "ports: {min: 1, max: 2}"),
        ("repo/shop.yml", repo),
        ("domains/example.com.yml", text),
    ];
    configuration(&files).domains.pop_first().map(|(_, domain)| domain).unwrap_or_else(|| unreachable!())
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_do_no_harm() {
    let branch = branch(
        "\u{feff}branches:\r\n  main:\r\n    runners: {}\r\n    env:\r\n      A: 1.10\r\n      B: |\r\n        x\r\n        y\r\n",
    );

    assert_eq!(branch.env["A"], "1.10");
    assert_eq!(branch.env["B"], "x\ny\n");
}

#[test]
fn anchors_aliases_and_merges_work() {
    let branch = branch(
        "branches:\n  main:\n    runners: {}\n    env: &env {A: a, B: b}\n    custom_cmds:\n      <<: *env\n      B: other\n",
    );

    assert_eq!(branch.custom_cmds["A"], "a");
    assert_eq!(branch.custom_cmds["B"], "other");
}

#[test]
fn two_branches_share_an_anchored_runner() {
    let text = "branches:\n  main:\n    runners: &runners\n      web: {type: NginxStatic}\n  next:\n    runners: *runners\n";
    let configuration = configuration(&[("pypaas.yml", "ports: {min: 1, max: 2}"), ("repo/shop.yml", text)]);

    assert!(configuration.branches().all(|(_, branch)| branch.runners.len() == 1));
    assert_eq!(configuration.branches().count(), 2);
}

#[test]
fn empty_values_of_optional_keys_count_as_absent() {
    let branch = branch(
        "branches:\n  main:\n    runners: {}\n    env:\n    hooks:\n      build:\n    custom_cmds: ~\n",
    );

    assert_eq!(branch.hooks.build, None);
    assert!(branch.env.is_empty() && branch.custom_cmds.is_empty());
}

#[test]
fn a_hook_is_a_text_or_a_list() {
    let branch = branch(
        "branches:\n  main:\n    runners: {}\n    hooks:\n      before_build: 'true'\n      build: []\n      maintenance: [a, true]\n",
    );

    assert_eq!(branch.hooks.before_build, ["true"]);
    assert_eq!(branch.hooks.build, Some(Vec::new()));
    assert_eq!(branch.hooks.maintenance, ["a", "true"]);
}

#[test]
fn a_command_that_looks_like_a_boolean_is_a_command() {
    let branch = branch("branches:\n  main:\n    runners: {}\n    custom_cmds: {ok: true, fail: false}\n");

    assert_eq!(branch.custom_cmds["ok"], "true");
    assert_eq!(branch.custom_cmds["fail"], "false");
}

#[test]
fn names_keep_their_spelling() {
    let branch = branch(
        "branches:\n  1.10:\n    runners:\n      8080: {type: NginxStatic}\n      yes: {type: NginxStatic}\n",
    );
    let runners: Vec<_> = branch.runners.keys().map(ToString::to_string).collect();

    assert_eq!(runners, ["8080", "yes"]);
}

#[test]
fn switches_take_all_spellings_of_yaml_1_1() {
    for (text, ssl) in
        [("yes", true), ("On", true), ("TRUE", true), ("no", false), ("off", false), ("False", false)]
    {
        let text = format!(
            "ssl: {text}\nlocations: {{/: {{upstream: {{repo: shop, branch: main, runner: web}}}}}}\n"
        );
        assert_eq!(domain(&text).ssl, ssl, "{text}");
    }
}

#[test]
fn every_kind_of_location_is_taken() {
    let upstream = |runner| format!("upstream: {{repo: shop, branch: main, runner: {runner}}}");
    let (web, files) = (upstream("web"), upstream("files"));
    let domain = domain(&format!(
        "locations:\n  /: {{{web}}}\n  = /a: {{{files}}}\n  /a/: {{{files}}}\n  ^~ /b/: {{{files}}}\n  ~ ^/c{{2}}$: {{{web}}}\n  ~* \\.d$: {{{web}}}\n"
    ));
    let paths: Vec<_> = domain.locations.keys().map(LocationPath::as_str).collect();

    assert_eq!(paths, ["/", "/a/", "= /a", "^~ /b/", "~ ^/c{2}$", "~* \\.d$"]);
}

#[test]
fn a_domain_can_be_a_wildcard() {
    let domain = "locations: {/: {upstream: {repo: shop, branch: main, runner: web}}}";
    let configuration = configuration(&[
        ("pypaas.yml", "ports: {min: 1, max: 2}"),
        ("repos/shop.yml", "branches: {main: {runners: {web: {type: NginxStatic}}}}"),
        ("domains/*.example.com.yml", domain),
    ]);

    assert_eq!(configuration.domains.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["*.example.com"]);
}

#[test]
fn repos_can_stand_in_either_directory() {
    let repo = "branches: {main: {runners: {web: {type: NginxStatic}}}}";
    let files = [("pypaas.yml", "ports: {min: 1, max: 2}"), ("repo/a.yml", repo), ("repos/b.yml", repo)];
    let configuration = configuration(&files);

    assert_eq!(configuration.repos[&RepoName::new("a").unwrap()].file, "repo/a.yml");
    assert_eq!(configuration.repos[&RepoName::new("b").unwrap()].file, "repos/b.yml");
}

#[test]
fn a_health_check_has_defaults() {
    let check = backend("healthcheck: {path: /up}").healthcheck.unwrap();

    assert_eq!((check.interval, check.timeout), (Duration::from_secs(1), Duration::from_secs(5)));
    assert_eq!(check.status, 200..=399);
}

#[test]
fn a_health_check_takes_one_status_or_a_range() {
    assert_eq!(backend("healthcheck: {path: /, status: 204}").healthcheck.unwrap().status, 204..=204);
    assert_eq!(backend("healthcheck: {path: /, status: 200-204}").healthcheck.unwrap().status, 200..=204);
}

#[test]
fn durations_are_read_in_their_units() {
    let backend = backend("start_timeout: 2m\ndrain_timeout: 0s\nstop_timeout: 500ms");

    assert_eq!(backend.upstream.start_timeout, Duration::from_secs(120));
    assert_eq!(backend.upstream.drain_timeout, Duration::ZERO);
    assert_eq!(backend.upstream.stop_timeout, Duration::from_millis(500));
}

#[test]
fn the_root_of_the_checkout_can_be_written_out() {
    for (written, read) in [(".", ""), ("./public/", "public"), ("build//docs", "build/docs")] {
        let text = format!(
            "branches: {{main: {{runners: {{web: {{type: NginxStatic, subdirectory: {written}}}}}}}}}"
        );
        assert_eq!(only::<NginxStatic>(&branch(&text)).subdirectory, read);
    }
}

#[test]
fn proxies_are_trusted_by_address_or_network() {
    let with = |proxies: &str| {
        settings(&format!("ports: {{min: 1, max: 2}}\nnginx:\n  trusted_proxies: {proxies}\n"))
            .nginx
            .trusted_proxies
    };

    assert_eq!(with("127.0.0.1"), ["127.0.0.1"]);
    assert_eq!(with("[10.0.0.0/8, '2001:db8::/32']"), ["10.0.0.0/8", "2001:db8::/32"]);
}

#[test]
fn nginx_can_listen_on_one_address() {
    let settings = settings("ports: {min: 1, max: 2}\nnginx:\n  listen: 127.0.0.1\n  http_port: 8080\n");

    assert_eq!(settings.nginx.listen, ["127.0.0.1"]);
    assert_eq!((settings.nginx.http_port, settings.nginx.https_port), (8080, 443));
}

#[test]
fn a_directory_is_named_without_its_last_slash() {
    assert_eq!(
        settings("ports: {min: 1, max: 2}\nservices_dir: /srv/services/\n").services_dir,
        "/srv/services"
    );
}

#[test]
fn a_domain_has_other_names_as_a_text_or_a_list() {
    let names = |text: &str| {
        let route = "locations: {/: {upstream: {repo: shop, branch: main, runner: web}}}";
        let domain = domain(&format!("{text}{route}"));
        let text = |names: &[DomainName]| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        (text(&domain.aliases), text(&domain.redirects))
    };
    assert_eq!(names(""), (String::new(), String::new()));
    let both = "aliases: WWW.example.net\nredirect:\n- www.example.com\n- '*.old.example'\n";
    assert_eq!(names(both), ("www.example.net".to_owned(), "www.example.com *.old.example".to_owned()));
}

#[test]
fn files_have_an_index_a_single_page_and_a_cache_time() {
    let files = |keys: &str| {
        let text = format!("branches: {{main: {{runners: {{files: {{type: NginxStatic{keys}}}}}}}}}");
        let files: NginxStatic = only(&branch(&text));
        (files.index, files.spa, files.cache.map(|it| it.as_secs()))
    };
    assert_eq!(files(""), ("index.html".to_owned(), false, None));
    assert_eq!(files(", index: home.htm, spa: on, cache: 1h"), ("home.htm".to_owned(), true, Some(3_600)));
    for (text, seconds) in [("0s", 0), ("10m", 600), ("7d", 604_800), ("52w", 31_449_600)] {
        assert_eq!(files(&format!(", cache: {text}")).2, Some(seconds), "{text}");
    }
}

#[test]
fn locations_know_the_order_they_are_written_in() {
    let upstream = "{upstream: {repo: shop, branch: main, runner: web}}";
    let locations = ["~ ^/v1", "/", "~ ^/b", "~ ^/a"].map(|path| format!("  {path}: {upstream}\n")).concat();
    let domain = domain(&format!("locations:\n{locations}"));
    let mut order: Vec<_> = domain.locations.iter().map(|(path, it)| (it.position, path.as_str())).collect();
    order.sort_unstable();
    assert_eq!(order, [(0, "~ ^/v1"), (1, "/"), (2, "~ ^/b"), (3, "~ ^/a")]);
}
