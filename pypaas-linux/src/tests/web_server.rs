//! A real nginx, on a port of its own.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use pypaas_core::host::{Version, WebServer, WebServerError};
use pypaas_sandbox::write_script;

use super::machine::{Machine, eventually};

pub(super) struct Nginx {
    pub(super) machine: Machine,
    port: u16,
    master: Option<Child>,
}

impl Nginx {
    fn new() -> Self {
        let machine =
            Machine::with_nginx(["nginx", "-p", "HOME", "-c", "HOME/nginx.conf"].map(str::to_owned).into());
        let port = free_port();
        let nginx = Self { machine, port, master: None };
        nginx.configure("return 200 first;");
        nginx
    }

    pub(super) fn started() -> Self {
        let mut nginx = Self::new();
        let words = &nginx.machine.host.nginx.command;
        let mut command = Command::new("nginx");
        command
            .args(&words[1..])
            .env("PATH", "/usr/sbin:/usr/bin")
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        nginx.master = Some(command.spawn().unwrap());
        eventually(|| nginx.body().ok().filter(|body| body == "first"));
        nginx
    }

    pub(super) fn configure(&self, server: &str) {
        let text = format!(
            "daemon off; worker_processes 2; pid nginx.pid; error_log error.log;\n\
            events {{}}\n\
            http {{ access_log off; client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t;\n\
            uwsgi_temp_path t; scgi_temp_path t;\n\
            server {{ listen 127.0.0.1:{};\n\
            {server} }} }}\n",
            self.port
        );
        fs::write(self.machine.home.join("nginx.conf"), text).unwrap();
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
fn the_version_is_known() {
    let mut nginx = Nginx::new();
    let version = nginx.machine.host.web_server_version().unwrap();
    assert!(version > Version(1, 17, 0));
    nginx.machine.host.nginx.command = vec!["sudo".to_owned(), "nowhere".to_owned()];
    assert_eq!(nginx.machine.host.web_server_version().unwrap(), version);
}

#[test]
fn the_version_does_not_need_sudo() {
    let mut nginx = Nginx::new();
    let command = ["/nowhere/sudo", "-u", "root", "/usr/sbin/nginx"];
    nginx.machine.host.nginx.command = command.map(str::to_owned).into();
    assert!(nginx.machine.host.web_server_version().is_ok());
}

#[test]
fn a_good_configuration_passes() {
    Nginx::new().machine.host.test_web_server().unwrap();
}

#[test]
fn a_mistake_is_named_with_file_and_line() {
    let mut nginx = Nginx::new();
    nginx.configure("gzipp on;");
    let error = nginx.machine.host.test_web_server().unwrap_err();
    let place = format!("{}/nginx.conf:6", nginx.machine.home);
    assert_eq!(error.to_string(), format!("nginx rejected {place}: unknown directive \"gzipp\""));
}

#[test]
fn a_missing_certificate_is_named() {
    let mut nginx = Nginx::new();
    nginx.configure(
        "listen 127.0.0.1:1 ssl; ssl_certificate /no/where.crt; ssl_certificate_key /no/where.key;",
    );
    let error = nginx.machine.host.test_web_server().unwrap_err();
    assert!(matches!(&error, WebServerError::Rejected { place: None, .. }));
    assert!(error.to_string().contains("cannot load certificate \"/no/where.crt\""), "{error}");
}

#[test]
fn after_a_reload_no_old_answer_comes() {
    let mut nginx = Nginx::started();
    // Half a request: its worker cannot end, and is not waited for.
    let mut open = TcpStream::connect(("127.0.0.1", nginx.port)).unwrap();
    open.write_all(b"GET / HTTP/1.0\r\n").unwrap();
    for body in ["second", "third", "fourth"] {
        nginx.configure(&format!("return 200 {body};"));

        nginx.machine.host.reload_web_server().unwrap();

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
    nginx.machine.host.test_web_server().unwrap();

    let error = nginx.machine.host.reload_web_server().unwrap_err();

    let WebServerError::NotReloaded { reason, .. } = error else { panic!("{error}") };
    assert_eq!(reason, format!("bind() to 127.0.0.1:{port} failed (98: Address already in use)"));
    assert_eq!(nginx.body().unwrap(), "first");
}

#[test]
fn a_reload_of_a_bad_configuration_is_refused() {
    let mut nginx = Nginx::started();
    nginx.configure("gzipp on;");
    let error = nginx.machine.host.reload_web_server().unwrap_err();
    assert!(matches!(error, WebServerError::Rejected { place: Some(_), .. }), "{error}");
    assert_eq!(nginx.body().unwrap(), "first");
}

#[test]
fn an_nginx_that_does_not_run_is_named() {
    let mut nginx = Nginx::new();
    let home = nginx.machine.home.clone();
    let error = nginx.machine.host.reload_web_server().unwrap_err().to_string();
    assert!(error.ends_with("(os error 2)") && error.contains(&format!("`{home}/nginx.pid`")), "{error}");
    fs::write(home.join("nginx.pid"), "1\n").unwrap();
    let error = nginx.machine.host.reload_web_server().unwrap_err().to_string();
    assert!(error.contains("nginx does not run"), "{error}");
}

#[test]
fn a_missing_program_and_a_sudo_that_asks_are_named() {
    let mut nginx = Nginx::new();
    nginx.machine.host.nginx.command = vec!["nginx-nowhere".to_owned()];
    let error = nginx.machine.host.test_web_server().unwrap_err();
    assert_eq!(error.to_string(), "cannot run `nginx-nowhere -t`: there is no program `nginx-nowhere`");

    let sudo = nginx.machine.home.join("sudo");
    write_script(&sudo, "#!/bin/sh\n[ \"$1\" = -n ] && echo 'sudo: a password is required' >&2\nexit 1\n");
    nginx.machine.host.nginx.command = vec![sudo.to_string(), "/usr/sbin/nginx".to_owned()];
    let error = nginx.machine.host.test_web_server().unwrap_err();
    let hint =
        "let this user run `/usr/sbin/nginx -t` and `/usr/sbin/nginx -s reload` without password in sudoers";
    let expected = format!("cannot run `{sudo} /usr/sbin/nginx -t`: sudo: a password is required; {hint}");
    assert_eq!(error.to_string(), expected);
}
