//! What a machine has before it is set up.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use std::{env, fs};

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_core::Layout;

use super::{DIRECTORIES, Setup, sshd, units};
use crate::proc::tcp;
use crate::{proc, program};

/// The programs that pypaas needs, and their packages in Debian.
const PROGRAMS: [(&str, &str); 6] = [
    ("/usr/bin/git", "git"),
    ("/usr/sbin/nginx", "nginx-light"),
    ("/usr/bin/svscan", "daemontools"),
    ("/usr/bin/curl", "curl"),
    ("/usr/bin/openssl", "openssl"),
    ("/usr/sbin/sshd", "openssh-server"),
];

/// The ports of the web.
const WEB: [u16; 2] = [80, 443];

/// What is there, as far as [`Setup::plan`] needs it.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// The deploy user's home.
    pub home: Utf8PathBuf,
    pub(super) missing_packages: Vec<&'static str>,
    pub(super) has_systemd: bool,
    pub(super) has_user: bool,
    pub(super) is_home_closed: bool,
    pub(super) directories: BTreeSet<Utf8PathBuf>,
    pub(super) is_configured: bool,
    /// Whether there is a key file, whoever made it.
    pub(super) has_keys: bool,
    pub(super) has_authorized_keys: bool,
    /// The keys that open a shell as root, or as who became root.
    pub(super) admin_keys: Vec<AdminKey>,
    pub(super) units: BTreeMap<Utf8PathBuf, String>,
    pub(super) is_enabled: bool,
    pub(super) is_running: bool,
    /// Whether nginx.service is enabled or runs, or will be, and serves nothing but Debian's welcome page.
    pub(super) has_idle_nginx: bool,
    /// Which programs own ports of the web.
    pub(super) other_web_servers: Vec<(u16, String)>,
    pub(super) taken_ports: BTreeSet<u16>,
    pub(super) sshd_objections: Vec<String>,
}

/// A key of an administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AdminKey {
    /// A name that a key file may have.
    pub(super) name: String,
    /// The line.
    pub(super) line: String,
}

impl Machine {
    /// Looks at this machine. Changes nothing.
    pub fn look(setup: &Setup) -> Self {
        let user = entry("passwd", &setup.user);
        let home = match user.as_deref().and_then(|it| it.split(':').nth(5)) {
            Some(home) => Utf8PathBuf::from(home),
            None => Utf8Path::new("/home").join(&setup.user),
        };
        let uid = user.as_deref().and_then(|it| it.split(':').nth(2)?.parse().ok());
        let missing = PROGRAMS.into_iter().filter(|(program, _)| !Utf8Path::new(program).exists());
        let missing_packages: Vec<&str> = missing.map(|(_, package)| package).collect();
        // Debian's nginx starts as soon as it is installed.
        let has_idle_nginx = missing_packages.contains(&"nginx-light") || is_nginx_idle();
        let (taken_ports, mut other_web_servers) = listeners(uid);
        if has_idle_nginx {
            other_web_servers.retain(|(_, name)| name != "nginx");
        }
        let files = [units::SUPERVISOR, units::BOOT].map(units::file);
        let is_private = |path: &Utf8PathBuf| mode(path) == Some(0o700);
        Self {
            has_systemd: Utf8Path::new("/run/systemd/system").is_dir(),
            has_user: user.is_some(),
            is_home_closed: is_private(&home),
            directories: DIRECTORIES.map(|name| home.join(name)).into_iter().filter(is_private).collect(),
            is_configured: [home.join("config"), "/etc/pypaas".into()]
                .iter()
                .any(|it| it.join("pypaas.yml").exists()),
            has_keys: Layout::key_files(&home).read_dir_utf8().is_ok_and(|mut all| all.next().is_some()),
            has_authorized_keys: Layout::authorized_keys(&home).exists(),
            admin_keys: admin_keys(),
            units: files
                .into_iter()
                .filter_map(|it| Some((it.clone(), fs::read_to_string(&it).ok()?)))
                .collect(),
            is_enabled: [units::SUPERVISOR, units::BOOT]
                .iter()
                .all(|unit| succeeds(&["systemctl", "is-enabled", unit])),
            is_running: succeeds(&["systemctl", "is-active", units::SUPERVISOR]),
            sshd_objections: if user.is_some() { sshd_objections(&setup.user) } else { Vec::new() },
            missing_packages,
            has_idle_nginx,
            other_web_servers,
            taken_ports,
            home,
        }
    }

    /// Returns whether somebody can log in to push, or could after `plan`.
    pub fn has_access(&self) -> bool {
        self.has_keys || self.has_authorized_keys || !self.admin_keys.is_empty()
    }
}

/// Runs a program; returns what it printed if it succeeded.
fn ask(words: &[&str]) -> Option<String> {
    let answer = program::ask(program::command(words).ok()?, Duration::from_secs(10)).ok()?;
    answer.status.success().then_some(answer.text)
}

fn succeeds(words: &[&str]) -> bool {
    ask(words).is_some()
}

/// Finds an entry of the user or group database.
fn entry(database: &str, name: &str) -> Option<String> {
    Some(ask(&["getent", database, "--", name])?.trim_end().to_owned())
}

/// Returns the mode of a directory; a link is none.
fn mode(path: &Utf8Path) -> Option<u32> {
    let found = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_dir)?;
    Some(found.permissions().mode() & 0o7777)
}

/// Lists the ports that somebody listens on, and those of the web with their owners; the deploy user's are ours.
fn listeners(own: Option<u32>) -> (BTreeSet<u16>, Vec<(u16, String)>) {
    let listening = tcp::listening().unwrap_or_default();
    let of_web = listening.iter().filter(|it| WEB.contains(&it.local.port()) && Some(it.user) != own);
    let of_web: BTreeMap<u16, u64> = of_web.map(|it| (it.local.port(), it.inode)).collect();
    let holders = proc::processes_with_sockets(&of_web.values().copied().collect());
    let name = |inode: u64| holders.get(&inode).and_then(|process| proc::program_name(*process));
    let others = of_web
        .into_iter()
        .map(|(port, inode)| (port, name(inode).unwrap_or_else(|| "another program".into())));
    (listening.iter().map(|it| it.local.port()).collect(), others.collect())
}

/// Returns whether nginx.service serves Debian's welcome page and nothing else: its files are the package's, no site is
/// added, and nothing of anybody is in the directory it serves.
fn is_nginx_idle() -> bool {
    let unit = "nginx.service";
    if !succeeds(&["systemctl", "is-enabled", unit]) && !succeeds(&["systemctl", "is-active", unit]) {
        return false;
    }
    let only = |directory: &str, known: &[&str]| {
        let names = Utf8Path::new(directory).read_dir_utf8().into_iter().flatten().flatten();
        names.into_iter().all(|it| known.contains(&it.file_name()))
    };
    only("/etc/nginx/sites-enabled", &["default"])
        && only("/etc/nginx/conf.d", &[])
        && only("/var/www/html", &["index.nginx-debian.html"])
        && is_unchanged("nginx-common")
}

/// Returns whether the files in /etc that a package brought are as it brought them.
fn is_unchanged(package: &str) -> bool {
    let verify = program::command(&["dpkg", "--verify", package]);
    let answer = verify.and_then(|command| program::ask(command, Duration::from_secs(30)));
    answer.is_ok_and(|answer| !answer.text.contains(" /etc/nginx/") && !answer.text.contains("not installed"))
}

/// Lists the keys that open a shell as root, or as the person who called sudo. A key with options is none: it may be for one
/// command only.
fn admin_keys() -> Vec<AdminKey> {
    let homes = ["root".to_owned(), env::var("SUDO_USER").unwrap_or_default()];
    let homes = homes
        .iter()
        .filter(|name| !name.is_empty())
        .filter_map(|name| Some(entry("passwd", name)?.split(':').nth(5)?.to_owned()));
    let texts: Vec<String> = homes
        .filter_map(|home| fs::read_to_string(Layout::authorized_keys(home.as_str().into())).ok())
        .collect();
    keys_without_options(&texts.concat())
}

fn keys_without_options(text: &str) -> Vec<AdminKey> {
    let mut found: Vec<AdminKey> = Vec::new();
    for line in text.lines().map(str::trim) {
        let mut words = line.split_whitespace();
        let Some((kind, blob)) = words.next().zip(words.next()) else { continue };
        let is_key = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].iter().any(|it| kind.starts_with(it));
        if !is_key || found.iter().any(|it| it.line.contains(blob)) {
            continue;
        }
        let comment: String = words.collect::<Vec<_>>().join("-");
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._@+-".contains(c);
        let mut name: String = comment.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
        name = name.trim_matches(['-', '.']).trim_end_matches(".pub").to_owned();
        if name.is_empty() {
            name = "admin".to_owned();
        }
        let is_taken = |name: &str| found.iter().any(|it| it.name == name);
        if is_taken(&name) {
            name = (2..).map(|it| format!("{name}-{it}")).find(|it| !is_taken(it)).unwrap_or(name);
        }
        found.push(AdminKey { name, line: line.to_owned() });
    }
    found
}

fn sshd_objections(user: &str) -> Vec<String> {
    let connection = format!("user={user},host=localhost,addr=127.0.0.1");
    let Some(settings) = ask(&["sshd", "-T", "-C", &connection]) else { return Vec::new() };
    let groups = ask(&["id", "-Gn", "--", user]).unwrap_or_default();
    sshd::objections(&settings, user, &groups.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_administrators_are_named_by_their_comments() {
        let text = "# mine\nssh-ed25519 AAA1 anna@laptop\nssh-rsa AAA2 work laptop (2024)\nssh-ed25519 AAA3\n\
                    ssh-ed25519 AAA4\nssh-ed25519 AAA1 again\nfrom=\"10.0.0.1\",command=\"backup\" ssh-rsa AAA5 backup\n\
                    cert-authority ssh-rsa AAA6 ca\nssh-ed25519 AAA7 -x.pub\n";

        let names: Vec<String> = keys_without_options(text).into_iter().map(|it| it.name).collect();

        assert_eq!(names, ["anna@laptop", "work-laptop--2024", "admin", "admin-2", "x"]);
    }
}
