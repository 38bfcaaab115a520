//! Guests of a class or of one of its sessions: by a token of their own, without an account.

use lectern_core::ids::{ClassId, OrganizationId, SessionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    enrollments::{arrived, open_class, place, wake},
    links,
    store::{self, Class, Enrollment, EnrollmentKind},
};
use crate::{
    app::App,
    audit::EntryKind,
    db::Tx,
    error::ApiError,
    extract::SignedIn,
    join::Naming,
    keys::Sealer,
    people::{self, service::NameInput},
    sessions,
};

/// A guest, as shown to who teaches the class.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GuestView {
    /// Its id.
    pub id: Uuid,
    /// The person.
    pub person_id: Uuid,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// The name the platform shows instead of theirs, in a class that sends aliases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// The sessions they may come to; null for all.
    pub sessions: Option<Vec<Uuid>>,
    /// Since when.
    pub created_at: chrono::DateTime<chrono::Utc>,
    /// Their own Lectern link.
    pub join_url: String,
}

/// The view of a guest.
pub async fn guest_view(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    naming: &Naming,
    guest: &Enrollment,
) -> Result<GuestView, ApiError> {
    let sessions = match guest.all_sessions {
        true => None,
        false => Some(
            store::guest_sessions(tx, organization, guest.id)
                .await?
                .into_iter()
                .map(SessionId::uuid)
                .collect(),
        ),
    };
    Ok(GuestView {
        alias: naming.alias(guest.person).map(|alias| alias.name()),
        id: guest.id.uuid(),
        person_id: guest.person.uuid(),
        name: guest.name(),
        email: guest.email.clone(),
        sessions,
        created_at: guest.created_at,
        join_url: links::join_link(app, organization, guest),
    })
}

/// One address is one registrant at the platform: with two seats nobody could say whose it was.
async fn refuse_member(tx: &mut Tx, who: &SignedIn, class: ClassId, email: &str) -> Result<(), ApiError> {
    let Some(person) = people::service::find_by_email(tx, who.organization, email).await? else {
        return Ok(());
    };
    let place = store::find_enrollment_of(tx, who.organization, class, person.id).await?;
    match place.filter(|place| place.active && place.kind == EnrollmentKind::Member) {
        None => Ok(()),
        Some(_) => Err(ApiError::conflict(
            "enrolled",
            "This person is enrolled in the class already.",
            "Their own link opens every session: send it again from the list of people.",
        )),
    }
}

/// Whom to invite.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// Their address.
    pub email: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    #[serde(default)]
    pub last_name: Option<String>,
    /// The sessions they may come to. Left out: the next one; empty: all sessions of the class.
    #[serde(default)]
    pub sessions: Option<Vec<Uuid>>,
}

/// Invites a guest to named sessions, the next one, or the whole class.
pub async fn invite(app: &App, who: &SignedIn, class: ClassId, guest: Invite) -> Result<GuestView, ApiError> {
    let sealer = app.keys.sealer(who.organization).await?;
    let mut tx = app.db.begin(who.organization).await?;
    let class = open_class(&mut tx, who, class).await?;
    let view = invite_in(app, &mut tx, &sealer, who, &class, guest).await?;
    tx.commit().await?;
    wake(app);
    Ok(view)
}

/// The same in the caller's transaction, into a class that is not archived and that this person may teach.
///
/// # Errors
/// As [`invite`].
pub async fn invite_in(
    app: &App,
    tx: &mut Tx,
    sealer: &Sealer,
    who: &SignedIn,
    class: &Class,
    guest: Invite,
) -> Result<GuestView, ApiError> {
    let mut errors = Vec::new();
    let email = people::service::parse_email(&guest.email)
        .map_err(|message| errors.push(crate::error::FieldError::new("email", message)))
        .unwrap_or_default();
    let name = NameInput { name: None, first_name: Some(guest.first_name), last_name: guest.last_name };
    let (first, last) = name.read(&mut errors);
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    refuse_member(tx, who, class.id, &email).await?;
    let named = match &guest.sessions {
        Some(ids) => {
            for id in ids {
                let session = sessions::service::find(tx, who.organization, SessionId(*id)).await?;
                session.filter(|session| session.class == class.id).ok_or_else(|| {
                    ApiError::field("sessions", "A session with this id is not in this class.")
                })?;
            }
            ids.iter().copied().map(SessionId).collect::<Vec<_>>()
        }
        None => {
            let next =
                sessions::service::next_of_class(tx, who.organization, class.id, app.clock.now()).await?;
            let next = next.ok_or_else(|| {
                ApiError::conflict(
                    "no_session",
                    "The class has no session to come.",
                    "Schedule a session first, or invite to the whole class with an empty list.",
                )
            })?;
            vec![next.id]
        }
    };
    let known =
        store::find_guest_by_email(tx, who.organization, class.id, &people::email_key(&email)).await?;
    let person = match known {
        Some(known) => known.person,
        None => {
            people::service::make_guest(
                app,
                tx,
                who.organization,
                who.actor(),
                &email,
                (&first, last.as_deref()),
            )
            .await?
            .id
        }
    };
    let all = named.is_empty();
    let enrollment =
        place(app, tx, (who.organization, who.actor()), class, person, EnrollmentKind::Guest, all, None)
            .await?;
    store::set_guest_sessions(tx, who.organization, enrollment.id, &named).await?;
    arrived(app, tx, sealer, (who.organization, who.actor()), class, &enrollment, EntryKind::GuestInvited)
        .await?;
    let naming = Naming::of(app, tx, who.organization, class).await?;
    guest_view(app, tx, who.organization, &naming, &enrollment).await
}
