use std::collections::BTreeMap;

use lectern_core::provider::ProviderName;
use serde::{Deserialize, Serialize};
use url::Url;

/// One set of a platform's addresses an administrator may choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformHosts {
    /// API base, with the version: `https://api.zoom.us/v2`.
    pub api: Url,
    /// OAuth base: `https://zoom.us/oauth`.
    pub oauth: Url,
    /// Further addresses of platforms that have several, by name (`drive`, `keys`, …); one that is left out is the vendor's own.
    #[serde(default)]
    pub others: BTreeMap<String, Url>,
    /// Hosts a join or start URL may point to: exact names, or `.zoom.us` for all below. Ports count when given.
    pub meeting_hosts: Vec<String>,
}

/// `[platforms]`: the operator's list; an administrator chooses from it and can never add to it. An empty list takes a
/// platform away.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlatformsConfig {
    /// Zoom's addresses; the first is proposed.
    pub zoom: Vec<PlatformHosts>,
    /// Microsoft's.
    pub teams: Vec<PlatformHosts>,
    /// Google's.
    pub meet: Vec<PlatformHosts>,
    /// Vendors on loopback are allowed: only for simulators.
    pub allow_loopback: bool,
}

impl Default for PlatformsConfig {
    #[expect(clippy::expect_used, reason = "constant addresses parse")]
    fn default() -> Self {
        let url = |text| Url::parse(text).expect("a constant address");
        let hosts = |api, oauth, meeting_hosts: &[&str]| PlatformHosts {
            api: url(api),
            oauth: url(oauth),
            others: BTreeMap::new(),
            meeting_hosts: meeting_hosts.iter().map(|host| (*host).to_owned()).collect(),
        };
        let zoom =
            |api| hosts(api, "https://zoom.us/oauth", &["zoom.us", ".zoom.us", "zoom.com", ".zoom.com"]);
        Self {
            zoom: vec![
                zoom("https://api.zoom.us/v2"),
                zoom("https://api-us.zoom.us/v2"),
                zoom("https://api-eu.zoom.us/v2"),
                zoom("https://api-in.zoom.us/v2"),
            ],
            teams: vec![hosts(
                "https://graph.microsoft.com/v1.0",
                "https://login.microsoftonline.com",
                &["teams.microsoft.com", ".teams.microsoft.com", "teams.live.com"],
            )],
            meet: vec![hosts(
                "https://meet.googleapis.com/v2",
                "https://accounts.google.com/o/oauth2/v2",
                &["meet.google.com"],
            )],
            allow_loopback: false,
        }
    }
}

impl PlatformsConfig {
    /// A platform's addresses.
    #[must_use]
    pub fn of(&self, provider: ProviderName) -> &[PlatformHosts] {
        match provider {
            ProviderName::Zoom => &self.zoom,
            ProviderName::Teams => &self.teams,
            ProviderName::Meet => &self.meet,
            ProviderName::Link => &[],
        }
    }

    /// The meeting hosts, and where people are asked for their consent, as sources of a content policy.
    #[must_use]
    pub fn meeting_sources(&self) -> Vec<String> {
        let scheme = if self.allow_loopback { "http" } else { "https" };
        let all = || ProviderName::ALL.into_iter().flat_map(|provider| self.of(provider));
        let mut sources: Vec<String> = all()
            .flat_map(|hosts| &hosts.meeting_hosts)
            .map(|host| match host.strip_prefix('.') {
                Some(domain) => format!("{scheme}://*.{domain}"),
                None => format!("{scheme}://{host}"),
            })
            .collect();
        sources.extend(all().map(|hosts| hosts.oauth.origin().ascii_serialization()));
        sources.sort();
        sources.dedup();
        sources
    }
}
