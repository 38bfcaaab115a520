use std::collections::BTreeMap;

use lectern_core::provider::ProviderName;
use lectern_providers::registry;
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
/// platform away, one that is left out is where its vendor runs it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct PlatformsConfig {
    /// The addresses of each platform that organizations have apps at, by its word; the first is proposed.
    #[serde(flatten)]
    platforms: BTreeMap<&'static str, Vec<PlatformHosts>>,
    /// Hosts that pasted links may lead to: exact names, or `.jit.si` for all below. Left out: any public address; empty:
    /// there are no pasted links.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_hosts: Option<Vec<String>>,
    /// Vendors on loopback are allowed: only for simulators.
    pub allow_loopback: bool,
}

/// As it is in the file.
#[derive(Debug, Deserialize)]
struct Written {
    #[serde(flatten)]
    platforms: BTreeMap<String, Vec<PlatformHosts>>,
    #[serde(default)]
    link_hosts: Option<Vec<String>>,
    #[serde(default)]
    allow_loopback: bool,
}

/// A word that names no platform with addresses.
#[derive(Debug, thiserror::Error)]
#[error("platforms.{word}: there is no such platform; there are {known}")]
struct NoSuchPlatform {
    word: String,
    known: String,
}

impl TryFrom<Written> for PlatformsConfig {
    type Error = NoSuchPlatform;

    fn try_from(written: Written) -> Result<Self, NoSuchPlatform> {
        let mut config = Self {
            link_hosts: written.link_hosts,
            allow_loopback: written.allow_loopback,
            ..Self::default()
        };
        for (word, hosts) in written.platforms {
            match config.platforms.get_mut(word.as_str()) {
                Some(known) => *known = hosts,
                None => {
                    let known: Vec<_> = config.platforms.keys().copied().collect();
                    return Err(NoSuchPlatform { word, known: known.join(", ") });
                }
            }
        }
        Ok(config)
    }
}

impl Default for PlatformsConfig {
    fn default() -> Self {
        let hosts = |one: registry::Addresses| PlatformHosts {
            api: one.api_base,
            oauth: one.oauth_base,
            // Left out, so that they are the vendor's own whatever this release thought they were.
            others: BTreeMap::new(),
            meeting_hosts: one.hosts,
        };
        let all = |name: &ProviderName| {
            (name.as_str(), registry::addresses(*name).into_iter().map(hosts).collect())
        };
        Self {
            platforms: registry::AVAILABLE.iter().map(all).collect(),
            link_hosts: None,
            allow_loopback: false,
        }
    }
}

impl PlatformsConfig {
    /// Platforms on loopback alone, where simulators are; those not named are taken away.
    pub fn simulated(platforms: impl IntoIterator<Item = (ProviderName, Vec<PlatformHosts>)>) -> Self {
        let platforms = platforms.into_iter().map(|(name, hosts)| (name.as_str(), hosts)).collect();
        Self { platforms, link_hosts: None, allow_loopback: true }
    }

    /// A platform's addresses.
    #[must_use]
    pub fn of(&self, provider: ProviderName) -> &[PlatformHosts] {
        self.platforms.get(provider.as_str()).map_or(&[], Vec::as_slice)
    }

    /// Where pasted links may lead, as sources of a content policy; empty where there are none.
    #[must_use]
    pub fn link_sources(&self) -> Vec<String> {
        let mut sources = match &self.link_hosts {
            None => vec!["https:".to_owned()],
            Some(hosts) => hosts.iter().map(|host| source("https", host)).collect(),
        };
        if self.allow_loopback && self.has_links() {
            sources.push("http://127.0.0.1:*".to_owned());
        }
        sources
    }

    /// Whether classes may be held behind a pasted link.
    #[must_use]
    pub fn has_links(&self) -> bool {
        self.link_hosts.as_ref().is_none_or(|hosts| !hosts.is_empty())
    }

    /// The meeting hosts, and where people are asked for their consent, as sources of a content policy.
    #[must_use]
    pub fn meeting_sources(&self) -> Vec<String> {
        let scheme = if self.allow_loopback { "http" } else { "https" };
        let all = || self.platforms.values().flatten();
        let mut sources: Vec<String> =
            all().flat_map(|hosts| &hosts.meeting_hosts).map(|host| source(scheme, host)).collect();
        sources.extend(all().map(|hosts| hosts.oauth.origin().ascii_serialization()));
        sources.sort();
        sources.dedup();
        sources
    }
}

fn source(scheme: &str, host: &str) -> String {
    match host.strip_prefix('.') {
        Some(domain) => format!("{scheme}://*.{domain}"),
        None => format!("{scheme}://{host}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use figment::{
        Figment,
        providers::{Format, Serialized, Toml},
    };
    use lectern_providers::{meet, teams, zoom};

    use super::*;

    fn read(toml: &str) -> Result<PlatformsConfig, Box<figment::Error>> {
        Figment::from(Serialized::defaults(PlatformsConfig::default()))
            .merge(Toml::string(toml))
            .extract()
            .map_err(Box::new)
    }

    #[test]
    fn each_platform_is_where_its_vendor_runs_it_unless_the_operator_says_otherwise() {
        let config = read(
            "teams = []\n[[meet]]\napi = \"https://meet.example/v2\"\noauth = \"https://meet.example/o\"\nmeeting_hosts = []",
        )
        .unwrap();
        assert_eq!(config.of(zoom::NAME).len(), 4);
        assert_eq!(config.of(zoom::NAME)[0].api.as_str(), "https://api.zoom.us/v2");
        assert!(config.of(teams::NAME).is_empty() && !config.allow_loopback);
        assert_eq!(config.of(meet::NAME)[0].api.as_str(), "https://meet.example/v2");
        assert!(config.meeting_sources().contains(&"https://*.zoom.us".to_owned()));
        assert!(read("allow_loopback = true").unwrap().allow_loopback);
        assert_eq!(config.link_sources(), ["https:"]);
        let listed = read("link_hosts = [\".jit.si\", \"meet.school.example\"]").unwrap();
        assert_eq!(listed.link_sources(), ["https://*.jit.si", "https://meet.school.example"]);
        let none = read("link_hosts = []").unwrap();
        assert!(none.link_sources().is_empty() && !none.has_links());
    }

    #[test]
    fn a_platform_that_does_not_exist_is_named() {
        let error = read("zom = []").unwrap_err().to_string();
        assert!(error.contains("platforms.zom") && error.contains("meet, teams, zoom"), "{error}");
    }
}
