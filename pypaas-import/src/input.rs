//! What an import reads: files of the app, and what the other tool printed.

/// A text, and the name that messages give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its path in the app's directory, or the file that was named on the command line.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// All that is known of an app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    /// Those of [`Tool::files`](crate::Tool::files) that the app has.
    pub app: Vec<Source>,
    /// The values of its environment, as the tool printed them.
    pub config: Option<Source>,
    /// Its domains, as the tool printed them.
    pub domains: Option<Source>,
    /// The numbers of its processes, as the tool printed them.
    pub scale: Option<Source>,
}

impl Input {
    /// Returns the app's file at `path`.
    pub(crate) fn file(&self, path: &str) -> Option<&Source> {
        self.app.iter().find(|it| it.name == path)
    }
}
