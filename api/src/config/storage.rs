use std::{net::IpAddr, path::PathBuf};

use lectern_core::secret::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

/// `[storage]`: where files lie that do not belong into a database.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StorageConfig {
    /// A folder; `files` below the data folder when left out.
    pub folder: Option<PathBuf>,
    /// A bucket instead of a folder: needed when several servers share one database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3: Option<S3Config>,
}

/// `[storage.s3]`: a bucket of Amazon S3 or of a server that speaks its protocol.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S3Config {
    /// The bucket.
    pub bucket: String,
    /// Its region, such as `ap-south-1`; what the server calls it elsewhere.
    pub region: String,
    /// The server's address; Amazon's own of the region when left out.
    pub endpoint: Option<Url>,
    /// The key's id.
    pub access_key_id: String,
    /// The key's secret.
    #[serde(skip_serializing)]
    pub secret_access_key: Option<SecretString>,
}

impl StorageConfig {
    /// Why files cannot be kept like this, if so.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let s3 = self.s3.as_ref()?;
        if self.folder.is_some() {
            return Some(
                "storage.folder and [storage.s3] are both set: files lie in one of them, leave the other out"
                    .to_owned(),
            );
        }
        let secret = s3.secret_access_key.as_ref().map(|secret| secret.expose().as_str());
        let needed = [
            ("bucket", s3.bucket.as_str()),
            ("region", &s3.region),
            ("access_key_id", &s3.access_key_id),
            ("secret_access_key", secret.unwrap_or_default()),
        ];
        let missing: Vec<_> = needed.iter().filter(|(_, value)| value.trim().is_empty()).collect();
        if !missing.is_empty() {
            let names: Vec<_> = missing.iter().map(|(name, _)| format!("storage.s3.{name}")).collect();
            return Some(format!(
                "[storage.s3] is not complete: set {} (the secret best as LECTERN_STORAGE__S3__SECRET_ACCESS_KEY), \
                 or leave the section out and files lie in a folder",
                names.join(", ")
            ));
        }
        let endpoint = s3.endpoint.as_ref()?;
        match endpoint.scheme() {
            "https" => None,
            "http" if is_loopback(endpoint) => None,
            scheme => Some(format!(
                "storage.s3.endpoint has the scheme {scheme}: use https, or a loopback address for a trial"
            )),
        }
    }
}

/// Whether an address is on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn whole() -> S3Config {
        S3Config {
            bucket: "school".to_owned(),
            region: "ap-south-1".to_owned(),
            endpoint: None,
            access_key_id: "id".to_owned(),
            secret_access_key: Some("secret".into()),
        }
    }

    fn problem(s3: S3Config) -> String {
        StorageConfig { folder: None, s3: Some(s3) }.problem().unwrap_or_default()
    }

    #[test]
    fn a_bucket_without_its_parts_is_refused_by_their_names() {
        assert_eq!(problem(whole()), "");
        let said = problem(S3Config { bucket: String::new(), secret_access_key: None, ..whole() });
        assert!(said.contains("set storage.s3.bucket, storage.s3.secret_access_key ("), "{said}");
        let both = StorageConfig { folder: Some("files".into()), s3: Some(whole()) };
        assert!(both.problem().unwrap().contains("both set"));
        assert_eq!(StorageConfig::default().problem(), None);
    }

    #[test]
    fn keys_go_over_a_sealed_connection_only() {
        let at = |url: &str| problem(S3Config { endpoint: Some(url.parse().unwrap()), ..whole() });
        assert_eq!(
            (at("https://s3.school.example"), at("http://127.0.0.1:9000")),
            (String::new(), String::new())
        );
        assert!(at("http://s3.school.example").contains("use https"));
        assert!(at("ftp://127.0.0.1").contains("use https"));
    }

    #[test]
    fn the_secret_is_shown_nowhere() {
        let config = StorageConfig { folder: None, s3: Some(whole()) };
        assert!(!format!("{config:?}").contains("\"secret\""));
        assert!(!serde_json::to_string(&config).unwrap().contains("secret_access_key"));
    }
}
