//! Does nginx take what is printed, without a warning?

use camino::Utf8PathBuf;

use crate::fixtures::{self, app, upstream};
use crate::instance::Instance;

/// Writes all fixtures below `instance`.
fn write_all(instance: &Instance) {
    instance.certify("shop.example");
    instance.add_main(26, 8);
    instance.add_upstream(&upstream(&[61500, 61501]));
    instance.add_upstream(&fixtures::socket_upstream(&instance.machine));
    for (name, host) in fixtures::all(&instance.machine) {
        instance.add_host(name, &host);
    }
}

#[test]
fn every_fixture_is_taken_by_nginx_without_a_warning() {
    let instance = Instance::new();
    write_all(&instance);
    assert_eq!(instance.test(), "");
}

/// Leaves all fixtures in the directory that `PYPAAS_NGINX_FIXTURES` names, for other checkers than nginx itself.
#[test]
fn every_fixture_can_be_left_for_other_checkers() {
    if let Ok(directory) = std::env::var("PYPAAS_NGINX_FIXTURES") {
        let instance = Instance::in_directory(Utf8PathBuf::from(directory));
        write_all(&instance);
        assert_eq!(instance.test(), "");
    }
}

#[test]
fn a_thousand_domains_of_two_hundred_characters_need_no_warning() {
    let label = "x".repeat(60);
    let names = |n: u32| format!("{n:014}.{label}.{label}.{label}.no");
    let instance = Instance::new();
    for number in 0..1_000 {
        let name = names(number);
        assert_eq!(name.len(), 200);
        instance.add_host(&number.to_string(), &instance.machine.domain(&name, vec![app("/")]));
    }
    instance.add_upstream(&upstream(&[61500]));
    instance.add_main(200, 1_000);
    instance.write("test.crt", "");
    assert_eq!(instance.test(), "");
}

#[test]
fn names_that_just_fit_the_default_hash_need_no_warning() {
    let instance = Instance::new();
    for number in 0..32 {
        let name = format!("{number:02}{}.example", "x".repeat(36));
        assert_eq!(name.len(), 46);
        instance.add_host(&number.to_string(), &instance.machine.domain(&name, vec![app("/")]));
    }
    instance.add_upstream(&upstream(&[61500]));
    instance.add_main(46, 32);
    assert_eq!(instance.test(), "");
}
