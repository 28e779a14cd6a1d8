//! The environment of everything that pypaas runs. It does not depend on who calls: a login, sshd, cron and a person with another
//! `USER` must get the same result.

use std::env;

use camino::Utf8Path;
use pypaas_core::Environment;

use crate::proc::Account;

/// `PATH` of every command and process.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Variables of the caller that the programs get which pypaas itself runs: how to reach the network. Where `HOME` is missing,
/// that of the account counts.
const INHERITED: [&str; 9] = [
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "SSH_AUTH_SOCK",
    "all_proxy",
    "https_proxy",
    "http_proxy",
    "no_proxy",
];

/// Returns the environment that every command and process of an app starts with. `USER` is the account this program runs as,
/// whatever the caller's variable says.
pub fn base_environment(home: &Utf8Path) -> Environment {
    let user = user();
    let mut environment = Environment::default();
    environment.set("HOME", home.as_str());
    environment.set("USER", user.as_str());
    environment.set("LOGNAME", user);
    environment.set("SHELL", "/bin/sh");
    environment.set("LANG", "C.UTF-8");
    environment.set("PATH", PATH);
    environment
}

/// Returns the directories in which programs are searched: the caller's, which may be none, and those of every host. The
/// `PATH` of a login often lacks the directories of nginx, and cron's lacks almost everything.
pub(crate) fn search_path() -> String {
    let own = env::var("PATH").unwrap_or_default();
    let missing = PATH.split(':').filter(|directory| !own.split(':').any(|it| it == *directory));
    own.split(':').filter(|directory| directory.starts_with('/')).chain(missing).collect::<Vec<_>>().join(":")
}

/// Returns the environment of a program that pypaas itself runs, such as git or nginx. It speaks plain English.
pub(crate) fn of_programs() -> Environment {
    let mut environment = Environment::default();
    for name in INHERITED {
        if let Ok(value) = env::var(name) {
            environment.set(name, value);
        }
    }
    let account = Account::own();
    let home = env::var("HOME").ok().or_else(|| account.as_ref()?.home());
    if let Some(home) = home {
        environment.set("HOME", home);
    }
    let user = user();
    environment.set("USER", user.as_str());
    environment.set("LOGNAME", user);
    environment.set("LC_ALL", "C");
    environment.set("PATH", search_path());
    environment
}

fn user() -> String {
    Account::own().map_or_else(|| "deploy".to_owned(), |account| account.name())
}
