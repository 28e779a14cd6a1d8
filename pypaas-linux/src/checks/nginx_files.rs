//! nginx's own configuration files, read as far as this user may: do they include our directory, and what is in its way.

use std::collections::BTreeSet;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use glob::{MatchOptions, Pattern};
use pypaas_nginx::directives;

/// More files than any nginx of ours includes; a circle of includes ends here.
const MOST_FILES: usize = 5_000;

/// How nginx matches names: as glob(3) does.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// The name of a file that pypaas writes, for patterns to match or not.
const EXAMPLE: &str = "shop.example.com.conf";

/// Where nginx reads its configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NginxFiles {
    main: Utf8PathBuf,
}

/// Whether a directory's files are included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Inclusion {
    /// In the http block.
    Included,
    /// Nowhere.
    Missing {
        /// The main file, in which the line should be.
        main: Utf8PathBuf,
    },
    /// Where server blocks are not allowed.
    Misplaced {
        /// The file with the line.
        place: Utf8PathBuf,
        /// The block around it; empty outside of all blocks.
        block: String,
    },
    /// Not all files could be read.
    Unknown,
}

/// A server of somebody else's that answers for unknown hosts, as only one of each address can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ForeignDefault {
    /// The file it is in.
    pub(super) file: Utf8PathBuf,
    /// Where it listens, such as `0.0.0.0:80`.
    pub(super) endpoint: String,
}

/// What was found on the way.
#[derive(Default)]
struct Found {
    seen: BTreeSet<(Utf8PathBuf, String)>,
    defaults: Vec<ForeignDefault>,
    included: bool,
    misplaced: Option<(Utf8PathBuf, String)>,
    unreadable: bool,
}

impl NginxFiles {
    /// Takes the main file from what a successful `nginx -t` says: whatever the command is, that is what nginx reads.
    pub(super) fn named_in(said: &str) -> Option<Self> {
        let main = said.lines().find_map(|line| {
            line.strip_prefix("nginx: the configuration file ")?.strip_suffix(" syntax is ok")
        })?;
        Some(Self { main: Utf8PathBuf::from(main) })
    }

    /// Finds the main file from the words that start nginx, and from what `nginx -V` says is built in.
    pub(super) fn of(command: &[String], built_in: &str) -> Option<Self> {
        let arguments = built_in.lines().find_map(|line| line.strip_prefix("configure arguments: "));
        let default = |option: &str| {
            let mut words = arguments.unwrap_or_default().split(' ');
            words.find_map(|word| word.strip_prefix(option)).map(Utf8PathBuf::from)
        };
        let prefix = path_of(command, "-p").or_else(|| default("--prefix="))?;
        let main = path_of(command, "-c").or_else(|| default("--conf-path="))?;
        Some(Self { main: prefix.join(main) })
    }

    /// Returns whether a file in `directory` would be read as part of the http block, and which servers in other files answer
    /// for unknown hosts.
    pub(super) fn survey(&self, directory: &Utf8Path) -> (Inclusion, Vec<ForeignDefault>) {
        let mut found = Found::default();
        self.read(&self.main, "", &real(directory), &mut found);
        let defaults = std::mem::take(&mut found.defaults);
        let inclusion = match found {
            Found { included: true, .. } => Inclusion::Included,
            Found { misplaced: Some((place, block)), .. } => Inclusion::Misplaced { place, block },
            Found { unreadable: true, .. } => Inclusion::Unknown,
            _ => Inclusion::Missing { main: self.main.clone() },
        };
        (inclusion, defaults)
    }

    /// Reads `file`, which stands inside of the block `around` (nothing: of none).
    fn read(&self, file: &Utf8Path, around: &str, directory: &Utf8Path, found: &mut Found) {
        if found.seen.len() > MOST_FILES || !found.seen.insert((file.to_owned(), around.to_owned())) {
            return;
        }
        let Ok(text) = fs::read(file) else {
            found.unreadable = true;
            return;
        };
        for directive in directives(&String::from_utf8_lossy(&text)) {
            let pattern = match directive.words.as_slice() {
                [name, pattern] if name == "include" => pattern,
                [name, address, options @ ..] if name == "listen" => {
                    if options.iter().any(|it| matches!(it.as_str(), "default_server" | "default")) {
                        let endpoint = endpoint(address);
                        found.defaults.push(ForeignDefault { file: file.to_owned(), endpoint });
                    }
                    continue;
                }
                _ => continue,
            };
            let block = directive.within.last().map_or(around, String::as_str);
            // Relative paths are relative to the main file's directory.
            let pattern = self.main.parent().unwrap_or(&self.main).join(pattern);
            if matches_files_of(&pattern, directory) {
                match block {
                    "http" => found.included = true,
                    other => found.misplaced = Some((file.to_owned(), other.to_owned())),
                }
                continue;
            }
            for path in glob::glob_with(pattern.as_str(), OPTIONS).into_iter().flatten().flatten() {
                if let Ok(path) = Utf8PathBuf::try_from(path) {
                    self.read(&path, block, directory, found);
                }
            }
        }
    }
}

/// Returns the path behind `option` in the words that start nginx.
fn path_of(words: &[String], option: &str) -> Option<Utf8PathBuf> {
    let at = words.iter().position(|word| word == option)?;
    words.get(at + 1).map(Utf8PathBuf::from)
}

/// Spells out where a `listen` listens: `80`, `*:80` and `0.0.0.0` are all `0.0.0.0:80`.
fn endpoint(address: &str) -> String {
    let is_port = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match address.rsplit_once(':') {
        _ if is_port(address) => format!("0.0.0.0:{address}"),
        Some(("*", port)) if is_port(port) => format!("0.0.0.0:{port}"),
        Some((_, port)) if is_port(port) => address.to_owned(),
        _ => format!("{address}:80"),
    }
}

/// Returns whether `pattern` stands for the files in `directory`, which may go by another name in it.
fn matches_files_of(pattern: &Utf8Path, directory: &Utf8Path) -> bool {
    let (Some(parent), Some(name)) = (pattern.parent(), pattern.file_name()) else { return false };
    let spelled = Pattern::new(name).is_ok_and(|name| name.matches_with(EXAMPLE, OPTIONS));
    let matched = |path: &Utf8Path| {
        Pattern::new(path.as_str()).is_ok_and(|it| it.matches_with(directory.as_str(), OPTIONS))
    };
    spelled && (real(parent) == directory || matched(parent))
}

fn real(path: &Utf8Path) -> Utf8PathBuf {
    path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inclusion(main: &str, more: &[(&str, &str)]) -> Inclusion {
        let directory = tempfile::tempdir().unwrap();
        let root = real(directory.path().try_into().unwrap());
        fs::create_dir_all(root.join("conf.d")).unwrap();
        fs::create_dir_all(root.join("nginx.d")).unwrap();
        for (name, text) in more.iter().chain(&[("nginx.conf", main)]) {
            fs::write(root.join(name), text.replace("ROOT", root.as_str())).unwrap();
        }
        let files = NginxFiles { main: root.join("nginx.conf") };
        match files.survey(&root.join("nginx.d")).0 {
            Inclusion::Missing { .. } => Inclusion::Missing { main: "".into() },
            Inclusion::Misplaced { place, block } => {
                Inclusion::Misplaced { place: place.file_name().unwrap().into(), block }
            }
            other => other,
        }
    }

    #[test]
    fn the_line_is_found_wherever_it_may_stand() {
        for line in ["include ROOT/nginx.d/*.conf;", "include nginx.d/*;", "include 'ROOT/nginx.*/*.conf';"] {
            assert_eq!(
                inclusion(&format!("events {{}}\nhttp {{ gzip on;\n{line} }}"), &[]),
                Inclusion::Included
            );
        }
        let below = [("conf.d/a.conf", "# x\ninclude ROOT/nginx.d/*.conf;")];
        assert_eq!(inclusion("http { include conf.d/*.conf; }", &below), Inclusion::Included);
    }

    #[test]
    fn a_line_that_does_not_count_is_not_taken_for_it() {
        let missing = Inclusion::Missing { main: "".into() };
        for text in [
            "http { }",
            "http { # include ROOT/nginx.d/*.conf;\n }",
            "http { include nginx.d/shop.conf; }",
            "http { include nginx.d/*.txt; }",
            "http { include other/*.conf; }",
        ] {
            assert_eq!(inclusion(text, &[]), missing, "{text}");
        }
        let server = Inclusion::Misplaced { place: "nginx.conf".into(), block: "server".into() };
        assert_eq!(inclusion("http { server { include nginx.d/*.conf; } }", &[]), server);
        let circle = [("conf.d/a.conf", "include conf.d/*.conf;")];
        assert_eq!(inclusion("http { include conf.d/*.conf; }", &circle), missing);
    }

    #[test]
    fn endpoints_are_spelled_out() {
        for (address, spelled) in [
            ("80", "0.0.0.0:80"),
            ("*:8080", "0.0.0.0:8080"),
            ("127.0.0.1", "127.0.0.1:80"),
            ("[::]:443", "[::]:443"),
            ("[::1]", "[::1]:80"),
        ] {
            assert_eq!(endpoint(address), spelled);
        }
    }

    #[test]
    fn the_main_file_is_the_one_nginx_reads() {
        let built_in = "nginx version: nginx/1.22.1\nconfigure arguments: --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf";
        let main = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            NginxFiles::of(&words, built_in).unwrap().main
        };
        assert_eq!(main(&["sudo", "/usr/sbin/nginx"]), "/etc/nginx/nginx.conf");
        assert_eq!(main(&["nginx", "-p", "/srv", "-c", "n.conf"]), "/srv/n.conf");
        assert_eq!(main(&["nginx", "-c", "/srv/n.conf"]), "/srv/n.conf");
        let said = "nginx: the configuration file /srv/own.conf syntax is ok\nnginx: configuration file /srv/own.conf test is successful\n";
        assert_eq!(NginxFiles::named_in(said).unwrap().main, "/srv/own.conf");
    }
}
