//! Script templates, and what is put into them.

use pypaas_core::{Environment, Script, ScriptText, ServiceName};

use crate::daemontools::Scripts;

/// Prints scripts from four texts with a NUL between them: a template, a command, a directory, a value.
///
/// Whatever they are, a shell that reads pypaas's own script finds the values as they were.
pub fn script_template(data: &str) {
    let mut texts = data.splitn(4, '\0');
    let mut next = || texts.next().unwrap_or_default().to_owned();
    let (template, command, directory, value) = (next(), next(), next(), next());
    let mut environment = Environment::default();
    environment.set("VALUE", value.as_str());
    let service = ServiceName::parse("shop+feature%2fx+web+0+a").expect("a service's name");
    let script = Script {
        service,
        command: command.clone(),
        checkout: directory.as_str().into(),
        environment,
        confinement: None,
    };

    if let Ok(scripts) = Scripts::new(Some(template.clone()), Some(template)) {
        let _ = scripts.definition(&script);
    }
    let own = Scripts::new(None, None).expect("pypaas's own templates are right");
    let Ok(definition) = own.definition(&script) else {
        let unusable = |text: &str| text.contains('\0') || text.is_empty();
        assert!(unusable(&command) || unusable(&directory) || value.contains('\0'), "refused: {script:?}");
        return;
    };
    let words = shlex::split(&definition.run).expect("quotes that match");
    assert!(words.contains(&format!("VALUE={value}")), "{}", definition.run);
    assert!(words.windows(2).any(|it| it[0] == "cd" && it[1] == directory), "{}", definition.run);
    let last = words.last().expect("the command");
    assert!(
        last.ends_with(&command) || *last == format!("exec {}", command.trim()),
        "{last:?} is not {command:?}"
    );
}
