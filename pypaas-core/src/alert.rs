//! Alerts: what is to be said of trouble, once when it begins and once when it is over.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pypaas_config::{Notify, Trouble};
use serde::{Deserialize, Serialize};

/// One thing that is wrong now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// What it is about, the same as long as it lasts.
    pub id: String,
    /// Its kind.
    pub kind: Trouble,
    /// The repo, for trouble of one branch.
    pub repo: Option<String>,
    /// The branch.
    pub branch: Option<String>,
    /// What is wrong, for people.
    pub message: String,
    /// What to do.
    pub fix: Option<String>,
}

/// What is sent, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertMessage {
    /// All of it in a few words; Slack and Mattermost show this.
    pub text: String,
    /// The host.
    pub host: String,
    /// Whether it begins or is over.
    pub state: AlertState,
    /// The kind of trouble.
    pub kind: Trouble,
    /// The repo, for trouble of one branch.
    pub repo: Option<String>,
    /// The branch.
    pub branch: Option<String>,
    /// What is or was wrong.
    pub message: String,
    /// What to do.
    pub fix: Option<String>,
    /// Since when it is known.
    pub since: Timestamp,
}

/// Whether trouble begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// It begins.
    Problem,
    /// It is over.
    Over,
}

/// What each destination knows, `state/alerts.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRecord {
    /// By destination, then by the id of the alert.
    pub told: BTreeMap<String, BTreeMap<String, ToldAlert>>,
}

/// An alert that a destination knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldAlert {
    /// When it was told.
    pub since: Timestamp,
    /// What was wrong.
    pub message: String,
}

/// A message that is to be sent, and what its destination knows then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingAlert {
    /// The id of the alert.
    pub id: String,
    /// What is sent.
    pub message: AlertMessage,
}

impl AlertRecord {
    /// Lists what `to` has to be told when `alerts` are all that is wrong at `now` on `host`.
    pub fn pending(&self, to: &Notify, alerts: &[Alert], host: &str, now: Timestamp) -> Vec<PendingAlert> {
        let none = BTreeMap::new();
        let told = self.told.get(&to.to).unwrap_or(&none);
        let is_new = |alert: &&Alert| to.on.contains(&alert.kind) && !told.contains_key(&alert.id);
        let begins = alerts.iter().filter(is_new).map(|alert| PendingAlert {
            id: alert.id.clone(),
            message: AlertMessage {
                text: format!("{host}: {}", alert.message),
                host: host.to_owned(),
                state: AlertState::Problem,
                kind: alert.kind,
                repo: alert.repo.clone(),
                branch: alert.branch.clone(),
                message: alert.message.clone(),
                fix: alert.fix.clone(),
                since: now,
            },
        });
        let is_over = |id: &str| !alerts.iter().any(|alert| alert.id == id);
        let over = told.iter().filter(|(id, _)| is_over(id)).map(|(id, known)| PendingAlert {
            id: id.clone(),
            message: AlertMessage {
                text: format!("{host}: over: {}", known.message),
                host: host.to_owned(),
                state: AlertState::Over,
                kind: kind_of(id),
                repo: None,
                branch: None,
                message: known.message.clone(),
                fix: None,
                since: known.since,
            },
        });
        begins.chain(over).collect()
    }

    /// Notes that `to` was told.
    pub fn note(&mut self, to: &Notify, sent: &PendingAlert) {
        let told = self.told.entry(to.to.clone()).or_default();
        match sent.message.state {
            AlertState::Over => {
                told.remove(&sent.id);
            }
            AlertState::Problem => {
                let known = ToldAlert { since: sent.message.since, message: sent.message.message.clone() };
                told.insert(sent.id.clone(), known);
            }
        }
    }

    /// Forgets destinations that are not configured any more.
    pub fn keep_only(&mut self, destinations: &[Notify]) {
        self.told.retain(|to, _| destinations.iter().any(|it| it.to == *to));
    }
}

/// Makes the id of an alert from its kind and what it is about. Words without letters, such as the days that are left or a time, change
/// while it lasts.
pub fn alert_id(kind: Trouble, about: &str) -> String {
    let word = Trouble::ALL.iter().find(|(_, it)| *it == kind).map_or("machine", |(word, _)| word);
    let words = about.split_whitespace().filter(|word| word.contains(char::is_alphabetic));
    format!("{word}: {}", words.collect::<Vec<_>>().join(" "))
}

fn kind_of(id: &str) -> Trouble {
    let word = id.split_once(": ").map_or(id, |(word, _)| word);
    Trouble::ALL.iter().find(|(it, _)| *it == word).map_or(Trouble::Machine, |(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(kind: Trouble, message: &str) -> Alert {
        let id = alert_id(kind, message);
        Alert { id, kind, repo: None, branch: None, message: message.to_owned(), fix: None }
    }

    fn to(on: &[Trouble]) -> Notify {
        Notify { to: "https://example.com/".to_owned(), on: on.iter().copied().collect() }
    }

    /// Tells everything that is pending; returns the texts.
    fn tell(record: &mut AlertRecord, to: &Notify, alerts: &[Alert]) -> Vec<String> {
        let pending = record.pending(to, alerts, "box", Timestamp::UNIX_EPOCH);
        pending.iter().for_each(|sent| record.note(to, sent));
        pending.into_iter().map(|it| it.message.text).collect()
    }

    #[test]
    fn trouble_is_told_once_and_once_more_when_it_is_over() {
        let (mut record, to) = (AlertRecord::default(), to(&[Trouble::Disk, Trouble::Certificate]));
        let full = alert(Trouble::Disk, "the disk is full");
        let ends = |days: u8| alert(Trouble::Certificate, &format!("the certificate ends in {days} days"));

        assert_eq!(tell(&mut record, &to, &[]), [""; 0]);
        let both = [full.clone(), ends(9)];
        let expected = ["box: the disk is full", "box: the certificate ends in 9 days"];
        assert_eq!(tell(&mut record, &to, &both), expected);
        assert_eq!(tell(&mut record, &to, &[full, ends(8)]), [""; 0]);
        assert_eq!(tell(&mut record, &to, &[ends(7)]), ["box: over: the disk is full"]);
        assert_eq!(tell(&mut record, &to, &[]), ["box: over: the certificate ends in 9 days"]);
        assert_eq!(tell(&mut record, &to, &[]), [""; 0]);
    }

    #[test]
    fn branches_with_numbers_in_their_names_are_told_apart() {
        let ids = ["the job shop v1 failed", "the job shop v2 failed"].map(|it| alert_id(Trouble::Job, it));
        assert_ne!(ids[0], ids[1]);
    }

    #[test]
    fn each_destination_is_told_of_what_it_wants() {
        let mut record = AlertRecord::default();
        let all = [alert(Trouble::Job, "the job failed"), alert(Trouble::Disk, "the disk is full")];
        let jobs = Notify { to: "mail".to_owned(), ..to(&[Trouble::Job]) };
        assert_eq!(tell(&mut record, &jobs, &all), ["box: the job failed"]);
        assert_eq!(tell(&mut record, &to(&[Trouble::Disk]), &all), ["box: the disk is full"]);
        record.keep_only(&[jobs]);
        assert_eq!(record.told.len(), 1);
    }

    #[test]
    fn what_was_not_sent_stays_pending() {
        let record = AlertRecord::default();
        let (to, all) = (to(&[Trouble::Disk]), [alert(Trouble::Disk, "the disk is full")]);
        let first = record.pending(&to, &all, "box", Timestamp::UNIX_EPOCH);
        assert_eq!(record.pending(&to, &all, "box", Timestamp::UNIX_EPOCH), first);
    }
}
