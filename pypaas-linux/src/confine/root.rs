//! The root directory of a confined command.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;

use camino::{Utf8Path, Utf8PathBuf};
use nix::mount::MsFlags;
use pypaas_core::Confinement;

use super::{ConfineError, failed, mounts};

/// Where it is put together: a directory that is on every host.
const PLACE: &str = "/tmp";

/// What of the system is seen, as far as it is there. Not what hosts keep for themselves or others: `/home`, `/root`, `/run`,
/// `/srv`, `/mnt`, `/media`, `/boot`, and the rest of `/var`.
pub(super) const SYSTEM: [&str; 14] = [
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/usr",
    "/etc",
    "/opt",
    "/nix",
    "/var/lib",
    "/var/cache",
    "/proc",
    "/sys",
];

/// The devices that are no hardware.
pub(super) const DEVICES: [&str; 6] =
    ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];

/// The directories that are the command's own, whatever is in the host's.
pub(super) const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];

/// Links below `/dev` that programs expect.
const DEVICE_LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

const PLAIN: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV);

/// Makes the root directory that `confinement` describes, and enters it. Needs a mount namespace of its own.
pub(super) fn make(confinement: &Confinement) -> Result<(), ConfineError> {
    let found = |path: &Utf8PathBuf| {
        let real = path.canonicalize_utf8().map_err(failed(format!("find `{path}`")))?;
        Ok((path.clone(), real))
    };
    // Links lead nowhere once the old root is elsewhere.
    let readable: Vec<_> = confinement.readable.iter().map(found).collect::<Result<_, ConfineError>>()?;
    let writable: Vec<_> = confinement.writable.iter().map(found).collect::<Result<_, ConfineError>>()?;
    let (_, temporary) = found(&confinement.temporary)?;
    let resolver = Utf8Path::new("/etc/resolv.conf").canonicalize_utf8().ok();

    let root = Root::begin().map_err(failed(format!("mount a root directory on {PLACE}")))?;
    for path in SYSTEM.map(Utf8Path::new) {
        root.show_system(path).map_err(failed(format!("show {path}")))?;
    }
    root.show_devices().map_err(failed("show /dev"))?;
    root.show_resolver(resolver.as_deref()).map_err(failed("show what resolves names"))?;
    for path in &confinement.hidden {
        root.hide(path).map_err(failed(format!("hide `{path}`")))?;
    }
    for path in TEMPORARY.map(Utf8Path::new) {
        root.bind(&temporary, path).map_err(failed(format!("mount {path}")))?;
    }
    for (path, real) in &readable {
        root.show(real, path).map_err(failed(format!("show `{path}`")))?;
    }
    for (path, real) in &writable {
        root.bind(real, path).map_err(failed(format!("show `{path}`")))?;
    }
    root.enter().map_err(failed("enter its root directory"))
}

/// A root directory that is being put together, as it and the old one are seen meanwhile.
struct Root {
    new: &'static Utf8Path,
    old: &'static Utf8Path,
}

impl Root {
    /// Mounts a directory for both, and makes it the root.
    fn begin() -> io::Result<Self> {
        mounts::make("tmpfs", Utf8Path::new(PLACE), PLAIN, "mode=755,size=1m")?;
        env::set_current_dir(PLACE)?;
        fs::create_dir("old")?;
        fs::create_dir("new")?;
        mounts::exchange_root(Utf8Path::new("."), "old")?;
        let it = Self { new: Utf8Path::new("/new"), old: Utf8Path::new("/old") };
        mounts::make("tmpfs", it.new, PLAIN, "mode=755,size=1m")?;
        Ok(it)
    }

    /// Shows a directory of the system, or the link that it is.
    fn show_system(&self, path: &Utf8Path) -> io::Result<()> {
        match fs::symlink_metadata(within(self.old, path)) {
            Err(_) => Ok(()),
            Ok(found) if found.is_symlink() => {
                symlink(fs::read_link(within(self.old, path))?, within(self.new, path))
            }
            Ok(_) => self.show(path, path),
        }
    }

    /// Mounts the old root's `source` at `path`, read-only.
    fn show(&self, source: &Utf8Path, path: &Utf8Path) -> io::Result<()> {
        self.bind(source, path)?;
        mounts::make_read_only(&within(self.new, path))
    }

    /// Mounts the old root's `source` at `path`.
    fn bind(&self, source: &Utf8Path, path: &Utf8Path) -> io::Result<()> {
        let (source, target) = (within(self.old, source), within(self.new, path));
        if !target.try_exists()? {
            if source.is_dir() {
                fs::create_dir_all(&target)?;
            } else {
                target.parent().map_or(Ok(()), fs::create_dir_all)?;
                fs::File::create(&target)?;
            }
        }
        mounts::bind(&source, &target)
    }

    /// Empties a directory that is shown as part of another one.
    fn hide(&self, path: &Utf8Path) -> io::Result<()> {
        let target = within(self.new, path);
        if !target.is_dir() {
            return Ok(());
        }
        mounts::make("tmpfs", &target, PLAIN, "mode=755,size=1m")
    }

    /// Makes a `/dev` without hardware, other users' terminals and their shared memory.
    fn show_devices(&self) -> io::Result<()> {
        let devices = within(self.new, Utf8Path::new("/dev"));
        for directory in ["shm", "pts"] {
            fs::create_dir_all(devices.join(directory))?;
        }
        for device in DEVICES.map(Utf8Path::new) {
            self.bind(device, device)?;
        }
        for (name, target) in DEVICE_LINKS {
            symlink(target, devices.join(name))?;
        }
        mounts::make("tmpfs", &devices.join("shm"), PLAIN, "mode=1777")?;
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
        mounts::make("devpts", &devices.join("pts"), flags, "newinstance,ptmxmode=0666,mode=620")
    }

    /// `/etc/resolv.conf` is often a link to what another program writes below `/run`.
    fn show_resolver(&self, file: Option<&Utf8Path>) -> io::Result<()> {
        fs::create_dir_all(within(self.new, Utf8Path::new("/run")))?;
        fs::create_dir_all(within(self.new, Utf8Path::new("/var")))?;
        symlink("/run", within(self.new, Utf8Path::new("/var/run")))?;
        match file.and_then(Utf8Path::parent) {
            Some(directory) if directory.starts_with("/run/") => self.show(directory, directory),
            _ => Ok(()),
        }
    }

    fn enter(&self) -> io::Result<()> {
        mounts::replace_root(self.new)?;
        mounts::make_read_only(Utf8Path::new("/"))
    }
}

/// Finds an absolute path below another root.
fn within(root: &Utf8Path, path: &Utf8Path) -> Utf8PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}
