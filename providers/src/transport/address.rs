//! Which addresses this server calls: public ones, over TLS.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Whether an address is on the public internet: not private, loopback, link-local (where clouds keep their metadata
/// service), carrier-grade NAT, multicast, documentation, or an IPv6 wrapping of an IPv4 address that could be.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || a == 10
        || a == 127
        || (a == 100 && (64..128).contains(&b))
        || (a == 169 && b == 254)
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && b == 168)
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113)
        || a >= 224)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // NAT64 is how an IPv6-only machine reaches IPv4: judge the address inside.
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        let [.., a, b, c, d] = address.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    // Global unicast only: this leaves out mapped, compatible, loopback, unique-local, link-local and multicast.
    let global = segments[0] & 0xe000 == 0x2000;
    let documentation = (segments[0] == 0x2001 && segments[1] == 0xdb8) || segments[0] == 0x3fff;
    let special = segments[0] == 0x2001 && segments[1] < 0x200; // Teredo, ORCHID, benchmarking
    let six_to_four = segments[0] == 0x2002;
    global && !documentation && !special && !six_to_four
}

/// Checks an address before it is called. A name is checked again when it is resolved, at connect time.
///
/// # Errors
/// The reason, in words for the operator.
pub fn check(url: &Url, allow_loopback: bool) -> Result<(), &'static str> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an address with a user name in it is never called");
    }
    let Some(host) = url.host() else { return Err("the address has no host") };
    let loopback = match host {
        Host::Ipv4(v4) => v4.is_loopback(),
        Host::Ipv6(v6) => v6.is_loopback(),
        Host::Domain(name) => name == "localhost",
    };
    if loopback {
        return match (allow_loopback, url.scheme()) {
            (true, "http" | "https") => Ok(()),
            _ => Err("this machine's own addresses are not called"),
        };
    }
    if url.scheme() != "https" {
        return Err("only https is called");
    }
    match host {
        Host::Ipv4(v4) if !is_public_v4(v4) => Err("the address is not on the public internet"),
        Host::Ipv6(v6) if !is_public_v6(v6) => Err("the address is not on the public internet"),
        _ => Ok(()),
    }
}

/// Whether an address is on a list of hosts: exact names, or `.zoom.us` for all below it. A port that is not the scheme's own
/// counts. Only https, and this machine's own addresses when that is allowed.
#[must_use]
pub fn is_listed(url: &Url, hosts: &[String], allow_loopback: bool) -> bool {
    let (true, Some(host)) = (check(url, allow_loopback).is_ok(), url.host_str()) else { return false };
    let place = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    hosts.iter().map(|listed| listed.to_ascii_lowercase()).any(|listed| match listed.strip_prefix('.') {
        Some(domain) => {
            place.strip_suffix(domain).is_some_and(|below| below.len() > 1 && below.ends_with('.'))
        }
        None => listed == place,
    })
}

/// Whether an address is on this machine and may be called there: what a simulator gives out.
#[must_use]
pub fn is_at_home(url: &Url, allow_loopback: bool) -> bool {
    allow_loopback
        && matches!(url.scheme(), "http" | "https")
        && check(url, true).is_ok()
        && check(url, false).is_err()
}

/// Resolves names and drops what is not public, so that a name cannot point inside, not even at the second look-up.
#[derive(Clone, Copy, Debug)]
pub(super) struct PublicOnly {
    pub(super) allow_loopback: bool,
}

/// The addresses of a look-up that are called: what is not public is dropped, and what is left is what is connected to.
pub(super) fn called(
    found: impl Iterator<Item = SocketAddr>,
    is_called: impl Fn(IpAddr) -> bool,
) -> Result<Addrs, Box<dyn std::error::Error + Send + Sync>> {
    let called: Vec<SocketAddr> = found.filter(|address| is_called(address.ip())).collect();
    if called.is_empty() {
        return Err(NoPublicAddress.into());
    }
    Ok(Box::new(called.into_iter()))
}

#[derive(Debug, thiserror::Error)]
#[error("the name has no public address")]
struct NoPublicAddress;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_loopback = self.allow_loopback;
        Box::pin(async move {
            let local_name = name.as_str() == "localhost";
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            called(found, |address| {
                (allow_loopback && local_name && address.is_loopback()) || is_public(address)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn public_addresses_are_called() {
        for good in [
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "2606:4700::1",
            "64:ff9b::808:808",
        ] {
            assert!(is_public(good.parse().unwrap()), "{good}");
        }
    }

    #[test]
    fn inner_addresses_are_not() {
        for bad in [
            "0.0.0.0",
            "10.0.0.1",
            "127.0.0.1",
            "127.8.8.8",
            "100.64.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.192",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::7f00:1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "3fff::1",
        ] {
            assert!(!is_public(bad.parse().unwrap()), "{bad}");
        }
    }

    #[test]
    fn addresses_are_checked_before_they_are_called() {
        let ok = |text: &str, loopback: bool| check(&Url::parse(text).unwrap(), loopback).is_ok();
        assert!(ok("https://api.zoom.us/v2", false));
        assert!(!ok("http://api.zoom.us/v2", false));
        assert!(!ok("http://api.zoom.us/v2", true));
        assert!(!ok("http://127.0.0.1:8080/", false));
        assert!(ok("http://127.0.0.1:8080/", true));
        assert!(ok("http://[::1]:8080/", true));
        assert!(ok("http://localhost:8080/", true));
        assert!(!ok("https://localhost/", false));
        // Decimal, octal and hexadecimal spellings are the same address.
        for spelling in
            ["https://2130706433/", "https://0177.0.0.1/", "https://0x7f.1/", "https://[::ffff:127.0.0.1]/"]
        {
            assert!(!ok(spelling, false), "{spelling}");
        }
        assert!(!ok("https://169.254.169.254/latest/meta-data", true));
        assert!(!ok("https://user@api.zoom.us/", false));
        assert!(!ok("ftp://api.zoom.us/", false));
    }

    #[test]
    fn a_person_is_sent_to_listed_hosts_only() {
        let hosts = ["zoom.us", ".zoom.us", "127.0.0.1:4000"].map(str::to_owned);
        let listed = |text: &str, loopback| is_listed(&Url::parse(text).unwrap(), &hosts, loopback);
        for good in ["https://zoom.us/j/1", "https://us02web.zoom.us/w/1?tk=a", "https://ZOOM.us:443/j/1"] {
            assert!(listed(good, false), "{good}");
        }
        for bad in [
            "http://zoom.us/j/1",
            "https://zoom.us:8443/j/1",
            "https://zoom.us.evil.example/j/1",
            "https://evilzoom.us/j/1",
            "https://zoom.us@evil.example/j/1",
            "https://user@zoom.us/j/1",
            "javascript:alert(1)",
            "data:text/html,zoom.us",
            "http://127.0.0.1:4000/j/1",
        ] {
            assert!(!listed(bad, false), "{bad}");
        }
        assert!(listed("http://127.0.0.1:4000/j/1", true));
        assert!(!listed("http://127.0.0.1:4001/j/1", true));
        assert!(!listed("http://zoom.us/j/1", true));
    }

    #[tokio::test]
    async fn a_name_that_points_inside_is_not_resolved() {
        let name = || "localhost".parse::<Name>().unwrap();
        assert!(PublicOnly { allow_loopback: false }.resolve(name()).await.is_err());
        assert!(PublicOnly { allow_loopback: true }.resolve(name()).await.is_ok());
    }
}
