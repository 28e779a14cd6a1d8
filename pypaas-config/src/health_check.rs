//! `healthcheck` of a runner.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::fields::Field;
use crate::finding::{Finding, Findings};
use crate::schema::Schema;

/// `healthcheck`.
pub(crate) const HEALTHCHECK: Schema =
    Schema { name: "a healthcheck", keys: &["path", "interval", "timeout", "status"] };

use serde::Serialize;

/// An HTTP health check of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HealthCheck {
    /// `path`: the requested path, with its leading `/`.
    pub path: String,
    /// `interval`: pause between two requests. Default 1s.
    pub interval: Duration,
    /// `timeout`: the time limit of one response. Default 5s.
    pub timeout: Duration,
    /// `status`: the healthy status codes. Default 200-399.
    pub status: RangeInclusive<u16>,
}

impl HealthCheck {
    pub(crate) fn decode(field: Field<'_>, findings: &mut Findings) -> Option<Self> {
        let fields = field.fields(&HEALTHCHECK, findings)?;
        let path = fields.required("path", findings, read_path);
        let interval = fields.optional("interval", findings, Field::positive_duration);
        let timeout = fields.optional("timeout", findings, Field::positive_duration);
        let status = fields.optional("status", findings, read_status);
        Some(Self {
            path: path?,
            interval: interval.unwrap_or(Duration::from_secs(1)),
            timeout: timeout.unwrap_or(Duration::from_secs(5)),
            status: status.unwrap_or(200..=399),
        })
    }
}

/// Decodes a path for a request line; it must not contain spaces or line endings.
fn read_path(field: &Field<'_>) -> Result<String, Finding> {
    let expected = "a path such as /health";
    let path = &field.scalar(expected)?.text;
    if !path.starts_with('/') {
        Err(field.unexpected(expected))
    } else if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        Err(field
            .unexpected("a path of printable ASCII characters")
            .help("percent-encode other characters, such as %20"))
    } else {
        Ok(path.clone())
    }
}

/// Decodes `200-399`, or a single status.
fn read_status(field: &Field<'_>) -> Result<RangeInclusive<u16>, Finding> {
    let expected = "a status such as 200, or a range such as 200-399";
    let text = &field.scalar(expected)?.text;
    let (least, most) = text.split_once('-').unwrap_or((text, text));
    match (read_code(least), read_code(most)) {
        (Some(least), Some(most)) if least <= most => Ok(least..=most),
        _ => Err(field.unexpected(expected)),
    }
}

fn read_code(text: &str) -> Option<u16> {
    let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|code| digits && (100..=599).contains(code))
}
