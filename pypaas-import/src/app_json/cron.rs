//! `cron`: jobs of dokku.

use crate::ImportError;
use crate::app::App;
use crate::crontab;
use crate::document::Entry;
use crate::repo_file::Runner;

/// How long dokku lets a job run.
const TIMEOUT: &str = "24h";

/// Makes a runner of each job.
pub(super) fn read(app: &mut App, jobs: Vec<Entry>) -> Result<(), ImportError> {
    for (number, entry) in (1..).zip(jobs) {
        let whole = entry.clone();
        let mut map = entry.map()?;
        let (Some(command), Some(schedule)) = (map.take("command"), map.take("schedule")) else {
            return Err(whole.wrong("a job with `command` and `schedule`"));
        };
        let Some(at) = crontab::schedule(schedule.text()?) else {
            return Err(schedule.wrong("five fields of a time, or a word such as @daily"));
        };
        let is_suspended = map.take("maintenance").map(|it| it.boolean()).transpose()?.unwrap_or(false);
        // A job may be a line of the Procfile.
        let named = app.branch.runners.get(command.text()?).and_then(|runner| runner.cmd.clone());
        let cmd = named.unwrap_or(command.text()?.to_owned());
        if let Some(policy) = map.take("concurrency_policy") {
            match policy.text()? {
                "forbid" => {}
                other => {
                    let instead = format!(
                        "`{other}` is not supported: a run is skipped while the previous one is running; `overlap: wait` starts it afterwards"
                    );
                    app.note_entry(&policy, instead);
                }
            }
        }
        app.note_rest(map);
        if is_suspended {
            app.note_entry(&whole, format!("is left out because it is suspended: `{cmd}` at `{at}`"));
            continue;
        }
        let timeout = Some(TIMEOUT.to_owned());
        app.add_runner(&format!("cron-{number}"), Runner { timeout, ..Runner::job(&at, &cmd) });
    }
    Ok(())
}
