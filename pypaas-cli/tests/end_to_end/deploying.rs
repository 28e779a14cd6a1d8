//! Pushing, and what is served then.

use crate::host;

#[test]
fn a_pushed_commit_is_served_when_the_push_returns() {
    let sandbox = host::start();
    sandbox.write_config(
        "repo/shop.yml",
        "branches: {main: {runners: {web: {type: NginxBackend, cmd: npm start}}}}",
    );
    sandbox.domain("shop.example", "shop", "main", "web");
    let shop = sandbox.client("laptop").worktree_from_app("node-plain");

    shop.push("shop", &["main"]).must_succeed();
    assert_eq!(sandbox.get("shop.example", "/").text(), "node-plain version 1\n");

    let second = shop.commit_version("2");
    shop.push("shop", &["main"]).must_succeed();
    assert_eq!(sandbox.get("shop.example", "/").text(), "node-plain version 2\n");
    assert_eq!(shop.remote_head("shop", "main"), Some(second));
}
