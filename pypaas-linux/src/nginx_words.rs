//! What nginx says, on standard error and in its error log.

use pypaas_core::host::{Version, WebServerError};

/// Reads the version from `nginx version: nginx/1.22.1`.
pub(super) fn version(text: &str) -> Option<Version> {
    let rest = text.lines().find_map(|line| line.strip_prefix("nginx version: "))?;
    let number = rest.split_once('/')?.1.split(|c: char| c != '.' && !c.is_ascii_digit()).next()?;
    let mut parts = number.split('.').map(str::parse);
    let mut next = || parts.next()?.ok();
    Some(Version(next()?, next()?, next()?))
}

/// Returns whether nginx was built with a module, from the arguments of `configure`.
pub(super) fn has_module(text: &str, module: &str) -> bool {
    let arguments = text.lines().find_map(|line| line.strip_prefix("configure arguments: "));
    let wanted = format!("--with-{module}");
    arguments.is_some_and(|arguments| arguments.split(' ').any(|argument| argument == wanted))
}

/// Reads what nginx objects to: `nginx: [emerg] unknown directive "gzipp" in /etc/nginx/x.conf:7`. `None` when it
/// objects to nothing.
pub(super) fn rejection(text: &str) -> Option<WebServerError> {
    let message = text.lines().find_map(|line| Some(line.split_once("[emerg] ")?.1)).map(without_number)?;
    let (message, place) = match message.rsplit_once(" in /") {
        Some((message, place)) if names_a_line(place) => (message, Some(format!("/{place}"))),
        _ => (message, None),
    };
    Some(WebServerError::Rejected { message: message.to_owned(), place })
}

/// Returns whether the only thing that nginx lacks is the right to bind a port: it has accepted its files then.
pub(super) fn only_lacks_a_low_port(text: &str) -> bool {
    let mut errors = text.lines().filter_map(|line| Some(line.split_once("[emerg] ")?.1)).map(without_number);
    let is_refused =
        |error: &str| error.starts_with("bind() to ") && error.contains("(13: Permission denied)");
    text.contains(" syntax is ok") && errors.next().is_some_and(is_refused) && errors.all(is_refused)
}

/// Returns the message of a line of the error log, such as
/// `2026/11/22 10:00:00 [emerg] 42#42: bind() to 0.0.0.0:80 failed (98: Address already in use)`, if it is grave and the
/// process `master` wrote it.
pub(super) fn grave_error_of(line: &str, master: u32) -> Option<String> {
    let message = line.split_once("[emerg] ")?.1.strip_prefix(&format!("{master}#{master}: "))?;
    Some(message.to_owned())
}

/// Returns whether after this message nginx gives a reload up. It tries five times to bind, half a second apart.
pub(super) fn is_final(message: &str) -> bool {
    !message.starts_with("bind() to ") && !message.starts_with("listen() to ")
}

/// Takes away `42#42: `, which precedes a message that also goes to the log.
pub(super) fn without_number(message: &str) -> &str {
    match message.split_once(": ") {
        Some((number, rest))
            if number.contains('#') && number.chars().all(|c| c.is_ascii_digit() || c == '#') =>
        {
            rest
        }
        _ => message,
    }
}

fn names_a_line(place: &str) -> bool {
    place
        .rsplit_once(':')
        .is_some_and(|(_, line)| !line.is_empty() && line.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(text: &str) -> (String, Option<String>) {
        match rejection(text) {
            Some(WebServerError::Rejected { message, place }) => (message, place),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(version("nginx version: nginx/1.22.1\n"), Some(Version(1, 22, 1)));
        assert_eq!(version("nginx version: nginx/1.18.0 (Ubuntu)\n"), Some(Version(1, 18, 0)));
        assert_eq!(version("nginx version: openresty/1.21.4.1\n"), Some(Version(1, 21, 4)));
        assert_eq!(version("nginx: not found"), None);
    }

    #[test]
    fn modules_are_known() {
        let text =
            "nginx version: nginx/1.22.1\nconfigure arguments: --with-http_ssl_module --with-http_v2_module";
        assert!(has_module(text, "http_v2_module"));
        assert!(!has_module(text, "http_gzip_static_module"));
    }

    #[test]
    fn the_place_of_a_mistake_is_told_from_the_message() {
        let text = "nginx: [alert] could not open error log file: open() \"/x\" failed\n\
            nginx: [emerg] unknown directive \"gzipp\" in /home/d in d/shop.conf:7\n\
            nginx: configuration file /etc/nginx/nginx.conf test failed\n";
        let place = Some("/home/d in d/shop.conf:7".to_owned());
        assert_eq!(rejected(text), ("unknown directive \"gzipp\"".to_owned(), place));
    }

    #[test]
    fn a_missing_certificate_is_named_in_the_message() {
        let text =
            "2026/11/22 10:00:00 [emerg] 42#42: cannot load certificate \"/c/x.crt\": BIO_new_file() failed";
        let message = "cannot load certificate \"/c/x.crt\": BIO_new_file() failed".to_owned();
        assert_eq!(rejected(text), (message, None));
    }

    #[test]
    fn a_low_port_is_not_about_the_files() {
        let accepted = "nginx: the configuration file /h/nginx/edge.conf syntax is ok\n\
            nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)\n\
            nginx: configuration file /h/nginx/edge.conf test failed\n";
        assert!(only_lacks_a_low_port(accepted));
        assert!(!only_lacks_a_low_port(&accepted.replace("syntax is ok", "")));
        assert!(!only_lacks_a_low_port(&accepted.replace("13: Permission denied", "99: Cannot assign")));
        assert!(!only_lacks_a_low_port("nginx: the configuration file /h/nginx/edge.conf syntax is ok\n"));
    }

    #[test]
    fn only_the_masters_own_errors_count() {
        let line = "2026/11/22 10:00:00 [emerg] 42#42: still could not bind()";
        assert_eq!(grave_error_of(line, 42).as_deref(), Some("still could not bind()"));
        assert_eq!(grave_error_of(line, 2), None);
        assert_eq!(grave_error_of("2026/11/22 10:00:00 [notice] 42#42: exiting", 42), None);
    }
}
