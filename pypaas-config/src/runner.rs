//! `runners` of a branch: how its code is run. The types of runners are registered by the caller.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use crate::fields::Field;
use crate::finding::{Finding, Findings, quote};
use crate::keys::Keys;
use crate::schema::Schema;
use crate::suggest;
use crate::tree::Value;

/// A registered `type` of runner: its keys, and how they are decoded.
///
/// pypaas-core creates it from a type that implements its `RunnerSettings`.
#[derive(Debug, Clone, Copy)]
pub struct RunnerType {
    /// The value of `type`.
    pub name: &'static str,
    /// Its keys; `type` is among them.
    pub schema: &'static Schema,
    /// Decodes them. Returns `None` if the runner cannot be used; `keys` has the reasons.
    pub decode: fn(keys: &mut Keys<'_, '_>) -> Option<RunnerConfig>,
}

/// One runner: the settings that its type decoded, and the facts that other parts of the configuration need.
#[derive(Debug, Clone)]
pub struct RunnerConfig {
    type_name: &'static str,
    schema: &'static Schema,
    serves: Serves,
    ports: u16,
    settings: Arc<dyn Settings>,
}

/// What a runner serves. It determines which locations can route to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Serves {
    /// Nothing: no location can route to it.
    Nothing,
    /// Requests for any location.
    Requests,
    /// Requests whose path nginx changes: no regular expression can route to it.
    ChangedPaths,
    /// The files of a directory: no regular expression can route to it.
    Files {
        /// Whether it also answers requests for paths that are not files: then only a prefix can route to it.
        spa: bool,
    },
}

/// The protocol between nginx and a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP, with `proxy_pass`.
    Http,
    /// uwsgi, with `uwsgi_pass`.
    Uwsgi,
}

/// Whether the old and the new processes of a runner may run at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// The new processes start while the old ones still run.
    StartFirst,
    /// The old processes stop before the new ones start.
    StopFirst,
}

/// The settings of some type of runner.
trait Settings: Any + Debug + Send + Sync {
    fn equals(&self, other: &dyn Settings) -> bool;
}

impl<T: Any + Debug + PartialEq + Send + Sync> Settings for T {
    fn equals(&self, other: &dyn Settings) -> bool {
        (other as &dyn Any).downcast_ref() == Some(self)
    }
}

impl RunnerConfig {
    /// Creates a runner of the type `type_name` with the keys of `schema`. `ports` is the number of its processes that need a
    /// port.
    pub fn new<T>(
        type_name: &'static str,
        schema: &'static Schema,
        serves: Serves,
        ports: u16,
        settings: T,
    ) -> Self
    where
        T: Debug + PartialEq + Send + Sync + 'static,
    {
        Self { type_name, schema, serves, ports, settings: Arc::new(settings) }
    }

    /// Returns the value of `type`.
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Returns the schema of its type.
    pub fn schema(&self) -> &'static Schema {
        self.schema
    }

    /// Returns what it serves.
    pub fn serves(&self) -> Serves {
        self.serves
    }

    /// Returns the number of its processes that need a port.
    pub fn ports(&self) -> u16 {
        self.ports
    }

    /// Returns the settings if they are a `T`.
    pub fn settings<T: 'static>(&self) -> Option<&T> {
        (self.settings.as_ref() as &dyn Any).downcast_ref()
    }

    pub(crate) fn decode(field: Field<'_>, findings: &mut Findings) -> Option<Self> {
        let runner_type = decode_type(field, findings)?;
        let mut keys = Keys::new(field, runner_type.schema, findings)?;
        (runner_type.decode)(&mut keys)
    }
}

impl PartialEq for RunnerConfig {
    fn eq(&self, other: &Self) -> bool {
        self.type_name == other.type_name && self.settings.equals(other.settings.as_ref())
    }
}

impl Eq for RunnerConfig {}

/// Decodes `type` first, because it determines the other keys.
fn decode_type(field: Field<'_>, findings: &mut Findings) -> Option<RunnerType> {
    let known = findings.runner_types();
    let types = known.iter().map(|it| it.name);
    let Some(written) = field.node.get("type").map(Field::of) else {
        let types = suggest::any_of(types).unwrap_or_default();
        findings.add(match &field.node.value {
            Value::Mapping(_) => Finding::error(field.key, format!("{} has no `type`", quote(field.name)))
                .label(format!("expected the key `type` with {types}")),
            _ => field.unexpected("a mapping with the key `type`"),
        });
        return None;
    };
    let name = &findings.take(written.scalar(&suggest::any_of(types.clone()).unwrap_or_default()))?.text;
    let found = known.iter().find(|it| it.name == name);
    if found.is_none() {
        let finding = Finding::error(written.node.span, format!("unknown runner type {}", quote(name)));
        findings.add(finding.expected("runner type", name, types));
    }
    found.copied()
}
