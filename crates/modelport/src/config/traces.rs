//! Where traces go, and of which requests there are any. The settings are OpenTelemetry's own; see `setting::traces`.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use url::Url;

use super::environment::Environment;
use super::server::preset;
use super::setting::traces as row;
use super::value::{self, Wrong, shown, wrong};

/// The path of traces below a receiver's URL (OTLP 1.9, "OTLP/HTTP Request").
const PATH: &str = "v1/traces";

/// The protocols that there are.
pub(super) const PROTOCOLS: [&str; 2] = ["http/protobuf", "grpc"];

/// The samplers that there are.
pub(super) const SAMPLERS: [&str; 6] = [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];

/// The longest that a receiver may take, in milliseconds.
pub(super) const MAX_TIMEOUT_MS: u32 = 600_000;

/// The most headers, and the most attributes of the gateway.
const MAX_PAIRS: usize = 64;

/// Where traces go.
#[derive(Debug, Clone, PartialEq)]
pub struct TracesConfig {
    /// The receiver.
    pub endpoint: Endpoint,
    /// How it is spoken to.
    pub protocol: TraceProtocol,
    /// What it is shown, which may be secret.
    pub headers: HeaderMap,
    /// How long it may take to answer.
    pub timeout: Duration,
    /// Which requests are traced.
    pub sampler: Sampler,
    /// What is said of this gateway, its name first.
    pub resource: Vec<(String, String)>,
}

/// How a receiver of traces is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceProtocol {
    /// Protobuf by HTTP.
    Http,
    /// gRPC.
    Grpc,
}

/// The URL of a receiver, of which only scheme, host and port are ever shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    target: Uri,
    shown: String,
}

impl Endpoint {
    /// Where to send; secret, since its path may be.
    pub fn target(&self) -> &Uri {
        &self.target
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.shown).finish()
    }
}

/// Which requests are traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampler {
    /// Whether what the caller has decided counts, where it has.
    heeds_parent: bool,
    /// Traces whose ids' lower half, halved, is below this are taken: as the other SDKs of OpenTelemetry do it, so that
    /// services with the same share take the same traces.
    below: u64,
}

impl Sampler {
    /// All of them.
    const ALL: u64 = 1 << 63;

    /// Whether a trace is taken, of which the caller has decided this.
    pub fn takes(self, trace: u128, parent: Option<bool>) -> bool {
        match parent {
            Some(decided) if self.heeds_parent => decided,
            Some(_) | None => {
                let half = u64::try_from(trace & u128::from(u64::MAX));
                half.is_ok_and(|half| half >> 1 < self.below)
            }
        }
    }
}

/// Reads where traces go; `None` where they are off, and then nothing else is looked at: the variables may be meant for
/// other programs.
pub(super) fn read(environment: &mut Environment) -> Option<TracesConfig> {
    let is_disabled = preset(environment, &row::DISABLED, value::switch)?;
    let is_set = |row: &super::setting::Setting| environment.is_set(row.name);
    if is_disabled || !(is_set(&row::ENDPOINT) || is_set(&row::TRACES_ENDPOINT)) {
        return None;
    }
    let protocol = preset(environment, &row::PROTOCOL, protocol);
    let endpoint = if environment.is_set(row::TRACES_ENDPOINT.name) {
        preset(environment, &row::TRACES_ENDPOINT, |text| {
            endpoint(text, None)
        })
    } else {
        preset(environment, &row::ENDPOINT, |text| {
            endpoint(text, Some(PATH))
        })
    };
    let headers = preset_or_nothing(environment, &row::HEADERS, headers);
    let timeout = preset(environment, &row::TIMEOUT, millis);
    let sampler = preset(environment, &row::SAMPLER, sampler);
    let share = preset(environment, &row::SAMPLER_ARG, share);
    let name = preset(environment, &row::SERVICE_NAME, value::text);
    let attributes = preset_or_nothing(environment, &row::RESOURCE_ATTRIBUTES, attributes);
    Some(TracesConfig {
        endpoint: endpoint?,
        protocol: protocol?,
        headers: headers?,
        timeout: timeout?,
        sampler: sampler?(share?),
        resource: named(
            name?,
            attributes?,
            environment.is_set(row::SERVICE_NAME.name),
        ),
    })
}

/// The value of a setting, or an empty one where it is not set.
fn preset_or_nothing<T: Default>(
    environment: &mut Environment,
    row: &super::setting::Setting,
    parse: impl Fn(&str) -> Result<T, Wrong>,
) -> Option<T> {
    if environment.is_set(row.name) {
        preset(environment, row, parse)
    } else {
        Some(T::default())
    }
}

/// The attributes with the gateway's name, which counts over that among them if it is set.
fn named(name: String, attributes: Vec<(String, String)>, is_set: bool) -> Vec<(String, String)> {
    const NAME: &str = "service.name";
    let given = attributes.iter().find(|(key, _)| key == NAME);
    let given = given.map(|(_, value)| value.clone());
    let name = given.filter(|_| !is_set).unwrap_or(name);
    let others = attributes.into_iter().filter(|(key, _)| key != NAME);
    std::iter::once((NAME.to_owned(), name))
        .chain(others)
        .collect()
}

/// Reads the URL of a receiver, below which this is added.
pub(super) fn endpoint(text: &str, below: Option<&str>) -> Result<Endpoint, Wrong> {
    const REMEDY: &str = "Use a URL such as http://127.0.0.1:4318, and OTEL_EXPORTER_OTLP_HEADERS for what the receiver must be shown.";
    let refused = || wrong("it is no URL of a receiver of traces", REMEDY);
    let mut url = Url::parse(text).map_err(|_| refused())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("it begins with neither http:// nor https://", REMEDY));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it holds a user or a password", REMEDY));
    }
    url.set_fragment(None);
    if let Some(below) = below {
        let path = format!("{}/{below}", url.path().trim_end_matches('/'));
        url.set_path(&path);
    }
    let target: Uri = url.as_str().parse().map_err(|_| refused())?;
    let authority = target.authority().ok_or_else(refused)?;
    let shown = format!("{}://{authority}", url.scheme());
    Ok(Endpoint { target, shown })
}

pub(super) fn protocol(text: &str) -> Result<TraceProtocol, Wrong> {
    match text.to_ascii_lowercase().as_str() {
        "http/protobuf" => Ok(TraceProtocol::Http),
        "grpc" => Ok(TraceProtocol::Grpc),
        _ => Err(wrong(
            format!("{} is not a protocol that traces are sent by", shown(text)),
            "Use http/protobuf or grpc.",
        )),
    }
}

/// Reads headers as `name=value,name=value`, or as a JSON object. Nothing is repeated of them: they may be secret.
pub(super) fn headers(text: &str) -> Result<HeaderMap, Wrong> {
    const REMEDY: &str = "Use name=value, separated by commas, with blanks, commas and special characters of a value as % and two hexadecimal digits.";
    let mut headers = if text.starts_with('{') {
        value::headers(text)?
    } else {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs(text).map_err(|problem| wrong(problem, REMEDY))? {
            let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value))
            else {
                return Err(wrong("one of them is no header", REMEDY));
            };
            headers.insert(name, value);
        }
        headers
    };
    for value in headers.values_mut() {
        value.set_sensitive(true);
    }
    Ok(headers)
}

pub(super) fn attributes(text: &str) -> Result<Vec<(String, String)>, Wrong> {
    const REMEDY: &str = "Use key=value, separated by commas, such as deployment.environment.name=production, with commas and special characters as % and two hexadecimal digits.";
    pairs(text).map_err(|problem| wrong(problem, REMEDY))
}

/// The pairs of `key=value,key=value`, percent-decoded.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let decode = |text: &str| {
        let decoded = percent_decode_str(text.trim()).decode_utf8();
        decoded.map(Cow::into_owned)
    };
    let all: Vec<&str> = value::parts(text).collect();
    if all.len() > MAX_PAIRS {
        return Err(format!("there are more than {MAX_PAIRS} of them"));
    }
    let pair = |(place, pair): (usize, &str)| {
        let fault = || {
            format!(
                "part {} of it is no key and value with = between them",
                place + 1
            )
        };
        let (key, value) = pair.split_once('=').ok_or_else(fault)?;
        let (key, value) = (decode(key), decode(value));
        match (key, value) {
            (Ok(key), Ok(value)) if !key.is_empty() => Ok((key, value)),
            _ => Err(fault()),
        }
    };
    all.into_iter().enumerate().map(pair).collect()
}

pub(super) fn millis(text: &str) -> Result<Duration, Wrong> {
    text.parse()
        .ok()
        .filter(|millis| (1..=MAX_TIMEOUT_MS).contains(millis))
        .map(|millis| Duration::from_millis(millis.into()))
        .ok_or_else(|| {
            wrong(
                format!("{} is not a number of milliseconds", shown(text)),
                format!("Use a whole number from 1 to {MAX_TIMEOUT_MS}."),
            )
        })
}

/// Reads which sampler it is; the share is for those that want one.
pub(super) fn sampler(text: &str) -> Result<impl Fn(f64) -> Sampler + use<>, Wrong> {
    let name = text.to_ascii_lowercase();
    if !SAMPLERS.contains(&name.as_str()) {
        return Err(wrong(
            format!("{} is not a sampler that there is", shown(text)),
            format!("Use one of {}.", SAMPLERS.join(", ")),
        ));
    }
    Ok(move |share: f64| Sampler {
        heeds_parent: name.starts_with("parentbased_"),
        below: match name.trim_start_matches("parentbased_") {
            "always_on" => Sampler::ALL,
            "always_off" => 0,
            _ => bound(share),
        },
    })
}

/// So much of all that a [`Sampler`] looks at.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share between 0 and 1 of a power of two, which a float holds exactly"
)]
fn bound(share: f64) -> u64 {
    (share * Sampler::ALL as f64) as u64
}

/// Reads a share of requests.
pub(super) fn share(text: &str) -> Result<f64, Wrong> {
    let (number, whole) = match text.strip_suffix('%') {
        Some(percents) => (percents, 100.0),
        None => (text, 1.0),
    };
    let share = number.trim().parse::<f64>().ok().map(|share| share / whole);
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| {
            wrong(
                format!("{} is not a share of requests", shown(text)),
                "Use a number from 0 to 1, such as 0.1 for one request in ten.",
            )
        })
}

#[cfg(test)]
mod tests;
