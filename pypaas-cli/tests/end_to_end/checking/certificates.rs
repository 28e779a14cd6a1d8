//! What `check` and a push say of certificates.

use super::*;

#[test]
fn a_certificate_that_is_not_there_is_found() {
    let nowhere: Utf8PathBuf = "/no/where.crt".into();
    let (sandbox, site) = with_certificate(|sandbox| Certificate {
        certificate: nowhere,
        ..sandbox.certificate("site.example")
    });
    let message = "the certificate of `site.example` cannot be read: `/no/where.crt`: No such file";
    let mend = "put it there, or name another file in `ssl_certificate` of domains/site.example.yml";
    must_find(&sandbox, ERRORS, message, mend);
    must_refuse(&sandbox, &site, message, mend);
}

#[test]
fn a_private_key_that_is_not_there_is_found() {
    let nowhere: Utf8PathBuf = "/no/where.key".into();
    let (sandbox, site) =
        with_certificate(|sandbox| Certificate { key: nowhere, ..sandbox.certificate("site.example") });
    let message = "the private key of `site.example` cannot be read: `/no/where.key`: No such file";
    let mend = "put it there, or name another file in `ssl_certificate_key` of domains/site.example.yml";
    must_find(&sandbox, ERRORS, message, mend);
    must_refuse(&sandbox, &site, message, mend);
}

#[test]
fn a_chain_that_is_not_there_is_found() {
    let (sandbox, site) = with_certificate(|sandbox| sandbox.certificate("site.example"));
    let text = sandbox.read_config("domains/site.example.yml");
    sandbox
        .write_config("domains/site.example.yml", &format!("{text}ssl_certificate_chain: /no/chain.pem\n"));
    let message =
        "the chain of trusted certificates of `site.example` cannot be read: `/no/chain.pem`: No such file";
    let mend = "put it there, or name another file in `ssl_certificate_chain` of domains/site.example.yml";
    must_find(&sandbox, ERRORS, message, mend);
    must_refuse(&sandbox, &site, message, mend);
}

#[test]
fn a_file_that_is_no_certificate_is_found() {
    let (sandbox, site) = with_certificate(|sandbox| {
        let files = sandbox.certificate("site.example");
        fs::write(&files.certificate, "not a certificate").unwrap();
        files
    });
    let message = "the certificate of `site.example`, `";
    let mend =
        "put the certificate there, or name another file in `ssl_certificate` of domains/site.example.yml";
    let found = must_find(&sandbox, ERRORS, message, mend);
    assert_says(&found, ".crt`, is not a certificate in PEM form\n");
    must_refuse(&sandbox, &site, message, mend);
}

#[test]
fn a_key_that_cannot_be_used_is_found() {
    let (sandbox, _) = with_certificate(|sandbox| {
        let files = sandbox.certificate("site.example");
        let encrypt = ["pkey", "-in", files.key.as_str(), "-aes256", "-passout", "pass:secret"];
        let mut openssl = Command::new("openssl");
        let key = files.key.with_extension("encrypted.key");
        assert!(openssl.args(encrypt).args(["-out", key.as_str()]).status().unwrap().success());
        Certificate { key, ..files }
    });
    let found = must_find(
        &sandbox,
        ERRORS,
        "the private key of `site.example`, `",
        "put the key there, or name another file in `ssl_certificate_key` of domains/site.example.yml",
    );
    assert_says(&found, ".key`, is not a private key without a passphrase\n");
}

#[test]
fn a_certificate_of_another_key_is_found() {
    let (sandbox, site) = with_certificate(|sandbox| {
        let key = sandbox.certificate("other.example").key;
        Certificate { key, ..sandbox.certificate("site.example") }
    });
    let mend = "both must be of one pair; in a file of several certificates the domain's own comes first";
    let found = must_find(&sandbox, ERRORS, "the certificate of `site.example`, `", mend);
    assert_says(&found, ".crt`, is not of the key `");
    must_refuse(&sandbox, &site, "the certificate of `site.example`, `", mend);
}

#[test]
fn a_certificate_of_another_name_is_found_and_stops_no_push() {
    let (sandbox, site) = with_certificate(|sandbox| sandbox.certificate("other.example"));
    let found = must_find(
        &sandbox,
        ERRORS,
        "the certificate of `site.example`, `",
        "get one that names `site.example` among its alternative names\n",
    );
    assert_says(&found, "`, does not name `site.example`: clients will refuse it\n");
    let told = site.push("version 1").must_succeed().remote();
    assert!(told.contains("     ! warning: the certificate of `site.example`, `"), "{told}");
}

#[test]
fn a_wildcard_certificate_names_the_domains_below() {
    let (sandbox, _) = with_certificate(|sandbox| sandbox.certificate("*.site.example"));
    let text = sandbox.read_config("domains/site.example.yml");
    sandbox.remove_config("domains/site.example.yml");
    for name in ["www.site.example", "*.site.example"] {
        sandbox.write_config(&format!("domains/{name}.yml"), &text);
    }
    sandbox.pypaas(&["check"]).must_succeed();
}

#[test]
fn a_certificate_must_name_aliases_and_what_is_redirected_too() {
    let (sandbox, _) = with_certificate(|sandbox| sandbox.certificate("site.example"));
    let text = sandbox.read_config("domains/site.example.yml");
    sandbox.write_config("domains/site.example.yml", &format!("{text}redirect: www.site.example\n"));
    must_find(
        &sandbox,
        ERRORS,
        "the certificate of `site.example`, `",
        "get one that names `www.site.example` among its alternative names\n",
    );
}

#[test]
fn a_certificate_that_ends_soon_is_found() {
    let (sandbox, site) = with_certificate(|sandbox| sandbox.certificate_for_days("site.example", 20));
    let found = must_find(&sandbox, WARNINGS, "the certificate of `site.example`, `", "renew it; ");
    assert_says(&found, ", in 19 days\n");
    site.push("version 1").must_succeed();
}

#[test]
fn a_certificate_that_has_ended_is_found_and_stops_no_push() {
    let (sandbox, site) = with_certificate(|sandbox| sandbox.certificate_for_days("site.example", -1));
    let found = must_find(&sandbox, ERRORS, "the certificate of `site.example`, `", "renew it; ");
    assert_says(&found, ".crt`, ended on ");
    site.push("version 1").must_succeed();
}

#[test]
fn a_certificate_that_only_nginx_can_read_is_judged_by_what_nginx_serves() {
    let (sandbox, site) = with_certificate(|sandbox| sandbox.certificate_for_days("site.example", 5));
    site.push("version 1").must_succeed();
    let directory = sandbox.root().join("certificates");
    fs::set_permissions(&directory, Permissions::from_mode(0o000)).unwrap();
    let found = if rustix::process::geteuid().is_root() {
        // Root reads everything, so somebody else has to look.
        fs::set_permissions(sandbox.root(), Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::chown(sandbox.home(), Some(super::NOBODY), None).unwrap();
        sandbox.pypaas_as("nobody", &["check"])
    } else {
        sandbox.pypaas(&["check"])
    };
    fs::set_permissions(&directory, Permissions::from_mode(0o755)).unwrap();
    assert_says(&found, "warning: the certificate of `site.example`, `");
    assert_says(&found, ", in 4 days\n");
}
