//! Directives pypaas writes by itself.

use minijinja::{Value, context};

use crate::snippet::Snippet;

/// A directive with a fixed value, printed without quotes; `|safe` in a template is right for both halves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Directive {
    /// Such as `proxy_read_timeout`.
    pub(crate) name: &'static str,
    /// Such as `1h`.
    pub(crate) value: &'static str,
}

impl Directive {
    /// Makes a directive.
    pub(crate) const fn new(name: &'static str, value: &'static str) -> Self {
        Self { name, value }
    }
}

impl From<Directive> for Value {
    fn from(Directive { name, value }: Directive) -> Self {
        context! { name, value }
    }
}

/// Keeps those of `directives` that none of `snippets` sets: nginx refuses a second one in the same block.
pub(crate) fn unless_set(directives: &[Directive], snippets: &[&Snippet]) -> Vec<Directive> {
    let set = |directive: &Directive| snippets.iter().any(|snippet| snippet.sets(directive.name));
    directives.iter().filter(|directive| !set(directive)).copied().collect()
}
