//! A person's timetable at a secret address, for their own calendar program.

use chrono::Duration;
use lectern_core::{
    ids::{OrganizationId, PersonId},
    personal_link::{PersonalClaims, PersonalPurpose},
};
use sha2::{Digest, Sha256};

use super::{
    ics::{self, FeedEntry},
    store,
};
use crate::{
    app::App,
    audit::{self, EntryKind},
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    organizations, people,
    sessions::{self, Whose},
};

/// How far a feed reaches back and ahead.
const BACK: Duration = Duration::days(60);
const AHEAD: Duration = Duration::days(366);
const BACK_OF_ALL: Duration = Duration::days(1);
/// Most sessions of a feed: calendar programs give up on larger ones.
const MOST: i64 = 2_000;

fn address(app: &App, organization: OrganizationId, person: PersonId, generation: u32) -> String {
    let claims = PersonalClaims {
        purpose: PersonalPurpose::CalendarFeed,
        organization,
        of: person.uuid(),
        generation,
    };
    app.config.server.url(&format!("/calendar/{}.ics", app.personal_links.token(&claims)))
}

/// The address of somebody's own feed.
pub async fn url(app: &App, tx: &mut Tx, who: &SignedIn) -> Result<String, ApiError> {
    let person = who.person()?;
    let generation = store::generation(tx, who.organization, person).await?;
    Ok(address(app, who.organization, person, generation))
}

/// Makes the address anew: the old one opens nothing from now on.
pub async fn rotate(app: &App, who: &SignedIn) -> Result<String, ApiError> {
    let person = who.person()?;
    let mut tx = app.db.begin(who.organization).await?;
    let generation = store::rotate(&mut tx, who.organization, person, app.clock.now()).await?;
    let entry = app.entry(who.organization, EntryKind::CalendarFeedRotated, who.actor()).person(person);
    audit::store::insert(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(address(app, who.organization, person, generation))
}

/// A feed, with a mark that changes when it does.
#[derive(Debug)]
pub struct Feed {
    /// `text/calendar`.
    pub text: String,
    /// A strong entity tag.
    pub tag: String,
}

/// The feed behind an address.
///
/// # Errors
/// [`ApiError::NotFound`] whatever is wrong with the address: forged, made anew since, or its person no longer here.
pub async fn read(app: &App, token: &str) -> Result<Feed, ApiError> {
    let claims = app.personal_links.verify(token, PersonalPurpose::CalendarFeed).ok_or(ApiError::NotFound)?;
    let organization =
        organizations::service::find_active(app, claims.organization).await?.ok_or(ApiError::NotFound)?;
    let id = PersonId(claims.of);
    let mut tx = app.db.read(organization.id).await?;
    let person = people::service::find(&mut tx, organization.id, id)
        .await?
        .filter(|person| person.active)
        .ok_or(ApiError::NotFound)?;
    if store::generation(&mut tx, organization.id, id).await? != claims.generation {
        return Err(ApiError::NotFound);
    }
    let now = app.clock.now();
    let whose = sessions::service::whose_by(person.role, id);
    // Of the whole organization there are many: what is past would leave no room for what is to come.
    let back = if whose == Whose::Everybody { BACK_OF_ALL } else { BACK };
    let reach = (now - back, now + AHEAD);
    let lines = sessions::service::lines(&mut tx, organization.id, whose, reach, None, MOST).await?;
    drop(tx);
    let entries: Vec<FeedEntry<'_>> = lines
        .iter()
        .map(|line| FeedEntry {
            session: &line.session,
            class_title: &line.class_title,
            link: sessions::service::line_link(app, organization.id, id, line),
            changed_at: line.changed_at,
        })
        .collect();
    let text = ics::feed(app, &organization.name, &entries);
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(text.as_bytes())[..16]));
    Ok(Feed { text, tag })
}
