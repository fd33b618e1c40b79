//! The forms that Ollama's own `OLLAMA_HOST` takes, turned into a URL (ollama/ollama, `envconfig/config.go`,
//! 2026-08-21). It does not check the outcome.

use std::net::Ipv6Addr;

/// The port of a server that is named without a scheme.
const DEFAULT_PORT: u16 = 11434;
/// Addresses that a server listens on and nobody can call, with what reaches the same machine.
const UNSPECIFIED: [(&str, &str); 2] = [("0.0.0.0", "127.0.0.1"), ("[::]", "[::1]")];

/// A URL for any of `host`, `host:port`, `:port`, an IPv6 address or a URL.
pub(super) fn as_url(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() {
        return String::new();
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        return format!("{scheme}://{}", callable(rest));
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return format!("http://{}:{DEFAULT_PORT}", callable(&format!("[{text}]")));
    }
    let (host, path) = text.find('/').map_or((text, ""), |at| text.split_at(at));
    if host.eq_ignore_ascii_case("ollama.com") {
        return format!("https://{host}{path}");
    }
    let host = if host.is_empty() || host.starts_with(':') {
        format!("127.0.0.1{host}")
    } else {
        callable(host)
    };
    let named = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.contains(']'));
    if named {
        format!("http://{host}{path}")
    } else {
        format!("http://{host}:{DEFAULT_PORT}{path}")
    }
}

/// Replaces a listening address at the front by one that can be called.
fn callable(rest: &str) -> String {
    for (listening, reachable) in UNSPECIFIED {
        let tail = rest.strip_prefix(listening);
        if let Some(tail) = tail.filter(|tail| tail.is_empty() || tail.starts_with([':', '/', '?']))
        {
            return format!("{reachable}{tail}");
        }
    }
    rest.to_owned()
}
