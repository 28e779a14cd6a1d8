//! What else than a commit on a branch `git push` sends: tags, objects of other kinds, other refs.

use pypaas_sandbox::Outcome;

use crate::host;
use crate::shop::assert_says;
use crate::site::Site;

#[test]
fn tags_are_stored_beside_the_branch_that_is_deployed_and_alone_they_deploy_nothing() {
    let sandbox = host::start();
    let site = Site::configure(&sandbox, &sandbox.client("laptop"), "shop");
    site.push("1").must_succeed();
    let git = |words: &[&str]| site.worktree.git(words).must_succeed();
    let page = || sandbox.get("shop.example", "/").text();
    let push = |options: &[&str], refs: &[&str]| site.worktree.push_with(options, "shop", refs);

    git(&["commit", "--quiet", "--allow-empty", "-m", "2"]);
    site.worktree.write("public/index.html", "2");
    site.worktree.commit("2");
    git(&["tag", "--annotate", "-m", "two", "v2"]);
    git(&["tag", "light"]);
    let pushed = push(&["--follow-tags"], &["main"]).must_succeed();
    assert_says(&pushed, "-----> Release 2 is live after ");
    assert_says(&pushed, "note: tag `v2` is stored and not deployed; ");
    assert_eq!(page(), "2");

    git(&["commit", "--quiet", "--allow-empty", "-m", "3"]);
    git(&["tag", "main"]);
    push(&["--tags"], &[]).must_succeed();
    let how = "`git push <remote> 'light^{commit}:<branch>'`";
    push(&["--force"], &["refs/tags/light:refs/tags/v2"]).must_succeed();
    let listed = git(&["ls-remote", "--refs", "pypaas:shop"]).stdout;
    for name in ["heads/main", "tags/light", "tags/main", "tags/v2"] {
        assert!(listed.contains(&format!("refs/{name}\n")), "{listed}");
    }
    assert_says(&push(&["--force"], &["light"]), "Everything up-to-date");
    assert_says(
        &push(&[], &[":light"]).must_succeed(),
        "note: tag `light` is deleted; no branch is changed\n",
    );
    assert_says(&push(&[], &["light"]).must_succeed(), how);

    // A tag with the name of a branch hides the branch from nothing.
    assert_eq!(page(), "2");
    sandbox.pypaas(&["rebuild", "shop", "main"]).must_succeed();
    assert_eq!(page(), "2");
    push(&[], &["light^{commit}:refs/heads/main"]).must_succeed();
    push(&[], &["HEAD:refs/heads/main"]).must_succeed();
    assert_says(&sandbox.pypaas(&["list"]).must_succeed(), " \"3\", ");
}

#[test]
fn what_is_no_commit_is_refused_as_a_branch_before_anything_is_built_and_nothing_is_recorded() {
    let sandbox = host::start();
    let site = Site::configure(&sandbox, &sandbox.client("laptop"), "shop");
    site.worktree.write("public/index.html", "1");
    site.worktree.commit("1");
    site.worktree.git(&["tag", "--annotate", "-m", "one", "v1"]).must_succeed();
    site.worktree.git(&["tag", "--annotate", "-m", "of a tag", "nested", "v1"]).must_succeed();
    let push = |what: &str| -> Outcome { site.worktree.push("shop", &[what]) };

    for tag in ["v1", "nested"] {
        let refused = push(&format!("{tag}:refs/heads/main")).must_fail();
        assert_says(
            &refused,
            &format!(
                "error: branch `main` cannot point to the annotated tag `{tag}`, only to a commit\n\
                 hint: push the tag's commit: `git push <remote> '{tag}^{{commit}}:main'`\n"
            ),
        );
        assert!(!refused.remote().contains("deploying"), "{refused}");
    }
    let tree = push("v1^{tree}:refs/heads/main").must_fail();
    assert_says(&tree, "error: branch `main` cannot point to the tree ");
    assert_says(&tree, "hint: push a commit: `git push <remote> HEAD:main`\n");
    for other in ["refs/notes/commits", "refs/remotes/origin/main"] {
        let refused = push(&format!("HEAD:{other}")).must_fail();
        assert_says(&refused, &format!("error: `{other}` is neither a branch nor a tag; "));
        assert_says(&refused, "hint: name what to push: `git push <remote> <branch>`\n");
    }
    assert_says(
        &sandbox.pypaas(&["releases", "shop", "main"]).must_succeed(),
        "nothing was tried on shop main yet\n",
    );
    push("v1^{commit}:refs/heads/main").must_succeed();
    assert_eq!(sandbox.get("shop.example", "/").text(), "1");
}
