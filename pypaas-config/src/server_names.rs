//! The check that no two domains use the same name; nginx would serve the first and ignore the others.

use std::collections::BTreeMap;

use crate::DomainName;
use crate::finding::{Finding, Findings, quote};
use crate::span::Span;

/// A server name and the position where it is used: in a list, or as the name of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameUse {
    pub(crate) name: DomainName,
    pub(crate) span: Span,
}

/// Reports names that are used twice. The name of a file takes precedence over lists in other files.
pub(crate) fn check(name_uses: &[NameUse], findings: &mut Findings) {
    let (files, lists): (Vec<_>, Vec<_>) =
        name_uses.iter().partition(|name_use| name_use.span.bytes.is_none());
    let mut first: BTreeMap<&DomainName, Span> = BTreeMap::new();
    for name_use in files {
        // Two files with the same name are reported when they are read.
        first.entry(&name_use.name).or_insert(name_use.span);
    }
    for NameUse { name, span } in lists {
        match first.get(name) {
            Some(earlier) => findings.add(
                Finding::error(*span, format!("the name {} is already in use", quote(name.as_str())))
                    .label("nginx would ignore it here")
                    .also(*earlier, if earlier.bytes.is_some() { "used here" } else { "" }),
            ),
            None => drop(first.insert(name, *span)),
        }
    }
}
