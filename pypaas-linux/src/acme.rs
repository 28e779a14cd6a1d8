//! Certificates from an authority that speaks ACME (RFC 8555), by HTTP-01: the edge serves the answers that it asks for.

mod curl;
mod error;

use std::fs;
use std::io;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, Order,
    OrderStatus, RetryPolicy,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use pypaas_config::{AcmeSettings, DomainName};
use pypaas_core::{IssuedCertificate, Layout};
use serde::{Deserialize, Serialize};

use crate::{durable, files};
use curl::Curl;
pub use error::AcmeError;

/// How long the authority may take to see the answers, or to sign.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where answers are asked for.
const ANSWERS: &str = "/.well-known/acme-challenge";

/// The account at an authority, as it is kept.
#[derive(Serialize, Deserialize)]
struct KnownAccount {
    directory: String,
    credentials: AccountCredentials,
}

/// Gets certificates for domains of this host.
#[derive(Debug)]
pub struct Acme<'a> {
    layout: &'a Layout,
    settings: &'a AcmeSettings,
}

impl<'a> Acme<'a> {
    /// Uses the authority that `settings` name.
    pub fn new(layout: &'a Layout, settings: &'a AcmeSettings) -> Self {
        Self { layout, settings }
    }

    /// Gets a certificate for `names`, and keeps it for `domain`. The names must have been found to lead to this host
    /// ([`Self::check_reachable`]): authorities limit how often they may be asked in vain.
    pub fn issue(&self, domain: &DomainName, names: &[DomainName]) -> Result<IssuedCertificate, AcmeError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let (chain, key) = runtime.block_on(self.order(names))?;
        Ok(self.keep(domain, &chain, &key)?)
    }

    /// Fetches an answer of this host's as the authority will, by the name's own address.
    pub fn check_reachable(&self, name: &DomainName) -> Result<(), AcmeError> {
        let token = format!("pypaas-{}", std::process::id());
        let answer = Answer::publish(self.layout, &token, token.as_bytes())?;
        let url = format!("http://{name}{ANSWERS}/{token}");
        let fetched = Curl::new(self.layout, self.settings).get(&url);
        drop(answer);
        let reason = match fetched {
            Ok((200, body)) if body == token.as_bytes() => return Ok(()),
            Ok((200, _)) => {
                "another server answered: the name leads elsewhere, or a proxy is in front".to_owned()
            }
            Ok((status, _)) => format!("the answer was {status}: the name leads to another server"),
            Err(reason) => reason,
        };
        Err(AcmeError::Unreachable { name: name.clone(), reason })
    }

    async fn order(&self, names: &[DomainName]) -> Result<(String, String), AcmeError> {
        let account = self.account().await?;
        let identifiers: Vec<_> = names.iter().map(|name| Identifier::Dns(name.to_string())).collect();
        let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
        // They are served until the end of this function.
        let answers = self.answer(&mut order).await?;
        let patience = RetryPolicy::new().timeout(PATIENCE);
        if order.poll_ready(&patience).await? != OrderStatus::Ready {
            return Err(AcmeError::Refused(refusal(&mut order).await));
        }
        drop(answers);
        let key = order.finalize().await?;
        Ok((order.poll_certificate(&patience).await?, key))
    }

    /// Publishes the answers that the authority asks for, and tells it so.
    async fn answer(&self, order: &mut Order) -> Result<Vec<Answer>, AcmeError> {
        let mut answers = Vec::new();
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let challenge = authorization.challenge(ChallengeType::Http01);
            let mut challenge =
                challenge.ok_or_else(|| AcmeError::Refused("it offers no HTTP-01".to_owned()))?;
            let text = challenge.key_authorization();
            answers.push(Answer::publish(self.layout, &challenge.token, text.as_str().as_bytes())?);
            challenge.set_ready().await?;
        }
        Ok(answers)
    }

    /// Reads the account, or opens one.
    async fn account(&self) -> Result<Account, AcmeError> {
        let client = || Account::builder_with_http(Box::new(Curl::new(self.layout, self.settings)));
        let path = self.layout.acme_account();
        if let Some(known) = read_account(&path)?.filter(|known| known.directory == self.settings.directory) {
            return Ok(client().from_credentials(known.credentials).await?);
        }
        let contact = self.settings.email.as_ref().map(|email| format!("mailto:{email}"));
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let wish =
            NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let directory = self.settings.directory.clone();
        let (account, credentials) = client().create(&wish, directory.clone(), None).await?;
        let text = serde_json::to_vec_pretty(&KnownAccount { directory, credentials })?;
        durable::create_directory(&self.layout.all_certificates())?;
        durable::replace(&path, &text, 0o600)?;
        Ok(account)
    }

    /// Writes certificate and key beside earlier ones. What is half written has another name.
    fn keep(&self, domain: &DomainName, chain: &str, key: &str) -> io::Result<IssuedCertificate> {
        let all = self.layout.certificates(domain);
        durable::create_directory(&all)?;
        let unfinished = tempfile::Builder::new().prefix(".new-").tempdir_in(&all)?;
        let at = IssuedCertificate::at(
            Utf8PathBuf::try_from(unfinished.path().to_owned()).map_err(io::Error::other)?,
        );
        durable::replace(&at.chain(), chain.as_bytes(), 0o600)?;
        durable::replace(&at.key(), key.as_bytes(), 0o600)?;
        let kept = all.join(next_name(&all)?);
        fs::rename(unfinished.keep(), &kept)?;
        durable::sync_directory(&all)?;
        Ok(IssuedCertificate::at(kept))
    }
}

/// Names the next certificate in the directory `all`: the time, and greater than all names that are there.
fn next_name(all: &Utf8Path) -> io::Result<String> {
    let now = Timestamp::now().to_zoned(TimeZone::UTC).strftime("%Y%m%d_%H%M%S").to_string();
    let newest = IssuedCertificate::newest_of(all.to_owned(), files::names(all)?);
    let newest = newest.and_then(|it| it.directory().file_name().map(str::to_owned));
    Ok(newest.filter(|newest| *newest >= now).map_or(now, |newest| newest + "a"))
}

fn read_account(path: &Utf8Path) -> Result<Option<KnownAccount>, AcmeError> {
    match fs::read(path) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Says why the authority did not accept the answers.
async fn refusal(order: &mut Order) -> String {
    let mut reasons = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(Ok(authorization)) = authorizations.next().await {
        let name = authorization.identifier().to_string();
        let errors = authorization.challenges.iter().filter_map(|challenge| challenge.error.as_ref());
        reasons.extend(errors.map(|error| format!("{name}: {error}")));
    }
    if reasons.is_empty() { "it does not say why".to_owned() } else { reasons.join("; ") }
}

/// A file that the edge serves; removed when it is dropped.
#[derive(Debug)]
struct Answer {
    path: Utf8PathBuf,
}

impl Answer {
    fn publish(layout: &Layout, token: &str, text: &[u8]) -> Result<Self, AcmeError> {
        // The token is the authority's word, and becomes the name of a file (RFC 8555, 8.3).
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if token.is_empty() || !token.chars().all(is_plain) {
            return Err(AcmeError::Refused("it asks for an answer under a name that is none".to_owned()));
        }
        durable::create_directory(&layout.acme_answers())?;
        let path = layout.acme_answers().join(token);
        durable::replace(&path, text, 0o600)?;
        Ok(Self { path })
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // One that stays says nothing to anybody but the authority.
        let _ = fs::remove_file(&self.path);
    }
}
