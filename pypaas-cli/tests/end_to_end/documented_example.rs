//! The example of pyPaaS's documentation, word for word.

use std::fs::File;

use crate::host;

const SETTINGS: &str = include_str!("../../../fixtures/configurations/documented/pypaas.yml");
const REPO: &str = include_str!("../../../fixtures/configurations/documented/repo/node-js-sample.yml");
const DOMAIN: &str =
    include_str!("../../../fixtures/configurations/documented/domains/node-js-sample.example.com.yml");

#[test]
fn the_documented_example_is_deployed_as_it_is_written() {
    // It names its ports, so only one sandbox of this machine can have it at a time.
    let only_one = File::create("/tmp/pypaas-documented-example.lock").unwrap();
    only_one.lock().unwrap();
    let sandbox = host::start();
    // What the documentation leaves out is where this unusual host has its servers.
    let own = sandbox.read_config("pypaas.yml");
    let (_ports, servers) = own.split_once('\n').unwrap();
    sandbox.write_config("pypaas.yml", &format!("{SETTINGS}{servers}"));
    sandbox.write_config("repo/node-js-sample.yml", REPO);
    sandbox.write_config("domains/node-js-sample.example.com.yml", DOMAIN);
    let checked = sandbox.pypaas(&["check"]).must_succeed();
    let right = format!("the configuration in {} is valid\n", sandbox.home().join("config"));
    assert!(checked.stdout.starts_with(&right), "{checked}");
    let sample = sandbox.stranger("heroku").worktree_from_app("node-plain");
    sample.git(&["branch", "--move", "master"]).must_succeed();
    sample.write("public/node.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>");
    sample.commit("A picture");
    let you = sandbox.client("you");
    you.git(&["clone", sample.directory().as_str(), "node-js-sample"]).must_succeed();
    let push = || you.git(&["-C", "node-js-sample", "push", "pypaas:node-js-sample"]);

    let told = push().must_succeed().remote();

    for line in [
        "-----> Before the build\n       $ echo \"Nothing is build - just a fresh checkout is there. Verify signed tags?\"\n       Nothing is build - just a fresh checkout is there. Verify signed tags?\n",
        "-----> Build with node: found `package-lock.json`\n",
        "-----> After the build\n       $ echo \"All builders are done. Build assets maybe?\"\n       All builders are done. Build assets maybe?\n",
        "-----> Maintenance\n       $ echo \"do backup\"\n       do backup\n       $ echo \"run migrations\"\n       run migrations\n",
        "     ! warning: node-js-sample+master+background_worker+0+a exit",
        "; the supervisor keeps restarting it\n",
        "-----> Release 1 is live after ",
    ] {
        assert!(told.contains(line), "`{line}` is missing in:\n{told}");
    }
    let port = sandbox.http_port();
    let urls = format!(
        "       http://node-js-sample.example.com:{port}/\n       http://node-js-sample.example.com:{port}/public\n"
    );
    assert!(told.ends_with(&urls), "{told}");

    let host = "node-js-sample.example.com";
    assert_eq!(sandbox.get(host, "/").text(), "node-plain version 1\n");
    let picture = sandbox.get(host, "/public/node.svg");
    assert_eq!(picture.header("Content-Type"), Some("image/svg+xml"));
    assert!(picture.text().starts_with("<svg"));
    let environment: serde_json::Value = serde_json::from_str(&sandbox.get(host, "/env").text()).unwrap();
    assert_eq!(environment["NODE_ENV"], "production");
    assert_eq!(environment["GIT_COMMIT"], sample.head().as_str());
    let served_at: u16 = environment["PORT"].as_str().unwrap().parse().unwrap();
    assert!((61500..=61800).contains(&served_at), "{served_at}");
    let servers =
        std::fs::read_to_string(sandbox.home().join("nginx/router.d/node-js-sample+master+node.conf"))
            .unwrap();
    // One upstream whose connections are kept, and one whose are not.
    assert_eq!(servers.matches("server 127.0.0.1:61").count(), 2 * 4, "{servers}");
    let packages = you.ssh(&["custom_cmds", "node-js-sample", "master", "npm_list"]).must_succeed();
    assert!(packages.stdout.contains("ms@2.1.3"), "{packages}");

    sample.commit_version("2");
    you.git(&["-C", "node-js-sample", "pull"]).must_succeed();
    push().must_succeed();
    assert_eq!(sandbox.get(host, "/").text(), "node-plain version 2\n");
}
