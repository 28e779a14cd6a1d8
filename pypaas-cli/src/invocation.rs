//! Who runs a command, from where, with which key, and in which words.

use pypaas_config::Permission;

use crate::command::Registration;

/// One use of the program.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    /// The name of an SSH key, or `local`.
    pub(crate) by: String,
    /// The address it came from; `None` for a command on the host itself.
    pub(crate) from: Option<String>,
    /// The key that was used; `None` for a command on the host itself, which nothing limits.
    pub(crate) key: Option<Key>,
    /// The words of the command, for the audit log.
    pub(crate) words: Vec<String>,
    /// All commands there are, for those that run or describe others.
    pub(crate) commands: &'static [Registration],
}

/// A key, as far as it limits what may be done with it.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// The only permissions that its key file gives it; `None`: all.
    pub(crate) only: Option<Vec<Permission>>,
}

impl Key {
    /// Returns whether its file gives it a permission.
    pub(crate) fn has(&self, permission: Permission) -> bool {
        let gives = |only: &Vec<Permission>| only.contains(&permission) || only.contains(&Permission::Admin);
        self.only.as_ref().is_none_or(gives)
    }
}

impl Invocation {
    /// A command on the host itself: whoever has a shell there may do everything.
    pub(crate) fn local(commands: &'static [Registration]) -> Self {
        Self {
            by: "local".to_owned(),
            from: None,
            key: None,
            words: std::env::args().skip(1).collect(),
            commands,
        }
    }
}
