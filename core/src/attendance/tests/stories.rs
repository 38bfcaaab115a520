//! One rule a story.

use chrono::TimeDelta;

use super::scene::{Scene, event, facts, minute, person, row, seat, seats, second};
use crate::{
    attendance::{
        AttendancePolicy, AttendanceState, Doubt, Effect, Finding, Interval, MinimumPresence, Presence, Run,
        Source, Standing, Verified, Whereabouts, apply, overlapping,
    },
    organization::Policies,
    provider::{EventKind, MeetingRun, ParticipantFacts, ReportKind},
};

/// The teacher from start to end, and a second person.
fn class() -> Scene {
    let mut scene = Scene::new(seats(3));
    scene.started("run", 0);
    scene.joined("run", 0, "t", 0);
    scene.left("run", 0, "t", 60);
    scene.ended("run", 60);
    scene
}

/// S-24: ended before started, left before joined, the whole day reversed.
#[test]
fn s24_a_reversed_day_gives_the_same_attendance() {
    let mut forward = class();
    forward.joined("run", 1, "a", 5);
    forward.left("run", 1, "a", 47);
    let mut backward = Scene::new(seats(3));
    backward.left("run", 1, "a", 47);
    backward.joined("run", 1, "a", 5);
    backward.ended("run", 60);
    backward.left("run", 0, "t", 60);
    backward.joined("run", 0, "t", 0);
    backward.started("run", 0);
    assert_eq!(backward.attend(), forward.attend());
    let verdict = forward.verdict(1);
    assert_eq!((verdict.minutes, verdict.state), (42, AttendanceState::LeftEarly));
}

#[test]
fn a_crash_whose_end_comes_after_the_rejoin_closes_its_own_stay_only() {
    let mut scene = class();
    scene.joined("run", 1, "before", 0);
    scene.joined("run", 1, "after", 20);
    scene.left("run", 1, "before", 21);
    scene.left("run", 1, "after", 60);
    let verdict = scene.verdict(1);
    assert_eq!((verdict.minutes, verdict.state), (60, AttendanceState::Present));
}

#[test]
fn two_devices_count_once() {
    let mut scene = class();
    for (stay, from, to) in [("phone", 10, 40), ("laptop", 5, 30)] {
        scene.joined("run", 1, stay, from);
        scene.left("run", 1, stay, to);
    }
    assert_eq!(scene.verdict(1).minutes, 35);
}

/// every event lost; the report alone gives the attendance.
#[test]
fn r05_the_report_alone_is_enough() {
    let mut events = class();
    events.joined("run", 1, "a", 5);
    events.left("run", 1, "a", 58);
    for kind in [ReportKind::Admin, ReportKind::PastParticipants] {
        let mut report = Scene::new(seats(3));
        report.report(
            "run",
            kind,
            vec![row(0, "t", minute(0), minute(60)), row(1, "a", minute(5), minute(58))],
        );
        for number in 0..3 {
            let (a, b) = (events.verdict(number), report.verdict(number));
            assert_eq!(
                (a.state, a.seconds, a.first_joined_at, a.last_left_at),
                (b.state, b.seconds, b.first_joined_at, b.last_left_at)
            );
        }
    }
}

/// the report wins as a whole, whenever it comes, and nothing counts twice.
#[test]
fn r06_the_report_wins_where_it_disagrees() {
    let mut scene = class();
    scene.joined("run", 1, "a", 0);
    scene.left("run", 1, "a", 50);
    assert_eq!(scene.verdict(1).minutes, 50);
    let page = vec![row(0, "t", minute(0), minute(60)), row(1, "other id", minute(8), minute(50))];
    scene.report("run", ReportKind::Admin, page.clone());
    let judged = scene.attend();
    let verdict = scene.verdict(1);
    assert_eq!((verdict.minutes, verdict.basis), (42, Some(Source::AdminReport)));
    let effects: Vec<_> = verdict.evidence.iter().map(|line| (line.presence.source, line.effect)).collect();
    assert_eq!(
        effects,
        [(Source::Webhook, Effect::Replaced(Source::AdminReport)), (Source::AdminReport, Effect::Counted)]
    );
    // Pages that overlap, and the whole report again.
    scene.report("run", ReportKind::Admin, page);
    assert_eq!(scene.attend(), judged);
    // The weaker list, later, changes nothing.
    scene.report("run", ReportKind::PastParticipants, vec![row(1, "a", minute(0), minute(59))]);
    assert_eq!(scene.verdict(1).minutes, 42);
}

#[test]
fn why_42_minutes_is_answered_by_the_evidence() {
    let mut scene = class();
    scene.add(Presence::redirected(person(1), minute(1)));
    scene.hear(&event(EventKind::WaitingRoomJoined, "run", minute(2), Some(facts(1, "a"))));
    scene.hear(&event(EventKind::WaitingRoomLeft, "run", minute(4), Some(facts(1, "a"))));
    for (stay, from, to) in [("a", 4, 20), ("b", 30, 56)] {
        scene.joined("run", 1, stay, from);
        scene.left("run", 1, stay, to);
    }
    let verdict = scene.verdict(1);
    let told: Vec<_> = verdict.evidence.iter().map(|line| (line.effect, line.counted.clone())).collect();
    let expected = [
        (Effect::Redirect, vec![]),
        (Effect::WaitingRoom, vec![]),
        (Effect::Counted, vec![Interval::new(minute(4), minute(20))]),
        (Effect::Counted, vec![Interval::new(minute(30), minute(56))]),
    ];
    assert_eq!(told, expected);
    assert_eq!((verdict.minutes, verdict.redirected_at), (42, Some(minute(1))));
}

#[test]
fn minutes_round_down_and_the_window_cuts() {
    let mut scene = class();
    scene.hear(&event(EventKind::ParticipantJoined, "run", minute(-10), Some(facts(1, "a"))));
    scene.hear(&event(EventKind::ParticipantLeft, "run", second(42 * 60 + 59), Some(facts(1, "a"))));
    let verdict = scene.verdict(1);
    assert_eq!((verdict.seconds, verdict.minutes, verdict.first_joined_at), (2579, 42, Some(minute(-10))));
    scene.hear(&event(EventKind::ParticipantJoined, "run", minute(61), Some(facts(2, "late"))));
    scene.hear(&event(EventKind::ParticipantLeft, "run", minute(70), Some(facts(2, "late"))));
    assert_eq!((scene.verdict(2).state, scene.verdict(2).first_joined_at), (AttendanceState::Absent, None));
}

#[test]
fn the_waiting_room_is_not_the_class() {
    let mut scene = class();
    scene.hear(&event(EventKind::WaitingRoomJoined, "run", minute(0), Some(facts(1, "a"))));
    let live = scene.board_at(30);
    assert_eq!(live.people[1].whereabouts, Whereabouts::NotSeen, "the meeting has ended, so nobody waits");
    let verdict = scene.verdict(1);
    assert_eq!(
        (verdict.seconds, verdict.state, verdict.doubt),
        (0, AttendanceState::Unconfirmed, Some(Doubt::OnlyAtTheDoor))
    );
    let waited = crate::provider::ReportRow { waiting_room: true, ..row(1, "a", minute(0), minute(60)) };
    scene.report("run", ReportKind::Admin, vec![row(0, "t", minute(0), minute(60)), waited]);
    assert_eq!(scene.verdict(1).state, AttendanceState::Absent);
}

#[test]
fn our_redirect_alone_is_unconfirmed_until_a_report_covers_every_run() {
    let mut scene = class();
    scene.add(Presence::redirected(person(1), minute(1)));
    assert_eq!(scene.verdict(1).doubt, Some(Doubt::OnlyAtTheDoor));
    assert_eq!(scene.verdict(2).state, AttendanceState::Absent, "never came to our gate");
    scene.report("run", ReportKind::Admin, vec![row(0, "t", minute(0), minute(60))]);
    assert_eq!(scene.verdict(1).state, AttendanceState::Absent);
    // Somebody in the report is nobody: it may be this person.
    let mut stranger = row(1, "x", minute(0), minute(60));
    (stranger.email, stranger.registrant_id) = (None, None);
    scene.report("run", ReportKind::Admin, vec![stranger]);
    assert_eq!(scene.verdict(1).state, AttendanceState::Unconfirmed);
    assert_eq!(scene.verdict(0).state, AttendanceState::Present, "the report names them");
}

#[test]
fn without_a_provider_that_tells_anything_a_redirect_is_unconfirmed() {
    let mut scene = Scene::new(seats(3));
    scene.add(Presence::redirected(person(1), minute(1)));
    assert_eq!(scene.verdict(1).state, AttendanceState::Unconfirmed);
    scene.add(Presence::told(person(1), Interval::new(minute(0), minute(55)), minute(90)));
    let verdict = scene.verdict(1);
    assert_eq!(
        (verdict.state, verdict.minutes, verdict.basis),
        (AttendanceState::Present, 55, Some(Source::Person))
    );
}

#[test]
fn a_meeting_of_one_keeps_its_events() {
    let mut scene = Scene::new(seats(2));
    scene.started("run", 0);
    scene.joined("run", 0, "t", 0);
    scene.left("run", 0, "t", 58);
    scene.ended("run", 58);
    let verdict = scene.verdict(0);
    assert_eq!((verdict.state, verdict.minutes, verdict.doubt), (AttendanceState::Present, 58, None));
    assert!(!scene.attend().all_reported);
}

#[test]
fn an_end_nobody_saw_is_taken_from_the_run_and_said() {
    let mut scene = class();
    scene.joined("run", 1, "a", 5);
    let verdict = scene.verdict(1);
    assert_eq!((verdict.minutes, verdict.doubt), (55, Some(Doubt::EdgeNotSeen)));
    assert!(verdict.evidence[0].edge_not_seen);
    // A second device that was seen whole leaves nothing to doubt.
    scene.joined("run", 1, "b", 4);
    scene.left("run", 1, "b", 60);
    assert_eq!((scene.verdict(1).minutes, scene.verdict(1).state), (56, AttendanceState::Present));
}

#[test]
fn a_leaving_whose_coming_was_lost_counts_nothing_and_says_so() {
    let mut scene = class();
    scene.left("run", 1, "a", 50);
    let verdict = scene.verdict(1);
    assert_eq!(
        (verdict.seconds, verdict.state, verdict.doubt),
        (0, AttendanceState::Unconfirmed, Some(Doubt::EdgeNotSeen))
    );
}

#[test]
fn a_restart_under_a_second_id_adds_up_and_ends_the_first_run() {
    let mut scene = Scene::new(seats(2));
    scene.started("one", 0);
    scene.joined("one", 0, "t", 0);
    scene.joined("one", 1, "a", 5);
    scene.left("one", 0, "t", 20);
    // "ended" of the first run and this stay's "left" never came.
    scene.started("two", 25);
    scene.joined("two", 0, "t", 25);
    scene.joined("two", 1, "a", 30);
    let live = scene.attend_at(40, false);
    assert_eq!((live.verdicts[1].minutes, live.verdicts[1].state), (15 + 10, AttendanceState::InClass));
    for run in ["one", "two"] {
        let (from, to) = if run == "one" { (5, 20) } else { (30, 60) };
        scene.report(
            run,
            ReportKind::Admin,
            vec![row(0, "t", minute(from), minute(to)), row(1, "a", minute(from), minute(to))],
        );
    }
    assert_eq!((scene.verdict(1).minutes, scene.verdict(1).doubt), (45, None));
}

#[test]
fn a_report_of_one_run_leaves_the_other_to_the_events() {
    let mut scene = Scene::new(seats(2));
    for (run, from, to) in [("one", 0, 20), ("two", 25, 60)] {
        scene.started(run, from);
        scene.joined(run, 1, "a", from);
        scene.left(run, 1, "a", to);
        scene.ended(run, to);
    }
    scene.report("one", ReportKind::Admin, vec![row(1, "a", minute(0), minute(15))]);
    assert_eq!(scene.verdict(1).minutes, 15 + 35);
}

#[test]
fn a_breakout_room_whose_end_was_lost_ends_with_the_main_room() {
    let mut scene = class();
    let room = ParticipantFacts {
        stay: Some("a-room".to_owned()),
        parent_stay: Some("a".to_owned()),
        breakout_room: Some("blue".to_owned()),
        ..facts(1, "a-room")
    };
    scene.joined("run", 1, "a", 0);
    scene.hear(&event(EventKind::BreakoutJoined, "run", minute(10), Some(room)));
    scene.left("run", 1, "a", 40);
    let verdict = scene.verdict(1);
    assert_eq!((verdict.minutes, verdict.doubt), (40, None));
}

#[test]
fn thresholds_are_the_organizations() {
    let mut scene = class();
    scene.joined("run", 1, "a", 11);
    scene.left("run", 1, "a", 60);
    assert_eq!(scene.verdict(1).state, AttendanceState::Late);
    scene.policy.late_after_minutes = 11;
    assert_eq!(scene.verdict(1).state, AttendanceState::Present, "exactly at the threshold is not late");
    scene.policy.minimum_presence = MinimumPresence::Minutes(50);
    assert_eq!(scene.verdict(1).state, AttendanceState::Absent);
    scene.policy.minimum_presence = MinimumPresence::Percent(81);
    assert_eq!(scene.verdict(1).state, AttendanceState::Present, "49 of 60 minutes are more than 81 %");
    scene.policy.minimum_presence = MinimumPresence::Percent(82);
    assert_eq!(scene.verdict(1).state, AttendanceState::Absent);
}

#[test]
fn a_late_teacher_makes_nobody_else_late() {
    let mut scene = Scene::new(seats(2));
    scene.started("run", 15);
    for number in [0, 1] {
        scene.joined("run", number, &number.to_string(), 15);
        scene.left("run", number, &number.to_string(), 45);
    }
    scene.ended("run", 45);
    assert_eq!((scene.verdict(0).state, scene.verdict(0).left_early), (AttendanceState::Late, true));
    assert_eq!(scene.verdict(1).state, AttendanceState::Present);
}

#[test]
fn an_excused_person_is_excused_unless_they_came() {
    let mut scene = class();
    let mut seats = seats(3);
    seats[1].excused = true;
    scene.roster = crate::attendance::Roster::new(seats);
    assert_eq!(scene.verdict(1).state, AttendanceState::Excused);
    scene.joined("run", 1, "a", 0);
    scene.left("run", 1, "a", 60);
    assert_eq!(scene.verdict(1).state, AttendanceState::Present);
}

#[test]
fn before_the_end_people_are_expected_in_class_or_left() {
    let mut scene = Scene::new(seats(3));
    scene.started("run", 0);
    scene.joined("run", 1, "a", 2);
    scene.joined("run", 2, "b", 3);
    scene.left("run", 2, "b", 9);
    let states: Vec<_> =
        scene.attend_at(12, false).verdicts.iter().map(|verdict| (verdict.state, verdict.minutes)).collect();
    assert_eq!(
        states,
        [(AttendanceState::Expected, 0), (AttendanceState::InClass, 10), (AttendanceState::Left, 6)]
    );
}

#[test]
fn the_board_follows_a_person() {
    let mut scene = Scene::new(seats(2));
    let state =
        |scene: &Scene| (scene.board_at(50).people[1].whereabouts, scene.board_at(50).people[1].since);
    assert_eq!(state(&scene), (Whereabouts::NotSeen, None));
    scene.hear(&event(EventKind::WaitingRoomJoined, "run", minute(1), Some(facts(1, "a"))));
    assert_eq!(state(&scene), (Whereabouts::Waiting, Some(minute(1))));
    scene.joined("run", 1, "a", 3);
    assert_eq!(state(&scene), (Whereabouts::InClass, Some(minute(3))));
    let room = ParticipantFacts {
        breakout_room: Some("blue".to_owned()),
        parent_stay: Some("a".to_owned()),
        ..facts(1, "a-room")
    };
    scene.hear(&event(EventKind::BreakoutJoined, "run", minute(5), Some(room.clone())));
    scene.left("run", 1, "a", 5);
    assert_eq!(state(&scene).0, Whereabouts::InClass, "some vendors say they left the main room");
    assert_eq!(scene.board_at(50).people[1].breakout_room.as_deref(), Some("blue"));
    scene.hear(&event(EventKind::BreakoutLeft, "run", minute(8), Some(room)));
    assert_eq!(state(&scene), (Whereabouts::Left, Some(minute(8))));
    scene.joined("run", 1, "b", 9);
    scene.ended("run", 40);
    assert_eq!(state(&scene).0, Whereabouts::Left);
}

#[test]
fn a_stranger_is_on_the_board_and_in_the_queue() {
    let mut scene = class();
    let stranger = ParticipantFacts {
        stay: Some("s".to_owned()),
        name: Some("Number1 Person".to_owned()),
        ..ParticipantFacts::default()
    };
    let mut live = Scene::new(seats(2));
    live.hear(&event(EventKind::ParticipantJoined, "run", minute(3), Some(stranger.clone())));
    assert_eq!(live.board_at(5).strangers.len(), 1);
    scene.hear(&event(EventKind::ParticipantJoined, "run", minute(3), Some(stranger.clone())));
    scene.hear(&event(EventKind::ParticipantLeft, "run", minute(33), Some(stranger)));
    let attendance = scene.attend();
    assert_eq!(attendance.unmatched[0].counted, [Interval::new(minute(3), minute(33))]);
    assert_eq!(attendance.unmatched[0].suggestions[0].person, person(1));
    assert_eq!(scene.verdict(1).seconds, 0, "a name gives nobody minutes");
}

#[test]
fn a_decision_holds_and_is_never_lowered_silently() {
    let mut scene = class();
    scene.joined("run", 1, "a", 0);
    scene.left("run", 1, "a", 50);
    let proposed = scene.verdict(1);
    assert_eq!(apply(None, &proposed).standing, Standing::Proposed);
    let decided = Finding { state: AttendanceState::Present, seconds: 3600 };
    let verified =
        Verified { finding: decided, proposed: Finding::from(&proposed), by: person(0), at: minute(70) };
    let kept = apply(Some(&verified), &proposed);
    assert_eq!(
        (kept.finding, kept.standing),
        (decided, Standing::Verified),
        "what the decision was made against is no news"
    );

    scene.report(
        "run",
        ReportKind::Admin,
        vec![row(0, "t", minute(0), minute(60)), row(1, "a", minute(0), minute(10))],
    );
    let lower = scene.verdict(1);
    let outcome = apply(Some(&verified), &lower);
    assert_eq!(outcome.finding, decided);
    assert_eq!(outcome.standing, Standing::Conflict { proposed: Finding::from(&lower), lowers: true });

    let absent = Verified { finding: Finding { state: AttendanceState::Absent, seconds: 0 }, ..verified };
    let mut whole = class();
    whole.joined("run", 1, "a", 0);
    whole.left("run", 1, "a", 60);
    let higher = apply(Some(&absent), &whole.verdict(1));
    assert_eq!(
        (higher.finding.state, matches!(higher.standing, Standing::Conflict { lowers: false, .. })),
        (AttendanceState::Absent, true)
    );
}

#[test]
fn evidence_that_shows_nothing_contradicts_nothing() {
    let mut scene = class();
    scene.add(Presence::redirected(person(1), minute(1)));
    let nothing = Finding { state: AttendanceState::Expected, seconds: 0 };
    let finding = Finding { state: AttendanceState::Present, seconds: 3600 };
    let verified = Verified { finding, proposed: nothing, by: person(0), at: minute(70) };
    assert_eq!(apply(Some(&verified), &scene.verdict(1)).standing, Standing::Verified);
    let excused = Verified { finding: Finding { state: AttendanceState::Excused, seconds: 0 }, ..verified };
    assert_eq!(
        apply(Some(&excused), &scene.verdict(2)).standing,
        Standing::Verified,
        "absent, and that was accepted"
    );
}

#[test]
fn a_meeting_of_many_sessions_gives_each_its_own_runs() {
    let run = |id: &str, from: Option<i64>, to: Option<i64>| Run {
        id: id.to_owned(),
        meeting: "900".to_owned(),
        started_at: from.map(minute),
        ended_at: to.map(minute),
    };
    let runs = [
        run("today again", Some(50), None),
        run("today", Some(-20), Some(40)),
        run("yesterday", Some(-1500), None),
        run("tomorrow", Some(1440), Some(1500)),
        run("ended only", None, Some(45)),
    ];
    let ids: Vec<String> = overlapping(&runs, super::scene::window()).into_iter().map(|run| run.id).collect();
    assert_eq!(ids, ["ended only", "today", "today again"]);
    let listed = Run::listed("900", &MeetingRun { id: "today".to_owned(), started_at: minute(-21) });
    let mut known = runs[1].clone();
    known.absorb(&listed);
    assert_eq!((known.started_at, known.ended_at), (Some(minute(-21)), Some(minute(40))));
    assert!(overlapping(&[run("endless", Some(-60 * 31), None)], super::scene::window()).is_empty());
}

#[test]
fn seats_without_any_evidence_are_absent_after_the_end() {
    let scene = Scene::new(vec![seat(1)]);
    let verdict = scene.verdict(1);
    assert_eq!((verdict.state, verdict.evidence.len(), verdict.basis), (AttendanceState::Absent, 0, None));
    assert_eq!(Interval::new(minute(5), minute(1)).length(), TimeDelta::zero());
}

#[test]
fn an_organizations_policies_are_the_thresholds() {
    let policies = Policies { late_after_minutes: 7, minimum_presence_percent: 250, ..Policies::default() };
    let policy = AttendancePolicy::from(&policies);
    assert_eq!((policy.late_after_minutes, policy.minimum_presence), (7, MinimumPresence::Percent(100)));
}

#[test]
fn a_stored_row_comes_back_whole() {
    let mut scene = class();
    scene.joined("run", 1, "a", 5);
    scene.report("run", ReportKind::Admin, vec![row(1, "a", minute(5), minute(58))]);
    scene.add(Presence::redirected(person(2), minute(3)));
    for presence in scene.presences.values() {
        let stored = serde_json::to_string(presence).unwrap();
        assert_eq!(serde_json::from_str::<Presence>(&stored).unwrap(), *presence);
    }
}

#[test]
fn a_row_tells_its_first_coming_and_its_last_going() {
    let mut scene = Scene::new(seats(2));
    let ends = |scene: &Scene| scene.presences.values().map(|row| (row.joined_at(), row.left_at())).next();
    scene.left("run", 1, "a", 20);
    assert_eq!(ends(&scene), Some((None, Some(minute(20)))));
    scene.joined("run", 1, "a", 5);
    assert_eq!(ends(&scene), Some((Some(minute(5)), Some(minute(20)))));
    scene.joined("run", 1, "a", 30);
    assert_eq!(ends(&scene), Some((Some(minute(5)), None)), "came back under the same id");
}

#[test]
fn out_and_in_again_at_one_instant_breaks_nothing() {
    let mut scene = class();
    for (from, to) in [(0, 20), (20, 60)] {
        scene.joined("run", 1, "a", from);
        scene.left("run", 1, "a", to);
    }
    scene.joined("run", 2, "b", 30);
    scene.left("run", 2, "b", 30);
    assert_eq!((scene.verdict(1).minutes, scene.verdict(1).doubt), (60, None));
    assert_eq!((scene.verdict(2).seconds, scene.verdict(2).state), (0, AttendanceState::Absent));
}
