//! Add-ons of Heroku.

use crate::ImportError;
use crate::app::App;
use crate::document::Entry;

/// What takes the place of an add-on.
const LISTED: [(&str, &str); 6] = [
    ("heroku-redis", REDIS),
    ("heroku-kafka", "run Kafka on another host, and set its variables with `pypaas secret set`"),
    ("scheduler", "write each of its jobs as a runner of `type: Scheduled` (docs/jobs.md)"),
    ("papertrail", "`pypaas logs` shows the output of all processes"),
    ("logentries", "`pypaas logs` shows the output of all processes"),
    ("newrelic", "import its license key as a secret"),
];

/// What takes the place of a Redis.
pub(crate) const REDIS: &str =
    "`apt-get install redis-server` on the host, and set `REDIS_URL` to `redis://127.0.0.1:6379/0` in `env`";

/// Reads one of `addons`: a plan, or a mapping with `plan`.
pub(crate) fn read(app: &mut App, entry: Entry) -> Result<(), ImportError> {
    let whole = entry.clone();
    let (plan, rest) = if entry.is_map() {
        let mut map = entry.map()?;
        let Some(plan) = map.take("plan") else { return Err(whole.wrong("an add-on with a `plan`")) };
        (plan.text()?.to_owned(), map.rest())
    } else {
        (entry.text()?.to_owned(), Vec::new())
    };
    let service = plan.split(':').next().unwrap_or(&plan);
    if service == "heroku-postgresql" {
        app.add_postgres();
        for entry in rest {
            app.note_entry(
                &entry,
                "the store is a database of the host's Postgres; its address is in `DATABASE_URL`",
            );
        }
        return Ok(());
    }
    let own = LISTED.iter().find(|(name, _)| *name == service).map(|(_, instead)| (*instead).to_owned());
    let instead = own.unwrap_or_else(|| {
        "is a separate service: get an account from its provider, and set its variables with `pypaas secret set`"
            .to_owned()
    });
    let at = Entry { path: format!("{} {service}", whole.path), ..whole };
    app.note_entry(&at, instead);
    Ok(())
}
