//! `accessories`: databases and other services in containers.

use crate::ImportError;
use crate::addon;
use crate::app::App;
use crate::document::Map;

/// The containers of accessories: the names by which the app reaches them.
#[derive(Debug, Default)]
pub(super) struct Accessories {
    /// Each with whether it is a Postgres.
    hosts: Vec<(String, bool)>,
}

impl Accessories {
    /// Returns the container that a value names.
    pub(super) fn named_by(&self, value: &str) -> Option<&str> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let mut words = value.split(|c| !is_word(c));
        words.find_map(|word| self.hosts.iter().find(|(host, _)| host == word).map(|(host, _)| host.as_str()))
    }

    /// Returns whether a container is a Postgres.
    pub(super) fn is_postgres(&self, name: &str) -> bool {
        self.hosts.iter().any(|(host, is_postgres)| host == name && *is_postgres)
    }
}

/// Reads the accessories of `service`.
pub(super) fn read(app: &mut App, mut all: Map, service: &str) -> Result<Accessories, ImportError> {
    let mut accessories = Accessories::default();
    for entry in all.rest() {
        let (whole, name) = (entry.clone(), entry.key.clone());
        let mut map = entry.map()?;
        let image = map.take("image").map(|it| it.text().map(str::to_owned)).transpose()?.unwrap_or_default();
        let own = map.take("service").map(|it| it.text().map(str::to_owned)).transpose()?;
        // `registry/library/postgres:16` is a postgres.
        let kind = image.rsplit('/').next().unwrap_or(&image).split([':', '@']).next().unwrap_or_default();
        let is_postgres = matches!(kind, "postgres" | "postgresql" | "postgis" | "pgvector" | "timescaledb");
        accessories.hosts.push((own.unwrap_or(format!("{service}-{name}")), is_postgres));
        let instead = match kind {
            _ if is_postgres => {
                app.add_postgres();
                format!(
                    "is `stores: {{db: Postgres}}`; move the data with `kamal accessory exec {name} --reuse 'pg_dump …' >shop.sql` and \
                     `ssh deploy@host store load {} <shop.sql`",
                    app.target()
                )
            }
            "redis" | "valkey" => addon::REDIS.to_owned(),
            "mysql" | "mariadb" => {
                "`apt-get install mariadb-server` on the host, and set its address with `pypaas secret set`"
                    .to_owned()
            }
            _ => format!("`{image}` is a container; install its service on the host"),
        };
        app.note_entry(&whole, instead);
        for entry in map.rest() {
            app.note_entry(&entry, "configures the container");
        }
    }
    Ok(accessories)
}
