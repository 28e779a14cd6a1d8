//! The units of systemd.

use camino::{Utf8Path, Utf8PathBuf};

/// A unit and its file.
pub(super) struct Unit {
    /// The file.
    pub(super) path: Utf8PathBuf,
    /// What is in it.
    pub(super) text: String,
}

/// The supervisor's unit.
pub(super) const SUPERVISOR: &str = "pypaas.service";
/// The unit that restores at boot what was live.
pub(super) const BOOT: &str = "pypaas-boot.service";

/// Where administrators' units are.
const DIRECTORY: &str = "/etc/systemd/system";

/// Returns the file of a unit.
pub(super) fn file(name: &str) -> Utf8PathBuf {
    Utf8Path::new(DIRECTORY).join(name)
}

/// Returns all units.
pub(super) fn all(user: &str, home: &Utf8Path, program: &Utf8Path) -> Vec<Unit> {
    let supervisor = format!(
        "# written by pypaas setup; put changes into {DIRECTORY}/{SUPERVISOR}.d/
[Unit]
Description=Apps deployed by pypaas
After=network.target

[Service]
User={user}
ExecStart=/usr/bin/svscan {home}/services
Restart=always
# Restarting the supervisor does not restart the apps.
KillMode=process
# The user may divide the memory and the processors among the apps.
Delegate=yes
# nginx may listen on the ports 80 and 443. Apps do not keep this right.
AmbientCapabilities=CAP_NET_BIND_SERVICE
LimitNOFILE=16384

[Install]
WantedBy=multi-user.target
"
    );
    let boot = format!(
        "# written by pypaas setup; put changes into {DIRECTORY}/{BOOT}.d/
[Unit]
Description=Restore the apps that were live before the last shutdown
After={SUPERVISOR}

[Service]
Type=oneshot
User={user}
ExecStart=-{program} apply

[Install]
WantedBy=multi-user.target
"
    );
    vec![Unit { path: file(SUPERVISOR), text: supervisor }, Unit { path: file(BOOT), text: boot }]
}
