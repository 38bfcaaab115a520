//! Mails as they are true at the moment they are sent.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use lectern_core::{
    booking::money,
    ids::{ClassId, OrganizationId, PersonId, SeatId, SessionId},
    join::JoinClaims,
    provider::ProviderName,
    session::{Delivery, SessionState},
};
use lectern_providers::registry;
use lectern_web::{
    Lang, MailBody,
    mails::{
        BookingMail, CancelledMail, CodeMail, ConnectionLostMail, GuestInviteMail, JoinMail, MailSession,
        MailSlot, MovedMail, PreflightMail, ReminderMail, StandbyMail, WebhookDisabledMail,
    },
};
use serde_json::Value;
use uuid::Uuid;

use super::{
    choices::{Topic, off_url},
    obstacles, preflight,
    store::MailRow,
};
use crate::{
    app::App,
    booking_pages, bookings,
    branding::house,
    calendar::ics::{self, Method},
    classes::{self, Class, enrollments, links},
    db::Tx,
    error::ApiError,
    mail::{Attachment, OutgoingMail},
    organizations::{self, Organization, Sender},
    people::{self, Person},
    sessions::{self, Session},
    webhooks_out,
};

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What all mails about one session share: read once for all of them.
#[derive(Debug)]
pub(super) struct About {
    tenant: Organization,
    sender: Sender,
    class: Class,
    session: Session,
    instructor: String,
    held_on: ProviderName,
    /// The class's own platform, when another holds the session.
    instead_of: Option<ProviderName>,
}

impl About {
    /// `None` when organization or session is no more.
    pub(super) async fn load(
        app: &App,
        tx: &mut Tx,
        organization: OrganizationId,
        id: SessionId,
    ) -> Result<Option<Self>, ApiError> {
        let Some(tenant) = organizations::service::find_active(app, organization).await? else {
            return Ok(None);
        };
        let Some(session) = sessions::service::find(tx, organization, id).await? else { return Ok(None) };
        let class = sessions::service::class_of(tx, organization, &session).await?;
        let instructor = people::service::find(tx, organization, class.instructor).await?;
        let meeting = sessions::meetings::of_session(tx, organization, id).await?;
        let instead_of = sessions::service::stands_in_for(&class, &session, meeting.as_ref());
        Ok(Some(Self {
            instructor: instructor.map(|instructor| instructor.name()).unwrap_or_default(),
            held_on: meeting.map_or(class.provider, |meeting| meeting.provider),
            instead_of,
            sender: organizations::service::sender(tx, organization).await?,
            tenant,
            class,
            session,
        }))
    }

    /// The class the session is of.
    pub(super) const fn class(&self) -> &Class {
        &self.class
    }

    fn facts(&self, to: &Recipient, off_url: Option<String>) -> MailSession {
        MailSession {
            class_title: self.class.title.clone(),
            session_title: self.session.title.clone(),
            instructor: self.instructor.clone(),
            organization: self.tenant.name.clone(),
            platform: self.class.provider.title().to_owned(),
            starts_at: text(self.session.starts_at),
            ends_at: text(self.session.ends_at),
            zone: self.session.time_zone.clone(),
            own_zone: to.time_zone.clone().filter(|own| *own != self.session.time_zone),
            in_person: self.session.delivery == Delivery::InPerson,
            off_url,
        }
    }
}

/// To whom a mail goes.
#[derive(Debug)]
pub(super) struct Recipient {
    pub(super) id: PersonId,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) language: Option<String>,
    pub(super) time_zone: Option<String>,
    /// Their place in the class, while they have it.
    pub(super) place: Option<JoinClaims>,
}

impl Recipient {
    /// What they chose, if their organization offers it.
    fn lang(&self, tenant: &Organization) -> Lang {
        tenant.languages.pick(self.language.as_deref().and_then(Lang::from_tag))
    }
}

/// A mail about a session; `None` when what it would say is no longer true, or the person no longer belongs to the class.
pub(super) fn about_session(
    app: &App,
    about: &About,
    to: &Recipient,
    (id, kind, facts): (Uuid, &str, &Value),
) -> Result<Option<OutgoingMail>, ApiError> {
    let (now, session) = (app.clock.now(), &about.session);
    let hosts = about.class.instructor == to.id;
    let session_page = || app.config.server.url(&format!("/sessions/{}", session.id));
    if kind == preflight::KIND {
        return in_trouble(app, about, to, (id, facts), session_page());
    }
    let own_link = match &to.place {
        Some(place) => links::link_of(app, place),
        None if hosts => session_page(),
        None => return Ok(None),
    };
    let off = Topic::of(kind).map(|topic| off_url(app, about.tenant.id, to.id, topic));
    let (lang, words) = (to.lang(&about.tenant), house(&about.tenant));
    let person = to.name.clone();
    let told = about.facts(to, off.clone());
    let cancelled = session.state == SessionState::Cancelled;
    let old = |name: &str| instant_of(facts, name).map(text).unwrap_or_default();
    let (body, files) = match kind {
        "reminder" => {
            // Moved, begun or called off since: another mail says so.
            if !session.is_scheduled()
                || instant_of(facts, "starts_at") != Some(session.starts_at)
                || now >= session.starts_at
            {
                return Ok(None);
            }
            let mail = ReminderMail { person, session: told, hosts, url: own_link };
            (app.web.mail(&mail, &words, lang), Vec::new())
        }
        "standby" => {
            let Some(own) = about.instead_of.filter(|_| session.state == SessionState::Live) else {
                return Ok(None);
            };
            let mail = StandbyMail {
                person,
                session: MailSession { platform: about.held_on.title().to_owned(), ..told },
                instead_of: own.title().to_owned(),
                hosts,
                url: if hosts { session_page() } else { own_link },
            };
            (app.web.mail(&mail, &words, lang), Vec::new())
        }
        _ if to.place.is_none()
            || cancelled != (kind == "cancelled")
            || (!cancelled && session.ends_at <= now) =>
        {
            return Ok(None);
        }
        "join" => {
            let mail = JoinMail { person, session: told, join_url: own_link.clone() };
            (app.web.mail(&mail, &words, lang), vec![entry(app, about, to, &own_link)])
        }
        "guest_invite" => {
            let invited_by = about.instructor.clone();
            let mail = GuestInviteMail { person, invited_by, session: told, join_url: own_link.clone() };
            (app.web.mail(&mail, &words, lang), vec![entry(app, about, to, &own_link)])
        }
        "moved" => {
            let mail = MovedMail {
                person,
                session: told,
                old_starts_at: old("old_starts_at"),
                old_ends_at: old("old_ends_at"),
                join_url: own_link.clone(),
            };
            (app.web.mail(&mail, &words, lang), vec![entry(app, about, to, &own_link)])
        }
        "cancelled" => {
            let mail = CancelledMail { person, session: told, reason: session.cancel_reason.clone() };
            let link = links::class_link(app, about.class.id);
            (app.web.mail(&mail, &words, lang), vec![entry(app, about, to, &link)])
        }
        _ => return Ok(None),
    };
    Ok(Some(outgoing(app, id, (to, &about.sender), (body.map_err(ApiError::internal)?, files), off)))
}

/// What stands in the session's way, while it has not begun.
fn in_trouble(
    app: &App,
    about: &About,
    to: &Recipient,
    (id, facts): (Uuid, &Value),
    url: String,
) -> Result<Option<OutgoingMail>, ApiError> {
    let session = &about.session;
    if !session.is_scheduled()
        || instant_of(facts, "starts_at") != Some(session.starts_at)
        || app.clock.now() >= session.starts_at
    {
        return Ok(None);
    }
    let off = Some(off_url(app, about.tenant.id, to.id, Topic::Trouble));
    let mail = PreflightMail {
        person: to.name.clone(),
        session: about.facts(to, off.clone()),
        obstacles: obstacles::lines(facts),
        url,
    };
    let body = app.web.mail(&mail, house(&about.tenant), to.lang(&about.tenant));
    Ok(Some(outgoing(app, id, (to, &about.sender), (body.map_err(ApiError::internal)?, Vec::new()), off)))
}

fn instant_of(facts: &Value, name: &str) -> Option<DateTime<Utc>> {
    facts.get(name).and_then(Value::as_str).and_then(|at| at.parse().ok())
}

/// The calendar file of a mail.
fn entry(app: &App, about: &About, to: &Recipient, link: &str) -> Attachment {
    let cancelled = about.session.state == SessionState::Cancelled;
    let method = if cancelled { Method::Cancel(&to.email) } else { Method::Request(&to.email) };
    Attachment {
        name: "class.ics",
        content_type: if cancelled {
            "text/calendar; charset=utf-8; method=CANCEL"
        } else {
            "text/calendar; charset=utf-8; method=REQUEST"
        },
        text: ics::invitation(app, &about.session, &about.class.title, link, method),
    }
}

fn outgoing(
    app: &App,
    id: Uuid,
    (to, sender): (&Recipient, &Sender),
    (body, attachments): (MailBody, Vec<Attachment>),
    unsubscribe: Option<String>,
) -> OutgoingMail {
    let host = app.config.server.public_url.host_str().unwrap_or("lectern").to_owned();
    OutgoingMail {
        to: to.email.clone(),
        to_name: to.name.clone(),
        sender: sender.clone(),
        subject: body.subject,
        text: body.text,
        html: body.html,
        attachments,
        message_id: format!("<{id}@{host}>"),
        unsubscribe,
    }
}

/// A person without a place in any class.
fn recipient(person: &Person) -> Recipient {
    Recipient {
        id: person.id,
        name: person.name(),
        email: person.email.clone(),
        language: person.language.clone(),
        time_zone: person.time_zone.clone(),
        place: None,
    }
}

/// Any one mail as it is true now; `None` when there is nothing left to say.
pub(super) async fn one(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    row: &MailRow,
) -> Result<Option<OutgoingMail>, ApiError> {
    let person = people::service::find(tx, organization, PersonId(row.person_id)).await?;
    let Some(person) = person.filter(|person| person.active) else { return Ok(None) };
    let to = recipient(&person);
    if let Some(session) = row.session_id.map(SessionId) {
        let Some(about) = About::load(app, tx, organization, session).await? else { return Ok(None) };
        let place = enrollments::of_person(tx, organization, about.class().id, person.id).await?;
        let place = place.filter(|place| place.active).map(|place| links::claims(organization, &place));
        return about_session(app, &about, &Recipient { place, ..to }, (id, &row.kind, &row.facts));
    }
    let Some(tenant) = organizations::service::find_active(app, organization).await? else { return Ok(None) };
    let (lang, words) = (to.lang(&tenant), house(&tenant));
    let sender = organizations::service::sender(tx, organization).await?;
    let off = Topic::of(&row.kind).map(|topic| off_url(app, organization, person.id, topic));
    let body = match row.kind.as_str() {
        "code" => match code(app, tx, &tenant, &person, &row.facts).await? {
            Some(mail) => app.web.mail(&mail, &words, lang),
            None => return Ok(None),
        },
        "connection_lost" => {
            let provider = row.facts.get("provider").and_then(Value::as_str);
            let provider = provider.and_then(|name| registry::named(name).ok());
            let mail = ConnectionLostMail {
                person: person.name(),
                organization: tenant.name.clone(),
                platform: provider.map_or("", ProviderName::title).to_owned(),
                connection_url: app.config.server.url("/connection"),
                next: None,
                off_url: off.clone(),
            };
            app.web.mail(&mail, &words, lang)
        }
        "webhook_disabled" => match webhook_disabled(app, tx, &tenant, &person, &row.facts).await? {
            Some(mail) => app.web.mail(&mail, &words, lang),
            None => return Ok(None),
        },
        "booked" | "booking_made" | "booking_left" | "booking_held" | "booking_waits" | "seat_free"
        | "booking_ended" | "booking_refunded" => {
            match booking(app, tx, &tenant, &to, row, off.clone()).await? {
                Some(mail) => app.web.mail(&mail, &words, lang),
                None => return Ok(None),
            }
        }
        _ => return Ok(None),
    };
    Ok(Some(outgoing(app, id, (&to, &sender), (body.map_err(ApiError::internal)?, Vec::new()), off)))
}

/// A webhook endpoint was given up, and nobody has enabled it since.
async fn webhook_disabled(
    app: &App,
    tx: &mut Tx,
    tenant: &Organization,
    person: &Person,
    facts: &Value,
) -> Result<Option<WebhookDisabledMail>, ApiError> {
    let id = facts.get("endpoint").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
    let Some(id) = id else { return Ok(None) };
    let Some(given_up) = webhooks_out::given_up(tx, tenant.id, id).await? else { return Ok(None) };
    Ok(Some(WebhookDisabledMail {
        person: person.name(),
        organization: tenant.name.clone(),
        host: given_up.host,
        gone: given_up.gone,
        url: app.config.server.url(&format!("/webhooks/{id}")),
    }))
}

async fn booking(
    app: &App,
    tx: &mut Tx,
    tenant: &Organization,
    to: &Recipient,
    row: &MailRow,
    off_url: Option<String>,
) -> Result<Option<BookingMail>, ApiError> {
    let id = row.facts.get("booking").and_then(Value::as_str).and_then(|id| id.parse::<Uuid>().ok());
    let Some(booking) = bookings::service::find(tx, tenant.id, id.unwrap_or_default()).await? else {
        return Ok(None);
    };
    let Some(class) = classes::service::find(tx, tenant.id, booking.class).await? else { return Ok(None) };
    let instructor = people::service::find(tx, tenant.id, class.instructor).await?;
    let zone = match &to.time_zone {
        Some(zone) => zone.clone(),
        None => organizations::service::settings_in(tx, tenant.id).await?.time_zone,
    };
    let is_host = matches!(row.kind.as_str(), "booking_made" | "booking_left");
    let buyer = people::service::find(tx, tenant.id, booking.person).await?.filter(|_| is_host);
    let host_path = match &booking.slot {
        Some(slot) => format!("/booking-pages/{}", slot.page),
        None => format!("/classes/{}/bookings", class.id),
    };
    let (mut title, mut when) = (class.title, None);
    if let Some(slot) = &booking.slot {
        let page = booking_pages::service::find(tx, tenant.id, slot.page).await?;
        when = Some(MailSlot {
            starts_at: text(slot.starts_at),
            ends_at: text(slot.starts_at + Duration::minutes(slot.minutes)),
            host_zone: page.as_ref().map(|page| page.zone.clone()).filter(|host| *host != zone),
        });
        title = page.map_or(title, |page| page.title);
    }
    Ok(Some(BookingMail {
        slot: when,
        person: to.name.clone(),
        kind: row.kind.clone(),
        class_title: title,
        instructor: instructor.map(|instructor| instructor.name()).unwrap_or_default(),
        organization: tenant.name.clone(),
        price: (booking.price > 0).then(|| money(booking.price, &booking.currency)),
        until: booking
            .held_until
            .filter(|_| ["seat_free", "booking_held"].contains(&row.kind.as_str()))
            .map(text),
        zone,
        url: if is_host {
            app.config.server.url(&host_path)
        } else {
            bookings::service::url(app, tenant.id, booking.id)
        },
        buyer: buyer.map(|buyer| buyer.name()),
        off_url,
    }))
}

async fn code(
    app: &App,
    tx: &mut Tx,
    tenant: &Organization,
    person: &Person,
    facts: &Value,
) -> Result<Option<CodeMail>, ApiError> {
    let fact = |name: &str| facts.get(name).cloned().unwrap_or_default();
    let seat = fact("seat").as_str().and_then(|seat| seat.parse::<SeatId>().ok());
    let class = fact("class").as_str().and_then(|class| class.parse::<ClassId>().ok());
    let sent_at = fact("sent_at").as_i64().and_then(DateTime::from_timestamp_micros);
    let (Some(seat), Some(class), Some(sent_at)) = (seat, class, sent_at) else { return Ok(None) };
    if sent_at + crate::join::CODE_LIFE <= app.clock.now() {
        return Ok(None);
    }
    let Some(class) = classes::service::find(tx, tenant.id, class).await? else { return Ok(None) };
    Ok(Some(CodeMail {
        person: person.name(),
        class_title: class.title,
        organization: tenant.name.clone(),
        code: crate::join::code_digits(app, seat, sent_at),
        minutes: u32::try_from(crate::join::CODE_LIFE.num_minutes()).unwrap_or(10),
    }))
}
