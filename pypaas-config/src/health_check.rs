//! `healthcheck` of a runner.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Serialize;

/// How a process is asked over HTTP whether it is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HealthCheck {
    /// `path`: what is requested, with its leading `/`.
    pub path: String,
    /// `interval`: pause between two requests. Default 1s.
    pub interval: Duration,
    /// `timeout`: how long one answer may take. Default 5s.
    pub timeout: Duration,
    /// `status`: which answers are healthy. Default 200-399.
    pub status: RangeInclusive<u16>,
}
