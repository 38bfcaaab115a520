use serde::{Deserialize, Serialize};

/// `[webhooks]`: where outgoing webhooks may go.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhooksConfig {
    /// Hosts on this machine or in a private network, as `host` or `host:port`, that may be named by any organization's admins,
    /// over http too. Everything else must be https and on the public internet.
    pub allow_private: Vec<String>,
}
