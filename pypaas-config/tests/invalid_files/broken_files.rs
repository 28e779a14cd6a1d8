//! What still works when some files are wrong.

use camino::Utf8PathBuf;
use pypaas_config::{DomainName, RepoName, SourceFile, load, load_with};
use pypaas_runners::runner_types;

use crate::{SETTINGS, SHOP, load_files};

const TO_SHOP: &str = "locations: {/: {upstream: {repo: shop, branch: main, runner: web}}}\n";

fn names<'a, T: ToString + 'a>(names: impl IntoIterator<Item = &'a T>) -> Vec<String> {
    names.into_iter().map(T::to_string).collect()
}

#[test]
fn a_broken_repo_breaks_itself_only() {
    let loaded = load_files(&[("repo/blog.yml", "branches: x"), ("repo/shop.yml", SHOP)]);
    let configuration = loaded.configuration.unwrap();

    assert_eq!(names(configuration.repos.keys()), ["shop"]);
    assert_eq!(names(&configuration.broken_repos), ["blog"]);
}

#[test]
fn a_broken_domain_breaks_itself_only() {
    let loaded = load_files(&[
        ("repo/shop.yml", SHOP),
        ("domains/a.example.com.yml", TO_SHOP),
        ("domains/b.example.com.yml", "locations: ["),
        ("domains/c.example.com.yml", "locations: {/: {upstream: {repo: shop, branch: nope, runner: web}}}"),
    ]);
    let configuration = loaded.configuration.unwrap();

    assert_eq!(names(configuration.domains.keys()), ["a.example.com"]);
    assert_eq!(names(&configuration.broken_domains), ["b.example.com", "c.example.com"]);
}

#[test]
fn a_domain_that_leads_to_a_broken_repo_keeps_its_last_good_text() {
    let loaded = load_files(&[("repo/shop.yml", "branches: x"), ("domains/example.com.yml", TO_SHOP)]);
    let configuration = loaded.configuration.unwrap();

    assert!(configuration.domains.is_empty());
    assert_eq!(names(&configuration.broken_domains), ["example.com"]);
}

#[test]
fn a_broken_main_file_leaves_no_configuration_but_the_others_are_checked() {
    let loaded = load_files(&[("pypaas.yml", "ports: x"), ("repo/shop.yml", "branches: x")]);

    assert_eq!(loaded.configuration, None);
    assert_eq!(
        names(loaded.problems.iter().map(|problem| &problem.place.as_ref().unwrap().file)),
        ["pypaas.yml", "repo/shop.yml"]
    );
}

#[test]
fn a_missing_main_file_leaves_no_configuration() {
    let files = [SourceFile { path: "repo/shop.yml".into(), text: SHOP.into() }];
    let loaded = load(&files, &runner_types().for_loading());

    assert_eq!(loaded.configuration, None);
    assert_eq!(loaded.problems.len(), 1);
}

#[test]
fn a_repo_in_both_directories_is_broken_even_if_both_files_are_right() {
    let loaded = load_files(&[("repo/shop.yml", SHOP), ("repos/shop.yml", SHOP)]);
    let configuration = loaded.configuration.unwrap();

    assert_eq!(configuration.broken_repos, [RepoName::new("shop").unwrap()].into());
    assert!(configuration.repos.is_empty());
}

#[test]
fn a_domain_in_capital_letters_is_broken_under_its_right_name() {
    let loaded = load_files(&[("repo/shop.yml", SHOP), ("domains/Example.com.yml", TO_SHOP)]);
    let configuration = loaded.configuration.unwrap();

    assert_eq!(configuration.broken_domains, [DomainName::new("example.com").unwrap()].into());
}

#[test]
fn bytes_that_are_not_utf_8_are_placed() {
    let text = [SETTINGS.as_bytes(), b"ssl_config: \"caf\xe9\"\n"].concat();
    let loaded = load(&[SourceFile { path: "pypaas.yml".into(), text }], &[]);

    let problem = &loaded.problems[0];
    assert_eq!(problem.place.as_ref().unwrap().to_string(), format!("{}:2:17", problem.file().unwrap()));
    assert_eq!(problem.message, "the file is not valid UTF-8");
}

#[test]
fn a_file_of_nothing_but_mistakes_is_summed_up() {
    let mut text = SETTINGS.to_owned();
    (0..300).for_each(|number| text.push_str(&format!("key{number}: x\n")));
    let problems = load_files(&[("pypaas.yml", &text)]).problems;

    assert_eq!(problems.len(), 101);
    assert_eq!(problems[0].message, "200 more problems in this file");
}

#[test]
fn a_file_that_cannot_be_read_breaks_only_what_it_is_about() {
    let route = "locations: {/: {upstream: {repo: shop, branch: main, runner: web}}}";
    let readable = [("pypaas.yml", SETTINGS), ("repo/shop.yml", SHOP), ("domains/a.example.yml", route)];
    let unreadable = ["repo/blog.yml", "domains/b.example.yml", "repo/blog.yml~"];
    let paths: Vec<_> =
        readable.iter().map(|(path, _)| *path).chain(unreadable).map(Utf8PathBuf::from).collect();
    let loaded = load_with(&paths, &runner_types().for_loading(), |path| {
        let found = readable.iter().find(|(it, _)| *it == path);
        found.map(|(_, text)| text.as_bytes().to_vec()).ok_or("Permission denied (os error 13)")
    });
    let reports: Vec<_> = loaded.problems.iter().map(|problem| problem.report()).collect();
    insta::assert_snapshot!(reports.join("\n\n"), @"
    error: the file cannot be read: Permission denied (os error 13)
    --> domains/b.example.yml
     = help: it must be a regular file that the deploy user can read

    error: the file cannot be read: Permission denied (os error 13)
    --> repo/blog.yml
     = help: it must be a regular file that the deploy user can read

    warning: `repo/blog.yml~` is ignored: editor backups are not read
    --> repo/blog.yml~
    ");
    let configuration = loaded.configuration.unwrap();
    assert_eq!(configuration.broken_repos.iter().map(|it| it.as_str()).collect::<Vec<_>>(), ["blog"]);
    assert_eq!(configuration.broken_domains.iter().map(|it| it.as_str()).collect::<Vec<_>>(), ["b.example"]);
    assert_eq!((configuration.repos.len(), configuration.domains.len()), (1, 1));
}

#[test]
fn a_main_file_that_cannot_be_read_is_not_taken_for_a_missing_one() {
    let loaded = load_with(&["pypaas.yml".into()], &[], |_| Err("Is a directory (os error 21)"));
    assert!(loaded.configuration.is_none());
    let reports: Vec<_> = loaded.problems.iter().map(|problem| problem.report()).collect();
    insta::assert_snapshot!(reports.join("\n\n"), @"
    error: the file cannot be read: Is a directory (os error 21)
    --> pypaas.yml
     = help: it must be a regular file that the deploy user can read
    ");
}

#[test]
fn a_broken_domain_concerns_the_repos_it_names_and_all_when_that_is_not_known() {
    let to = |repo: &str| {
        format!("locations: {{/: {{upstream: {{repo: {repo}, branch: main, runner: web}}}}}}\nssl: x\n")
    };
    let loaded = load_files(&[
        ("repo/shop.yml", SHOP),
        ("repo/blog.yml", SHOP),
        ("domains/blog.example.yml", &to("blog")),
        ("domains/mistyped.example.yml", &to("shpo")),
        ("domains/shop.example.yml", &to("shop")),
        ("domains/torn.example.yml", "locations: {"),
        ("domains/right.example.yml", TO_SHOP),
    ]);
    let configuration = loaded.configuration.unwrap();
    let concerning = |repo: &str| names(configuration.broken_domains_of(&RepoName::new(repo).unwrap()));
    assert_eq!(concerning("shop"), ["mistyped.example", "shop.example", "torn.example"]);
    assert_eq!(concerning("blog"), ["blog.example", "mistyped.example", "torn.example"]);
}
