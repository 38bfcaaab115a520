//! Whose stay it is.

use std::collections::BTreeSet;

use super::scene::{Scene, facts, minute, person, row, seat, seats};
use crate::{
    attendance::{Likeness, MatchedBy, Roster, Seat},
    provider::{ParticipantFacts, ReportKind},
};

fn shown(registrant: &str, email: &str, name: &str) -> ParticipantFacts {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    ParticipantFacts {
        registrant_id: given(registrant),
        email: given(email),
        name: given(name),
        ..ParticipantFacts::default()
    }
}

#[test]
fn the_registrant_decides_before_the_address() {
    let found = Roster::new(seats(3)).find(&shown("reg-1", "p2@school.example", "Person Number2")).unwrap();
    assert_eq!((found.person, found.by), (person(1), MatchedBy::Registrant));
}

#[test]
fn a_cancelled_registrant_is_still_the_same_person() {
    let mut moved = seat(1);
    moved.registrant_ids.push("reg-1-moved".to_owned());
    moved.addresses.push("seat-7@relay.example".to_owned());
    let roster = Roster::new(vec![moved]);
    for seen in [shown("reg-1", "", ""), shown("reg-1-moved", "", ""), shown("", "seat-7@relay.example", "")]
    {
        assert_eq!(roster.find(&seen).unwrap().person, person(1));
    }
}

#[test]
fn an_address_must_be_equal_as_a_whole() {
    let roster = Roster::new(seats(3));
    assert_eq!(roster.find(&shown("", " P1@School.Example ", "")).unwrap().by, MatchedBy::Address);
    for other in ["p1@school.example.org", "xp1@school.example", "p1+x@school.example", "p1", " "] {
        assert_eq!(roster.find(&shown("", other, "Person Number1")), None, "{other}");
    }
}

#[test]
fn an_address_of_two_people_is_nobodys_but_suggests_both() {
    let twin = |number| Seat {
        registrant_ids: vec!["shared".to_owned()],
        addresses: vec!["family@home.example".to_owned()],
        ..seat(number)
    };
    let roster = Roster::new(vec![twin(1), twin(2), seat(3)]);
    let seen = shown("shared", "family@home.example", "Zed");
    assert_eq!(roster.find(&seen), None);
    let suggested: Vec<_> =
        roster.suggest(&seen, &BTreeSet::new()).into_iter().map(|s| (s.person, s.likeness)).collect();
    assert_eq!(suggested, [(person(1), Likeness::SharedAddress), (person(2), Likeness::SharedAddress)]);
}

#[test]
fn a_name_only_suggests_likeliest_first() {
    let named = |number, name: &str| Seat { name: name.to_owned(), ..seat(number) };
    let roster = Roster::new(vec![
        named(1, "Ana Sofia Lima"),
        named(2, "Lima, Ana"),
        named(3, "Ana Lima"),
        named(4, "Anna Lima"),
        named(5, "Bo"),
    ]);
    let seen = shown("", "", "ana LIMA");
    assert_eq!(roster.find(&seen), None);
    let order: Vec<_> =
        roster.suggest(&seen, &BTreeSet::new()).into_iter().map(|s| (s.person, s.likeness)).collect();
    let expected = [
        (person(3), Likeness::SameName),
        (person(2), Likeness::SameWords),
        (person(1), Likeness::PartOfName),
        (person(4), Likeness::Similar),
    ];
    assert_eq!(order, expected);
}

#[test]
fn of_two_namesakes_the_one_not_seen_yet_is_suggested_first() {
    let named = |number| Seat { name: "রহিম উদ্দিন".to_owned(), ..seat(number) };
    let roster = Roster::new(vec![named(1), named(2)]);
    let order: Vec<_> = roster
        .suggest(&shown("", "", "রহিম উদ্দিন"), &BTreeSet::from([person(1)]))
        .into_iter()
        .map(|s| s.person)
        .collect();
    assert_eq!(order, [person(2), person(1)]);
}

#[test]
fn the_host_is_known_by_the_connected_account() {
    let found = Roster::new(seats(2)).find(&facts(0, "x")).unwrap();
    assert_eq!((found.person, found.by), (person(0), MatchedBy::VendorUser));
}

#[test]
fn a_row_without_any_key_is_known_by_its_stay() {
    let mut scene = Scene::new(seats(2));
    scene.joined("run", 1, "s1", 5);
    let mut bare = row(1, "s1", minute(5), minute(50));
    bare.email = None;
    scene.report("run", ReportKind::PastParticipants, vec![bare.clone()]);
    let verdict = scene.verdict(1);
    assert_eq!((verdict.minutes, verdict.doubt), (45, None));
    assert!(verdict.evidence.iter().any(|line| line.matched_by == MatchedBy::SameStay));

    // The same id in another run is somebody else's.
    scene.report("other run", ReportKind::PastParticipants, vec![bare]);
    assert_eq!(scene.attend().unmatched.len(), 1);
}

#[test]
fn a_choice_by_hand_gives_the_stay_to_that_person() {
    let mut scene = Scene::new(seats(2));
    let mut bare = row(1, "s9", minute(0), minute(60));
    (bare.email, bare.registrant_id) = (None, None);
    scene.report("run", ReportKind::Admin, vec![bare]);
    let unmatched = scene.attend().unmatched;
    assert_eq!(unmatched.len(), 1);
    assert_eq!(scene.verdict(1).minutes, 0);
    scene.presences.get_mut(&unmatched[0].presence).unwrap().assigned = Some(person(1));
    assert_eq!(scene.verdict(1).minutes, 60);
    assert_eq!(scene.attend().unmatched, []);
}
