//! A real nginx, on a port of its own.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use pypaas_core::WebInstance;
use pypaas_core::host::{WebServer, WebServerError};

use super::machine::{Machine, eventually};

const ROUTER: WebInstance = WebInstance::Router;

pub(super) struct Nginx {
    pub(super) machine: Machine,
    port: u16,
    master: Option<Child>,
}

impl Nginx {
    fn new() -> Self {
        let machine = Machine::new();
        let port = free_port();
        let nginx = Self { machine, port, master: None };
        nginx.configure("return 200 first;");
        nginx
    }

    /// Starts one as the router, which nothing supervises.
    pub(super) fn started() -> Self {
        let mut nginx = Self::new();
        nginx.machine.host.prepare_directories().unwrap();
        let words = nginx.machine.host.words(ROUTER, &[]);
        // Where the supervisor would write it.
        let log = nginx.machine.host.supervisor.web_server_log(ROUTER);
        fs::create_dir_all(log.parent().unwrap()).unwrap();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).stdin(Stdio::null()).stderr(File::create(log).unwrap());
        nginx.master = Some(command.spawn().unwrap());
        eventually(|| nginx.body().ok().filter(|body| body == "first"));
        nginx
    }

    pub(super) fn configure(&self, server: &str) {
        let home = &self.machine.home;
        let text = format!(
            "daemon off; worker_processes 2; pid {home}/run/router.pid;\n\
            events {{}}\n\
            http {{ access_log off; client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t;\n\
            uwsgi_temp_path t; scgi_temp_path t;\n\
            server {{ listen 127.0.0.1:{};\n\
            {server} }} }}\n",
            self.port
        );
        fs::create_dir_all(home.join("nginx")).unwrap();
        fs::write(home.join("nginx/router.conf"), text).unwrap();
    }

    fn body(&self) -> std::io::Result<String> {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port))?;
        connection.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if let Some(mut master) = self.master.take() {
            // A killed master would leave its workers.
            let id = rustix::process::Pid::from_child(&master);
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
            let _ = master.wait();
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_good_configuration_passes() {
    Nginx::new().machine.host.test_web_server(ROUTER).unwrap();
}

#[test]
fn a_mistake_is_named_with_file_and_line() {
    let mut nginx = Nginx::new();
    nginx.configure("gzipp on;");
    let error = nginx.machine.host.test_web_server(ROUTER).unwrap_err();
    let place = format!("{}/nginx/router.conf:6", nginx.machine.home);
    assert_eq!(error.to_string(), format!("nginx rejected {place}: unknown directive \"gzipp\""));
}

#[test]
fn a_missing_certificate_is_named() {
    let mut nginx = Nginx::new();
    nginx.configure(
        "listen 127.0.0.1:1 ssl; ssl_certificate /no/where.crt; ssl_certificate_key /no/where.key;",
    );
    let error = nginx.machine.host.test_web_server(ROUTER).unwrap_err();
    assert!(matches!(&error, WebServerError::Rejected { place: None, .. }));
    assert!(error.to_string().contains("cannot load certificate \"/no/where.crt\""), "{error}");
}

#[test]
fn after_a_reload_no_old_answer_comes() {
    let mut nginx = Nginx::started();
    // Half a request: its worker cannot end, and is not waited for.
    let mut open = TcpStream::connect(("127.0.0.1", nginx.port)).unwrap();
    open.write_all(b"GET / HTTP/1.0\r\n").unwrap();
    // Connections are accepted in their order: a later one was answered, so a worker has the first.
    assert_eq!(nginx.body().unwrap(), "first");
    for body in ["second", "third", "fourth"] {
        nginx.configure(&format!("return 200 {body};"));

        nginx.machine.host.reload_web_server(ROUTER).unwrap();

        for _ in 0..50 {
            assert_eq!(nginx.body().unwrap(), body);
        }
    }
    open.write_all(b"\r\n").unwrap();
    let mut answer = String::new();
    open.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("first"), "{answer}");
}

#[test]
fn a_reload_that_did_not_happen_is_noticed_with_its_reason() {
    let mut nginx = Nginx::started();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    nginx.configure(&format!("listen 127.0.0.1:{port}; return 200 second;"));
    nginx.machine.host.test_web_server(ROUTER).unwrap();

    let error = nginx.machine.host.reload_web_server(ROUTER).unwrap_err();

    let WebServerError::NotReloaded { reason, .. } = error else { panic!("{error}") };
    assert_eq!(reason, format!("bind() to 127.0.0.1:{port} failed (98: Address already in use)"));
    assert_eq!(nginx.body().unwrap(), "first");
}

#[test]
fn a_reload_of_a_bad_configuration_is_refused() {
    let mut nginx = Nginx::started();
    nginx.configure("gzipp on;");
    let error = nginx.machine.host.reload_web_server(ROUTER).unwrap_err();
    let WebServerError::NotReloaded { reason, .. } = error else { panic!("{error}") };
    assert!(reason.starts_with("unknown directive \"gzipp\" in "), "{reason}");
    assert_eq!(nginx.body().unwrap(), "first");
}
