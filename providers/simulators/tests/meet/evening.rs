//! One class from connecting to its end, as the provider sees it.

use lectern_core::provider::{
    EventKind, JoinGuarantee, MeetingState, RegistrantLinks, RegistrantRef, RegistrantState,
};
use lectern_simulators::meet::{Visitor, Where};

use crate::harness::{CALL, School, at, draft, noon, person};

#[tokio::test]
async fn a_class_takes_place_on_meet() {
    let school = School::new().await;
    let provider = school.connect("ada@oak.test", &[]).await;
    let can = provider.capabilities();
    assert_eq!(can.guarantee, JoinGuarantee::RosterLocked);
    assert_eq!(can.registrants.how(), Some(&RegistrantLinks::Shared));

    let meetings = provider.meetings().unwrap();
    let made = meetings.create(&CALL, &draft()).await.unwrap();
    assert!(made.id.starts_with("spaces/") && made.registration && made.differences.is_empty());
    assert_eq!(made.state, MeetingState::Waiting);
    let meeting = at(&made.id);

    // Two people get on the list; twice is once.
    let registrants = provider.registrants().unwrap();
    assert!(registrants.room_now(30));
    let all = registrants
        .register_many(
            &CALL,
            &meeting,
            &[person("stu@oak.test"), person("sam@oak.test"), person("stu@oak.test")],
        )
        .await;
    let admitted: Vec<_> = all.into_iter().map(|admission| admission.unwrap()).collect();
    assert_eq!(admitted[0], admitted[2]);
    assert_ne!(admitted[0].registrant_id, admitted[1].registrant_id);
    assert_eq!(admitted[0].join_url.0, made.join_url);
    let listed = registrants.list(&CALL, &meeting, RegistrantState::Approved).await.unwrap();
    assert_eq!(listed.len(), 2);
    let sam = RegistrantRef { id: admitted[1].registrant_id.clone(), email: "sam@oak.test".to_owned() };
    registrants.cancel(&CALL, &meeting, &sam).await.unwrap();
    registrants.cancel(&CALL, &meeting, &sam).await.unwrap();

    // Who is on the list waits for the teacher and then walks in; who is not knocks.
    let link = made.join_url.expose().clone();
    school.minutes(15);
    let stu = school.google.joins(&link, Visitor::account("stu@oak.test")).unwrap();
    assert_eq!(school.google.place(stu), Some(Where::WaitingForHost));
    let ada = school.google.joins(&link, Visitor::account("ada@oak.test")).unwrap();
    assert_eq!(school.google.place(stu), Some(Where::InCall));
    let sam = school.google.joins(&link, Visitor::account("sam@oak.test")).unwrap();
    let stranger = school.google.joins(&link, Visitor::anonymous("Stu Dent")).unwrap();
    assert_eq!(
        (school.google.place(sam), school.google.place(stranger)),
        (Some(Where::Knocking), Some(Where::Knocking))
    );
    school.google.deny(stranger).unwrap();
    school.minutes(5);
    school.google.admit(sam).unwrap();
    assert_eq!(meetings.get(&CALL, &meeting).await.unwrap().state, MeetingState::Started);

    // Looking shows who is there, with addresses from the domain's profiles; the same look gives the same events.
    let roster = provider.live_roster().unwrap();
    let seen = roster.look(&CALL, &meeting, noon()).await.unwrap();
    let told: Vec<_> = seen
        .iter()
        .map(|event| (event.kind, event.participant.as_ref().and_then(|one| one.email.as_deref())))
        .collect();
    assert_eq!(told[0], (EventKind::MeetingStarted, None));
    assert_eq!(told.len(), 4);
    assert_eq!(told[3], (EventKind::ParticipantJoined, Some("sam@oak.test")));
    assert!(seen.iter().all(|event| event.meeting_id.as_deref() == Some(made.id.as_str())));
    let again = roster.look(&CALL, &meeting, noon()).await.unwrap();
    assert_eq!(again, seen);
    let resource = seen[1].resource.clone().unwrap();
    assert_eq!(roster.meeting_of(&CALL, &resource).await.unwrap(), Some(made.id.clone()));

    // A second device, a rejoin, then the teacher ends the class for all.
    let phone = school.google.joins(&link, Visitor::account("stu@oak.test")).unwrap();
    school.minutes(10);
    school.google.leaves(stu).unwrap();
    school.google.leaves(sam).unwrap();
    school.minutes(10);
    school.google.leaves(phone).unwrap();
    school.minutes(5);
    school.google.joins(&link, Visitor::account("stu@oak.test")).unwrap();
    school.minutes(10);
    assert_eq!(school.google.place(ada), Some(Where::InCall));
    meetings.end(&CALL, &meeting).await.unwrap();
    meetings.end(&CALL, &meeting).await.unwrap();
    let ended = roster.look(&CALL, &meeting, noon()).await.unwrap();
    assert_eq!(ended.last().unwrap().kind, EventKind::MeetingEnded);
    assert!(seen.iter().all(|event| ended.iter().any(|other| other.fingerprint == event.fingerprint)));

    // The report is the truth.
    let attendance = provider.attendance().unwrap();
    let runs = attendance.runs(&CALL, &meeting).await.unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].started_at, noon() + chrono::Duration::minutes(15));
    let report = attendance.report(&CALL, &meeting, &runs[0]).await.unwrap().unwrap();
    let truth = school.google.truth(&made.id).unwrap();
    for person in &truth.people {
        let mut rows: Vec<_> = report
            .rows
            .iter()
            .filter(|row| row.email == person.email)
            .map(|row| (row.joined_at, row.left_at))
            .collect();
        rows.sort();
        let stays: Vec<_> = person.stays.iter().map(|stay| (stay.from, stay.to)).collect();
        assert_eq!(rows, stays, "{}", person.name);
    }
    assert_eq!(report.rows.len(), 5);

    // Locked: whoever kept the link only knocks.
    meetings.delete(&CALL, &meeting).await.unwrap();
    meetings.delete(&CALL, &meeting).await.unwrap();
    assert!(school.google.members(&made.id).is_empty());
    let stu = school.google.joins(&link, Visitor::account("stu@oak.test")).unwrap();
    assert_ne!(school.google.place(stu), Some(Where::InCall));
}

#[tokio::test]
async fn an_update_keeps_the_link_and_brings_the_settings() {
    let school = School::new().await;
    let provider = school.connect("ada@oak.test", &[]).await;
    let meetings = provider.meetings().unwrap();
    let made = meetings.create(&CALL, &draft()).await.unwrap();
    let mut wanted = draft();
    wanted.registration = false;
    wanted.settings.waiting_room = false;
    wanted.settings.chat = false;
    wanted.settings.screen_share = lectern_core::settings::ScreenShare::Host;
    wanted.settings.recording = lectern_core::settings::RecordingMode::Cloud;
    let changed = meetings.update(&CALL, &at(&made.id), &wanted).await.unwrap();
    assert_eq!((changed.join_url, changed.id.clone()), (made.join_url, made.id));
    assert!(changed.differences.is_empty() && !changed.registration);
    let config = school.google.config(&changed.id).unwrap();
    assert_eq!(config["accessType"], "OPEN");
    assert_eq!(config["moderationRestrictions"]["chatRestriction"], "HOSTS_ONLY");
    assert_eq!(config["moderationRestrictions"]["presentRestriction"], "HOSTS_ONLY");
    assert_eq!(config["artifactConfig"]["recordingConfig"]["autoRecordingGeneration"], "ON");
    assert!(meetings.find(&CALL, &draft()).await.unwrap().is_none());
    let start = meetings.host_url(&CALL, &at(&changed.id)).await.unwrap();
    assert!(start.0.expose().ends_with("?authuser=ada%40oak.test"));
}
