//! The branches that `list` and `status` show.

use std::collections::BTreeMap;

use pypaas_config::BranchRef;
use pypaas_core::{Record, record, recorded_branches};

use crate::access::may_read;
use crate::failure::Failure;
use crate::installation::Installation;

/// Reads the records of those branches, configured or deployed, that are `wanted` and that the caller may see.
/// One that was never deployed has an empty record.
pub(super) fn read(
    installation: &Installation,
    wanted: impl Fn(&BranchRef) -> bool,
) -> Result<BTreeMap<BranchRef, Record>, Failure> {
    let platform = &installation.platform;
    let mut host = installation.host();
    let mut branches = recorded_branches(&mut host, &platform.layout)?;
    branches.extend(platform.configuration.branches().map(|(branch, _)| branch));
    branches.retain(|branch| wanted(branch) && may_read(installation, &branch.repo));
    let mut records = BTreeMap::new();
    for branch in branches {
        let record = record(&mut host, &platform.layout, &branch)?.unwrap_or_default();
        records.insert(branch, record);
    }
    Ok(records)
}
