//! Where a request comes from. Behind a proxy the connection's address is the proxy's, and the one before it is in
//! `x-forwarded-for`, to which each proxy adds the address that it was called from. What stands left of the first one
//! that is not trusted may have been written by anybody.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

/// The header that names them.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the caller: the peer, or where that is one of these proxies, the last in the header that is none. Where
/// all are proxies it is the first one; where that place holds no address it is not known.
pub fn caller(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> Option<IpAddr> {
    let mut nearest = peer.to_canonical();
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let mut hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    while proxies.iter().any(|proxy| proxy.contains(&nearest)) {
        match hops.next() {
            Some(hop) => nearest = address(hop)?.to_canonical(),
            None => break,
        }
    }
    Some(nearest)
}

/// An address, behind which some proxies write a port.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let bare = |text: &str| text.parse::<IpAddr>().ok();
    bare(hop)
        .or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()))
        .or_else(|| bare(hop.strip_prefix('[')?.strip_suffix(']')?))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(peer: &str, lines: &[&str], expected: Option<&str>) {
        let proxies = ["10.0.0.0/8", "2001:db8::/32"].map(|net| net.parse().unwrap());
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
        }
        let found = caller(peer.parse().unwrap(), &headers, &proxies);
        let found = found.map(|address| address.to_string());
        assert_eq!(found.as_deref(), expected, "{peer} {lines:?}");
    }

    #[test]
    fn the_last_address_that_is_no_proxy_is_the_callers() {
        check("10.0.0.1", &["192.0.2.7"], Some("192.0.2.7"));
        check(
            "10.0.0.1",
            &["198.51.100.1, 192.0.2.7, 10.0.0.2"],
            Some("192.0.2.7"),
        );
        check(
            "10.0.0.1",
            &["198.51.100.1", "192.0.2.7,10.0.0.2", "10.0.0.3"],
            Some("192.0.2.7"),
        );
        check("::ffff:10.0.0.1", &["::ffff:192.0.2.7"], Some("192.0.2.7"));
        check("2001:db8::1", &["2001:db9::7"], Some("2001:db9::7"));
        for hop in ["192.0.2.7:4711", " 192.0.2.7 ", "198.51.100.1 ,192.0.2.7"] {
            check("10.0.0.1", &[hop], Some("192.0.2.7"));
        }
        for hop in ["[2001:db9::7]:4711", "[2001:db9::7]"] {
            check("10.0.0.1", &[hop], Some("2001:db9::7"));
        }
    }

    #[test]
    fn nobody_else_is_believed() {
        check("192.0.2.7", &["10.0.0.1"], Some("192.0.2.7"));
        check("192.0.2.7", &["198.51.100.1"], Some("192.0.2.7"));
        check("10.0.0.1", &[], Some("10.0.0.1"));
        check("10.0.0.1", &["10.0.0.3, 10.0.0.2"], Some("10.0.0.3"));
        for hop in ["unknown", "", "192.0.2", "192.0.2.7, ", "192.0.2.7, x"] {
            check("10.0.0.1", &[hop], None);
        }
    }
}
