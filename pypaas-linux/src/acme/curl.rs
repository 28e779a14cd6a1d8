//! HTTP by the `curl` program, which trusts what the system trusts, and knows of proxies what `~/.curlrc` says.

use std::collections::BTreeMap;
use std::error::Error;
use std::future::Future;
use std::io::Read;
use std::pin::Pin;
use std::process::{Command, Stdio};

use bytes::Bytes;
use camino::Utf8PathBuf;
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use instant_acme::{BodyWrapper, BytesResponse, HttpClient};
use pypaas_config::AcmeSettings;
use pypaas_core::Layout;

use crate::program;

/// How long one request may take, in seconds.
const LONGEST: &str = "30";

/// How much of an answer is read, in bytes. Whoever sends more is cut off.
const LARGEST: u64 = 1024 * 1024;

/// Asks over HTTP.
#[derive(Debug, Clone)]
pub(super) struct Curl {
    home: Utf8PathBuf,
    ca_file: Option<Utf8PathBuf>,
}

type Failure = Box<dyn Error + Send + Sync>;

impl Curl {
    pub(super) fn new(layout: &Layout, settings: &AcmeSettings) -> Self {
        Self { home: layout.home().to_owned(), ca_file: settings.ca_file.clone() }
    }

    /// Fetches `url`, and returns the status and the body; the error says why there is no answer.
    pub(super) fn get(&self, url: &str) -> Result<(u16, Vec<u8>), String> {
        let request = Request::get(url).body(()).map_err(|error| error.to_string())?;
        let response = self.send(request, &[]).map_err(|error| error.to_string())?;
        Ok((response.status().as_u16(), response.into_body()))
    }

    fn send<T>(&self, request: Request<T>, body: &[u8]) -> Result<Response<Vec<u8>>, Failure> {
        let mut command = self.command(&request, body)?;
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let mut body = Vec::new();
        child.stdout.take().map(|out| out.take(LARGEST).read_to_end(&mut body)).transpose()?;
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            let reason = said.lines().find_map(|line| line.strip_prefix("curl: "));
            return Err(reason.unwrap_or("curl does not say why").into());
        }
        let (status, headers) = said.split_once(' ').ok_or("curl names no status")?;
        let headers: BTreeMap<String, Vec<String>> = serde_json::from_str(headers)?;
        let mut response = Response::builder().status(status.parse::<u16>()?);
        for (name, values) in &headers {
            response = values.iter().fold(response, |response, value| response.header(name, value));
        }
        Ok(response.body(body)?)
    }

    fn command<T>(&self, request: &Request<T>, body: &[u8]) -> Result<Command, Failure> {
        let mut command = program::command(&["curl", "--silent", "--show-error", "--max-time", LONGEST])?;
        // The authority names the URLs.
        command.args(["--globoff", "--proto", "=http,https"]);
        // The status, and then all headers: apart from the body.
        command.args(["--write-out", "%{stderr}%{http_code} %{header_json}"]).env("HOME", &self.home);
        if let Some(file) = &self.ca_file {
            command.arg("--cacert").arg(file);
        }
        match *request.method() {
            Method::HEAD => drop(command.arg("--head").args(["--output", "/dev/null"])),
            ref method => drop(command.args(["--request", method.as_str()])),
        }
        for (name, value) in request.headers() {
            command.args(["--header", &format!("{name}: {}", value.to_str()?)]);
        }
        if !body.is_empty() {
            command.args(["--data-binary", std::str::from_utf8(body)?]);
        }
        command.arg("--").arg(request.uri().to_string());
        Ok(command)
    }
}

impl HttpClient for Curl {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, instant_acme::Error>> + Send>> {
        let curl = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.unwrap_or_else(|never| match never {}).to_bytes();
            // Nothing else waits meanwhile.
            let response = curl.send(Request::from_parts(parts, ()), &body);
            let (parts, body) = response.map_err(instant_acme::Error::Other)?.into_parts();
            Ok(BytesResponse::from(Response::from_parts(parts, BodyWrapper::<Bytes>::from(body))))
        })
    }
}
