//! Hooks that tell others how a deploy ended.

use std::fs;

use serde_json::Value;

use crate::json;
use crate::shop::{Shop, assert_says};

const WEB: &str = "runners: {web: {type: NginxStatic}}";

fn news(shop: &Shop, name: &str) -> Option<Value> {
    let file = shop.sandbox.home().join("data/shop/main").join(name);
    let text = fs::read_to_string(&file).ok()?;
    fs::remove_file(file).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

#[test]
fn hooks_are_told_what_went_live_and_what_did_not() {
    let tell = "after_deploy: 'cat >$PYPAAS_DATA_DIR/deployed; echo told somebody', deploy_failed: 'cat >$PYPAAS_DATA_DIR/failed'";
    let shop = Shop::new("static-site", &format!("{WEB}, hooks: {{{tell}}}"));
    let push = shop.push().must_succeed();
    assert_says(
        &push,
        "-----> After the deploy\n       $ cat >$PYPAAS_DATA_DIR/deployed; echo told somebody\n       told somebody\n",
    );
    let deployed = news(&shop, "deployed").unwrap();
    assert_eq!(deployed["commit"], shop.code.head());
    insta::assert_snapshot!(json::masked(deployed), @r#"
    {
      "at": "<at>",
      "branch": "main",
      "builder": null,
      "by": "laptop",
      "checkout": "<checkout>",
      "commit": "<commit>",
      "configuration": "<configuration>",
      "from": "<from>",
      "kind": "push",
      "log": "<log>",
      "outcome": "succeeded",
      "reason": null,
      "release": 1,
      "repo": "shop",
      "restored": null,
      "seconds": "<seconds>",
      "sections": "<sections>",
      "subject": "The sample app",
      "totals": {
        "abandoned": 0,
        "refused": 0,
        "succeeded": 1
      },
      "urls": [
        "http://shop.example:<port>/"
      ]
    }
    "#);
    assert_eq!(news(&shop, "failed"), None);

    shop.configure(&format!("{WEB}, hooks: {{build: exit 9, {tell}}}"));
    shop.push_version("2").must_fail();
    assert_eq!(news(&shop, "deployed"), None);
    let failed = news(&shop, "failed").unwrap();
    assert_eq!(
        (&failed["outcome"], &failed["kind"], &failed["subject"]),
        (&"refused".into(), &"push".into(), &"Version 2".into())
    );
    assert!(failed["reason"].as_str().unwrap().ends_with("`exit 9` exited with status 9"), "{failed}");

    shop.configure(&format!("{WEB}, hooks: {{{tell}}}"));
    shop.sandbox.client("admin").ssh(&["restart", "shop", "main"]).must_succeed();
    let restarted = news(&shop, "deployed").unwrap();
    assert_eq!((&restarted["kind"], &restarted["by"]), (&"restart".into(), &"admin".into()));
}

#[test]
fn a_hook_that_fails_to_tell_changes_nothing() {
    let shop =
        Shop::new("static-site", &format!("{WEB}, hooks: {{after_deploy: [exit 5, echo still asked]}}"));
    let push = shop.push().must_succeed();
    assert_says(&push, "     ! warning: `exit 5` exited with status 5\n");
    assert_says(&push, "       still asked\n");
    assert_eq!(shop.head(), Some(shop.code.head()));
    assert_eq!(shop.sandbox.get("shop.example", "/public/").status, 200);
}
