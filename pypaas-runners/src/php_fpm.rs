//! The command that starts PHP's FastCGI process manager, with a configuration file of its own.

use crate::php_version::{self, Minor};

/// Prints the shell commands that write php-fpm's configuration and become it, for `processes` workers at most.
///
/// The configuration is beside the socket: each slot has its own, made anew at each start, and no other app sees either.
///
/// - It runs the php-fpm of the same version as `php`, which Composer used; if there is none, the newest.
/// - Messages of PHP and of workers go to the app's log, and not to nginx's (`fastcgi.logging`).
/// - Workers have the environment of the app (`clear_env`) and its user. Only where the deploy user is root, as in a container, php-fpm
///   demands `user` and the option `-R`.
/// - Sessions survive deploys. PHP removes old ones itself, because Debian's job for that does not look there.
pub(crate) fn command(processes: u16) -> String {
    let spare = processes.div_ceil(2).min(4);
    format!(
        r#"for fpm in "php-fpm$(php -r 'echo PHP_MAJOR_VERSION.".".PHP_MINOR_VERSION;' 2>/dev/null)" {names}; do
  command -v "$fpm" >/dev/null && break
done
files="${{SOCKET%/*}}" sessions="$PYPAAS_CACHE_DIR/php-sessions"
mkdir -p "$sessions"
user= root=
[ "$(id -u)" != 0 ] || {{ user='user = root'; root=-R; }}
cat >"$files/php-fpm.conf" <<END
[global]
daemonize = no
error_log = /proc/self/fd/2
log_limit = 8192
[app]
$user
listen = "$SOCKET"
listen.mode = 0600
pm = dynamic
pm.max_children = {processes}
pm.start_servers = 1
pm.min_spare_servers = 1
pm.max_spare_servers = {spare}
clear_env = no
catch_workers_output = yes
decorate_workers_output = no
security.limit_extensions = .php
php_value[session.save_path] = "$sessions"
php_value[session.gc_probability] = 1
php_admin_flag[log_errors] = on
END
exec "$fpm" --nodaemonize $root --fpm-config "$files/php-fpm.conf" -d cgi.fix_pathinfo=0 -d fastcgi.logging=0"#,
        names = names(None).join(" "),
    )
}

/// Lists the names that the program has, as Debian names it after its version, newest first: those of versions that satisfy
/// `constraint`. The name without a version may be of any.
pub(crate) fn names(constraint: Option<&str>) -> Vec<String> {
    let accepted = |minor: &Minor| constraint.is_none_or(|it| php_version::accepts(it, *minor));
    let versions = (7..=9).rev().flat_map(|major| (0..=9).rev().map(move |minor| (major, minor)));
    let mut names: Vec<String> =
        versions.filter(accepted).map(|(major, minor)| format!("php-fpm{major}.{minor}")).collect();
    if constraint.is_none() || names.is_empty() {
        names.push("php-fpm".to_owned());
    }
    names
}
