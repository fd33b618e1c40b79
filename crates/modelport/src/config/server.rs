//! The server's own settings: where it listens, who may call, how much it takes.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use http::HeaderValue;
use ipnet::IpNet;
use modelport_provider::credential::Secret;

use super::environment::Environment;
use super::fault::{Fault, Origin, Warning};
use super::networks;
use super::setting::{self, Preset, Setting};
use super::value::{self, Wrong, wrong};
use super::webhook::{self, WebhookUrl};

/// A key for callers that is shorter than this is worth a warning.
const SHORT_KEY: usize = 16;

/// The server's settings.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// An IP address without brackets, or a host name.
    pub host: String,
    /// 0 takes a free port.
    pub port: u16,
    /// Any of these lets a caller in; when empty, everybody may call.
    pub api_keys: Vec<Secret>,
    /// The variable, or the key in the configuration file, that sets them, or would.
    pub api_keys_variable: String,
    /// Whether callers need a key even where there is none.
    pub require_key: bool,
    /// Any of these opens the admin API; when empty, it is closed.
    pub admin_keys: Vec<Secret>,
    /// Proxies that are believed where a request comes from.
    pub trusted_proxies: Vec<IpNet>,
    /// Who may read the metrics.
    pub metrics: MetricsAccess,
    /// Web pages that may call from a browser.
    pub cors_origins: CorsOrigins,
    /// The largest request body that is held in memory, in bytes.
    pub body_limit: usize,
    /// The largest form, which is passed on while it arrives, in bytes.
    pub upload_limit: usize,
    /// How long open answers may go on after a signal to stop.
    pub shutdown_timeout: Duration,
    /// Where it is told that a budget has reached the amount at which it warns, if anywhere.
    pub budget_webhook: Option<WebhookUrl>,
    /// Whether a comment at the end of a stream tells what it cost.
    pub stream_cost: bool,
    /// Threads that serve requests; `None` for one per core.
    pub workers: Option<usize>,
}

/// Web pages that may call from a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// None.
    Closed,
    /// Any.
    Any,
    /// These, as a browser's `origin` header spells them.
    Listed(Vec<HeaderValue>),
}

/// Who may read the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Everybody where only this machine can reach the port; else as [`MetricsAccess::Key`].
    Auto,
    /// Everybody.
    Open,
    /// Whoever shows an admin key, or a key that is made for them.
    Key,
    /// Nobody.
    Off,
}

/// Reads who may read the metrics.
pub(super) fn metrics_access(text: &str) -> Result<MetricsAccess, Wrong> {
    match text.trim().to_ascii_lowercase().as_str() {
        "auto" => Ok(MetricsAccess::Auto),
        "open" => Ok(MetricsAccess::Open),
        "key" => Ok(MetricsAccess::Key),
        "off" => Ok(MetricsAccess::Off),
        _ => Err(wrong(
            "it is neither auto, open, key nor off",
            "Use one of these.",
        )),
    }
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Everything.
    Trace,
    /// Every attempt at a provider too.
    Debug,
    /// Every request.
    Info,
    /// What went wrong outside, and worse.
    Warn,
    /// What went wrong here.
    Error,
}

/// What a log line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, else JSON.
    Auto,
    /// As people read it.
    Text,
    /// An object a line.
    Json,
}

/// Reads what a log line looks like.
pub(super) fn log_format(text: &str) -> Result<LogFormat, Wrong> {
    match text.to_ascii_lowercase().as_str() {
        "auto" => Ok(LogFormat::Auto),
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(wrong(
            format!("{} is neither auto, text nor json", value::shown(text)),
            "Use one of these.",
        )),
    }
}

/// The level as the log writer takes it.
impl From<Level> for tracing::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Trace => Self::TRACE,
            Level::Debug => Self::DEBUG,
            Level::Info => Self::INFO,
            Level::Warn => Self::WARN,
            Level::Error => Self::ERROR,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        })
    }
}

impl ServerConfig {
    /// Whether only this machine can reach the port.
    pub fn is_local(&self) -> bool {
        is_loopback(&self.host)
    }

    /// Whether a host, an IPv6 address without brackets, is this machine or the one to listen on.
    pub fn is_at(&self, host: &str) -> bool {
        is_loopback(host) || self.host.eq_ignore_ascii_case(host)
    }

    /// Where programs on this machine find the server; `None` where the port is chosen at the start.
    pub fn url(&self) -> Option<String> {
        if self.port == 0 {
            return None;
        }
        let authority = match self.host.parse::<IpAddr>() {
            Ok(address) => {
                let address = match address {
                    IpAddr::V4(any) if any.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
                    IpAddr::V6(any) if any.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
                    one => one,
                };
                SocketAddr::new(address, self.port).to_string()
            }
            Err(_) => format!("{}:{}", self.host, self.port),
        };
        Some(format!("http://{authority}"))
    }
}

/// Reads the server's settings; `None` when one is wrong, which is then among the faults.
pub(super) fn read(environment: &mut Environment) -> Option<ServerConfig> {
    let host = preset(environment, &setting::HOST, value::address);
    let port = preset(environment, &setting::PORT, value::port);
    let keys = environment.take(&[setting::API_KEYS.name.to_owned()], value::keys);
    let require_key = preset(environment, &setting::REQUIRE_KEY, value::switch);
    let admin_keys = environment.take(&[setting::ADMIN_KEY.name.to_owned()], value::keys);
    let metrics = preset(environment, &setting::METRICS, metrics_access);
    let open = preset(environment, &setting::ALLOW_OPEN, value::switch);
    let origins = environment.take(&[setting::CORS_ORIGINS.name.to_owned()], value::origins);
    let proxies = environment.take(
        &[setting::TRUSTED_PROXIES.name.to_owned()],
        networks::networks,
    );
    let body_limit = preset(environment, &setting::BODY_LIMIT, value::bytes);
    let upload_limit = preset(environment, &setting::UPLOAD_LIMIT, value::bytes);
    let shutdown_timeout = preset(environment, &setting::SHUTDOWN_TIMEOUT, value::seconds);
    let budget_webhook = preset(environment, &setting::BUDGET_WEBHOOK, webhook::url);
    let stream_cost = preset(environment, &setting::STREAM_COST, value::switch);
    let workers = environment.take(&[setting::WORKERS.name.to_owned()], value::workers);
    let api_keys_variable = match &keys {
        Some(keys) => keys.variable(),
        None => setting::API_KEYS.name.to_owned(),
    };
    let api_keys = keys.map(|keys| keys.value).unwrap_or_default();
    let admin_keys = admin_keys.map(|keys| keys.value).unwrap_or_default();
    let (host, require_key) = (host?, require_key?);
    if require_key {
        check_length(environment, &api_keys);
    } else {
        check_exposure(environment, &host, &api_keys, open?);
    }
    Some(ServerConfig {
        host,
        port: port?,
        api_keys,
        api_keys_variable,
        require_key,
        admin_keys,
        trusted_proxies: proxies.map(|proxies| proxies.value).unwrap_or_default(),
        metrics: metrics?,
        cors_origins: origins.map_or(CorsOrigins::Closed, |origins| origins.value),
        body_limit: body_limit?,
        upload_limit: upload_limit?,
        shutdown_timeout: shutdown_timeout?,
        budget_webhook,
        stream_cost: stream_cost?,
        workers: workers.map(|workers| workers.value),
    })
}

/// The value of a setting that always has one.
pub(super) fn preset<T>(
    environment: &mut Environment,
    setting: &Setting,
    parse: impl Fn(&str) -> Result<T, Wrong>,
) -> Option<T> {
    let name = setting.name.to_owned();
    if environment.is_set(&name) {
        return environment.take(&[name], parse).map(|found| found.value);
    }
    match setting.preset {
        Preset::Value(text) => parse(text).ok(),
        Preset::Unset { .. } => None,
    }
}

fn check_length(environment: &mut Environment, api_keys: &[Secret]) {
    if api_keys.iter().any(|key| key.expose().len() < SHORT_KEY) {
        environment.warnings.push(Warning {
            origin: place(environment, setting::API_KEYS.name),
            text: format!(
                "A key is shorter than {SHORT_KEY} characters; a longer one is harder to guess."
            ),
        });
    }
}

/// Where a variable is set, or would be.
pub(super) fn place(environment: &Environment, name: &str) -> Origin {
    let origin = environment.origin(name);
    origin.cloned().unwrap_or_else(|| Origin::variable(name))
}

/// A port that others can reach must not be free for all by oversight: it spends money.
fn check_exposure(
    environment: &mut Environment,
    host: &str,
    api_keys: &[Secret],
    allow_open: bool,
) {
    let keys = setting::API_KEYS.name;
    check_length(environment, api_keys);
    // A key that is set but wrong is a fault of its own.
    if is_loopback(host) || !api_keys.is_empty() || environment.is_set(keys) {
        return;
    }
    let origin = place(environment, setting::HOST.name);
    // As the place where the address is set spells them.
    let (keys, required, open) = if origin.is_of_file() {
        (
            "server.api_keys",
            "server.require_key = true",
            "server.allow_open = true",
        )
    } else {
        (
            keys,
            "MODELPORT_REQUIRE_KEY=true",
            "MODELPORT_ALLOW_OPEN=true",
        )
    };
    if allow_open {
        let text = format!("Everybody who reaches {host} may call, since {keys} is not set.");
        environment.warnings.push(Warning { origin, text });
    } else {
        environment.faults.push(Fault {
            origin,
            problem: format!("others can reach {host:?}, and {keys} is not set"),
            remedy: format!(
                "Set {keys}, or {required} and create keys with `modelport keys create`, or listen on 127.0.0.1, or allow it with {open}."
            ),
        });
    }
}

fn is_loopback(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::config;

    #[test]
    fn programs_here_find_it_wherever_it_listens() {
        let check = |host: &str, port: &str, url: Option<&str>| {
            let settings = [
                ("HOST", host),
                ("PORT", port),
                ("MODELPORT_ALLOW_OPEN", "true"),
            ];
            let server = config(&settings).server;
            assert_eq!(server.url().as_deref(), url, "{host}:{port}");
        };
        check("127.0.0.1", "8000", Some("http://127.0.0.1:8000"));
        check("0.0.0.0", "80", Some("http://127.0.0.1:80"));
        check("::", "81", Some("http://[::1]:81"));
        check("gateway.internal", "82", Some("http://gateway.internal:82"));
        check("127.0.0.1", "0", None);
    }
}
