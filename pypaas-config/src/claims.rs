//! The names that domains claim: each can belong to one only, for nginx serves the first and ignores the others.

use std::collections::BTreeMap;

use crate::DomainName;
use crate::finding::{Finding, Findings, quote};
use crate::place::Place;

/// A name, and where it is claimed: in a list, or by the name of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) name: DomainName,
    pub(crate) place: Place,
}

/// Reports names that are claimed twice. A file's own name counts before what others list.
pub(crate) fn check(claims: &[Claim], findings: &mut Findings) {
    let (files, lists): (Vec<_>, Vec<_>) = claims.iter().partition(|claim| claim.place.span.is_none());
    let mut first: BTreeMap<&DomainName, Place> = BTreeMap::new();
    for claim in files {
        // Two files of one name are told when they are read.
        first.entry(&claim.name).or_insert(claim.place);
    }
    for Claim { name, place } in lists {
        match first.get(name) {
            Some(earlier) => findings.add(
                Finding::error(*place, format!("the name {} is taken", quote(name.as_str())))
                    .label("nginx would ignore it here")
                    .also(*earlier, if earlier.span.is_some() { "taken here" } else { "" }),
            ),
            None => drop(first.insert(name, *place)),
        }
    }
}
