//! The keys of a runner, as a registered type decodes them.

use std::time::Duration;

use crate::fields::{Field, Fields};
use crate::finding::{Finding, Findings};
use crate::schema::Schema;
use crate::{HealthCheck, Overlap};

/// The most processes a runner may have: svscan serves at most 1,000 services, and each process has two, its slots.
pub const MOST_PROCESSES: u16 = 500;

const OVERLAPS: [(&str, Overlap); 2] =
    [("start_first", Overlap::StartFirst), ("stop_first", Overlap::StopFirst)];

/// A mapping with known keys, and the list of problems in it.
///
/// Each key is decoded by one of the methods of [`Field`], or by a function of the caller. Problems are collected with file,
/// line and column, and the result is `None`. Decode all keys before you give up because of a missing one, so that all
/// problems are reported at once. Unknown keys are reported without further code.
#[derive(Debug)]
pub struct Keys<'n, 'f> {
    fields: Fields<'n>,
    findings: &'f mut Findings,
}

impl<'n, 'f> Keys<'n, 'f> {
    pub(crate) fn new(field: Field<'n>, schema: &'static Schema, findings: &'f mut Findings) -> Option<Self> {
        let fields = field.fields(schema, findings)?;
        Some(Self { fields, findings })
    }

    /// Decodes a required key.
    pub fn required<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&Field<'n>) -> Result<T, Finding>,
    ) -> Option<T> {
        self.fields.required(key, self.findings, read)
    }

    /// Decodes an optional key.
    pub fn optional<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&Field<'n>) -> Result<T, Finding>,
    ) -> Option<T> {
        self.fields.optional(key, self.findings, read)
    }

    /// Decodes a key with verbatim nginx configuration. Errors of nginx in it are reported with this file and line.
    pub fn verbatim(&mut self, key: &'static str) -> Option<String> {
        self.fields.verbatim(key, self.findings)
    }

    /// Decodes a key whose value is a mapping with the keys of `schema`.
    pub fn mapping<T>(
        &mut self,
        key: &str,
        schema: &'static Schema,
        decode: impl FnOnce(&mut Keys<'n, '_>) -> Option<T>,
    ) -> Option<T> {
        let field = self.fields.get(key)?;
        decode(&mut Keys::new(field, schema, self.findings)?)
    }

    /// Decodes `healthcheck`.
    pub fn health_check(&mut self) -> Option<HealthCheck> {
        HealthCheck::decode(self.fields.get("healthcheck")?, self.findings)
    }

    /// Decodes `process_count`. Default 1.
    pub fn process_count(&mut self) -> u16 {
        self.optional("process_count", |field| field.number(1, MOST_PROCESSES)).unwrap_or(1)
    }

    /// Decodes `stop_timeout`. Default 10s.
    pub fn stop_timeout(&mut self) -> Duration {
        self.optional("stop_timeout", Field::duration).unwrap_or(Duration::from_secs(10))
    }

    /// Decodes `overlap`.
    pub fn overlap(&mut self, default: Overlap) -> Overlap {
        self.optional("overlap", |field| field.one_of(&OVERLAPS)).unwrap_or(default)
    }
}
