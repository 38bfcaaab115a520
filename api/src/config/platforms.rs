use serde::{Deserialize, Serialize};
use url::Url;

/// One set of Zoom addresses an administrator may choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoomHosts {
    /// API base, with the version: `https://api.zoom.us/v2`.
    pub api: Url,
    /// OAuth base: `https://zoom.us/oauth`.
    pub oauth: Url,
    /// Hosts a join or start URL may point to: exact names, or `.zoom.us` for all below. Ports count when given.
    pub meeting_hosts: Vec<String>,
}

/// `[platforms]`: the operator's list; an administrator chooses from it and can never add to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlatformsConfig {
    /// Zoom's addresses; the first is proposed.
    pub zoom: Vec<ZoomHosts>,
    /// Vendors on loopback are allowed: only for simulators.
    pub allow_loopback: bool,
}

impl Default for PlatformsConfig {
    #[expect(clippy::expect_used, reason = "constant addresses parse")]
    fn default() -> Self {
        let url = |text| Url::parse(text).expect("a constant address");
        let hosts = |api| ZoomHosts {
            api: url(api),
            oauth: url("https://zoom.us/oauth"),
            meeting_hosts: ["zoom.us", ".zoom.us", "zoom.com", ".zoom.com"].map(str::to_owned).into(),
        };
        Self {
            zoom: vec![
                hosts("https://api.zoom.us/v2"),
                hosts("https://api-us.zoom.us/v2"),
                hosts("https://api-eu.zoom.us/v2"),
                hosts("https://api-in.zoom.us/v2"),
            ],
            allow_loopback: false,
        }
    }
}

impl PlatformsConfig {
    /// The meeting hosts, and where people are asked for their consent, as sources of a content policy.
    #[must_use]
    pub fn meeting_sources(&self) -> Vec<String> {
        let scheme = if self.allow_loopback { "http" } else { "https" };
        let mut sources: Vec<String> = self
            .zoom
            .iter()
            .flat_map(|hosts| &hosts.meeting_hosts)
            .map(|host| match host.strip_prefix('.') {
                Some(domain) => format!("{scheme}://*.{domain}"),
                None => format!("{scheme}://{host}"),
            })
            .collect();
        sources.extend(self.zoom.iter().map(|hosts| hosts.oauth.origin().ascii_serialization()));
        sources.sort();
        sources.dedup();
        sources
    }
}
