//! The scripts of each kind of process, and what makes them impossible.
#![expect(clippy::unwrap_used, reason = "a helper that fails is the test failing")]

use camino::Utf8PathBuf;
use pypaas_core::{Definition, Environment, Script, ScriptText, ServiceName};
use pypaas_linux::daemontools::Scripts;

#[test]
fn a_process_is_one_program_in_a_group_of_its_own() {
    insta::assert_snapshot!(print(&script("npm start", &[("PORT", "5000")])).run, @"
    #!/usr/bin/env -S -i /bin/sh
    # Written by pypaas. The next deploy replaces it.
    # When it was started, the last thousand times: `pypaas status` counts them.
    { tail -n 999 starts; date +%s; } 2>/dev/null >starts.new && mv -f starts.new starts
    exec 2>&1
    # Ends the last line of the process before, if it left it unfinished.
    printf '\\r\\n'
    cd '/home/deploy/checkouts/shop/master/20261122_100000-3f2a3f2a3f2' || exit 111
    export PORT='5000'
    export PYPAAS_SERVICE='shop+master+web+0+a'
    exec /usr/bin/setpriv --ambient-caps -all --inh-caps -all /usr/bin/pgrphack /bin/sh -c 'exec npm start'
    ");
}

#[test]
fn a_command_that_needs_a_shell_keeps_it() {
    let script = script("export A='it'\"'\"'s'\n./migrate && node x.js", &[]);
    insta::assert_snapshot!(print(&script).run, @r#"
    #!/usr/bin/env -S -i /bin/sh
    # Written by pypaas. The next deploy replaces it.
    # When it was started, the last thousand times: `pypaas status` counts them.
    { tail -n 999 starts; date +%s; } 2>/dev/null >starts.new && mv -f starts.new starts
    exec 2>&1
    # Ends the last line of the process before, if it left it unfinished.
    printf '\r\n'
    cd '/home/deploy/checkouts/shop/master/20261122_100000-3f2a3f2a3f2' || exit 111
    export PYPAAS_SERVICE='shop+master+web+0+a'
    exec /usr/bin/setpriv --ambient-caps -all --inh-caps -all /usr/bin/pgrphack /bin/sh -c 'export A='\''it'\''"'\''"'\''s'\''
    ./migrate && node x.js'
    "#);
}

#[test]
fn values_stand_as_one_word_each() {
    let variables = [("JSON", r#"{"a": "$b"}"#), ("POEM", "it's\n`two` lines"), ("EMPTY", "")];
    insta::assert_snapshot!(print(&script("env", &variables)).run, @r#"
    #!/usr/bin/env -S -i /bin/sh
    # Written by pypaas. The next deploy replaces it.
    # When it was started, the last thousand times: `pypaas status` counts them.
    { tail -n 999 starts; date +%s; } 2>/dev/null >starts.new && mv -f starts.new starts
    exec 2>&1
    # Ends the last line of the process before, if it left it unfinished.
    printf '\r\n'
    cd '/home/deploy/checkouts/shop/master/20261122_100000-3f2a3f2a3f2' || exit 111
    export EMPTY=''
    export JSON='{"a": "$b"}'
    export POEM='it'\''s
    `two` lines'
    export PYPAAS_SERVICE='shop+master+web+0+a'
    exec /usr/bin/setpriv --ambient-caps -all --inh-caps -all /usr/bin/pgrphack /bin/sh -c 'exec env'
    "#);
}

#[test]
fn the_log_is_bounded() {
    insta::assert_snapshot!(print(&script("npm start", &[])).log, @"
    #!/bin/sh
    # Written by pypaas. The next deploy replaces it.
    exec multilog t s1000000 n10 ./main
    ");
}

#[test]
fn the_admins_templates_take_the_place_of_ours() {
    let run =
        "#!/bin/bash\nexec 2>&1\ncd {checkout.path}\nulimit -n ${{FILES:-4096}}\n{env_cmds}\nexec {cmd}\n";
    let log = "#!/bin/sh\nexec logger -t {repo.name}-{branch.name}\n";
    let scripts = Scripts::new(Some(run.to_owned()), Some(log.to_owned())).unwrap();
    let definition =
        scripts.definition(&script("FOO=1 node x.js", &[("A", "it's"), ("PORT", "5000")])).unwrap();
    insta::assert_snapshot!(definition.run, @r"
    #!/bin/bash
    exec 2>&1
    cd /home/deploy/checkouts/shop/master/20261122_100000-3f2a3f2a3f2
    ulimit -n ${FILES:-4096}
    export A='it'\''s'
    export PORT='5000'
    export PYPAAS_SERVICE='shop+master+web+0+a'
    exec /usr/bin/setpriv --ambient-caps -all --inh-caps -all /usr/bin/pgrphack /bin/sh -c 'FOO=1 node x.js'
    ");
    insta::assert_snapshot!(definition.log, @"
    #!/bin/sh
    exec logger -t shop-master
    ");
}

#[test]
fn a_template_with_an_unknown_placeholder_is_refused_by_its_key() {
    let error = Scripts::new(None, Some("exec {multilog}".to_owned())).err().unwrap();
    insta::assert_snapshot!(error, @"`runner_logscript_template` cannot be used: unknown placeholder `{multilog}` on line 1; there are `{checkout.path}`, `{env_cmds}`, `{cmd}`, `{branch.name}`, `{repo.name}`, and braces are doubled: `{{`");
}

#[test]
fn a_branch_that_a_shell_could_run_is_not_put_into_a_template() {
    let scripts = Scripts::new(Some("# {branch.name}\nexec {cmd}".to_owned()), None).unwrap();
    let mut script = script("true", &[]);
    script.service = ServiceName::parse("shop+%24%28id%29+web+0+a").unwrap();
    insta::assert_snapshot!(scripts.definition(&script).unwrap_err(), @"cannot write the scripts of `shop+%24%28id%29+web+0+a`: `$(id)` is not safe in `{branch.name}` of a template");
}

#[test]
fn what_a_shell_cannot_hold_is_refused() {
    let refuse = |script: &Script| scripts().definition(script).unwrap_err().to_string();
    insta::assert_snapshot!(refuse(&script("env", &[("my-key", "x")])), @"cannot write the scripts of `shop+master+web+0+a`: `my-key` in `env` is not a variable's name: it has letters, digits and `_`");
    insta::assert_snapshot!(refuse(&script("env", &[("IFS", ":")])), @"cannot write the scripts of `shop+master+web+0+a`: `IFS` in `env` cannot be set: the shell uses it for itself");
    insta::assert_snapshot!(refuse(&script("env", &[("KEY", "a\0b")])), @"cannot write the scripts of `shop+master+web+0+a`: the value of `KEY` in `env` contains a NUL character");
    insta::assert_snapshot!(refuse(&script("a\0b", &[])), @"cannot write the scripts of `shop+master+web+0+a`: `cmd` contains a NUL character");
}

#[test]
fn a_process_cannot_pass_for_another_service() {
    let text = print(&script("env", &[("PYPAAS_SERVICE", "other+master+web+0+a")])).run;
    assert!(!text.contains("other"), "{text}");
}

fn script(command: &str, variables: &[(&str, &str)]) -> Script {
    let mut environment = Environment::default();
    environment.extend(variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())));
    Script {
        service: ServiceName::parse("shop+master+web+0+a").unwrap(),
        command: command.to_owned(),
        checkout: Utf8PathBuf::from("/home/deploy/checkouts/shop/master/20261122_100000-3f2a3f2a3f2"),
        environment,
        confinement: None,
    }
}

fn scripts() -> Scripts {
    Scripts::new(None, None).unwrap()
}

fn print(script: &Script) -> Definition {
    scripts().definition(script).unwrap()
}
