//! Names of servers, as requests give them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether `host[:port]` can only be this machine. A name that a stranger may have made to lead here, as a web
/// page's can, is none.
pub fn is_loopback(authority: &str) -> bool {
    let (host, port) = split(authority);
    let is_name = host.eq_ignore_ascii_case("localhost") && is_number(port);
    is_name || address(authority).is_some_and(|address| address.is_loopback())
}

/// The address in `address[:port]`; `None` of a name.
pub fn address(authority: &str) -> Option<IpAddr> {
    let (host, port) = split(authority);
    let address = match host.strip_prefix('[') {
        Some(rest) => IpAddr::V6(rest.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?),
        None => IpAddr::V4(host.parse::<Ipv4Addr>().ok()?),
    };
    is_number(port).then_some(address)
}

fn is_number(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit())
}

/// The host, an IPv6 address in its brackets, and what is behind its colon.
pub fn split(authority: &str) -> (&str, &str) {
    let end = authority.find(']').map_or(0, |bracket| bracket + 1);
    match authority.get(end..).and_then(|rest| rest.find(':')) {
        Some(colon) => {
            let (host, port) = authority.split_at(end + colon);
            (host, port.get(1..).unwrap_or_default())
        }
        None => (authority, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_stay_on_this_machine_are_loopback() {
        for host in ["localhost", "LocalHost:8123", "127.0.0.1", "127.8.9.1:1", "[::1]", "[::1]:8123"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "example.com",
            "localhost.example.com",
            "127.0.0.1.example.com",
            "10.0.0.1",
            "0.0.0.0",
            "[::2]",
            "[::1",
            "::1",
            "[::1]x",
            "localhost:x",
            "user@localhost",
            "0x7f.1",
            "127.1",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn a_port_is_split_off() {
        for (authority, host, port) in [
            ("a", "a", ""),
            ("a:1", "a", "1"),
            ("[::1]", "[::1]", ""),
            ("[::1]:80", "[::1]", "80"),
            ("", "", ""),
        ] {
            assert_eq!(split(authority), (host, port));
        }
    }
}
