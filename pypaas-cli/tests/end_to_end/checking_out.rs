//! A checkout is what git would have written.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use camino::Utf8Path;

use crate::host;
use crate::shop::Shop;

const STATIC: &str = "runners: {web: {type: NginxStatic}}";

/// Reads a directory as git sees it: each file's mode and bytes, each link's target.
fn read(directory: &Utf8Path) -> BTreeMap<String, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in next.read_dir_utf8().unwrap() {
            let path = entry.unwrap().into_path();
            let metadata = path.symlink_metadata().unwrap();
            let mode = metadata.permissions().mode();
            let content = match (metadata.is_dir(), metadata.is_symlink()) {
                (true, _) if path.file_name() == Some(".git") => continue,
                (true, _) => {
                    directories.push(path.clone());
                    Vec::new()
                }
                (_, true) => path.read_link_utf8().unwrap().into_string().into_bytes(),
                _ => fs::read(&path).unwrap(),
            };
            found.insert(path.strip_prefix(directory).unwrap().to_string(), (mode, content));
        }
    }
    found.retain(|path, _| path != ".git" && !path.ends_with("/.git"));
    found
}

/// Asserts that the one checkout holds what a clone holds.
#[track_caller]
fn assert_like_a_clone(shop: &Shop) -> BTreeMap<String, (u32, Vec<u8>)> {
    let clone = ["clone", "--quiet", "--recurse-submodules", "pypaas:shop", "--branch", "main", "clone"];
    shop.sandbox.client("reader").git(&clone).must_succeed();
    let expected = read(&shop.code.directory().parent().unwrap().parent().unwrap().join("reader/clone"));
    let checkouts = shop.checkouts();
    assert_eq!(checkouts.len(), 1, "{checkouts:?}");
    let written = read(&checkouts[0]);
    for (path, file) in &expected {
        let shown = |file: Option<&(u32, Vec<u8>)>| {
            file.map(|(mode, bytes)| format!("{mode:o} {:?}", String::from_utf8_lossy(bytes)))
        };
        assert_eq!(shown(written.get(path)), shown(Some(file)), "{path}");
    }
    assert_eq!(written.len(), expected.len());
    written
}

#[test]
fn links_executable_bits_line_endings_and_strange_names_are_written_as_git_writes_them() {
    let shop = Shop::new("static-site", STATIC);
    let code = &shop.code;
    code.link("link", "public/index.html");
    code.link("public/up", "../public");
    code.link("dangling", "no/such/file");
    code.link("absolute", "/etc/hostname");
    code.write_executable("bin/run", "#!/bin/sh\n");
    code.write("bin/not", "#!/bin/sh\n");
    code.write("empty", "");
    code.write("two\nlines and 'quotes' \"$x\" ä 名", "strange\n");
    code.write("-rf", "an option\n");
    code.write("A/case", "upper\n");
    code.write("a/case", "lower\n");
    code.write("binary", [0, 159, 146, 150, 13, 10, 0]);
    code.write("windows.bat", "echo one\necho two\n");
    code.write("unix.sh", "echo one\r\necho two\n");
    code.write("kept.txt", "one\r\ntwo\n");
    code.write("stamped.txt", "$Id$\n");
    code.write("utf16.txt", [0xff, 0xfe, b'a', 0, b'\n', 0]);
    code.write("not-in-archives.txt", "here\n");
    code.write(
        ".gitattributes",
        "*.bat text eol=crlf\n*.sh text eol=lf\nkept.txt -text\nnot-in-archives.txt export-ignore\n",
    );
    code.commit("Everything");

    shop.push().must_succeed();
    let written = assert_like_a_clone(&shop);
    assert_eq!(written["windows.bat"].1, b"echo one\r\necho two\r\n");
    assert_eq!(written["unix.sh"].1, b"echo one\necho two\n");
    assert_eq!(written["bin/run"].0 & 0o111, 0o111);
    assert!(written.contains_key("not-in-archives.txt"));

    // These only the git program knows.
    let attributes = "*.bat text eol=crlf\nstamped.txt ident\nutf16.txt working-tree-encoding=UTF-16LE-BOM\n";
    code.write(".gitattributes", attributes);
    code.commit("Attributes that gix does not know");
    code.push("shop", &["main"]).must_succeed();
    fs::remove_dir_all(code.directory().parent().unwrap().parent().unwrap().join("reader")).unwrap();
    let written = assert_like_a_clone(&shop);
    assert!(written["stamped.txt"].1.starts_with(b"$Id: "));
}

#[test]
fn submodules_are_checked_out_with_their_own() {
    let sandbox = host::start();
    sandbox.write_config("repo/library.yml", &format!("branches: {{main: {{{STATIC}}}}}"));
    sandbox.write_config("repo/deeper.yml", &format!("branches: {{main: {{{STATIC}}}}}"));
    let shop = Shop::on(sandbox, "static-site", STATIC);
    let client = shop.sandbox.client("librarian");
    // The deploy user fetches as anybody does: with a key, from a host that its ssh knows.
    let ssh = format!("[core]\n\tsshCommand = ssh -F {}\n", client.ssh_config());
    fs::write(shop.sandbox.home().join(".gitconfig"), ssh).unwrap();

    let deeper = client.worktree("deeper");
    deeper.write("deep.txt", "deep\n");
    deeper.commit("Deeper");
    deeper.push("deeper", &["main"]).must_succeed();
    let library = client.worktree("library");
    library.write("book.txt", "one\n");
    library.git(&["submodule", "--quiet", "add", "-b", "main", "pypaas:deeper", "cellar"]).must_succeed();
    library.commit("Library");
    library.push("library", &["main"]).must_succeed();
    shop.code
        .git(&["submodule", "--quiet", "add", "-b", "main", "pypaas:library", "vendor/library"])
        .must_succeed();
    shop.code.commit("Use the library");

    shop.push().must_succeed();

    let written = assert_like_a_clone(&shop);
    assert_eq!(written["vendor/library/book.txt"].1, b"one\n");
    assert_eq!(written["vendor/library/cellar/deep.txt"].1, b"deep\n");
}

#[test]
fn a_tree_of_twenty_thousand_files_is_written_whole() {
    let shop = Shop::new("static-site", STATIC);
    for number in 0..20_000 {
        let directory = shop.code.directory().join(format!("files/{}/{}", number / 1000, number / 50));
        if number % 50 == 0 {
            fs::create_dir_all(&directory).unwrap();
        }
        fs::write(directory.join(format!("{number}.txt")), format!("file {number}\n")).unwrap();
    }
    shop.code.commit("Many files");

    shop.push().must_succeed();

    let written = assert_like_a_clone(&shop);
    let files = written.keys().filter(|path| path.starts_with("files/") && path.ends_with(".txt"));
    assert_eq!(files.count(), 20_000);
}
