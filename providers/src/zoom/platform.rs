//! Zoom, for the registry.

use std::sync::Arc;

use lectern_core::provider::{NameWords, Provider, ProviderName};

use super::{Mode, Zoom, ZoomConnection, ZoomEvents, ZoomSettings, at_best};
use crate::{
    platform::{Connection, LiveSource, NotAvailable, Place, Plan, PlanWorth, Platform, ProviderSettings},
    transport::Transport,
};

/// Zoom's name.
pub const NAME: ProviderName = ProviderName::new(&NameWords { slug: "zoom", title: "Zoom" });

/// Zoom. An address in its reports may be what somebody typed at its registration form.
pub static PLATFORM: Platform = Platform {
    name: NAME,
    build,
    events: Some(&ZoomEvents),
    at_best,
    live_source: LiveSource::Told,
    by_account: true,
    addresses_are_accounts: false,
    is_essential,
    plans: &[
        Plan { number: 1, name: "Basic", worth: PlanWorth::Short { minutes: 40 } },
        Plan { number: 2, name: "Licensed", worth: PlanWorth::Whole },
        Plan { number: 4, name: NO_MEETINGS, worth: PlanWorth::Nothing },
        Plan { number: 99, name: NO_MEETINGS, worth: PlanWorth::Nothing },
    ],
    places: &[
        at("https://api.zoom.us/v2"),
        at("https://api-us.zoom.us/v2"),
        at("https://api-eu.zoom.us/v2"),
        at("https://api-in.zoom.us/v2"),
    ],
};

const NO_MEETINGS: &str = "No meeting licence";

const fn at(api: &'static str) -> Place {
    Place { api, oauth: "https://zoom.us/oauth", others: &[], meeting_hosts: super::config::HOSTS }
}

fn is_essential(scope: &str) -> bool {
    ["user:read:user", "meeting:write:meeting", "meeting:read:meeting"]
        .contains(&scope.trim_end_matches(":admin"))
}

fn build(
    settings: &ProviderSettings,
    transport: &Transport,
    connection: Option<Connection>,
) -> Result<Arc<dyn Provider>, NotAvailable> {
    let zoom = ZoomSettings {
        tenant: settings.tenant.clone(),
        client_id: settings.client_id.clone(),
        client_secret: settings.client_secret.clone(),
        mode: settings.account().map_or(Mode::User, |account_id| Mode::ServerToServer { account_id }),
        api_base: settings.api_base.clone(),
        oauth_authorize: settings.oauth("authorize"),
        oauth_token: settings.oauth("token"),
        oauth_revoke: settings.oauth("revoke"),
        hosts: settings.hosts.clone(),
    };
    let connection = connection.map(|connection| ZoomConnection {
        tokens: connection.tokens,
        account: connection.account,
        scopes: connection.scopes,
        rate_key: connection.rate_key,
    });
    Ok(Arc::new(Zoom::new(zoom, transport.clone(), connection)))
}
