//! `env`: values that everybody may read, and the names of secrets.

use std::collections::BTreeMap;

use pypaas_config::is_variable;

use super::accessories::Accessories;
use crate::app::Origin::{Export, Repository};
use crate::app::{App, is_postgres};
use crate::document::Entry;
use crate::variables::{self, Variable};
use crate::{ImportError, Input};

/// The files that say where secrets come from.
const FILES: [&str; 2] = [super::SECRETS, ".kamal/secrets-common"];

/// Reads `env`. `accessories` are the containers that values may name.
pub(super) fn read(
    app: &mut App,
    env: Option<Entry>,
    input: &Input,
    accessories: &Accessories,
) -> Result<(), ImportError> {
    let Some(env) = env else { return Ok(()) };
    let mut map = env.map()?;
    let secret = map.take_items("secret");
    app.note_key(&mut map, "tags", "has no effect: pypaas runs on one server");
    // Without `clear` and `secret` all keys are variables.
    let clear = match map.take("clear") {
        Some(clear) => {
            let entries = clear.map()?.rest();
            app.note_rest(map);
            entries
        }
        None => map.rest(),
    };
    for entry in clear {
        let (name, value, line) = (entry.key.clone(), entry.text()?.to_owned(), entry.line);
        let is_stored = !app.branch.stores.is_empty();
        // It is listed already.
        if value.contains("<%") {
            continue;
        }
        if is_stored && (name == "DATABASE_URL" || is_postgres(&value)) {
            app.note_entry(&entry, "`DATABASE_URL` has the address of the store");
        } else if let Some(accessory) = accessories.named_by(&value) {
            let instead = if is_stored && accessories.is_postgres(accessory) {
                "is left out because it names a container; the address of the store is in `DATABASE_URL`, `PGHOST`, `PGUSER` and `PGPASSWORD`".to_owned()
            } else {
                format!(
                    "is left out because it names the container `{accessory}`; set the address of the service that replaces it"
                )
            };
            app.note_entry(&entry, instead);
        } else {
            app.add_variable(&entry.file, Variable { name, value, line }, Repository);
        }
    }
    let values: BTreeMap<String, String> = match &input.config {
        Some(source) => {
            let all = variables::plain(source, false)?;
            all.into_iter().map(|it| (it.name, it.value)).collect()
        }
        None => BTreeMap::new(),
    };
    note_unused_secrets(app, &secret, input);
    for entry in secret {
        // `NAME:OTHER` is the variable NAME with the value of the secret OTHER.
        let text = entry.text()?;
        let (name, of) = text.split_once(':').unwrap_or((text, text));
        let (name, line) = (name.to_owned(), entry.line);
        if !app.branch.stores.is_empty() && is_of_postgres(&name) {
            let at = Entry { path: name, ..entry.clone() };
            app.note_entry(
                &at,
                "is for the container of the database; the store has its own password, in `DATABASE_URL`",
            );
            continue;
        }
        match values.get(of) {
            Some(value) => {
                app.add_variable(&entry.file, Variable { name, value: value.clone(), line }, Export);
            }
            None => {
                let hint = how_to_tell(input, of).map(|it| format!(" ({it})")).unwrap_or_default();
                let set = format!("pypaas secret set {} {name}", app.target());
                let at = Entry { path: name, ..entry.clone() };
                app.note_entry(&at, format!("set it with `{set}`{hint}"));
            }
        }
    }
    Ok(())
}

/// Lists the names in `.kamal/secrets` that the app does not get.
fn note_unused_secrets(app: &mut App, used: &[Entry], input: &Input) {
    let is_used = |name: &str| {
        used.iter().filter_map(|it| it.text().ok()).any(|it| it.rsplit(':').next() == Some(name))
    };
    for source in FILES.into_iter().filter_map(|it| input.file(it)) {
        for (line, text) in (1..).zip(source.text.lines()) {
            let name = text.split_once('=').map(|(name, _)| name.trim().trim_start_matches("export "));
            if let Some(name) = name.filter(|it| is_variable(it) && !is_used(it)) {
                app.note(&source.name, line, name, "is not in `env` of the app; pypaas does not need it");
            }
        }
    }
}

fn is_of_postgres(name: &str) -> bool {
    matches!(name, "DATABASE_URL" | "POSTGRES_PASSWORD" | "POSTGRES_USER" | "POSTGRES_DB" | "PGPASSWORD")
}

/// Says where `.kamal/secrets` takes a secret from.
fn how_to_tell(input: &Input, name: &str) -> Option<String> {
    FILES.into_iter().filter_map(|it| input.file(it)).find_map(|source| {
        let line = source
            .text
            .lines()
            .position(|line| line.split_once('=').is_some_and(|(key, _)| key.trim() == name))?;
        Some(format!("see {}:{}", source.name, line + 1))
    })
}
