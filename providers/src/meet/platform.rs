//! Google Meet, for the registry.

use std::sync::Arc;

use lectern_core::provider::{NameWords, Provider, ProviderName};

use super::{Meet, MeetAddresses, MeetConnection, MeetEvents, MeetSettings, Mode, at_best, oauth::Bundle};
use crate::{
    platform::{Connection, LiveSource, NotAvailable, Place, Platform, ProviderSettings},
    transport::Transport,
};

/// Meet's name.
pub const NAME: ProviderName = ProviderName::new(&NameWords { slug: "meet", title: "Google Meet" });

/// Meet.
pub static PLATFORM: Platform = Platform {
    name: NAME,
    build,
    events: Some(&MeetEvents),
    at_best,
    live_source: LiveSource::Published,
    by_account: false,
    addresses_are_accounts: true,
    is_essential: |scope| scope == "meetings.space.created",
    plans: &[],
    places: &[Place {
        api: "https://meet.googleapis.com/v2",
        oauth: "https://accounts.google.com/o/oauth2/v2",
        others: MeetAddresses::OTHERS,
        meeting_hosts: &["meet.google.com"],
    }],
};

fn build(
    settings: &ProviderSettings,
    transport: &Transport,
    connection: Option<Connection>,
) -> Result<Arc<dyn Provider>, NotAvailable> {
    let meet = MeetSettings {
        tenant: settings.tenant.clone(),
        client_id: settings.client_id.clone(),
        client_secret: settings.client_secret.clone(),
        mode: settings.account().map_or(Mode::User, |organizer| Mode::Delegated { organizer }),
        bundles: Bundle::USUAL.into(),
        api_base: settings.api_base.clone(),
        oauth_authorize: settings.oauth("auth"),
        others: MeetAddresses::with(&settings.others).ok_or(NotAvailable(NAME))?,
        hosts: settings.hosts.clone(),
    };
    let connection = connection.map(|connection| MeetConnection {
        tokens: connection.tokens,
        account: connection.account,
        scopes: connection.scopes,
        rate_key: connection.rate_key,
    });
    Ok(Arc::new(Meet::new(meet, transport.clone(), connection)))
}
