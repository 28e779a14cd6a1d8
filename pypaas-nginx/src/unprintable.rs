//! Why a text cannot be printed.

/// Says why something cannot be printed; [`WebConfigError`](pypaas_core::WebConfigError) adds of what.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unprintable(pub(crate) String);

impl From<minijinja::Error> for Unprintable {
    fn from(error: minijinja::Error) -> Self {
        Self(error.detail().map_or_else(|| error.to_string(), str::to_owned))
    }
}
