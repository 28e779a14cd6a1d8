//! The names that domains claim: each can belong to one only, for nginx serves the first and ignores the others.

use std::collections::BTreeMap;

use crate::DomainName;
use crate::finding::{Finding, Findings, quote};
use crate::span::Span;

/// A name, and where it is claimed: in a list, or by the name of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameUse {
    pub(crate) name: DomainName,
    pub(crate) span: Span,
}

/// Reports names that are claimed twice. A file's own name counts before what others list.
pub(crate) fn check(name_uses: &[NameUse], findings: &mut Findings) {
    let (files, lists): (Vec<_>, Vec<_>) =
        name_uses.iter().partition(|name_use| name_use.span.bytes.is_none());
    let mut first: BTreeMap<&DomainName, Span> = BTreeMap::new();
    for name_use in files {
        // Two files of one name are told when they are read.
        first.entry(&name_use.name).or_insert(name_use.span);
    }
    for NameUse { name, span } in lists {
        match first.get(name) {
            Some(earlier) => findings.add(
                Finding::error(*span, format!("the name {} is taken", quote(name.as_str())))
                    .label("nginx would ignore it here")
                    .also(*earlier, if earlier.bytes.is_some() { "taken here" } else { "" }),
            ),
            None => drop(first.insert(name, *span)),
        }
    }
}
