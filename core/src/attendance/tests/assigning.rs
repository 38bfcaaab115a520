//! A person in charge says whose a stay is.

use super::scene::{Scene, person, seats};
use crate::attendance::{
    AttendanceState, MatchedBy, Presence,
    assigning::{Refused, assign},
};

/// Two students; the first comes by their own way in, the second on a phone that nobody knows.
fn evening() -> Scene {
    let mut scene = Scene::new(seats(3));
    scene.started("run", 0);
    scene.joined("run", 0, "host", 0);
    scene.joined("run", 1, "own", 0);
    scene.joined("run", 9, "phone", 0);
    scene
}

fn ended(scene: &mut Scene) {
    for (number, stay) in [(1, "own"), (9, "phone"), (0, "host")] {
        scene.left("run", number, stay, 60);
    }
    scene.ended("run", 60);
}

fn rows(scene: &Scene) -> Vec<Presence> {
    scene.presences.values().cloned().collect()
}

fn stray(scene: &Scene) -> String {
    let unmatched = scene.attend().unmatched;
    assert_eq!(unmatched.len(), 1, "{unmatched:?}");
    unmatched[0].presence.handle()
}

fn give(scene: &mut Scene, handle: &str, number: Option<u128>) -> Result<Option<u128>, Refused> {
    let done = assign(&scene.roster, &rows(scene), handle, number.map(person))?;
    scene.presences.insert(done.presence.key.clone(), done.presence);
    Ok(done.before.map(|before| before.0.as_u128()))
}

#[test]
fn a_stay_given_by_hand_counts_and_can_be_taken_back() {
    let mut scene = evening();
    ended(&mut scene);
    let before = scene.attend();
    let handle = stray(&scene);
    assert_eq!(give(&mut scene, &handle, Some(2)), Ok(None));
    let verdict = scene.verdict(2);
    assert_eq!((verdict.state, verdict.minutes), (AttendanceState::Present, 60));
    assert_eq!(verdict.evidence[0].matched_by, MatchedBy::Assigned);
    assert!(scene.attend().unmatched.is_empty());
    assert_eq!(give(&mut scene, &handle, Some(1)), Ok(Some(2)), "another choice replaces the first");
    assert_eq!(give(&mut scene, &handle, None), Ok(Some(1)));
    assert_eq!(scene.attend(), before, "as if nothing had happened");
}

#[test]
fn what_comes_later_does_not_undo_the_choice() {
    let mut scene = evening();
    let handle = stray(&scene);
    give(&mut scene, &handle, Some(2)).unwrap();
    ended(&mut scene);
    assert_eq!(scene.verdict(2).minutes, 60);
}

#[test]
fn a_hand_only_fills_a_gap() {
    let mut scene = evening();
    ended(&mut scene);
    let keyed = scene.presences.keys().find(|key| key.entry.contains("own")).unwrap().handle();
    assert_eq!(give(&mut scene, &keyed, Some(2)), Err(Refused::Known));
    let handle = stray(&scene);
    assert_eq!(give(&mut scene, &handle, Some(7)), Err(Refused::NotExpected));
    assert_eq!(give(&mut scene, "no such stay", Some(2)), Err(Refused::UnknownStay));
}
