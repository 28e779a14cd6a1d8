//! The first switch of nginx's files on a host, when it fails.

use std::fs;

use crate::shop::{NODE, Shop};

#[test]
fn what_a_first_push_has_started_of_nginx_ends_when_its_edge_does_not_start() {
    let shop = Shop::new("dies-on-sigterm", NODE);
    let home = shop.sandbox.home();
    // The file whose presence lets the edge start while its files are changed cannot be written.
    let in_the_way = home.join("run/edge.start-now");
    fs::create_dir_all(&in_the_way).unwrap();
    shop.push().must_fail();
    assert!(!home.join("services-real/+router").exists(), "the router serves what was taken back");

    fs::remove_dir(&in_the_way).unwrap();
    let domain = shop.sandbox.read_config("domains/shop.example.yml");
    shop.sandbox.remove_config("domains/shop.example.yml");
    shop.sandbox.pypaas(&["apply"]).must_succeed();
    for left in ["services/+edge", "services/+router", "nginx/edge.conf", "nginx/router.conf"] {
        assert!(!home.join(left).exists(), "{left}");
    }

    shop.sandbox.write_config("domains/shop.example.yml", &domain);
    shop.push().must_succeed();
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
}
