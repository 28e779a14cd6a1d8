//! Looking through a directory that nginx is to serve.

use std::fs::{self, File};
use std::io::{self, Read};

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_core::{Site, SiteContents};

/// Above this size a file is taken to differ from its predecessor: comparing would take longer than it saves.
const LARGEST_COMPARED: u64 = 16 << 20;

/// Looks through `site` of `checkout`. A file that has the same content as in `former`, an earlier checkout, gets its date, so that
/// nginx gives both the same `ETag`. Links are not followed: nginx does not follow them either.
pub(super) fn inspect(
    site: &Site,
    checkout: &Utf8Path,
    former: Option<&Utf8Path>,
) -> io::Result<SiteContents> {
    let root = checkout.join(&site.subdirectory);
    if !fs::metadata(&root).is_ok_and(|found| found.is_dir()) {
        return Ok(SiteContents::default());
    }
    let has_index = fs::metadata(root.join(&site.index)).is_ok_and(|found| found.is_file());
    let mut private = Vec::new();
    let former = former.map(|former| former.join(&site.subdirectory)).filter(|it| is_directory(it));
    let walked = Walked { root: &root, runs_scripts: site.runs_scripts };
    walk(walked, &root, former, &mut private)?;
    private.sort();
    Ok(SiteContents { is_there: true, has_index, private })
}

/// What is looked through.
#[derive(Debug, Clone, Copy)]
struct Walked<'a> {
    root: &'a Utf8Path,
    /// Whether nginx passes requests for PHP files on, and serves nothing of the packages of the project.
    runs_scripts: bool,
}

/// Directories of packages of a project.
const PACKAGES: [&str; 2] = ["node_modules", "vendor"];

fn walk(
    walked: Walked<'_>,
    directory: &Utf8Path,
    former: Option<Utf8PathBuf>,
    private: &mut Vec<String>,
) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        // nginx serves no other hidden files.
        if name.starts_with('.') && name != ".well-known" {
            continue;
        }
        let path = directory.join(&name);
        let relative = path.strip_prefix(walked.root).unwrap_or(&path);
        let before = former.as_ref().map(|former| former.join(&name));
        let kind = entry.file_type()?;
        if walked.runs_scripts
            && kind.is_dir()
            && directory == walked.root
            && PACKAGES.contains(&name.as_str())
        {
            continue;
        }
        if kind.is_dir() && name == "node_modules" {
            private.push(format!("{relative}/"));
        } else if kind.is_dir() {
            walk(walked, &path, before.filter(|it| is_directory(it)), private)?;
        } else if kind.is_file() {
            if is_private(&path, walked.runs_scripts)? {
                private.push(relative.to_string());
            }
            if let Some(before) = before {
                keep_date(&path, &before)?;
            }
        }
    }
    Ok(())
}

fn is_directory(path: &Utf8Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

/// Returns whether a file looks like one that nobody wants to publish: PHP source, which nginx would send as text, a private key, a
/// database.
fn is_private(path: &Utf8Path, runs_scripts: bool) -> io::Result<bool> {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    Ok(match extension.as_str() {
        "php" | "phtml" | "phar" => !runs_scripts,
        "sqlite3" => true,
        "pem" | "key" => holds_key(path)?,
        _ => matches!(path.file_name(), Some("id_rsa" | "id_ecdsa" | "id_ed25519")),
    })
}

fn holds_key(path: &Utf8Path) -> io::Result<bool> {
    let mut begin = Vec::new();
    File::open(path)?.take(64 << 10).read_to_end(&mut begin)?;
    Ok(String::from_utf8_lossy(&begin).contains("PRIVATE KEY-----"))
}

/// Gives a file the date of `before` if that is a file with the same content.
fn keep_date(path: &Utf8Path, before: &Utf8Path) -> io::Result<()> {
    let Ok(old) = fs::symlink_metadata(before) else { return Ok(()) };
    let length = fs::symlink_metadata(path)?.len();
    if !old.is_file()
        || old.len() != length
        || length > LARGEST_COMPARED
        || fs::read(path)? != fs::read(before)?
    {
        return Ok(());
    }
    File::open(path)?.set_modified(old.modified()?)
}
