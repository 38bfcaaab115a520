//! One person, one seat.

use super::{
    harness::{Door, Harness},
    people::{Guest, person},
    stage::{CALL, Stage},
};
use crate::provider::{
    Admission, Meeting, MeetingDraft, Registrant, RegistrantLinks, RegistrantRef, RegistrantState,
    Registrants,
};

/// A meeting for registered people, or the refusal of one.
async fn registered<H: Harness>(stage: &Stage<H>) -> Option<(&dyn Registrants, Meeting)> {
    let draft = MeetingDraft { registration: true, ..stage.draft(1) };
    let Some(registrants) = stage.provider.registrants() else {
        assert!(!stage.can().registrants.is_possible());
        stage.refuses("registrants", async || stage.meetings().create(&CALL, &draft).await).await;
        return None;
    };
    let made = stage.meetings().create(&CALL, &draft).await.unwrap();
    assert!(made.registration && made.differences.is_empty(), "{:?}", made.differences);
    Some((registrants, made))
}

fn reference_of(admission: &Admission, who: &Registrant) -> RegistrantRef {
    RegistrantRef { id: admission.registrant_id.clone(), email: who.email.clone() }
}

async fn approved<H: Harness>(
    stage: &Stage<H>,
    registrants: &dyn Registrants,
    meeting: &Meeting,
) -> Vec<String> {
    let listed = registrants.list(&CALL, &stage.at(meeting), RegistrantState::Approved).await.unwrap();
    assert!(listed.iter().all(|one| one.state == RegistrantState::Approved && one.join_url.is_some()));
    let mut emails: Vec<_> = listed.into_iter().map(|one| one.email).collect();
    emails.sort();
    emails
}

/// The same address gets the same registrant and the same URL.
pub async fn who_registers_twice_has_one_seat<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let Some((registrants, made)) = registered(&stage).await else { return };
    let at = stage.at(&made);
    let first = registrants.register(&CALL, &at, &person(1)).await.unwrap();
    let again = registrants.register(&CALL, &at, &person(1)).await.unwrap();
    let many = registrants.register_many(&CALL, &at, &[person(1)]).await.remove(0).unwrap();
    assert_eq!((&first, &first), (&again, &many));
    let other = registrants.register(&CALL, &at, &person(2)).await.unwrap();
    assert_ne!(first.registrant_id, other.registrant_id);
    let own = stage.can().registrants.how() == Some(&RegistrantLinks::Unique);
    assert_eq!(first.join_url != other.join_url, own, "links of one's own, or one for everybody");
    assert_eq!(approved(&stage, registrants, &made).await, [person(1).email, person(2).email]);
}

/// One answer each, in order, also beyond what fits in one call; somebody impossible spoils nobody else's.
pub async fn many_are_registered_in_order<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let Some((registrants, made)) = registered(&stage).await else { return };
    let most = usize::try_from(stage.can().limits.registrants_at_once.min(40)).unwrap();
    assert!(most > 0, "registrants, and none at once");
    let people: Vec<_> = (1..=most + 3).map(person).collect();
    assert!(registrants.room_now(1), "nothing has been asked yet");
    let answers = registrants.register_many(&CALL, &stage.at(&made), &people).await;
    assert_eq!(answers.len(), people.len());
    let listed = registrants.list(&CALL, &stage.at(&made), RegistrantState::Approved).await.unwrap();
    assert_eq!(listed.len(), people.len());
    for (who, answer) in people.iter().zip(answers) {
        let admission = answer.unwrap();
        let own = listed.iter().find(|one| one.email == who.email).unwrap();
        assert_eq!(own.id, admission.registrant_id, "{}: somebody else's answer", who.email);
        assert_eq!(own.join_url.as_ref(), Some(&admission.join_url));
    }
}

/// A seat that was taken back is off the list, opens nothing, and can be taken back again.
pub async fn a_cancelled_registrant_does_not_get_in<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let Some((registrants, made)) = registered(&stage).await else { return };
    let at = stage.at(&made);
    let mut guests = Vec::new();
    for number in 1..=2 {
        let admission = registrants.register(&CALL, &at, &person(number)).await.unwrap();
        guests.push(Guest { person: person(number), admission: Some(admission) });
    }
    let gone = reference_of(guests[0].admission.as_ref().unwrap(), &guests[0].person);
    registrants.cancel(&CALL, &at, &gone).await.unwrap();
    registrants.cancel(&CALL, &at, &gone).await.unwrap();
    assert_eq!(approved(&stage, registrants, &made).await, [person(2).email]);
    if let Some(room) = stage.room() {
        room.begin(&made);
        assert_ne!(
            room.comes(&made, &guests[0]),
            Door::In,
            "the link of a cancelled seat still opens the meeting"
        );
        assert_eq!(room.comes(&made, &guests[1]), Door::In);
    }
}

/// A list is all of it, however short its pages are.
pub async fn all_pages_of_registrants_are_read<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let Some((registrants, made)) = registered(&stage).await else { return };
    stage.harness.pages(2);
    let people: Vec<_> = (1..=7).map(person).collect();
    for answer in registrants.register_many(&CALL, &stage.at(&made), &people).await {
        answer.unwrap();
    }
    let wanted: Vec<_> = people.into_iter().map(|one| one.email).collect();
    assert_eq!(approved(&stage, registrants, &made).await, wanted);
}
