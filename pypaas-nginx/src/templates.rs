//! The templates, one for each nginx block.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};

use crate::indent::indent;
use crate::quote::{quote, quote_literal};
use crate::unprintable::Unprintable;

const SOURCES: [(&str, &str); 14] = [
    ("body_too_large", include_str!("../templates/body_too_large.conf.j2")),
    ("edge", include_str!("../templates/edge.conf.j2")),
    ("edge_server", include_str!("../templates/edge_server.conf.j2")),
    ("location_not_found", include_str!("../templates/location_not_found.conf.j2")),
    ("location_proxy", include_str!("../templates/location_proxy.conf.j2")),
    ("location_redirect", include_str!("../templates/location_redirect.conf.j2")),
    ("location_scripts", include_str!("../templates/location_scripts.conf.j2")),
    ("location_static", include_str!("../templates/location_static.conf.j2")),
    ("location_unavailable", include_str!("../templates/location_unavailable.conf.j2")),
    ("location_verbatim", include_str!("../templates/location_verbatim.conf.j2")),
    ("router", include_str!("../templates/router.conf.j2")),
    ("server", include_str!("../templates/server.conf.j2")),
    ("tls", include_str!("../templates/tls.conf.j2")),
    ("upstream", include_str!("../templates/upstream.conf.j2")),
];

/// All templates, compiled.
///
/// `{{ value }}` is quoted as one nginx parameter, or refused. The ways around that are visible in the templates:
/// `|literal` for a place where nginx looks for no variables, `|comment` in a comment, `|indented` for lines that are nginx configuration already
/// (the admin's, or another template's), and `|safe` for what this crate's own constants say.
#[derive(Debug)]
pub(crate) struct Templates {
    compiled: Result<Environment<'static>, Unprintable>,
}

impl Templates {
    /// Compiles the templates.
    pub(crate) fn new() -> Self {
        Self { compiled: compile().map_err(Unprintable::from) }
    }

    /// Fills the template `name`; the result has no newline at its end.
    pub(crate) fn print(&self, name: &str, values: Value) -> Result<String, Unprintable> {
        let environment = self.compiled.as_ref().map_err(Unprintable::clone)?;
        let mut text = environment.get_template(name)?.render(values)?;
        text.truncate(text.trim_end().len());
        Ok(text)
    }
}

fn compile() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("nginx".into()));
    environment.set_formatter(print_quoted);
    environment.add_filter("literal", literal);
    environment.add_filter("comment", comment);
    environment.add_filter("indented", |text: &str| Value::from_safe_string(indent(text)));
    for (name, source) in SOURCES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

fn literal(text: &str) -> Result<Value, Error> {
    let quoted = quote_literal(text).map_err(refused)?;
    Ok(Value::from_safe_string(quoted.into_owned()))
}

fn comment(text: &str) -> Value {
    Value::from_safe_string(text.replace(char::is_control, " "))
}

fn print_quoted(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if value.is_safe() => out.write_str(text)?,
        Some(text) => out.write_str(&quote(text).map_err(refused)?)?,
        None if value.is_integer() => write!(out, "{value}")?,
        None => return Err(refused(Unprintable(format!("`{value}` is not a text")))),
    }
    Ok(())
}

fn refused(why: Unprintable) -> Error {
    Error::new(ErrorKind::InvalidOperation, why.0)
}
