//! Rendering and sending one mail.

use chrono::{DateTime, SecondsFormat, Utc};
use lectern_core::{
    ids::{ClassId, OrganizationId, PersonId, SeatId, SessionId},
    provider::ProviderName,
    session::{Delivery, SessionState},
};
use lectern_providers::registry;
use lectern_web::{
    Lang, MailBody,
    mails::{
        CancelledMail, CodeMail, ConnectionLostMail, GuestInviteMail, JoinMail, MailSession, MovedMail,
        StandbyMail, WebhookDisabledMail,
    },
};
use uuid::Uuid;

use super::{
    calendar::{self, Method},
    store::{self, MailRow},
};
use crate::{
    app::App,
    classes::{self, Class, enrollments, links},
    db::Tx,
    error::ApiError,
    jobs::{Job, JobError},
    mail::{Attachment, MailError, OutgoingMail},
    organizations::{self, Organization},
    pages::vocabulary,
    people::{self, Person},
    sessions::{self, Session},
    webhooks_out,
};

/// Job `mail.send`. At a crash between sending and recording a mail may go twice, with the same Message-ID.
pub async fn send_job(app: &App, job: &Job) -> Result<(), JobError> {
    let id: Uuid = job.id_of("mail")?;
    let organization = job.organization;
    let told = |error: ApiError| JobError::Retry(error.problem().detail, None);
    let mut tx = app.db.read(organization).await?;
    let Some(row) = store::find(&mut tx, organization, id).await? else { return Ok(()) };
    if row.state != "wanted" {
        return Ok(());
    }
    let mail = compose(app, &mut tx, organization, id, &row).await.map_err(told)?;
    drop(tx);
    let sent = match mail {
        // What it would say is no longer true, or the person no longer belongs to the class.
        None => false,
        Some(_) if !app.mailer.is_configured() => {
            tracing::warn!(mail = %id, "no mail server is configured: mail {id} of kind {} is dropped", row.kind);
            false
        }
        Some(mail) => match app.mailer.send(&mail).await {
            Ok(()) => true,
            Err(error @ (MailError::Unavailable(_) | MailError::Settings(_))) => {
                return Err(JobError::Retry(error.to_string(), None));
            }
            Err(error) => return Err(JobError::GiveUp(error.to_string())),
        },
    };
    let mut tx = app.db.begin(organization).await?;
    store::finish(&mut tx, organization, id, sent, app.clock.now()).await?;
    tx.commit().await?;
    Ok(())
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The mail as it is true now; `None` when there is nothing left to say.
async fn compose(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    id: Uuid,
    row: &MailRow,
) -> Result<Option<OutgoingMail>, ApiError> {
    let Some(tenant) = organizations::service::find_active(app, organization).await? else { return Ok(None) };
    let Some(person) = people::service::find(tx, organization, PersonId(row.person_id))
        .await?
        .filter(|person| person.active)
    else {
        return Ok(None);
    };
    let lang = person.language.as_deref().and_then(Lang::from_tag).unwrap_or_default();
    let words = vocabulary(tenant.vocabulary);
    let render_failed = |error: lectern_web::WebError| ApiError::internal(error);
    let (body, attachments) = match row.kind.as_str() {
        "code" => {
            let fact = |name: &str| row.facts.get(name).cloned().unwrap_or_default();
            let seat = fact("seat").as_str().and_then(|seat| seat.parse::<SeatId>().ok());
            let class = fact("class").as_str().and_then(|class| class.parse::<ClassId>().ok());
            let sent_at = fact("sent_at").as_i64().and_then(DateTime::from_timestamp_micros);
            let (Some(seat), Some(class), Some(sent_at)) = (seat, class, sent_at) else { return Ok(None) };
            if sent_at + crate::join::CODE_LIFE <= app.clock.now() {
                return Ok(None);
            }
            let Some(class) = classes::service::find(tx, organization, class).await? else { return Ok(None) };
            let mail = CodeMail {
                person: person.name(),
                class_title: class.title,
                organization: tenant.name.clone(),
                code: crate::join::code_digits(app, seat, sent_at),
                minutes: u32::try_from(crate::join::CODE_LIFE.num_minutes()).unwrap_or(10),
            };
            (app.web.mail(&mail, words, lang).map_err(render_failed)?, Vec::new())
        }
        "connection_lost" => {
            let provider = row
                .facts
                .get("provider")
                .and_then(|name| name.as_str())
                .and_then(|name| registry::named(name).ok());
            let mail = ConnectionLostMail {
                person: person.name(),
                organization: tenant.name.clone(),
                platform: provider.map_or("", ProviderName::title).to_owned(),
                connection_url: app.config.server.url("/connection"),
                next: None,
            };
            (app.web.mail(&mail, words, lang).map_err(render_failed)?, Vec::new())
        }
        "webhook_disabled" => match webhook_disabled(app, tx, &tenant, &person, row).await? {
            Some(mail) => (app.web.mail(&mail, words, lang).map_err(render_failed)?, Vec::new()),
            None => return Ok(None),
        },
        "standby" => match standby(app, tx, &tenant, &person, row).await? {
            Some(mail) => (app.web.mail(&mail, words, lang).map_err(render_failed)?, Vec::new()),
            None => return Ok(None),
        },
        _ => {
            let Some((body, attachments)) = about_session(app, tx, &tenant, &person, row, lang).await? else {
                return Ok(None);
            };
            (body, attachments)
        }
    };
    let host = app.config.server.public_url.host_str().unwrap_or("lectern").to_owned();
    Ok(Some(OutgoingMail {
        to: person.email.clone(),
        to_name: person.name(),
        subject: body.subject,
        text: body.text,
        html: body.html,
        attachments,
        message_id: format!("<{id}@{host}>"),
    }))
}

/// A webhook endpoint was given up, and nobody has enabled it since.
async fn webhook_disabled(
    app: &App,
    tx: &mut Tx,
    tenant: &Organization,
    person: &Person,
    row: &MailRow,
) -> Result<Option<WebhookDisabledMail>, ApiError> {
    let id = row.facts.get("endpoint").and_then(|id| id.as_str()).and_then(|id| Uuid::parse_str(id).ok());
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

/// Another platform holds a session that runs: the instructor is led to its page, everybody else by the link they have.
async fn standby(
    app: &App,
    tx: &mut Tx,
    tenant: &Organization,
    person: &Person,
    row: &MailRow,
) -> Result<Option<StandbyMail>, ApiError> {
    let Some(id) = row.session_id.map(SessionId) else { return Ok(None) };
    let Some(session) = sessions::service::find(tx, tenant.id, id).await? else { return Ok(None) };
    let class = sessions::service::class_of(tx, tenant.id, &session).await?;
    let meeting = sessions::meetings::of_session(tx, tenant.id, id).await?;
    let own = sessions::service::stands_in_for(&class, &session, meeting.as_ref());
    let Some(own) = own.filter(|_| session.state == SessionState::Live) else { return Ok(None) };
    let hosts = class.instructor == person.id;
    let place = enrollments::of_person(tx, tenant.id, class.id, person.id).await?;
    let url = match place.filter(|place| place.active) {
        _ if hosts => app.config.server.url(&format!("/sessions/{id}")),
        Some(place) => links::join_link(app, tenant.id, &place),
        None => return Ok(None),
    };
    let instructor = people::service::find(tx, tenant.id, class.instructor).await?;
    let instructor = instructor.map(|instructor| instructor.name()).unwrap_or_default();
    let held_on = meeting.map_or(class.provider, |meeting| meeting.provider);
    let about = session_facts(tenant, &class, &session, &instructor);
    Ok(Some(StandbyMail {
        person: person.name(),
        session: MailSession { platform: held_on.title().to_owned(), ..about },
        instead_of: own.title().to_owned(),
        hosts,
        url,
    }))
}

async fn about_session(
    app: &App,
    tx: &mut Tx,
    tenant: &Organization,
    person: &Person,
    row: &MailRow,
    lang: Lang,
) -> Result<Option<(MailBody, Vec<Attachment>)>, ApiError> {
    let organization = tenant.id;
    let Some(id) = row.session_id.map(SessionId) else { return Ok(None) };
    let Some(session) = sessions::service::find(tx, organization, id).await? else { return Ok(None) };
    let class = sessions::service::class_of(tx, organization, &session).await?;
    let Some(enrollment) =
        enrollments::of_person(tx, organization, class.id, person.id).await?.filter(|place| place.active)
    else {
        return Ok(None);
    };
    let cancelled = session.state == SessionState::Cancelled;
    if cancelled != (row.kind == "cancelled") || (!cancelled && session.ends_at <= app.clock.now()) {
        return Ok(None);
    }
    let instructor = people::service::find(tx, organization, class.instructor)
        .await?
        .map(|instructor| instructor.name())
        .unwrap_or_default();
    let about = session_facts(tenant, &class, &session, &instructor);
    let join_url = links::join_link(app, organization, &enrollment);
    let words = vocabulary(tenant.vocabulary);
    let old = |name: &str| {
        row.facts
            .get(name)
            .and_then(|at| at.as_str())
            .and_then(|at| at.parse::<DateTime<Utc>>().ok())
            .map(text)
            .unwrap_or_default()
    };
    let rendered = match row.kind.as_str() {
        "join" => app.web.mail(
            &JoinMail { person: person.name(), session: about, join_url: join_url.clone() },
            words,
            lang,
        ),
        "guest_invite" => app.web.mail(
            &GuestInviteMail {
                person: person.name(),
                invited_by: instructor,
                session: about,
                join_url: join_url.clone(),
            },
            words,
            lang,
        ),
        "moved" => {
            let mail = MovedMail {
                person: person.name(),
                session: about,
                old_starts_at: old("old_starts_at"),
                old_ends_at: old("old_ends_at"),
                join_url: join_url.clone(),
            };
            app.web.mail(&mail, words, lang)
        }
        "cancelled" => app.web.mail(
            &CancelledMail { person: person.name(), session: about, reason: session.cancel_reason.clone() },
            words,
            lang,
        ),
        _ => return Ok(None),
    };
    let method = if cancelled { Method::Cancel(&person.email) } else { Method::Request(&person.email) };
    let link = if cancelled { links::class_link(app, class.id) } else { join_url };
    let calendar = Attachment {
        name: "class.ics",
        content_type: if cancelled {
            "text/calendar; charset=utf-8; method=CANCEL"
        } else {
            "text/calendar; charset=utf-8; method=REQUEST"
        },
        text: calendar::invitation(app, &session, &class.title, &link, method),
    };
    Ok(Some((rendered.map_err(ApiError::internal)?, vec![calendar])))
}

fn session_facts(tenant: &Organization, class: &Class, session: &Session, instructor: &str) -> MailSession {
    MailSession {
        class_title: class.title.clone(),
        session_title: session.title.clone(),
        instructor: instructor.to_owned(),
        organization: tenant.name.clone(),
        platform: class.provider.title().to_owned(),
        starts_at: text(session.starts_at),
        ends_at: text(session.ends_at),
        zone: session.time_zone.clone(),
        in_person: session.delivery == Delivery::InPerson,
    }
}
