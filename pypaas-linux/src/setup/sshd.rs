//! Whether sshd lets the deploy user in with a key.

/// Says what in the output of `sshd -T` keeps `user` out.
pub(super) fn objections(settings: &str, user: &str, groups: &[String]) -> Vec<String> {
    let values = |key: &str| {
        let lines =
            settings.lines().filter_map(move |line| line.split_once(' ').filter(|(name, _)| *name == key));
        lines.map(|(_, value)| value.trim()).collect::<Vec<_>>()
    };
    let names = |key: &str, own: &dyn Fn(&str) -> bool| values(key).iter().any(|value| own(value));
    let is_user = |pattern: &str| pattern == "*" || pattern.split('@').next() == Some(user);
    let is_group = |pattern: &str| pattern == "*" || groups.iter().any(|group| group == pattern);
    let mut found = Vec::new();
    for (key, word, own) in [
        ("allowusers", "AllowUsers", &is_user as &dyn Fn(&str) -> bool),
        ("allowgroups", "AllowGroups", &is_group),
    ] {
        if !values(key).is_empty() && !names(key, own) {
            found.push(format!("sshd does not let `{user}` in: add it to `{word}` in /etc/ssh/sshd_config."));
        }
    }
    for (key, word, own) in [
        ("denyusers", "DenyUsers", &is_user as &dyn Fn(&str) -> bool),
        ("denygroups", "DenyGroups", &is_group),
    ] {
        if names(key, own) {
            found.push(format!(
                "sshd does not let `{user}` in: it is named by `{word}` in /etc/ssh/sshd_config."
            ));
        }
    }
    if values("pubkeyauthentication") == ["no"] {
        found
            .push("sshd accepts no keys: set `PubkeyAuthentication yes` in /etc/ssh/sshd_config.".to_owned());
    }
    let files = values("authorizedkeysfile");
    if !files.is_empty()
        && !files.iter().any(|it| it.split(' ').any(|file| file.ends_with(".ssh/authorized_keys")))
    {
        found.push(format!(
            "sshd does not read ~/.ssh/authorized_keys: add it to `AuthorizedKeysFile` in /etc/ssh/sshd_config, at least for `{user}`."
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(settings: &str) -> Vec<String> {
        objections(settings, "deploy", &["deploy".to_owned(), "www".to_owned()])
    }

    #[test]
    fn the_usual_settings_let_everybody_in() {
        let usual = "port 22\npubkeyauthentication yes\nauthorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2\n";
        assert_eq!(ask(usual), Vec::<String>::new());
        assert_eq!(
            ask("allowusers admin\nallowusers deploy@10.0.0.0/8\nallowgroups www\n"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_keeps_the_user_out_is_named_with_its_setting() {
        for (setting, word) in [
            ("allowusers admin", "AllowUsers"),
            ("allowgroups wheel", "AllowGroups"),
            ("denyusers deploy", "DenyUsers"),
            ("denygroups www", "DenyGroups"),
            ("pubkeyauthentication no", "PubkeyAuthentication"),
            ("authorizedkeysfile /etc/ssh/keys/%u", "AuthorizedKeysFile"),
        ] {
            let found = ask(setting);
            assert!(found.len() == 1 && found[0].contains(word), "{setting}: {found:?}");
        }
    }
}
