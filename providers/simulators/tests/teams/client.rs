//! One class from its creation to its attendance, by the client of this product against the simulator.

use std::time::Duration;

use lectern_core::{
    provider::{
        Call, Certificate, ErrorKind, EventEndpoint, EventKeys, EventKind, Events, IncomingEvent,
        MeetingDraft, MeetingRef, OurReference, Provider, Verified,
    },
    settings::{ClassSettings, RecordingMode},
};
use lectern_providers::teams::TeamsEvents;
use lectern_simulators::teams::{Forced, Identity, NotificationBehaviour};
use serde_json::json;

use crate::harness::{APP, CERTIFICATE, STATE, School, TEACHER, opening};

const CALL: Call = Call::background();

pub(crate) fn draft() -> MeetingDraft {
    MeetingDraft {
        reference: OurReference::parse("abcdefghij").unwrap(),
        topic: "Algebra".to_owned(),
        agenda: "Bring a pen & paper.".to_owned(),
        starts_at: "2026-11-21T12:15:00Z".parse().unwrap(),
        length: Duration::from_secs(3600),
        time_zone: chrono_tz::Asia::Dhaka,
        settings: ClassSettings { recording: RecordingMode::Cloud, ..ClassSettings::default() },
        host: None,
        registration: false,
    }
}

pub(crate) fn at(id: &str) -> MeetingRef {
    MeetingRef { id: id.to_owned(), host: None }
}

fn endpoint(school: &School) -> EventEndpoint {
    EventEndpoint {
        url: school.hook.url.parse().unwrap(),
        secret: STATE.into(),
        certificate: Some(Certificate { id: "key-1".to_owned(), der: CERTIFICATE.to_owned() }),
        topic: None,
    }
}

/// What the client makes of everything the receiver got.
fn heard(school: &School) -> Vec<IncomingEvent> {
    let (secret, signing, opening) = (STATE.into(), school.signing(), opening());
    let keys = EventKeys { secret: &secret, signing: &signing, opening: &opening, audience: APP, sender: "" };
    let now = lectern_core::clock::Clock::now(&school.clock);
    let mut events = Vec::new();
    for body in school.hook.bodies() {
        let delivery = lectern_core::provider::Delivery { headers: &[], query: None, body: &body };
        let Ok(Verified::Events { parts, .. }) = TeamsEvents.verify(&delivery, &keys, now) else { continue };
        for part in parts {
            events.extend(TeamsEvents.parse(&part, &keys).unwrap());
        }
    }
    events
}

async fn evening(school: &School, client: &dyn Provider) {
    let meetings = client.meetings().unwrap();
    let made = meetings.create(&CALL, &draft()).await.unwrap();
    assert!(made.differences.is_empty(), "{:?}", made.differences);
    assert_eq!((made.minutes, made.host_id.as_deref()), (60, Some(school.teacher.as_str())));
    let link = made.join_url.expose().clone();
    // Nobody is invited, so that no mail carries the raw link.
    assert!(school.teams.mails().is_empty());
    assert_eq!(school.teams.option(&link, "lobbyBypassSettings").unwrap()["scope"], "organizer");
    assert_eq!(school.teams.option(&link, "recordAutomatically"), Some(json!(true)));

    // The same create again makes nothing new; it is found by its key as well.
    let again = meetings.create(&CALL, &draft()).await.unwrap();
    let found = meetings.find(&CALL, &draft()).await.unwrap().unwrap();
    assert_eq!((&again.id, &found.id), (&made.id, &made.id));
    assert_eq!(school.teams.events().len(), 1);

    // Moved and renamed, the link stays.
    let moved = MeetingDraft {
        topic: "Geometry".to_owned(),
        starts_at: "2026-11-21T12:30:00Z".parse().unwrap(),
        ..draft()
    };
    let updated = meetings.update(&CALL, &at(&made.id), &moved).await.unwrap();
    assert_eq!((updated.topic.as_str(), updated.join_url.expose()), ("Geometry", &link));
    assert_eq!(updated.starts_at, Some(moved.starts_at));
    let seen = meetings.get(&CALL, &at(&made.id)).await.unwrap();
    assert_eq!((seen.id.as_str(), seen.topic.as_str()), (made.id.as_str(), "Geometry"));
    assert_eq!(meetings.host_url(&CALL, &at(&made.id)).await.unwrap().0.expose(), &link);

    // The class: everybody waits, the teacher admits.
    school.teams.organizer_joins(&link).unwrap();
    school.minutes(1);
    let stu = school.teams.joins(&link, Identity::Entra, "stu@oak.test").unwrap();
    let guest = school.teams.joins(&link, Identity::Anonymous, "Guest").unwrap();
    assert!(school.teams.is_waiting(stu) && school.teams.is_waiting(guest));
    school.teams.admit(stu).unwrap();
    school.minutes(1);
    school.teams.admit(guest).unwrap();
    school.minutes(20);
    school.teams.leaves(guest).unwrap();
    school.minutes(20);

    // Graph cannot end it: it is locked, and the teacher ends it.
    meetings.end(&CALL, &at(&made.id)).await.unwrap();
    assert_eq!(school.teams.option(&link, "allowAttendeeToEnableMic"), Some(json!(false)));
    assert!(school.teams.truth(&link).unwrap().calls[0].ended.is_none());
    school.teams.end_for_all(&link);

    // The report comes later.
    let attendance = client.attendance().unwrap();
    assert!(attendance.runs(&CALL, &at(&made.id)).await.unwrap().is_empty());
    school.minutes(6);
    let runs = attendance.runs(&CALL, &at(&made.id)).await.unwrap();
    assert_eq!(runs.len(), 1);
    let report = attendance.report(&CALL, &at(&made.id), &runs[0]).await.unwrap().unwrap();
    let rows: Vec<_> = report
        .rows
        .iter()
        .map(|row| (row.name.as_str(), row.email.as_deref(), (row.left_at - row.joined_at).num_minutes()))
        .collect();
    assert_eq!(
        rows,
        [
            ("Ada Żółć", Some(TEACHER), 42),
            ("Stu Dent", Some("stu@oak.test"), 41),
            // Without an account: a name and nothing else.
            ("Guest", None, 20),
        ]
    );

    recordings(school, client, &made.id, &runs[0].id).await;

    meetings.delete(&CALL, &at(&made.id)).await.unwrap();
    meetings.delete(&CALL, &at(&made.id)).await.unwrap();
    assert_eq!(meetings.get(&CALL, &at(&made.id)).await.unwrap_err().kind, ErrorKind::NotFound);
    assert!(school.teams.events().is_empty() && school.teams.mails().is_empty());
}

async fn bytes(
    client: &dyn Provider,
    file: &lectern_core::provider::RecordingFile,
    from: u64,
) -> (u64, Vec<u8>) {
    use futures::StreamExt as _;
    let mut download = client.recordings().unwrap().download(&CALL, file, from).await.unwrap();
    let mut all = Vec::new();
    while let Some(chunk) = download.stream.next().await {
        all.extend(chunk.unwrap());
    }
    (download.from, all)
}

async fn recordings(school: &School, client: &dyn Provider, meeting: &str, report: &str) {
    let recordings = client.recordings().unwrap();
    let latest = recordings.get(&CALL, &at(meeting), None).await.unwrap().unwrap();
    assert_eq!((latest.topic.as_str(), latest.meeting.as_str()), ("Geometry", meeting));
    let kinds: Vec<_> = latest.files.iter().map(|file| file.kind.as_str()).collect();
    assert_eq!(kinds, ["MP4", "TRANSCRIPT"]);
    // By the run that attendance named: another id for the same call.
    let by_report = recordings.get(&CALL, &at(meeting), Some(report)).await.unwrap().unwrap();
    assert_eq!((by_report.run.as_str(), by_report.files.len()), (report, 2));
    let day = "2026-11-21".parse().unwrap();
    let listed = recordings.list(&CALL, None, day, day).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0].run, listed[0].meeting.as_str()), (&latest.run, meeting));
    for redirected in [false, true] {
        school.teams.set_behaviour(|behaviour| behaviour.redirect_content = redirected);
        let (from, whole) = bytes(client, &latest.files[0], 0).await;
        assert_eq!((from, whole.len()), (0, 64 * 1024));
        // Graph's own answer begins anew; the signed address honours a range.
        let (from, rest) = bytes(client, &latest.files[0], 60_000).await;
        let begins = if redirected { 60_000 } else { 0 };
        assert_eq!((from, rest.as_slice()), (u64::try_from(begins).unwrap(), &whole[begins..]));
        assert!(bytes(client, &latest.files[1], 0).await.1.starts_with(b"WEBVTT"));
    }
}

#[tokio::test]
async fn an_evening_with_a_teachers_own_connection() {
    let school = School::new().await;
    let client = school.client();
    assert!(client.subscriptions().is_none());
    evening(&school, client.as_ref()).await;
}

#[tokio::test]
async fn an_evening_with_the_schools_application() {
    let school = School::new().await;
    evening(&school, school.school_client().as_ref()).await;
}

#[tokio::test]
async fn a_late_link_and_a_policy_are_met() {
    let school = School::new().await;
    school.teams.set_behaviour(|behaviour| {
        behaviour.join_url_after_reads = 2;
        behaviour.locked.insert("allowMeetingChat".to_owned(), json!("limited"));
        behaviour.refused = vec!["recordAutomatically".to_owned()];
    });
    let made = school.client().meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    let told: Vec<_> =
        made.differences.iter().map(|d| (d.setting, d.asked.as_str(), d.got.as_str())).collect();
    assert_eq!(told, [("chat", "enabled", "limited"), ("recording", "true", "false")]);
    assert_eq!(
        school.teams.option(made.join_url.expose(), "lobbyBypassSettings").unwrap()["scope"],
        "organizer"
    );
}

#[tokio::test]
async fn a_known_key_that_is_refused_is_found() {
    let school = School::new().await;
    school.teams.set_behaviour(|behaviour| behaviour.refuse_known_transaction = true);
    let client = school.client();
    let meetings = client.meetings().unwrap();
    let first = meetings.create(&CALL, &draft()).await.unwrap();
    let second = meetings.create(&CALL, &draft()).await.unwrap();
    assert_eq!((first.id, school.teams.events().len()), (second.id, 1));
}

#[tokio::test]
async fn a_create_that_was_done_without_an_answer_is_found_again() {
    let school = School::new().await;
    let plan = lectern_simulators::faults::FaultPlan {
        timeout_after: 100,
        operations: vec!["events.create".to_owned()],
        ..lectern_simulators::faults::FaultPlan::default()
    };
    school.teams.set_faults(1, plan);
    let client = school.client();
    let meetings = client.meetings().unwrap();
    let failed = meetings.create(&CALL, &draft()).await.unwrap_err();
    assert!(failed.maybe_done);
    let found = meetings.find(&CALL, &draft()).await.unwrap().unwrap();
    assert_eq!(
        school.teams.option(found.join_url.expose(), "lobbyBypassSettings").unwrap()["scope"],
        "organizer"
    );
    assert_eq!(school.teams.events().len(), 1);
}

#[tokio::test]
async fn a_long_report_comes_in_pages() {
    let school = School::new().await;
    school.teams.set_behaviour(|behaviour| behaviour.page = 2);
    let client = school.client();
    let made = client.meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    let link = made.join_url.expose();
    for _ in 0..3 {
        school.teams.organizer_joins(link).unwrap();
        for number in 0..4 {
            let visit = school.teams.joins(link, Identity::Anonymous, &format!("Guest {number}")).unwrap();
            school.teams.admit(visit).unwrap();
        }
        school.minutes(5);
        school.teams.end_for_all(link);
    }
    school.minutes(6);
    let attendance = client.attendance().unwrap();
    let runs = attendance.runs(&CALL, &at(&made.id)).await.unwrap();
    assert_eq!(runs.len(), 3);
    assert!(runs.windows(2).all(|pair| pair[0].started_at < pair[1].started_at));
    let report = attendance.report(&CALL, &at(&made.id), &runs[1]).await.unwrap().unwrap();
    assert_eq!(report.rows.len(), 5);
    // Reports can be switched off, or forgotten.
    school.teams.set_behaviour(|behaviour| behaviour.reports_off = true);
    assert!(attendance.runs(&CALL, &at(&made.id)).await.unwrap().is_empty());
    assert!(attendance.report(&CALL, &at(&made.id), &runs[1]).await.unwrap().is_none());
}

#[tokio::test]
async fn who_is_there_is_told_as_it_happens() {
    let school = School::new().await;
    let client = school.school_client();
    let made = client.meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    let subscriptions = client.subscriptions().unwrap();
    let first = subscriptions.subscribe(&CALL, Some(&at(&made.id)), &endpoint(&school)).await.unwrap();
    assert_eq!(*school.hook.handshakes.lock().unwrap(), 2);
    assert_eq!((first.until - crate::harness::noon()).num_minutes(), 4_230);
    // A second instance adopts it.
    let second = subscriptions.subscribe(&CALL, Some(&at(&made.id)), &endpoint(&school)).await.unwrap();
    assert_eq!(second.id, first.id);
    let link = made.join_url.expose();
    let early = school.teams.joins(link, Identity::Anonymous, "Early").unwrap();
    school.teams.organizer_joins(link).unwrap();
    school.minutes(1);
    school.teams.admit(early).unwrap();
    school.minutes(1);
    school.teams.goes_inactive(early).unwrap();
    school.minutes(1);
    school.teams.end_for_all(link);
    school.teams.flush_notifications().await;
    let events = heard(&school);
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event.kind,
                event.participant.as_ref().and_then(|person| person.name.clone()).unwrap_or_default(),
            )
        })
        .collect();
    let is = |kind, name: &str| (kind, name.to_owned());
    assert_eq!(
        told,
        [
            is(EventKind::MeetingStarted, ""),
            is(EventKind::WaitingRoomLeft, "Ada Żółć"),
            is(EventKind::ParticipantJoined, "Ada Żółć"),
            is(EventKind::WaitingRoomJoined, "Early"),
            is(EventKind::WaitingRoomLeft, "Early"),
            is(EventKind::ParticipantJoined, "Early"),
            is(EventKind::ParticipantLeft, "Early"),
            is(EventKind::MeetingEnded, ""),
        ]
    );
    assert!(events.iter().all(|event| event.subscription_id.as_deref() == Some(first.id.as_str())));
    assert_eq!(events[2].participant.as_ref().unwrap().user_id.as_deref(), Some(school.teacher.as_str()));

    // What becomes of it: renewed, lost, ended twice.
    school.teams.lifecycle(&first.id, "reauthorizationRequired");
    school.teams.flush_notifications().await;
    assert_eq!(heard(&school)[0].kind, EventKind::SubscriptionEnding);
    school.minutes(60);
    let renewed = subscriptions.renew(&CALL, &first.id).await.unwrap();
    assert!(renewed.until > first.until);
    subscriptions.unsubscribe(&CALL, &first.id).await.unwrap();
    subscriptions.unsubscribe(&CALL, &first.id).await.unwrap();
    assert_eq!(subscriptions.renew(&CALL, &first.id).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn another_servers_subscription_is_replaced_and_a_deaf_address_is_told() {
    let school = School::new().await;
    let client = school.school_client();
    let made = client.meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    let subscriptions = client.subscriptions().unwrap();
    let first = subscriptions.subscribe(&CALL, Some(&at(&made.id)), &endpoint(&school)).await.unwrap();
    let other = crate::harness::Receiver::start().await;
    let elsewhere = EventEndpoint { url: other.url.parse().unwrap(), ..endpoint(&school) };
    let second = subscriptions.subscribe(&CALL, Some(&at(&made.id)), &elsewhere).await.unwrap();
    assert_ne!(first.id, second.id);
    assert_eq!(school.teams.subscriptions().len(), 1);
    subscriptions.unsubscribe(&CALL, &second.id).await.unwrap();
    *school.hook.deaf.lock().unwrap() = true;
    let failed = subscriptions.subscribe(&CALL, Some(&at(&made.id)), &endpoint(&school)).await.unwrap_err();
    assert_eq!(failed.kind, ErrorKind::Invalid("public address".to_owned()));
    let keyless = EventEndpoint { certificate: None, ..endpoint(&school) };
    let failed = subscriptions.subscribe(&CALL, Some(&at(&made.id)), &keyless).await.unwrap_err();
    assert_eq!(failed.kind, ErrorKind::Invalid("certificate".to_owned()));
}

#[tokio::test]
async fn forged_doubled_and_oddly_spelled_notifications_change_nothing() {
    let school = School::new().await;
    let client = school.school_client();
    let made = client.meetings().unwrap().create(&CALL, &draft()).await.unwrap();
    let subscriptions = client.subscriptions().unwrap();
    subscriptions.subscribe(&CALL, Some(&at(&made.id)), &endpoint(&school)).await.unwrap();
    let link = made.join_url.expose();
    let once = async |behaviour: NotificationBehaviour| {
        school.teams.set_notifications(behaviour);
        school.teams.organizer_joins(link).unwrap();
        school.teams.end_for_all(link);
        school.minutes(1);
        school.teams.flush_notifications().await;
        heard(&school)
    };
    let usual = NotificationBehaviour::default;
    assert_eq!(once(usual()).await.len(), 4);
    assert!(once(NotificationBehaviour { wrong_state: 100, ..usual() }).await.is_empty());
    assert!(once(NotificationBehaviour { wrong_token: 100, ..usual() }).await.is_empty());
    assert_eq!(once(NotificationBehaviour { other_case: 100, batch: 10, ..usual() }).await.len(), 4);
    let doubled = once(NotificationBehaviour { duplicate: 100, ..usual() }).await;
    let mut fingerprints: Vec<_> = doubled.iter().map(|event| event.fingerprint.clone()).collect();
    fingerprints.sort();
    fingerprints.dedup();
    assert_eq!((doubled.len(), fingerprints.len()), (8, 4));
}

#[tokio::test]
async fn errors_are_told_in_our_words() {
    let school = School::new().await;
    let client = school.client();
    let meetings = client.meetings().unwrap();
    let force = |operation: &str, status, code: &str, message: &str, times| {
        school.teams.force_error(Forced {
            operation: operation.to_owned(),
            status,
            code: code.to_owned(),
            message: message.to_owned(),
            times,
        });
    };
    force("events.create", 404, "MailboxNotEnabledForRESTAPI", "", 1);
    assert_eq!(meetings.create(&CALL, &draft()).await.unwrap_err().kind, ErrorKind::LicenceMissing);
    force("onlineMeetings.list", 403, "Forbidden", "An error has occurred.", 1);
    let failed = meetings.create(&CALL, &draft()).await.unwrap_err();
    assert_eq!((failed.kind, failed.maybe_done), (ErrorKind::Conflict, false));
    assert!(school.teams.events().is_empty());
    // Graph is busy for a moment: background work waits and goes on.
    force("events.get", 503, "ServiceUnavailable", "", 1);
    let made = meetings.create(&CALL, &draft()).await.unwrap();
    meetings.get(&CALL, &at(&made.id)).await.unwrap();
}
