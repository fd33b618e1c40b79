//! Addresses and networks, as of proxies.

use std::net::IpAddr;

use ipnet::IpNet;

use super::value::{Wrong, parts, shown, wrong};

/// The most addresses and networks.
const MAX_NETWORKS: usize = 1024;

/// Reads addresses and networks.
pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, Wrong> {
    const REMEDY: &str =
        "Use addresses such as 192.0.2.7 and networks such as 10.0.0.0/8, separated by commas.";
    let one = |part: &str| {
        let single = || part.parse::<IpAddr>().ok().map(IpNet::from);
        let found = part.parse::<IpNet>().ok().or_else(single);
        let found = found.ok_or_else(|| {
            wrong(
                format!("{} is neither an address nor a network", shown(part)),
                REMEDY,
            )
        })?;
        // Who is everybody could write any address.
        if found.prefix_len() == 0 {
            return Err(wrong(format!("{} is everybody", shown(part)), REMEDY));
        }
        Ok(found)
    };
    let all = parts(text).map(one).collect::<Result<Vec<_>, _>>()?;
    if all.is_empty() || all.len() > MAX_NETWORKS {
        return Err(wrong(
            format!("it holds no address, or more than {MAX_NETWORKS}"),
            REMEDY,
        ));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::networks;

    #[test]
    fn networks_are_read_and_everybody_is_none() {
        let found = networks("10.0.0.0/8, 192.0.2.7,2001:db8::/32").unwrap();
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"]);
        for (text, problem) in [
            (
                "proxy.test",
                "\"proxy.test\" is neither an address nor a network",
            ),
            (
                "10.0.0.0/33",
                "\"10.0.0.0/33\" is neither an address nor a network",
            ),
            ("10.0.0.1, 0.0.0.0/0", "\"0.0.0.0/0\" is everybody"),
            ("::/0", "\"::/0\" is everybody"),
            (",", "it holds no address, or more than 1024"),
        ] {
            assert_eq!(networks(text).unwrap_err().problem, problem);
        }
    }
}
