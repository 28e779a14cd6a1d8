//! Programs that read what apps own, and follow no link in it.

use camino::Utf8Path;
use rustix::process::{getegid, geteuid};

/// Mounts a directory over itself so that no link in it is followed (mount(8), `nosymfollow`, since Linux 5.10), and becomes the
/// rest of the words.
const SCRIPT: &str =
    r#"mount --bind "$1" "$1" && mount -o remount,bind,nosymfollow "$1" && shift && exec "$@""#;

/// Returns the words that run `words` where links in `directory` are stored and not followed. restic opens by path: an app that puts
/// a link in the place of a directory at the right moment would otherwise have a file of somebody else's in its part of a backup.
///
/// To mount something, one is root of a user namespace; in another one within it the program has its own number again.
pub(super) fn without_links(directory: &Utf8Path, words: &[&str]) -> Vec<String> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    let own = [format!("--map-user={user}"), format!("--map-group={group}")];
    let mounting = ["unshare", "--user", "--map-root-user", "--mount", "--", "/bin/sh", "-c", SCRIPT, "sh"];
    let mut all: Vec<String> = mounting.map(str::to_owned).into();
    all.push(directory.to_string());
    all.extend(["unshare", "--user"].map(str::to_owned));
    all.extend(own);
    all.push("--".to_owned());
    all.extend(words.iter().map(|&word| word.to_owned()));
    all
}

/// Returns the command by which restic reaches `repository` over SFTP from such a namespace. There the files of root's have no
/// owner that ssh trusts, so that it must not read the system's settings; restic's own command is the same without `-F`.
pub(super) fn sftp_command(repository: &str, home: &Utf8Path) -> Option<String> {
    let place = repository.strip_prefix("sftp:")?;
    let (destination, port) = match place.strip_prefix("//") {
        Some(url) => {
            let authority = url.split('/').next()?;
            let (host, port) = split_port(authority);
            (host.to_owned(), port)
        }
        None => (place.split(':').next()?.to_owned(), None),
    };
    let settings = home.join(".ssh/config");
    let settings = if settings.exists() { settings.to_string() } else { "none".to_owned() };
    let port = port.map(|port| format!(" -p {port}")).unwrap_or_default();
    Some(format!("ssh -F {settings}{port} {destination} -s sftp"))
}

/// Splits `user@host:port`; an IPv6 address stands in brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            (host, Some(port))
        }
        _ => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_seen_and_not_followed() {
        let made = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(made.path()).unwrap();
        std::fs::create_dir(directory.join("sub")).unwrap();
        std::fs::write(directory.join("sub/file"), "own").unwrap();
        std::os::unix::fs::symlink(directory.join("sub"), directory.join("link")).unwrap();
        let run = |program: &str, path: &str| {
            let words = without_links(directory, &[program, directory.join(path).as_str()]);
            let answer = crate::program::command(&words).unwrap().output().unwrap();
            answer.status.success().then(|| String::from_utf8(answer.stdout).unwrap())
        };

        assert_eq!(run("cat", "sub/file").unwrap(), "own");
        assert_eq!(run("cat", "link/file"), None);
        assert_eq!(run("readlink", "link").unwrap().trim(), directory.join("sub"));
    }

    #[test]
    fn ssh_is_called_as_restic_calls_it() {
        let command = |repository| sftp_command(repository, "/nowhere".into());
        assert_eq!(
            command("sftp:backup@example.com:/srv/shop").unwrap(),
            "ssh -F none backup@example.com -s sftp"
        );
        assert_eq!(
            command("sftp://backup@example.com:2222//srv").unwrap(),
            "ssh -F none -p 2222 backup@example.com -s sftp"
        );
        assert_eq!(command("sftp://example.com/srv").unwrap(), "ssh -F none example.com -s sftp");
        assert_eq!(command("/srv/backup"), None);
        assert_eq!(command("s3:s3.amazonaws.com/bucket"), None);
    }
}
