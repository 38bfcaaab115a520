//! A person allows the app at the platform: the way there and back.
//!
//! A consent comes back by the browser, so it must be the browser that asked. The rule: the callback carries the cookie that
//! the start gave, or the very sign-in the start came with. Where a program asked (`Authorization: Bearer`), any sign-in of the
//! same person will do, because the program hands the address to a browser we have not seen. Somebody else's sign-in is
//! refused in every case, and no token is asked for before all of this holds.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use lectern_core::{
    ids::{OrganizationId, PersonId},
    provider::{Account, AuthorizeRequest, Call, ProviderName, TokenSet},
    role::Role,
    secret::SecretString,
    sentence::Sentence,
};
use lectern_providers::registry;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use url::Url;
use uuid::Uuid;

use super::{
    ending::{Ended, revoke_at_platform, revoke_later},
    settings,
    store::{self, connections::State, settings::Mode, states},
    tokens,
};
use crate::{
    app::App,
    audit::{self, Actor, EntryKind},
    error::ApiError,
    events,
    extract::{SignedIn, Via},
    keys::Sealer,
    people,
};

/// The cookie of whoever asked for a consent, before the prefix.
pub const COOKIE: &str = "lectern-connect";
/// How the cookie of a consent begins that began at a one-time address: its browser has no page of ours to go back to.
pub(super) const BY_TICKET: &str = "t.";
/// How long a consent may take.
pub const PATIENCE: TimeDelta = TimeDelta::minutes(10);
/// How long a person waits for the platform.
const WAIT: Duration = Duration::from_secs(15);

/// Where a consent begins.
#[derive(Debug)]
pub struct Started {
    /// At the platform.
    pub authorize_url: Url,
    /// For the asker's cookie.
    pub cookie: SecretString,
}

pub(super) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

pub(super) fn random(app: &App) -> String {
    URL_SAFE_NO_PAD.encode(app.randomness.bytes::<32>())
}

/// The verifier's row in its seal: the table's key is a hash, of which half is enough.
fn state_row(hash: &[u8; 32]) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn callback(app: &App, provider: ProviderName) -> Result<Url, ApiError> {
    Url::parse(&settings::redirect_url(app, provider)).map_err(ApiError::internal)
}

/// Asks for a consent.
///
/// # Errors
/// [`ApiError::Conflict`] when the organization has one account for all; [`ApiError::Provider`] when it has no app.
pub async fn start(app: &App, who: &SignedIn, provider: ProviderName) -> Result<Started, ApiError> {
    let browser = match &who.via {
        Via::Cookie(hash) => Some(hash.to_vec()),
        _ => None,
    };
    ask(app, who.organization, who.person()?, provider, browser, random(app)).await
}

/// Asks for a consent in the browser that gets the cookie, in which nobody need be signed in, before or after.
pub(super) async fn start_by_ticket(
    app: &App,
    organization: OrganizationId,
    person: PersonId,
    provider: ProviderName,
) -> Result<Started, ApiError> {
    ask(app, organization, person, provider, None, format!("{BY_TICKET}{}", random(app))).await
}

async fn ask(
    app: &App,
    organization: OrganizationId,
    person: PersonId,
    provider: ProviderName,
    browser_hash: Option<Vec<u8>>,
    cookie: String,
) -> Result<Started, ApiError> {
    let (found, credentials) = settings::for_calls(app, organization, provider).await?;
    if found.mode == Mode::ServerToServer {
        return Err(ApiError::conflict(
            "connected_by_organization",
            format!("Your organization has one {} account for all classes.", provider.title()),
            "There is nothing to connect: start your class.",
        ));
    }
    let platform =
        registry::build(&credentials, app.providers.transport(), None).map_err(ApiError::internal)?;
    let oauth = platform.oauth().ok_or(ApiError::NotFound)?;
    let sealer = app.keys.sealer(organization).await?;
    let now = app.clock.now();

    // The organization leads, so that the callback finds the row without a sign-in; the rest cannot be guessed.
    let state = format!("{}.{}", organization.uuid().simple(), random(app));
    let state_hash = hash(&state);
    let verifier = SecretString::new(random(app));
    let cookie = SecretString::new(cookie);
    let row = states::State {
        provider: provider.as_str().to_owned(),
        person_id: person.uuid(),
        browser_hash,
        cookie_hash: hash(cookie.expose()).to_vec(),
        verifier: sealer.seal(
            "oauth_states",
            "verifier",
            state_row(&state_hash),
            verifier.expose().as_bytes(),
        ),
        expires_at: now + PATIENCE,
        used_at: None,
    };
    let mut tx = app.db.begin(organization).await?;
    states::remove_expired(&mut tx, organization, now).await?;
    states::insert(&mut tx, organization, &state_hash, &row).await?;
    tx.commit().await?;
    let authorize_url = oauth.authorize_url(&AuthorizeRequest {
        redirect_uri: callback(app, provider)?,
        state,
        code_challenge: URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose().as_bytes())),
    });
    Ok(Started { authorize_url, cookie })
}

/// What the platform sends a browser back with.
#[derive(Debug, Default, Deserialize)]
pub struct Callback {
    /// Ours, back.
    #[serde(default)]
    pub state: Option<String>,
    /// To be traded for tokens.
    #[serde(default)]
    pub code: Option<SecretString>,
    /// The person said no, or the platform did.
    #[serde(default)]
    pub error: Option<String>,
}

/// How a consent ended that was really ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The account is connected.
    Connected,
    /// It was refused at the platform.
    Denied,
}

fn refused() -> ApiError {
    ApiError::Malformed(
        "This address was not asked for by this browser, was used already, or is older than 10 minutes. Start again from your \
         connection page."
            .to_owned(),
    )
}

/// Whether the browser that came back is the one that asked.
fn is_same_browser(
    state: &states::State,
    organization: OrganizationId,
    who: Option<&SignedIn>,
    cookie: Option<&str>,
) -> bool {
    if let Some(who) = who
        && (who.organization != organization || who.person.uuid() != state.person_id)
    {
        return false;
    }
    let by_cookie = cookie.is_some_and(|cookie| hash(cookie).as_slice() == state.cookie_hash.as_slice());
    let by_sign_in = who.is_some_and(|who| match (&who.via, &state.browser_hash) {
        (Via::Cookie(hash) | Via::Bearer(hash), Some(asked)) => hash.as_slice() == asked.as_slice(),
        (_, Some(_)) => false,
        (_, None) => true,
    });
    by_cookie || by_sign_in
}

/// Completes a consent: checks who came back with what, then asks for tokens and keeps them.
///
/// # Errors
/// [`ApiError::Malformed`] for a state that is missing, unknown, used, expired, another platform's or another browser's: the
/// platform is not asked then. [`ApiError::Provider`] when the platform gives no tokens.
pub async fn complete(
    app: &App,
    provider: ProviderName,
    who: Option<&SignedIn>,
    cookie: Option<&str>,
    back: Callback,
) -> Result<Outcome, ApiError> {
    let now = app.clock.now();
    let text = back.state.ok_or_else(refused)?;
    let organization = text
        .split_once('.')
        .and_then(|(organization, _)| Uuid::try_parse(organization).ok())
        .map(OrganizationId)
        .ok_or_else(refused)?;
    let state_hash = hash(&text);
    let sealer = app.keys.sealer(organization).await.map_err(|_| refused())?;
    let mut tx = app.db.begin(organization).await?;
    let state = states::find(&mut tx, organization, &state_hash).await?.ok_or_else(refused)?;
    let person = PersonId(state.person_id);
    let teaches = people::service::find(&mut tx, organization, person)
        .await?
        .is_some_and(|person| person.active && person.role != Role::Student);
    let good = state.provider == provider.as_str()
        && state.used_at.is_none()
        && now < state.expires_at
        && teaches
        && is_same_browser(&state, organization, who, cookie);
    if !good || !states::use_up(&mut tx, organization, &state_hash, now).await? {
        return Err(refused());
    }
    tx.commit().await?;

    let Some(code) = back.code.filter(|_| back.error.is_none()) else {
        tracing::info!(%organization, "a consent was refused at the platform");
        return Ok(Outcome::Denied);
    };
    let verifier = sealer.open_text("oauth_states", "verifier", state_row(&state_hash), &state.verifier)?;
    let (_, credentials) = settings::for_calls(app, organization, provider).await?;
    let platform =
        registry::build(&credentials, app.providers.transport(), None).map_err(ApiError::internal)?;
    let oauth = platform.oauth().ok_or(ApiError::NotFound)?;
    let call = Call::interactive(WAIT);
    let granted = oauth.exchange(&call, code.expose(), &verifier, &callback(app, provider)?).await?;
    let account = match oauth.account(&call, &granted.access_token, None).await {
        Ok(account) => {
            Account { account_id: granted.account_id.clone().unwrap_or(account.account_id), ..account }
        }
        Err(error) => {
            revoke_at_platform(app, organization, provider, &granted.access_token).await;
            return Err(error.into());
        }
    };
    keep(app, organization, provider, person, &account, &granted, &sealer).await?;
    Ok(Outcome::Connected)
}

/// Part of tick `clean_up`: consents that nobody gave in time; how many.
pub(crate) async fn clean_up(app: &App, organization: OrganizationId) -> Result<u64, ApiError> {
    let mut tx = app.db.begin(organization).await?;
    let now = app.clock.now();
    let states = states::remove_expired(&mut tx, organization, now).await?;
    let tickets = store::tickets::remove_expired(&mut tx, organization, now).await?;
    tx.commit().await?;
    Ok(states + tickets)
}

async fn keep(
    app: &App,
    organization: OrganizationId,
    provider: ProviderName,
    person: PersonId,
    account: &Account,
    granted: &TokenSet,
    sealer: &Sealer,
) -> Result<(), ApiError> {
    let now = app.clock.now();
    let mut tx = app.db.begin(organization).await?;
    let earlier =
        store::connections::earlier(&mut tx, organization, provider, Some(person), &account.user_id).await?;
    let mut ended = Vec::new();
    let own = store::connections::of_person(&mut tx, organization, provider, person).await?;
    if let Some(own) = own.filter(|own| earlier.as_ref().is_none_or(|earlier| earlier.id != own.id)) {
        // Another account than before: what the old one made stays its own.
        ended.extend(Ended::of(&own, sealer));
        store::connections::end(&mut tx, organization, own.id, State::Gone, None).await?;
    }
    let others = store::connections::by_external_user(&mut tx, organization, &account.user_id).await?;
    for other in others.iter().filter(|other| other.provider == provider && other.person != Some(person)) {
        // The platform ended that grant with this one: a second consent of one user voids the first.
        let why = Sentence::known("said.connected_elsewhere", "Somebody else connected this account.");
        store::connections::end(&mut tx, organization, other.id, State::NeedsReconnect, Some(&why)).await?;
        let event = tokens::changed(now, other, "needs_reconnect");
        events::emit(&mut tx, &app.ids, sealer, organization, now, &event).await?;
        tokens::tell(app, &mut tx, organization, other).await?;
    }
    let id = earlier.as_ref().map_or_else(|| app.new_id(), |earlier| earlier.id);
    let pair = tokens::seal(sealer, id, granted, app, &[]);
    match &earlier {
        Some(_) => {
            store::connections::reconnect(&mut tx, organization, provider, id, account, &pair).await?;
        }
        None => {
            store::connections::insert(&mut tx, organization, provider, id, Some(person), account, &pair)
                .await?;
        }
    }
    let entry = app
        .entry(organization, EntryKind::Connected, Actor::Person(person))
        .person(person)
        .details(tokens::details(provider, id));
    audit::store::insert(&mut tx, &entry).await?;
    if let Some(row) = store::connections::find(&mut tx, organization, id).await? {
        let event = tokens::changed(now, &row, "connected");
        events::emit(&mut tx, &app.ids, sealer, organization, now, &event).await?;
    }
    tx.commit().await?;
    app.wake.outbox.notify_one();
    if !ended.is_empty() {
        let (found, _) = settings::for_calls(app, organization, provider).await?;
        revoke_later(app, organization, provider, found, ended);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chrono::DateTime;

    use super::*;

    fn state(browser: Option<[u8; 32]>) -> states::State {
        states::State {
            provider: "zoom".to_owned(),
            person_id: Uuid::from_u128(7),
            browser_hash: browser.map(|hash| hash.to_vec()),
            cookie_hash: hash("cookie").to_vec(),
            verifier: Vec::new(),
            expires_at: DateTime::UNIX_EPOCH,
            used_at: None,
        }
    }

    fn who(person: u128, via: Via) -> SignedIn {
        SignedIn {
            organization: OrganizationId(Uuid::from_u128(1)),
            languages: lectern_web::Languages::default(),
            person: PersonId(Uuid::from_u128(person)),
            role: Role::Instructor,
            owner: false,
            name: "Farhan".to_owned(),
            language: None,
            via,
        }
    }

    /// S-16: a consent comes back only in the browser that asked.
    #[test]
    fn s16_only_the_browser_that_asked_comes_back() {
        let organization = OrganizationId(Uuid::from_u128(1));
        let same = |state: &states::State, who: Option<SignedIn>, cookie| {
            is_same_browser(state, organization, who.as_ref(), cookie)
        };
        let asked = state(Some([1; 32]));
        assert!(same(&asked, Some(who(7, Via::Cookie([1; 32]))), None));
        assert!(same(&asked, Some(who(7, Via::Bearer([1; 32]))), None));
        assert!(same(&asked, None, Some("cookie")));
        assert!(same(&asked, Some(who(7, Via::Cookie([2; 32]))), Some("cookie")), "signed in anew");
        assert!(!same(&asked, None, None));
        assert!(!same(&asked, None, Some("another")));
        assert!(!same(&asked, Some(who(7, Via::Cookie([2; 32]))), None), "another browser of that person");
        assert!(!same(&asked, Some(who(8, Via::Cookie([1; 32]))), Some("cookie")), "somebody else");
        let mut elsewhere = who(7, Via::Cookie([1; 32]));
        elsewhere.organization = OrganizationId(Uuid::from_u128(2));
        assert!(!same(&asked, Some(elsewhere), Some("cookie")), "another organization");

        let by_program = state(None);
        assert!(same(&by_program, Some(who(7, Via::Bearer([3; 32]))), None));
        assert!(same(&by_program, Some(who(7, Via::Cookie([4; 32]))), None));
        assert!(same(&by_program, None, Some("cookie")));
        assert!(!same(&by_program, None, None));
        assert!(!same(&by_program, Some(who(8, Via::Bearer([3; 32]))), None));
    }
}
