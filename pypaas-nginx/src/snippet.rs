//! Directives an admin wrote.

use pypaas_core::VirtualHost;

use crate::indent::dedent;
use crate::syntax::{self, WrittenDirective};
use crate::unprintable::Unprintable;

/// The text of an `nginx_extra_config` or its like: printed as it is, and known well enough to keep out of its way.
#[derive(Debug, Default)]
pub(crate) struct Snippet {
    /// The lines, moved to the left.
    pub(crate) text: String,
    directives: Vec<Vec<String>>,
    sources: Vec<String>,
    inner: Vec<WrittenDirective>,
}

impl Snippet {
    /// Reads the value of the key `key`; refuses one that would swallow what is printed after it.
    pub(crate) fn read(key: &str, text: Option<&str>) -> Result<Self, Unprintable> {
        let text = dedent(text.unwrap_or_default());
        if text.contains('\0') {
            return Err(Unprintable(format!("`{key}` holds a NUL character")));
        }
        let reading = syntax::read(&text);
        match reading.flaw {
            Some(flaw) => Err(Unprintable(format!("`{key}` {flaw}"))),
            None => Ok(Self {
                text,
                directives: reading.directives,
                sources: reading.sources,
                inner: reading.inner,
            }),
        }
    }

    /// Reads all that the admin wrote for a domain: in its servers, its locations, and in the runners that they lead to.
    pub(crate) fn all_of(host: &VirtualHost) -> Result<Vec<Self>, Unprintable> {
        let mut snippets = vec![
            Self::read("nginx_http_extra_config", host.frontend.http_extra.as_deref())?,
            Self::read("nginx_https_extra_config", host.frontend.https_extra.as_deref())?,
        ];
        for location in &host.locations {
            snippets.push(Self::read("nginx_extra_config", location.extra.as_deref())?);
            snippets.push(Self::read("nginx_extra_config", location.route.extra())?);
        }
        Ok(snippets)
    }

    /// Appends `other`.
    pub(crate) fn and(mut self, other: Self) -> Self {
        let between = if self.text.is_empty() || other.text.is_empty() { "" } else { "\n" };
        self.text = format!("{}{between}{}", self.text, other.text);
        self.directives.extend(other.directives);
        self.sources.extend(other.sources);
        self.inner.extend(other.inner);
        self
    }

    /// Returns whether it has the directive `directive` outside of inner blocks.
    pub(crate) fn sets(&self, directive: &str) -> bool {
        self.directives.iter().any(|words| words.first().is_some_and(|it| it == directive))
    }

    /// Lists the first values of `directive`, also in inner blocks.
    pub(crate) fn values_of<'a>(&'a self, directive: &'a str) -> impl Iterator<Item = &'a str> {
        let inner = self.inner.iter().map(|it| it.words.as_slice());
        let all = self.directives.iter().map(Vec::as_slice).chain(inner);
        all.filter_map(move |words| match words {
            [name, value, ..] if name == directive => Some(value.as_str()),
            _ => None,
        })
    }

    /// Lists the headers it adds outside of inner blocks, as they are written, but for those of `names`.
    pub(crate) fn headers_besides(&self, names: &[&str]) -> impl Iterator<Item = &str> {
        let is_wanted = move |words: &[String]| match words {
            [directive, name, ..] => {
                directive == "add_header" && !names.iter().any(|it| it.eq_ignore_ascii_case(name))
            }
            _ => false,
        };
        let all = self.directives.iter().zip(&self.sources);
        all.filter(move |(words, _)| is_wanted(words)).map(|(_, source)| source.as_str())
    }

    /// Returns whether it has `directive` for `name`, such as `proxy_set_header` for `Host`; case is ignored.
    pub(crate) fn sets_for(&self, directive: &str, name: &str) -> bool {
        self.directives.iter().any(|words| {
            let mut words = words.iter();
            words.next().is_some_and(|it| it == directive)
                && words.next().is_some_and(|it| it.eq_ignore_ascii_case(name))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_known() {
        let snippet =
            Snippet::read("k", Some("gzip on;\nproxy_set_header host x;\nif ($a) { expires 1h; }")).unwrap();
        assert!(snippet.sets("gzip") && !snippet.sets("expires"));
        assert!(snippet.sets_for("proxy_set_header", "Host") && !snippet.sets_for("proxy_set_header", "x"));
    }

    #[test]
    fn a_mistake_names_the_key() {
        let error = Snippet::read("nginx_extra_config", Some("gzip on")).unwrap_err();
        assert_eq!(error.to_string(), "`nginx_extra_config` has a directive without `;` at its end");
    }

    #[test]
    fn two_snippets_are_printed_one_after_the_other() {
        let read = |text| Snippet::read("k", Some(text)).unwrap();
        assert_eq!(read("a;\n").and(read("\n  b;")).text, "a;\nb;");
        assert_eq!(read("").and(read("b;")).text, "b;");
    }
}
