//! `metrics`: figures for Prometheus.

use std::collections::BTreeMap;

use crate::shop::Shop;

#[test]
fn every_branch_has_its_figures() {
    let shop = Shop::new(
        "dies-on-sigterm",
        "runners: {web: {type: NginxBackend, cmd: node server.js, process_count: 2}}",
    );
    let certificate = shop.sandbox.certificate("safe.example");
    shop.sandbox.write_config(
        "domains/safe.example.yml",
        &format!(
            "ssl: true\nssl_certificate: {}\nssl_certificate_key: {}\nlocations: {{/: {{upstream: {{repo: shop, branch: main, runner: web}}}}}}\n",
            certificate.certificate, certificate.key
        ),
    );
    shop.push().must_succeed();
    shop.push_file("server.js", "process.exit(1)").must_fail();
    let monitor = shop.sandbox.client("monitor");

    let text = monitor.ssh(&["metrics"]).must_succeed().stdout;

    let mut values = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let family = name.split('{').next().unwrap();
        assert!(
            text.contains(&format!("# TYPE {family} ")) && text.contains(&format!("# HELP {family} ")),
            "{line}"
        );
        assert!(values.insert(name.to_owned(), value.parse::<f64>().unwrap()).is_none(), "twice: {line}");
    }
    let value = |name: &str| *values.get(name).unwrap_or_else(|| panic!("no {name} in:\n{text}"));
    let own = r#"{repo="shop",branch="main"}"#;
    assert_eq!(value(&format!("pypaas_processes_desired{own}")), 2.0);
    assert_eq!(value(&format!("pypaas_processes_up{own}")), 2.0);
    assert_eq!(value(&format!("pypaas_restarts_last_hour{own}")), 0.0);
    assert_eq!(value(&format!("pypaas_in_maintenance{own}")), 0.0);
    assert_eq!(value(&format!("pypaas_stopped{own}")), 0.0);
    assert!(value(&format!("pypaas_memory_bytes{own}")) > 1_000_000.0);
    for (outcome, count) in [("succeeded", 1.0), ("refused", 1.0), ("abandoned", 0.0)] {
        let labels = format!(r#"{{repo="shop",branch="main",outcome="{outcome}"}}"#);
        assert_eq!(value(&format!("pypaas_deploys_total{labels}")), count);
    }
    assert!(
        value(r#"pypaas_last_deploy_duration_seconds{repo="shop",branch="main",outcome="succeeded"}"#) > 0.0
    );
    let now = jiff::Timestamp::now().as_second() as f64;
    assert!(value(r#"pypaas_certificate_end_timestamp_seconds{domain="safe.example"}"#) > now);
    assert!(value(&format!("pypaas_live_since_timestamp_seconds{own}")) <= now);

    shop.sandbox.write_config("repo/shop.yml", "branches: {main: {runners: {web: {type: NginxBackend, cmd: node server.js}}}}\naccess: {read: [], push: [laptop], run: [laptop]}\n");
    assert_eq!(monitor.ssh(&["metrics"]).must_succeed().stdout, "", "what a key may not read it is not told");
}
