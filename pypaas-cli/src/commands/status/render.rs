//! What people read of `status`: a table of all branches, or all of one.

use std::time::Duration;

use jiff::Timestamp;

use super::{Processes, Row, State};
use crate::format::{ago, bytes, count, span};
use crate::installation::Installation;
use crate::table::{Cell, Look, Table};
use pypaas_linux::DiskUse;

/// Says what to do on a host on which nothing is configured.
pub(super) fn first_steps(installation: &Installation) -> String {
    let directory = &installation.directory;
    format!(
        "Nothing is configured yet. First:\n\n  \
         1. Write {directory}/repo/shop.yml, for a repository `shop` whose branch `main` is a web app:\n\n       \
         branches:\n         main:\n           runners:\n             web: {{type: NginxBackend, cmd: npm start}}\n\n  \
         2. Write {directory}/domains/shop.example.com.yml, for where it is reached:\n\n       \
         locations:\n         /:\n           upstream: {{repo: shop, branch: main, runner: web}}\n\n  \
         3. Run `pypaas check`.\n  4. In the app's directory: `git push deploy@<this host>:shop main`.\n"
    )
}

/// Prints the branches, one row each.
pub(super) fn overview(rows: &[Row], now: Timestamp, width: Option<usize>) -> String {
    let mut table = Table::new(["BRANCH", "LIVE", "DEPLOYED", "PROCESSES", "RESTARTS", "MEMORY"]);
    for row in rows {
        let live = row.live.as_ref();
        let look = match row.state {
            State::Up => Look::Good,
            State::Degraded | State::Down => Look::Bad,
            State::Maintenance | State::Stopped | State::NotDeployed => Look::Faint,
        };
        let restarts = row.processes.restarts;
        table.row([
            Cell::name(format!("{} {}", row.repo, row.branch)),
            match live {
                Some(live) => Cell::of_any_length(format!("{} {}", short(&live.commit), live.subject)),
                None => Cell::new("not deployed", Look::Faint),
            },
            live.map(|live| format!("{} by {}", ago(now, live.deployed_at), live.deployed_by))
                .unwrap_or_default()
                .into(),
            live.map_or_else(|| Cell::from(""), |_| Cell::new(row.processes.text(), look)),
            match restarts {
                Some(0) => "0".into(),
                Some(restarts) => Cell::new(restarts.to_string(), Look::Bad),
                None => "".into(),
            },
            if row.processes.up > 0 { bytes(row.processes.memory_bytes).into() } else { "".into() },
        ]);
    }
    table.text(width, |position| {
        let mut text = String::new();
        let Some(row) = rows.get(position) else { return text };
        for (note, look) in row.notes(now) {
            text.push_str(&format!("  {}\n", look.paint(&note)));
        }
        for url in &row.urls {
            text.push_str(&format!("  {url}\n"));
        }
        text
    })
}

impl Row {
    /// Lists what is worth a line of its own.
    fn notes(&self, now: Timestamp) -> Vec<(String, Look)> {
        let mut notes = Vec::new();
        if self.maintenance.is_some() {
            let message = self.message.as_deref().map(|it| format!(": {it}")).unwrap_or_default();
            notes.push((format!("in maintenance{message}"), Look::Bad));
        }
        if self.state == State::Stopped {
            notes.push((
                format!("stopped: `pypaas start {} {}` starts it", self.repo, self.branch),
                Look::Bad,
            ));
        }
        if let Some(restored) = self.live.as_ref().and_then(|live| live.restored) {
            notes.push((format!("rolled back to release {restored}"), Look::Strong));
        }
        match &self.deploying {
            Some(it) if it.running => notes.push((
                format!("deploying {} since {}, by {}", short(&it.commit), ago(now, it.at), it.by),
                Look::Strong,
            )),
            Some(it) => notes.push((
                format!(
                    "a deploy of {} was killed {}; the next change mends that",
                    short(&it.commit),
                    ago(now, it.at)
                ),
                Look::Bad,
            )),
            None => {}
        }
        if let Some(failure) = &self.last_failure {
            let reason = failure.reason.as_deref().map(|it| format!(": {it}")).unwrap_or_default();
            let what = format!(
                "{} of {} was {} {}, by {}{reason}",
                failure.kind.word(),
                short(&failure.commit),
                failure.outcome.word(),
                ago(now, failure.at),
                failure.by
            );
            notes.push((what, Look::Bad));
        }
        if let Some(disk) = &self.disk {
            let DiskUse { repository, checkouts, cache, data, logs } = disk;
            let what = format!(
                "on the disk: repository {}, checkouts {}, cache {}, data {}, logs {}",
                bytes(*repository),
                bytes(*checkouts),
                bytes(*cache),
                bytes(*data),
                bytes(*logs)
            );
            notes.push((what, Look::Faint));
        }
        if self.broken {
            notes.push(("its configuration is broken: see `pypaas check`".to_owned(), Look::Bad));
        } else if !self.configured {
            notes.push(("no longer configured: `pypaas cleanup` removes it".to_owned(), Look::Bad));
        }
        notes
    }

    pub(super) fn details(&self, now: Timestamp, width: Option<usize>) -> String {
        let mut text = format!("{}\n", Look::Strong.paint(&format!("{} {}", self.repo, self.branch)));
        match &self.live {
            Some(live) => text.push_str(&format!(
                "  release {}: {} \"{}\", {} by {}\n",
                live.release,
                short(&live.commit),
                live.subject,
                ago(now, live.deployed_at),
                live.deployed_by
            )),
            None => text.push_str("  not deployed\n"),
        }
        for (note, look) in self.notes(now) {
            text.push_str(&format!("  {}\n", look.paint(&note)));
        }
        for url in &self.urls {
            text.push_str(&format!("  {url}\n"));
        }
        if self.processes.instances.is_empty() {
            return text;
        }
        let processes = count(self.processes.desired, "process", "processes");
        text.push_str(&format!("\n  {} of {processes} up\n", self.processes.up));
        let mut table = Table::new(["PROCESS", "PORT", "PID", "UP", "RESTARTS", "MEMORY"]);
        for it in &self.processes.instances {
            let number = |number: Option<String>| Cell::from(number.unwrap_or_default());
            table.row([
                Cell::name(format!("{}.{}", it.runner, it.index)),
                number(it.port.map(|it| it.to_string())),
                number(it.pid.map(|it| it.to_string())),
                match it.uptime_seconds {
                    Some(uptime) => Cell::new(span(Duration::from_secs(uptime)), Look::Good),
                    None => Cell::new("down", Look::Bad),
                },
                number(it.restarts.map(|it| it.to_string())),
                if it.pid.is_some() { bytes(it.memory_bytes).into() } else { "".into() },
            ]);
        }
        for line in table.text(width.map(|width| width.saturating_sub(2)), |_| String::new()).lines() {
            text.push_str(&format!("  {line}\n"));
        }
        text
    }
}

fn short(commit: &str) -> &str {
    commit.get(..11).unwrap_or(commit)
}

impl Processes {
    fn text(&self) -> String {
        let uptime = self.uptime_seconds.map(|it| format!(", {}", span(Duration::from_secs(it))));
        match self.desired {
            0 => "none needed".to_owned(),
            wanted => format!("{} of {wanted} up{}", self.up, uptime.unwrap_or_default()),
        }
    }
}
