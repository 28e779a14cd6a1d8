//! `domains/<domain>.yml` as it is written: structs that mirror the YAML.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_yaml::{FlowMap, FlowSeq};

/// A domain.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct DomainFile {
    pub(crate) locations: BTreeMap<String, Location>,
    #[serde(skip_serializing_if = "has_no_names")]
    pub(crate) aliases: FlowSeq<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ssl: Option<Ssl>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_body: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_timeout: Option<String>,
}

/// How a domain is served over https.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ssl {
    /// With a certificate that pypaas gets.
    Auto,
    /// With one that the admin puts there.
    Own,
}

impl Serialize for Ssl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Own => serializer.serialize_bool(true),
        }
    }
}

/// One of `locations`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Location {
    pub(crate) upstream: FlowMap<Upstream>,
}

/// `upstream` of a location.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Upstream {
    pub(crate) repo: String,
    pub(crate) branch: String,
    pub(crate) runner: String,
}

fn has_no_names(names: &FlowSeq<Vec<String>>) -> bool {
    names.0.is_empty()
}
