//! What this host's kernel has to confine a command with.

use landlock::{ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};

/// Which means hold here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Means {}

impl Means {
    /// Returns whether the kernel knows Landlock, and was booted with it.
    pub(super) fn has_landlock() -> bool {
        let ruleset = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
        ruleset.handle_access(AccessFs::from_all(ABI::V1)).and_then(Ruleset::create).is_ok()
    }
}
