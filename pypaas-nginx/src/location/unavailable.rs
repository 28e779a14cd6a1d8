//! Locations that cannot be served now.

use minijinja::context;
use pypaas_core::Unavailable;

use super::{LocationMatch, ServerContext};
use crate::templates::Templates;
use crate::unprintable::Unprintable;

/// Prints a location that answers 503 with a page.
///
/// The admin's directives for the location are left out: they are about a service that is not there, and could answer in
/// its place. The headers he adds to all of the server are repeated: the location has some of its own, and nginx drops
/// those of the server then. `types {}` makes the page HTML under every path, `/app.js` too.
pub(super) fn print(
    templates: &Templates,
    pattern: &LocationMatch<'_>,
    server: &ServerContext<'_>,
    why: &Unavailable,
) -> Result<String, Unprintable> {
    let (title, explanation, retry_after) = match why {
        Unavailable::Maintenance(Some(message)) => ("In maintenance", as_html(message), 30),
        Unavailable::Maintenance(None) => {
            ("In maintenance", "This site is being worked on and will be back soon.".to_owned(), 30)
        }
        Unavailable::Stopped => ("Switched off", "This site is switched off for now.".to_owned(), 300),
        Unavailable::NotDeployed => {
            ("Not deployed yet", "Nothing has been deployed here yet.".to_owned(), 300)
        }
    };
    let page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>{title}</title><h1>{title}</h1><p>{explanation}</p></html>"
    );
    let own = ["Retry-After", "Cache-Control"];
    let headers: Vec<String> = server.extra.headers_besides(&own).map(str::to_owned).collect();
    templates.print("location_unavailable", context! { pattern, headers, page, retry_after })
}

/// Writes the admin's words as HTML. A `$` too: nginx would look for a variable.
fn as_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' | '<' | '>' | '"' | '\'' | '$' => html.push_str(&format!("&#{};", c as u32)),
            _ => html.push(c),
        }
    }
    html
}
