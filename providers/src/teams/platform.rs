//! Teams, for the registry.

use std::sync::Arc;

use lectern_core::provider::{NameWords, Provider, ProviderName};
use url::Url;

use super::{Mode, Teams, TeamsConnection, TeamsEvents, TeamsSettings, at_best};
use crate::{
    platform::{Connection, LiveSource, NotAvailable, Place, Platform, ProviderSettings},
    transport::Transport,
};

/// Teams' name.
pub const NAME: ProviderName = ProviderName::new(&NameWords { slug: "teams", title: "Microsoft Teams" });

/// Teams.
pub static PLATFORM: Platform = Platform {
    name: NAME,
    build,
    events: Some(&TeamsEvents),
    at_best,
    live_source: LiveSource::Asked,
    by_account: true,
    addresses_are_accounts: true,
    is_essential: |scope| ["User.Read", "Calendars.ReadWrite", "OnlineMeetings.ReadWrite"].contains(&scope),
    plans: &[],
    places: &[Place {
        api: "https://graph.microsoft.com/v1.0",
        oauth: "https://login.microsoftonline.com",
        // `beta`: Graph's other face; `keys`: where Microsoft publishes the keys it signs with.
        others: &[
            ("beta", "https://graph.microsoft.com/beta"),
            ("keys", "https://login.microsoftonline.com/common/discovery/v2.0/keys"),
        ],
        meeting_hosts: &["teams.microsoft.com", ".teams.microsoft.com", "teams.live.com"],
    }],
};

/// Graph's faces are neighbours: one that the operator moved has its other beside it.
fn beta(settings: &ProviderSettings) -> Url {
    settings.others.get("beta").cloned().unwrap_or_else(|| {
        let mut url = settings.api_base.clone();
        let path = url.path().trim_end_matches('/').trim_end_matches("v1.0").to_owned();
        url.set_path(&format!("{path}beta"));
        url
    })
}

fn build(
    settings: &ProviderSettings,
    transport: &Transport,
    connection: Option<Connection>,
) -> Result<Arc<dyn Provider>, NotAvailable> {
    let teams = TeamsSettings {
        tenant: settings.tenant.clone(),
        client_id: settings.client_id.clone(),
        client_secret: settings.client_secret.clone(),
        mode: settings.account().map_or(Mode::Delegated, |tenant_id| Mode::Application { tenant_id }),
        beta_base: beta(settings),
        api_base: settings.api_base.clone(),
        login_base: settings.oauth_base.clone(),
        hosts: settings.hosts.clone(),
    };
    let connection = connection.map(|connection| TeamsConnection {
        tokens: connection.tokens,
        account: connection.account,
        scopes: connection.scopes,
        rate_key: connection.rate_key,
    });
    Ok(Arc::new(Teams::new(teams, transport.clone(), connection)))
}
