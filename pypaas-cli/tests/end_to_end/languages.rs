//! Apps of several languages, as their own files say how they are built and run.

use crate::host;
use crate::shop::{Shop, assert_says};

/// Pushes two versions of `app`, whose branch says nothing, and returns the page of the second.
fn page_of_second_version(app: &str, build: &str) -> String {
    let shop = Shop::new(app, "");
    let first = shop.push().must_succeed();
    assert_says(&first, &format!("-----> Build with {build}\n"));
    assert!(shop.page().starts_with(&format!("{app} version 1")), "{}", shop.page());
    shop.push_version("2").must_succeed();
    shop.assert_settled();
    shop.page()
}

#[test]
fn a_go_module_is_compiled_and_its_program_runs() {
    assert_eq!(page_of_second_version("go-module", "go: found `go.mod`"), "go-module version 2\n");
}

#[test]
fn a_ruby_app_runs_under_bundler_for_production() {
    let page = page_of_second_version("ruby-bundler", "ruby: found `Gemfile.lock`");
    assert_eq!(page, "ruby-bundler version 2 in production\n");
}

#[test]
fn a_php_app_has_the_classes_that_composer_loads() {
    let page = page_of_second_version("php-composer", "php: found `composer.json`");
    assert_eq!(page, "php-composer version 2\n");
}

#[test]
fn a_hugo_site_is_built_and_its_folder_served() {
    let shop = Shop::new("hugo-site", "runners: {web: {type: NginxStatic, subdirectory: public}}");
    let pushed = shop.push().must_succeed();
    assert_says(&pushed, "-----> Build with hugo: found `hugo.toml`\n");
    assert_eq!(shop.page().trim(), "hugo-site version 1");
}

#[test]
fn a_toolchain_that_is_not_there_refuses_the_push_and_says_how_to_get_it() {
    let shop = Shop::live("dies-on-sigterm", crate::shop::NODE);
    let refused = shop.push_file("mix.exs", "").must_fail();
    assert_says(
        &refused,
        "  because `mix` is not installed on this host: install it with `apt install elixir`\n",
    );
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
}

#[test]
fn what_is_seen_and_not_used_is_said() {
    let shop = Shop::on(host::start(), "dies-on-sigterm", crate::shop::NODE);
    let plain = shop.push().must_succeed();
    assert_says(&plain, "       nothing is built: there is no file of python, ruby, ");

    for file in ["Dockerfile", "compose.yaml", "Procfile", ".nvmrc"] {
        shop.code.write(file, "web: nothing\n");
    }
    shop.code.write("requirements.txt", "");
    let several = shop.push_file("package.json", "{}").must_succeed();
    for said in [
        "       also found `package.json`, but python builds it; what node would run, `npm install ",
        "       `Dockerfile` is not used: apps run without containers; its `CMD` belongs behind `web: ` in a `Procfile`\n",
        "       `compose.yaml` is not used: write its services as lines of a `Procfile`; ",
        "       `Procfile` is not used: `runners` are configured; `runners: procfile` would use it\n",
        "       `.nvmrc` is not used: builds and processes use the version that the host has\n",
    ] {
        assert_says(&several, said);
    }
    assert!(!several.remote().contains("nothing is built"), "{several}");
}
