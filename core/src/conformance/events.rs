//! Events the vendor sends: believed only when they are the vendor's, and harmless however they come.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    class::{lengths, told},
    harness::{Harness, Keys, OnTheWay, Parcel, Post},
    stage::Stage,
};
use crate::provider::{EventKind, IncomingEvent, LiveAttendance, Meeting, Provider, Rejected, Verified};

/// A meeting whose events are on their way, or the honest absence of any.
async fn listening<H: Harness>(stage: &Stage<H>) -> Option<(&dyn Post, Meeting)> {
    let made = stage.create(&stage.draft(1)).await;
    let Some(post) = stage.post() else {
        let live = stage.can().attendance.how() == Some(&LiveAttendance::Live);
        assert!(!live && stage.provider.subscriptions().is_none(), "no post, and events are promised");
        return None;
    };
    post.listen(stage.provider.as_ref(), &made).await;
    Some((post, made))
}

type Checked = Result<(bool, Vec<IncomingEvent>), Rejected>;

fn checked(provider: &dyn Provider, parcel: &Parcel, keys: &Keys, now: DateTime<Utc>) -> Checked {
    let events = provider.events().expect("a provider with post reads events");
    let (delivery, keys) = (parcel.delivery(), keys.borrowed());
    match events.verify(&delivery, &keys, now)? {
        Verified::Events { late, parts } => {
            let mut all = Vec::new();
            for part in parts {
                let read = events.parse(&part, &keys)?;
                assert!(!read.is_empty(), "a part is at least one event");
                all.extend(read);
            }
            for event in &all {
                let hex = event.fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit());
                assert!(event.fingerprint.len() == 64 && hex, "{event:?}");
            }
            Ok((late, all))
        }
        Verified::Challenge { .. } => panic!("a parcel that is no event"),
    }
}

/// Everything that came, each verified.
pub(super) async fn heard<H: Harness>(stage: &Stage<H>, post: &dyn Post) -> Vec<IncomingEvent> {
    let keys = post.keys().await;
    let mut all = Vec::new();
    for parcel in post.collect().await {
        let (_, events) = checked(stage.provider.as_ref(), &parcel, &keys, stage.harness.now()).unwrap();
        all.extend(events);
    }
    all
}

/// What a class looks like in events, whatever becomes of them on the way: the kinds and how often each, by fingerprint.
fn once(events: &[IncomingEvent]) -> BTreeSet<(String, String)> {
    events.iter().map(|event| (event.fingerprint.clone(), event.vendor_kind.clone())).collect()
}

fn counts(events: &[IncomingEvent]) -> (usize, usize, usize, usize) {
    let mut seen = BTreeSet::new();
    let count =
        |kind| move |events: &[&IncomingEvent]| events.iter().filter(|event| event.kind == kind).count();
    let events: Vec<_> = events.iter().filter(|event| seen.insert(&event.fingerprint)).collect();
    (
        count(EventKind::MeetingStarted)(&events),
        count(EventKind::ParticipantJoined)(&events),
        count(EventKind::ParticipantLeft)(&events),
        count(EventKind::MeetingEnded)(&events),
    )
}

/// Whether events tell by themselves who was there, without looking.
fn tells_people(events: &[IncomingEvent]) -> bool {
    let named =
        |event: &IncomingEvent| event.participant.as_ref().is_some_and(|person| person.name.is_some());
    events.iter().filter(|event| event.kind == EventKind::ParticipantJoined).all(named)
}

async fn evening_by_post<H: Harness>(how: OnTheWay) -> Option<(Stage<H>, Vec<IncomingEvent>, Vec<u32>)> {
    let stage = Stage::<H>::new().await;
    let (events, truth) = {
        let (post, made) = listening(&stage).await?;
        let room = stage.room().expect("events of people need people");
        post.on_the_way(how);
        let truth = stage.evening(room, &made);
        (heard(&stage, post).await, truth)
    };
    Some((stage, events, truth))
}

/// The same event, sent twice, has one fingerprint; different ones have different ones.
pub async fn doubled_events_count_once<H: Harness>() {
    let Some((_, straight, truth)) = evening_by_post::<H>(OnTheWay::Straight).await else { return };
    let Some((_, doubled, _)) = evening_by_post::<H>(OnTheWay::Doubled).await else { return };
    assert_eq!(once(&straight).len(), straight.len(), "two events of one fingerprint");
    assert_eq!((doubled.len(), once(&doubled).len()), (straight.len() * 2, straight.len()));
    assert_eq!(counts(&doubled), counts(&straight));
    assert!(counts(&straight).1 >= 5, "the teacher, three people, and one of them twice: {straight:?}");
    if tells_people(&doubled) {
        assert_eq!(lengths(&told(&doubled)), truth);
    }
}

/// Order of arrival means nothing: what counts is when it happened.
pub async fn events_out_of_order_tell_the_same<H: Harness>() {
    let Some((_, straight, _)) = evening_by_post::<H>(OnTheWay::Straight).await else { return };
    let Some((_, mixed, truth)) = evening_by_post::<H>(OnTheWay::Mixed).await else { return };
    assert_eq!(counts(&mixed), counts(&straight));
    let moments = |events: &[IncomingEvent]| events.iter().map(|event| event.at).collect::<Vec<_>>();
    assert!(!moments(&mixed).is_sorted(), "the harness did not mix anything up");
    let sorted = |events: &[IncomingEvent]| {
        let mut moments = moments(events);
        moments.sort();
        moments
    };
    assert_eq!(sorted(&mixed), sorted(&straight));
    if tells_people(&mixed) {
        assert_eq!(lengths(&told(&mixed)), truth);
    }
}

/// Ten minutes late is kept, and the same event; days late it no longer has effect: refused, or known to be late.
pub async fn late_events_are_kept_and_known_to_be_late<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let Some((post, made)) = listening(&stage).await else { return };
    let room = stage.room().expect("events of people need people");
    post.on_the_way(OnTheWay::Straight);
    room.begin(&made);
    room.end(&made);
    let (parcels, keys, now) = (post.collect().await, post.keys().await, stage.harness.now());
    assert!(!parcels.is_empty(), "a class, and no event");
    for parcel in &parcels {
        let at = |later| checked(stage.provider.as_ref(), parcel, &keys, now + later);
        let (late, fresh) = at(TimeDelta::zero()).unwrap();
        assert!(!late, "late at once");
        let (_, later) = at(TimeDelta::minutes(10)).unwrap();
        let prints = |events: &[IncomingEvent]| {
            events.iter().map(|event| event.fingerprint.clone()).collect::<Vec<_>>()
        };
        assert_eq!(prints(&later), prints(&fresh));
        assert_eq!(later[0].at, fresh[0].at, "it happened when it happened");
        match at(TimeDelta::days(3)) {
            Err(Rejected::TooOld | Rejected::BadSignature) => {}
            Ok((late, _)) => assert!(late, "three days old, and as good as new"),
            Err(other) => panic!("{other}"),
        }
    }
}

/// Nothing that is not the vendor's is believed: each kind of forgery the harness knows, and everything under other keys.
pub async fn forged_events_are_refused<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let Some((post, made)) = listening(&stage).await else { return };
    let room = stage.room().expect("events of people need people");
    assert!(post.forgeries() > 0, "events can be forged");
    let keys = post.keys().await;
    for forgery in 0..post.forgeries() {
        post.on_the_way(OnTheWay::Forged(forgery));
        stage.full_house(room, &made, 1);
        let parcels = post.collect().await;
        assert!(!parcels.is_empty(), "forgery {forgery}: nothing came");
        for parcel in parcels {
            let outcome = checked(stage.provider.as_ref(), &parcel, &keys, stage.harness.now());
            assert!(outcome.is_err(), "forgery {forgery} is believed: {outcome:?}");
        }
    }
    post.on_the_way(OnTheWay::Straight);
    stage.full_house(room, &made, 1);
    let stranger = Keys {
        secret: "somebody else's".into(),
        signing: Vec::new(),
        opening: Vec::new(),
        audience: "somebody else".to_owned(),
        sender: "somebody@else.test".to_owned(),
    };
    let nobody =
        Keys { secret: "".into(), audience: String::new(), sender: String::new(), ..stranger.clone() };
    for parcel in post.collect().await {
        let now = stage.harness.now();
        assert!(checked(stage.provider.as_ref(), &parcel, &keys, now).is_ok(), "a genuine one is refused");
        for others in [&stranger, &nobody] {
            assert!(checked(stage.provider.as_ref(), &parcel, others, now).is_err(), "any key opens it");
        }
        let bare = Parcel { headers: Vec::new(), query: None, body: b"{}".to_vec() };
        assert!(checked(stage.provider.as_ref(), &bare, &keys, now).is_err());
    }
}

/// A kind that no document knows is kept, without effect, and hinders nobody.
pub async fn events_of_unknown_kinds_are_kept_without_effect<H: Harness>() {
    let Some((_, straight, _)) = evening_by_post::<H>(OnTheWay::Straight).await else { return };
    let Some((_, mixed, truth)) = evening_by_post::<H>(OnTheWay::Unknown).await else { return };
    let strange =
        |events: &[IncomingEvent]| events.iter().filter(|event| event.kind == EventKind::Other).count();
    assert!(strange(&mixed) > strange(&straight), "none of an unknown kind came");
    assert_eq!(counts(&mixed), counts(&straight));
    let unnamed = mixed.iter().filter(|event| event.kind == EventKind::Other && event.vendor_kind.is_empty());
    assert_eq!(unnamed.count(), 0, "the vendor's own word is kept");
    if tells_people(&mixed) {
        assert_eq!(lengths(&told(&mixed)), truth);
    }
}
