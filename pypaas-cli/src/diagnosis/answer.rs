//! The last step of the way: nginx itself is asked, as a client would ask it.

use pypaas_config::{BranchRef, Diagnostic, Domain, LocationPath};
use pypaas_core::{Deployment, Route};

use super::{ANSWER, Trace, https, problem, processes};

impl Trace<'_> {
    /// Asks nginx itself.
    pub(super) fn answer(
        &mut self,
        domain: &Domain,
        location: &LocationPath,
        route: &Route,
        branch: &BranchRef,
        live: &Deployment,
    ) -> Result<(), Box<Diagnostic>> {
        let (address, path) = (self.nginx_address(domain), self.address.path.as_str());
        let is_secure = self.is_secure(domain);
        let status = match is_secure {
            true => https::status(address, &self.address.host, path, ANSWER),
            false => self
                .host
                .answers_for(address, &self.address.host, path, ANSWER)
                .map_err(|error| error.to_string()),
        };
        let status = status.map_err(|error| {
            let fix = format!("is the app busy? See its log: `pypaas logs {branch} -f`");
            problem(format!("nginx at {address} does not answer `GET {path}`: {error}"), fix)
        })?;
        match (status, route) {
            (403 | 404, Route::Static { root, .. }) => Err(problem(
                format!("there is no file for `{path}` in `{root}`: nginx answers {status}"),
                format!(
                    "is it in the commit, and below the `subdirectory` that location `{location}` serves?"
                ),
            )),
            (400.., _) => Err(problem(
                format!("`GET {path}` returns {status}; everything in front of the app is fine"),
                fix_for(status)
                    .map_or_else(|| format!("see its log: `pypaas logs {branch} -f`"), str::to_owned),
            )
            .because(processes::last_lines(self, branch, live, None))
            .into()),
            _ => {
                self.pass(format!("`GET {path}` is answered with {status}"));
                Ok(())
            }
        }
    }
}

/// What to do about an answer with this status, where nginx may have given it.
fn fix_for(status: u16) -> Option<&'static str> {
    Some(match status {
        400 => {
            "the request is refused as malformed: a head larger than nginx or the app takes (look for large cookies), or \
             plain HTTP sent to an HTTPS port"
        }
        401 => "the app, or `auth_basic` in `nginx_extra_config`, wants a user name and a password",
        403 => "the app, or `allow` and `deny` in `nginx_extra_config`, forbids it",
        404 => "the app has nothing at this path",
        413 => "the body is larger than `max_body` of the domain or location, or than the app takes",
        414 | 431 | 494 => {
            "the head is larger than nginx or the app takes: look for large cookies and long URLs"
        }
        504 => "the app took longer to answer than `request_timeout` of the domain: see its log",
        429 => "the client sends more requests than nginx or the app allows",
        _ => return None,
    })
}
