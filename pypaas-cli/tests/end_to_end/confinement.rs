//! What confined code can do, and that nothing of what it is used to is missing.

use std::fs;

use crate::shop::{NODE, Shop, assert_says};

#[test]
fn the_home_and_temporary_directories_are_the_apps_own_and_outlive_a_deploy() {
    let shop = Shop::new(
        "dies-on-sigterm",
        &format!("{NODE}, hooks: {{build: 'echo kept >~/file; mktemp; echo $TMPDIR; ls -A /tmp ~'}}"),
    );

    shop.push().must_succeed();
    let second = shop.push_version("2").must_succeed();

    assert_says(&second, "       /tmp/tmp.");
    let own = shop.sandbox.home().join("cache/shop/main");
    assert_eq!(fs::read_to_string(own.join("home/file")).unwrap(), "kept\n");
    let temporary = fs::read_dir(own.join("tmp")).unwrap().flatten();
    let names: Vec<String> = temporary.filter_map(|it| it.file_name().into_string().ok()).collect();
    assert_eq!(names.iter().filter(|name| name.starts_with("tmp.")).count(), 2, "{names:?}");
    let at_home =
        shop.sandbox.pypaas(&["run", "shop", "main", "--", "sh", "-c", "cat ~/file"]).must_succeed();
    assert_eq!(at_home.stdout, "kept\n");
}

#[test]
fn shared_paths_can_be_used_and_read_only_ones_only_read() {
    let shop = Shop::new("static-site", "runners: {web: {type: NginxStatic}}");
    let root = shop.sandbox.root().to_owned();
    for name in ["photos", "music"] {
        fs::create_dir(root.join(name)).unwrap();
        fs::write(root.join(name).join("one"), name).unwrap();
    }
    let shares = format!("share: [{root}/photos, '{root}/music:ro', {root}/single]");
    fs::write(root.join("single"), "single").unwrap();
    shop.configure(&format!("runners: {{web: {{type: NginxStatic}}}}, {shares}"));
    shop.push().must_succeed();

    let run = |line: &str| shop.sandbox.pypaas(&["run", "shop", "main", "--", "sh", "-c", line]);
    let read = run(&format!(
        "cd {root} && cat photos/one music/one single && echo two >photos/two && echo x >>single"
    ));
    assert_eq!(read.must_succeed().stdout, "photosmusicsingle");
    assert_eq!(fs::read_to_string(root.join("photos/two")).unwrap(), "two\n");
    for refused in ["echo two >music/two", "rm music/one", "chmod 600 music/one", "mv photos/one music/"] {
        run(&format!("cd {root} && {refused}")).must_fail();
    }
    assert_eq!(fs::read_dir(root.join("music")).unwrap().count(), 1);

    shop.configure(&format!("runners: {{web: {{type: NginxStatic}}}}, share: [{root}/nowhere]"));
    let missing = run("true").must_fail();
    assert_says(&missing, &format!("error: cannot find `{root}/nowhere`\n  because No such file"));
}

#[test]
fn a_process_is_what_the_supervisor_started_and_no_other_process_is_needed() {
    let shop = Shop::live("dies-on-sigterm", NODE);

    let processes = shop.sandbox.app_processes();

    assert_eq!(processes.len(), 1, "{processes:?}");
    let status =
        fs::read(shop.sandbox.home().join("services-real/shop+main+web+0+a/supervise/status")).unwrap();
    let supervised = u32::from_le_bytes(status[12..16].try_into().unwrap());
    assert_eq!(processes[0].pid, supervised);
    let open = fs::read_dir(format!("/proc/{supervised}/fd")).unwrap().flatten();
    let inherited = open.filter_map(|it| fs::read_link(it.path()).ok());
    let files: Vec<_> = inherited.filter(|target| target.starts_with(shop.sandbox.root())).collect();
    assert!(files.is_empty(), "nothing of the host is left open: {files:?}");
}

#[test]
fn the_ports_that_a_process_may_listen_on_are_its_own_and_those_the_kernel_chooses() {
    let shop = Shop::live("dies-on-sigterm", NODE);
    let listen = |port: u16| {
        let script =
            format!("import socket; it = socket.socket(); it.bind(('127.0.0.1', {port})); it.listen()");
        shop.sandbox.pypaas(&["run", "shop", "main", "--", "python3", "-c", &script])
    };

    listen(0).must_succeed();
    let refused = listen(*shop.sandbox.app_ports().end()).must_fail();

    assert_says(&refused, "PermissionError");
    assert_eq!(shop.page(), "dies-on-sigterm version 1\n");
}
