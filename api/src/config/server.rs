use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};
use url::Url;

/// `[server]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Where to listen.
    pub bind: SocketAddr,
    /// The address people use, without a path. Plain http is accepted for loopback only.
    pub public_url: Url,
    /// Peers whose `X-Forwarded-For` is believed. Empty: nobody's is.
    pub trusted_proxies: Vec<IpAddr>,
}

impl Default for ServerConfig {
    #[expect(clippy::expect_used, reason = "a constant address parses")]
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: Url::parse("http://127.0.0.1:8080").expect("a constant address"),
            trusted_proxies: Vec::new(),
        }
    }
}

impl ServerConfig {
    /// Scheme, host and port: what a browser sends as `Origin`.
    #[must_use]
    pub fn origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }

    /// Whether cookies are `__Host-` and `Secure`. Over plain http, which is for loopback only, browsers would drop such cookies.
    #[must_use]
    pub fn secure_cookies(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// The name a cookie has here: the one place that decides it.
    #[must_use]
    pub fn cookie_name(&self, name: &str) -> String {
        if self.secure_cookies() { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// A `Set-Cookie` value; `None` as value removes the cookie.
    #[must_use]
    pub fn set_cookie(&self, name: &str, value: Option<&str>, max_age_seconds: i64) -> String {
        let name = self.cookie_name(name);
        let secure = if self.secure_cookies() { "; Secure" } else { "" };
        let age = if value.is_some() { max_age_seconds } else { 0 };
        format!("{name}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}", value.unwrap_or_default())
    }

    /// A `Set-Cookie` value for a page inside somebody else's: kept apart for each site that frames it (`Partitioned`).
    ///
    /// Over plain http on loopback it has no prefix, as every cookie there. A browser keeps a cookie of a foreign frame only with
    /// `SameSite=None; Secure`, which it takes from loopback without TLS; other programs send no such cookie over http, so they
    /// get it without.
    #[must_use]
    pub fn set_frame_cookie(&self, name: &str, value: &str, max_age_seconds: i64, browser: bool) -> String {
        let name = self.cookie_name(name);
        let site = if self.secure_cookies() || browser {
            "SameSite=None; Secure; Partitioned"
        } else {
            "SameSite=Lax"
        };
        format!("{name}={value}; Path=/; HttpOnly; Max-Age={max_age_seconds}; {site}")
    }

    /// An absolute address of ours.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// Why this configuration cannot be served, if so.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let host = self.public_url.host_str().unwrap_or_default();
        let loopback = host == "localhost"
            || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        match self.public_url.scheme() {
            "https" => None,
            "http" if loopback => None,
            "http" => Some(format!(
                "server.public_url is plain http on {host}: use https, or a loopback address for a trial"
            )),
            other => Some(format!("server.public_url has the scheme {other}: use https")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn server(url: &str) -> ServerConfig {
        ServerConfig { public_url: Url::parse(url).unwrap(), ..ServerConfig::default() }
    }

    #[test]
    fn cookies_are_host_bound_and_secure_exactly_over_https() {
        let https = server("https://class.example").set_cookie("lectern", Some("v"), 60);
        assert_eq!(https, "__Host-lectern=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure");
        let http = server("http://127.0.0.1:8080").set_cookie("lectern", None, 60);
        assert_eq!(http, "lectern=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    }

    #[test]
    fn a_frames_cookie_is_partitioned_wherever_a_browser_keeps_it() {
        let https = server("https://class.example");
        let partitioned =
            "__Host-lectern-embed-live=v; Path=/; HttpOnly; Max-Age=60; SameSite=None; Secure; Partitioned";
        for browser in [true, false] {
            assert_eq!(https.set_frame_cookie("lectern-embed-live", "v", 60, browser), partitioned);
        }
        let http = server("http://127.0.0.1:8080");
        assert_eq!(
            http.set_frame_cookie("lectern-embed-live", "v", 60, true),
            "lectern-embed-live=v; Path=/; HttpOnly; Max-Age=60; SameSite=None; Secure; Partitioned"
        );
        assert_eq!(
            http.set_frame_cookie("lectern-embed-live", "v", 60, false),
            "lectern-embed-live=v; Path=/; HttpOnly; Max-Age=60; SameSite=Lax"
        );
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        assert_eq!(server("http://127.0.0.1:1").problem(), None);
        assert_eq!(server("http://[::1]:1").problem(), None);
        assert_eq!(server("https://class.example").problem(), None);
        assert!(server("http://class.example").problem().is_some());
        assert!(server("ftp://class.example").problem().is_some());
    }
}
