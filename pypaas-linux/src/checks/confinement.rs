//! Whether this host's kernel can keep apps apart, and how well.

use camino::Utf8Path;
use pypaas_config::Severity;

use super::Diagnostic;
use crate::confine::Means;

/// Looks for what the kernel lacks.
pub(super) fn check(program: &Utf8Path) -> Vec<Diagnostic> {
    diagnostics(Means::of_this_host(program))
}

fn diagnostics(means: Means) -> Vec<Diagnostic> {
    let warning = |message: &str, fix: &str| {
        Diagnostic::new(Severity::Warning, "confinement", message, fix).not_blocking()
    };
    if !means.namespaces && !means.files {
        return vec![Diagnostic::new(
            Severity::Error,
            "confinement",
            "apps cannot be confined, so none starts: this kernel has no Landlock and allows no user namespaces",
            "boot with `lsm=landlock,…`, or allow user namespaces; `confine: false` on a branch does without",
        )];
    }
    let mut found = Vec::new();
    if !means.namespaces {
        found.push(warning(
            "user namespaces are not allowed: apps can connect to sockets of the host's programs, such as `systemd-run \
             --user`, change the mode of each other's files, and find out which files exist",
            "set `user.max_user_namespaces` and `kernel.unprivileged_userns_clone` above 0; under AppArmor allow `userns` \
             to pypaas",
        ));
    }
    if !means.files {
        found.push(warning(
            "this kernel has no Landlock: apps can signal each other and listen on each other's ports",
            "boot with `lsm=landlock,…`; Debian's kernels have it",
        ));
    } else if !means.signals {
        let ports = if means.ports { "" } else { " and listen on each other's ports" };
        found.push(warning(
            &format!("this kernel's Landlock does not limit signals: apps can signal each other{ports}"),
            "use Linux 6.12 or newer, as in Debian 13",
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_missing_means_is_reported_with_what_it_allows() {
        let all = Means { namespaces: true, files: true, ports: true, signals: true };
        assert_eq!(diagnostics(all), []);

        let messages =
            |means| diagnostics(means).into_iter().map(|it| it.message).collect::<Vec<_>>().join("\n");
        let bookworm = messages(Means { ports: false, signals: false, ..all });
        assert_eq!(
            bookworm,
            "this kernel's Landlock does not limit signals: apps can signal each other and listen on each other's ports"
        );
        assert!(
            messages(Means { namespaces: false, ..all }).starts_with("user namespaces are not allowed: ")
        );
        assert!(
            messages(Means { files: false, ports: false, signals: false, ..all }).contains("has no Landlock")
        );

        let nothing = diagnostics(Means { namespaces: false, files: false, ports: false, signals: false });
        assert_eq!((nothing.len(), nothing[0].blocks_deploys), (1, true));
    }
}
