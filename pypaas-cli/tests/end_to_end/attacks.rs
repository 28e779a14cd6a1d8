//! What code of an app may try against the host and other apps (docs/security.md), from wherever it runs.
//!
//! Every attack is first shown to work with the defense taken out (`confine: false`): so none is refused for another reason
//! than the defense.

use std::fs;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::process::Command;

use pypaas_sandbox::{Outcome, Worktree};

use crate::shop::Shop;

/// What is not refused: the network is shared (docs/security.md).
const ALLOWED: [&str; 1] = ["connect to another app's port"];

/// How many attacks there are at least; a mistake in the attacker must not leave the test with none.
const MANY: usize = 30;

/// A host with the app `victim`, and `shop`, which attacks it.
struct Ground {
    shop: Shop,
    facts: String,
    _listeners: [UnixListener; 2],
    _memory: SharedMemory,
}

impl Ground {
    fn new() -> Self {
        let shop = Shop::new("attacker", "runners: {web: {type: NginxBackend, cmd: python3 app.py}}");
        let sandbox = &shop.sandbox;
        let victim = "branches: {main: {runners: {web: {type: NginxBackend, cmd: node server.js}}, env: {SECRET: sesame}, \
                      hooks: {after_build: 'echo paid >$PYPAAS_DATA_DIR/ledger'}}}";
        sandbox.write_config("repo/victim.yml", victim);
        sandbox.domain("victim.example", "victim", "main", "web");
        let client = sandbox.client("victim");
        client.ssh_with_input(&["secret", "set", "victim", "main", "TOKEN"], "sesame").must_succeed();
        let code: Worktree = client.worktree_named_from_app("victim", "dies-on-sigterm");
        code.push("victim", &["main"]).must_succeed();

        let root = sandbox.root();
        fs::write(root.join("note"), "for the host's eyes").unwrap();
        let address = SocketAddr::from_abstract_name(root.as_str()).unwrap();
        let listeners =
            [UnixListener::bind(root.join("socket")).unwrap(), UnixListener::bind_addr(&address).unwrap()];
        let memory = SharedMemory::new();
        let process = sandbox.app_processes().first().unwrap().pid;
        let upstream = sandbox.home().join("nginx/router.d/victim+main+web.conf");
        let upstream = fs::read_to_string(upstream).unwrap();
        let port = upstream.split("server 127.0.0.1:").nth(1).unwrap();
        let port = port.split(|c: char| !c.is_ascii_digit()).next().unwrap();
        let facts = [
            ("HOME", sandbox.home().to_string()),
            ("ROOT", root.to_string()),
            ("PID", process.to_string()),
            ("PORT", port.to_owned()),
            ("FREE_PORT", sandbox.app_ports().end().to_string()),
            ("SERVICE", "victim+main+web+0+a".to_owned()),
            ("PYPAAS", env!("CARGO_BIN_EXE_pypaas").to_owned()),
            ("SHM", memory.key.to_string()),
        ];
        let facts = facts.map(|(name, value)| format!("ATTACK_{name}: '{value}'")).join(", ");
        Self { shop, facts, _listeners: listeners, _memory: memory }
    }

    /// Deploys the attacker with one more key; returns what was printed.
    fn deploy(&self, version: &str, key: &str) -> Outcome {
        self.shop.configure(&format!(
            "{key}runners: {{web: {{type: NginxBackend, cmd: python3 app.py}}}}, build: none, env: {{{}}}, \
             hooks: {{after_build: [python3 attack.py], after_deploy: [python3 attack.py]}}, \
             custom_cmds: {{attack: python3 attack.py}}",
            self.facts
        ));
        self.shop.push_version(version).must_succeed()
    }

    /// Lists the outcomes of the attacks from everywhere: the place, and what was printed there.
    fn outcomes(&self, pushed: &Outcome) -> Vec<(&'static str, String)> {
        let said = pushed.remote();
        let (build, hook) = said.split_once("-----> After the deploy").unwrap();
        let once = self.shop.sandbox.pypaas(&["run", "shop", "main", "--", "python3", "attack.py"]);
        let custom = self.shop.sandbox.pypaas(&["custom_cmds", "shop", "main", "attack"]);
        vec![
            ("its build", build.to_owned()),
            ("a hook", hook.to_owned()),
            ("its process", self.shop.sandbox.get("shop.example", "/attacks").text()),
            ("a one-off command", once.must_succeed().stdout),
            ("a custom command", custom.must_succeed().stdout),
        ]
    }
}

#[test]
fn no_attack_from_inside_an_app_works_and_each_would_without_the_defense() {
    let ground = Ground::new();

    let pushed = ground.deploy("2", "confine: false, ");
    for (place, text) in ground.outcomes(&pushed) {
        let refused = lines(&text, "refused: ");
        assert!(refused.is_empty(), "from {place} without a defense: {refused:#?}");
        assert!(lines(&text, "worked: ").len() >= MANY, "from {place}: {text}");
    }

    let pushed = ground.deploy("3", "");
    for (place, text) in ground.outcomes(&pushed) {
        assert_eq!(lines(&text, "worked: "), ALLOWED, "from {place}: {text}");
        assert!(lines(&text, "refused: ").len() + ALLOWED.len() >= MANY, "from {place}: {text}");
    }
    assert_eq!(ground.shop.page(), "attacker version 3\n");
}

fn lines<'a>(text: &'a str, outcome: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.trim().strip_prefix(outcome)).collect()
}

/// A segment of System V shared memory, removed in the end.
struct SharedMemory {
    key: u32,
}

impl SharedMemory {
    fn new() -> Self {
        let key = std::process::id();
        let make = format!("import ctypes; assert ctypes.CDLL(None).shmget({key}, 100, 0o1600) != -1");
        assert!(Command::new("python3").args(["-c", &make]).status().unwrap().success());
        Self { key }
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        let _ = Command::new("ipcrm").args(["-M", &self.key.to_string()]).status();
    }
}
