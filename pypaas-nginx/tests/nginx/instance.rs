//! An edge and a router of the test's own.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use camino::Utf8PathBuf;
use pypaas_core::host::Version;
use pypaas_core::{EdgeConfig, Upstream, VirtualHost, WebConfigRenderer};
use pypaas_nginx::NginxText;
use tempfile::TempDir;

use crate::client;
use crate::fixtures::Machine;

/// A directory with the configurations of both, and the processes that serve it once started.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) machine: Machine,
    directory: Utf8PathBuf,
    temporary: Option<TempDir>,
    children: Vec<Child>,
}

impl Instance {
    /// Makes a configuration in a temporary directory, on free ports of the loopback addresses.
    pub(crate) fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let directory = Utf8PathBuf::try_from(temporary.path().to_owned()).unwrap();
        let mut instance = Self::in_directory(directory);
        instance.temporary = Some(temporary);
        instance
    }

    /// Makes a configuration in `directory`, which stays.
    pub(crate) fn in_directory(directory: Utf8PathBuf) -> Self {
        let ipv6 = Path::new("/proc/net/if_inet6").exists();
        let listen = if ipv6 { &["127.0.0.1", "[::1]"][..] } else { &["127.0.0.1"] };
        let machine = Machine {
            listen: listen.iter().map(|&it| it.to_owned()).collect(),
            http_port: free_port(),
            https_port: free_port(),
            version: installed_version(),
            root: directory.clone(),
        };
        let instance = Self { machine, directory, temporary: None, children: Vec::new() };
        for directory in ["edge.d", "router.d", "temporary"] {
            fs::create_dir_all(instance.directory.join(directory)).unwrap();
        }
        instance
    }

    /// Writes a file below the directory.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.directory.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Prints a domain for the edge and for the router.
    pub(crate) fn add_host(&self, file: &str, host: &VirtualHost) {
        let text = NginxText::new();
        self.write(&format!("edge.d/{file}.conf"), &text.edge_domain(host).unwrap());
        self.write(&format!("router.d/{file}.conf"), &text.router_domain(host).unwrap());
    }

    /// Prints an upstream, likewise.
    pub(crate) fn add_upstream(&self, upstream: &Upstream) {
        let text = NginxText::new().upstream(upstream, installed_version()).unwrap();
        self.write(&format!("router.d/{}.conf", upstream.name), &text);
    }

    /// Prints what both are started with.
    pub(crate) fn add_main(&self, longest_name: usize, names: usize) {
        self.add_edge(&self.machine.edge(longest_name, names));
        let router = self.machine.router(longest_name, names);
        self.write("router.conf", &NginxText::new().router(&router).unwrap());
    }

    /// Prints what the edge is started with.
    pub(crate) fn add_edge(&self, edge: &EdgeConfig) {
        self.write("edge.conf", &NginxText::new().edge(edge).unwrap());
    }

    /// Makes `test.crt` and `test.key` for `name`, signed by themselves; `chain.crt` is a copy.
    pub(crate) fn certify(&self, name: &str) {
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
        openssl.args(["-keyout", "test.key", "-out", "test.crt", "-days", "2"]);
        openssl.args([
            "-subj",
            &format!("/CN={name}"),
            "-addext",
            "authorityInfoAccess=OCSP;URI:http://127.0.0.1:1/",
        ]);
        let output = openssl.current_dir(&self.directory).output().expect("this test needs openssl");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::copy(self.directory.join("test.crt"), self.directory.join("chain.crt")).unwrap();
    }

    /// Runs `nginx -t` for both and returns what it said, without its two lines of success.
    pub(crate) fn test(&self) -> String {
        let test = |name: &str| {
            let output = self.nginx(name).arg("-t").output().expect("this test needs nginx");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let success =
                |line: &&str| line.ends_with("syntax is ok") || line.ends_with("test is successful");
            let failed = !output.status.success();
            said.lines().filter(|line| failed || !success(line)).map(str::to_owned).collect::<String>()
        };
        ["edge", "router"].map(test).concat()
    }

    /// Starts both; they end with the test. Each is one process without a master, so that nothing is left when it is killed.
    pub(crate) fn start(&mut self) {
        assert_eq!(self.test(), "");
        for name in ["router", "edge"] {
            let mut nginx = self.nginx(name);
            nginx.args(["-g", "master_process off;"]).stdin(Stdio::null()).stdout(Stdio::null());
            self.children.push(nginx.stderr(Stdio::null()).spawn().unwrap());
        }
        client::wait_for_socket(&self.machine.sockets().https);
        client::wait_for(self.machine.http_port);
    }

    fn nginx(&self, name: &str) -> Command {
        let mut nginx = nginx();
        nginx.args(["-e", "stderr", "-p"]).arg(&self.directory);
        nginx.arg("-c").arg(self.directory.join(format!("{name}.conf")));
        nginx
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        for child in &mut self.children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

/// `nginx`, or what `PYPAAS_TEST_NGINX` says, also where only root's PATH would find it.
fn nginx() -> Command {
    let named = std::env::var_os("PYPAAS_TEST_NGINX");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut nginx = Command::new(named.unwrap_or_else(|| "nginx".into()));
    nginx.env("PATH", format!("{path}:/usr/local/sbin:/usr/sbin:/sbin"));
    nginx
}

fn installed_version() -> Version {
    let Output { stderr, .. } = nginx().arg("-v").output().expect("this test needs nginx");
    let said = String::from_utf8(stderr).unwrap();
    let version = said.trim().rsplit('/').next().unwrap().split(' ').next().unwrap();
    let numbers: Vec<u16> = version.split('.').map(|it| it.parse().unwrap()).collect();
    Version(numbers[0], numbers[1], numbers[2])
}

/// Finds a free port.
///
/// gixy takes a port with 443 among its digits for one of TLS.
pub(crate) fn free_port() -> u16 {
    // Kept until one is found, so that each is another.
    let mut unsuitable = Vec::new();
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        if !port.to_string().contains("443") {
            return port;
        }
        unsuitable.push(listener);
    }
}
