//! Who may look at the gateway by the admin API: whoever shows an admin key and, where none is configured, a person at
//! the gateway's own machine. What changes anything takes an [`Admin`](super::Admin) all the same.

use std::net::IpAddr;

use axum::{extract::FromRequestParts, response::Response};
use http::{HeaderMap, StatusCode, Uri, header, request::Parts};
use serde::Serialize;

use crate::{
    api::refuse,
    app::Seat,
    auth::{self, Peer},
    error::Error,
    ids::RequestId,
};

/// What proxies add. Behind one, everybody's requests come from where the proxy is.
const FORWARDING: [&str; 8] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-real-ip",
    "cf-connecting-ip",
];

/// Somebody who may look.
pub struct Viewer {
    /// The request's id.
    pub id: RequestId,
}

impl FromRequestParts<Seat> for Viewer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, seat: &Seat) -> Result<Self, Self::Rejection> {
        let id = RequestId::of(&parts.headers);
        let keys = &seat.worker().app.config.server.admin_keys;
        let checked = if keys.is_empty() {
            let peer = parts.extensions.get().map(|Peer(peer)| *peer);
            is_here(peer, &parts.uri, &parts.headers).map_err(|why| Error::NotHere { why })
        } else {
            auth::check_admin(keys, &parts.headers)
        };
        match checked {
            Ok(()) => Ok(Self { id }),
            Err(error) => Err(refuse(&error, &id)),
        }
    }
}

impl Viewer {
    /// The answer to what was looked for, or why there is none.
    pub fn reply(&self, found: Result<impl Serialize, Error>) -> Response {
        super::reply(&self.id, StatusCode::OK, found)
    }
}

/// Whether a request comes from a program on this machine, and not from a web page of somebody else's in a browser here.
/// Such a page can have its name point at this machine, but not send another name than its own.
fn is_here(peer: Option<IpAddr>, uri: &Uri, headers: &HeaderMap) -> Result<(), &'static str> {
    if !peer.is_some_and(|peer| peer.to_canonical().is_loopback()) {
        return Err("this request comes from another one");
    }
    if FORWARDING.iter().any(|name| headers.contains_key(*name)) {
        return Err("this request comes through a proxy");
    }
    let Some(authority) = authority(uri, headers).filter(|authority| is_loopback(authority)) else {
        return Err("this request is for another name than localhost");
    };
    let is_of = |name, accepted: &dyn Fn(&str) -> bool| {
        let mut values = headers.get_all(name).iter();
        values.all(|value| value.to_str().is_ok_and(accepted))
    };
    let is_own_site = is_of("sec-fetch-site", &|site| {
        matches!(site, "same-origin" | "none")
    });
    let is_own_origin = is_of("origin", &|origin| {
        origin
            .split_once("://")
            .is_some_and(|(_, of)| of == authority)
    });
    if is_own_site && is_own_origin {
        Ok(())
    } else {
        Err("this request is made by another web page")
    }
}

/// The one name and port that a request is for.
fn authority<'r>(uri: &'r Uri, headers: &'r HeaderMap) -> Option<&'r str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let named = hosts.next().map(|host| host.to_str().ok());
    if hosts.next().is_some() {
        return None;
    }
    match (uri.authority(), named) {
        (Some(authority), None) => Some(authority.as_str()),
        (Some(authority), Some(host)) => host.filter(|host| *host == authority.as_str()),
        (None, host) => host?,
    }
}

fn is_loopback(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<http::uri::Authority>() else {
        return false;
    };
    if authority.as_str().contains('@') {
        return false;
    }
    let host = authority.host();
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    if let Ok(address) = bare.unwrap_or(host).parse::<IpAddr>() {
        return address.to_canonical().is_loopback();
    }
    let host = host.to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn check(peer: &str, uri: &str, lines: &[(&str, &str)], is_let_in: bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let found = is_here(peer.parse().ok(), &uri.parse().unwrap(), &headers);
        assert_eq!(
            found.is_ok(),
            is_let_in,
            "{peer} {uri} {lines:?}: {found:?}"
        );
    }

    #[test]
    fn a_program_on_this_machine_may_look() {
        for host in [
            "localhost",
            "LOCALHOST:8000",
            "127.0.0.1:8000",
            "127.8.9.1",
            "[::1]:80",
            "m.localhost:1",
        ] {
            check("127.0.0.1", "/", &[("host", host)], true);
        }
        check("::1", "/", &[("host", "[::1]:8000")], true);
        check("::ffff:127.0.0.1", "/", &[("host", "localhost")], true);
        // As HTTP/2 names it.
        check("127.0.0.1", "http://127.0.0.1:8000/", &[], true);
        let own = [
            ("host", "127.0.0.1:8000"),
            ("sec-fetch-site", "same-origin"),
            ("origin", "http://127.0.0.1:8000"),
        ];
        check("127.0.0.1", "/", &own, true);
        let typed = [("host", "localhost:8000"), ("sec-fetch-site", "none")];
        check("127.0.0.1", "/", &typed, true);
    }

    #[test]
    fn somebody_elsewhere_may_not() {
        let host = ("host", "127.0.0.1:8000");
        for peer in [
            "192.0.2.7",
            "10.0.0.1",
            "::ffff:192.0.2.7",
            "2001:db8::1",
            "nobody",
        ] {
            check(peer, "/", &[host], false);
        }
        for name in FORWARDING {
            check("127.0.0.1", "/", &[host, (name, "127.0.0.1")], false);
        }
    }

    #[test]
    fn another_page_in_a_browser_here_may_not() {
        // Its name points at this machine.
        for rebound in [
            "evil.example",
            "evil.example:8000",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "notlocalhost",
            "a@localhost",
            "",
        ] {
            check("127.0.0.1", "/", &[("host", rebound)], false);
        }
        check("127.0.0.1", "/", &[], false);
        check("127.0.0.1", "http://evil.example/", &[], false);
        let host = ("host", "127.0.0.1:8000");
        check("127.0.0.1", "http://evil.example/", &[host], false);
        check("127.0.0.1", "/", &[host, ("host", "evil.example")], false);
        for site in ["cross-site", "same-site", "", "anything"] {
            check("127.0.0.1", "/", &[host, ("sec-fetch-site", site)], false);
        }
        for origin in [
            "http://evil.example",
            "http://127.0.0.1:9000",
            "http://localhost:8000",
            "null",
        ] {
            check("127.0.0.1", "/", &[host, ("origin", origin)], false);
        }
        let two = [
            host,
            ("sec-fetch-site", "none"),
            ("sec-fetch-site", "cross-site"),
        ];
        check("127.0.0.1", "/", &two, false);
    }
}
