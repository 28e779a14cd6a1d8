//! Which of the pushed refs are deployed, which are only stored, and which are refused.

use pypaas_config::BranchRef;
use pypaas_core::CommitId;
use pypaas_linux::git::{Kind, kind_of};

use crate::failure::Failure;
use crate::installation::Installation;
use crate::terminal;

/// A pushed ref that pypaas takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ref<'a> {
    /// A branch, by its name.
    Branch(&'a str),
    /// A tag, by its name. It is stored and deploys nothing: `git push --follow-tags` and `--tags` send tags beside branches.
    Tag(&'a str),
}

impl<'a> Ref<'a> {
    /// Reads a ref's full name; refuses what is neither a branch nor a tag, such as `refs/notes/commits`.
    pub(super) fn read(reference: &'a str) -> Result<Self, Failure> {
        let branch = reference.strip_prefix("refs/heads/").map(Self::Branch);
        branch.or_else(|| reference.strip_prefix("refs/tags/").map(Self::Tag)).ok_or_else(|| {
            Failure::new(
                format!(
                    "`{reference}` is neither a branch nor a tag; branches are deployed, tags are stored"
                ),
                "name what to push: `git push <remote> <branch>`",
            )
        })
    }
}

/// Says that a tag was not deployed.
pub(super) fn note_tag(tag: &str, is_deleted: bool) {
    terminal::err(&match is_deleted {
        true => format!("note: tag `{tag}` is deleted; no branch is changed\n"),
        false => format!(
            "note: tag `{tag}` is stored and not deployed; to deploy it: `git push <remote> '{tag}^{{commit}}:<branch>'`\n"
        ),
    });
}

/// Refuses what git would not store as a branch after its deploy: anything but a commit.
pub(super) fn refuse_other_than_commit(
    installation: &Installation,
    branch: &BranchRef,
    object: &CommitId,
) -> Result<(), Failure> {
    let repo = installation.platform.layout.repo(&branch.repo);
    let branch = &branch.branch;
    let kind = kind_of(&repo, object).map_err(Failure::from_cause)?;
    let (what, hint) = match kind {
        Kind::Commit => return Ok(()),
        Kind::Tag(tag) => (
            format!("the annotated tag `{tag}`"),
            format!("push the tag's commit: `git push <remote> '{tag}^{{commit}}:{branch}'`"),
        ),
        Kind::Other(kind) => (
            format!("the {kind} {}", object.short()),
            format!("push a commit: `git push <remote> HEAD:{branch}`"),
        ),
    };
    Err(Failure::new(format!("branch `{branch}` cannot point to {what}, only to a commit"), hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ref_is_a_branch_or_a_tag_or_is_refused() {
        assert_eq!(Ref::read("refs/heads/feature/x").unwrap(), Ref::Branch("feature/x"));
        assert_eq!(Ref::read("refs/tags/v1").unwrap(), Ref::Tag("v1"));
        for other in ["refs/notes/commits", "refs/remotes/origin/main", "refs/heads"] {
            assert!(Ref::read(other).unwrap_err().text().contains(other));
        }
    }
}
