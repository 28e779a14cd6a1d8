//! What `check` finds about ports.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use super::{WARNINGS, must_find, with_site};
use crate::shop::{NODE, Shop, assert_says};

#[test]
fn a_port_that_somebody_else_holds_is_found() {
    let (sandbox, _) = with_site();
    let port = *sandbox.app_ports().end();
    let held = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    let range = sandbox.app_ports();
    let message = format!("port {port} is in `ports` {}-{} and held by `", range.start(), range.end());
    let found =
        must_find(&sandbox, WARNINGS, &message, "let it listen elsewhere, or move `ports` in pypaas.yml");
    assert_says(&found, &format!("(process {})\n", std::process::id()));
    let beside = TcpListener::bind((Ipv4Addr::LOCALHOST, port - 1)).unwrap();
    must_find(
        &sandbox,
        WARNINGS,
        &format!("ports {}-{port} are in `ports` ", port - 1),
        "let it listen elsewhere",
    );
    drop((held, beside));
    sandbox.pypaas(&["check"]).must_succeed();
}

#[test]
fn the_ports_of_our_own_apps_are_not_complained_about() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    shop.sandbox.pypaas(&["check"]).must_succeed();
}

#[test]
fn ports_that_linux_gives_to_outgoing_connections_are_found() {
    let (sandbox, _) = with_site();
    let ephemeral = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
    let ephemeral = ephemeral.split_whitespace().collect::<Vec<_>>();
    let first: u16 = ephemeral[0].parse().unwrap();
    let settings = sandbox.read_config("pypaas.yml");
    let (_ports, rest) = settings.split_once('\n').unwrap();
    sandbox.write_config("pypaas.yml", &format!("ports: {{min: {}, max: {first}}}\n{rest}", first - 1));
    let found = sandbox.pypaas(&["check"]);
    assert_eq!(found.code, WARNINGS, "{found}");
    let message = format!("overlap with the ports {first}-{}, of which Linux takes one ", ephemeral[1]);
    assert_says(&found, &message);
    assert_says(&found, "hint: choose `ports` outside of that range, such as 61500-61800\n");
}
