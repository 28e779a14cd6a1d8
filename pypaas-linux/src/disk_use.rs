//! How much of the disk a branch takes.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use camino::Utf8Path;
use pypaas_config::BranchRef;
use pypaas_core::Record;
use serde::Serialize;

use crate::LinuxHost;

/// What a branch takes, in bytes on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiskUse {
    /// The bare repository, which all branches of the repo share.
    pub repository: u64,
    /// The checkouts.
    pub checkouts: u64,
    /// `PYPAAS_CACHE_DIR`.
    pub cache: u64,
    /// `PYPAAS_DATA_DIR`.
    pub data: u64,
    /// What deploys and processes have said, and the history.
    pub logs: u64,
}

impl DiskUse {
    /// Adds up the sizes of the files of `branch`. What cannot be read counts as zero.
    pub fn of(host: &LinuxHost, branch: &BranchRef, record: &Record) -> Self {
        let layout = &host.layout;
        let services = record.deployed().flat_map(|it| it.services(branch));
        let service_logs = services.map(|service| size(&host.supervisor.log_directory(&service)));
        Self {
            repository: size(&layout.repo(&branch.repo)),
            checkouts: size(&layout.checkouts(branch)),
            cache: size(&layout.cache(branch)),
            data: size(&layout.data(branch)),
            logs: size(&layout.branch_state(branch)) + service_logs.sum::<u64>(),
        }
    }
}

fn size(path: &Utf8Path) -> u64 {
    size_of(path.as_std_path())
}

/// Adds up a file or directory with all below it. Links are not followed.
fn size_of(path: &Path) -> u64 {
    let Ok(found) = fs::symlink_metadata(path) else { return 0 };
    let own = found.blocks() * 512;
    if !found.is_dir() {
        return own;
    }
    let below = fs::read_dir(path).into_iter().flatten().flatten();
    own + below.map(|entry| size_of(&entry.path())).sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_links_lead_to_does_not_count() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap();
        fs::create_dir(path.join("in")).unwrap();
        let empty = size(path);
        fs::write(path.join("in/file"), vec![1; 100_000]).unwrap();
        std::os::unix::fs::symlink("/usr", path.join("in/link")).unwrap();
        let used = size(path) - empty;
        assert!((100_000..200_000).contains(&used), "{used}");
        assert_eq!(size(&path.join("nowhere")), 0);
    }
}
