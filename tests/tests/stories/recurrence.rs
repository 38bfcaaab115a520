//! The same rules and times, read by somebody else: Python's dateutil and zoneinfo.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, Duration, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;
use lectern_core::schedule::{IanaZones, Recurrence, Zones};
use lectern_tests::Independent;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde::Deserialize;
use serde_json::json;

const RULES: usize = 10_000;
/// Occurrences compared of each rule.
const FIRST: usize = 20;
const LOCAL: &str = "%Y-%m-%dT%H:%M:%S";
const COMPACT: &str = "%Y%m%dT%H%M%S";
/// Their clocks follow rules that have long stood, so that two editions of the zone data agree about years to come.
const LONG_STANDING: [Tz; 6] = [
    Tz::Australia__Lord_Howe,
    Tz::Asia__Dhaka,
    Tz::America__New_York,
    Tz::Europe__London,
    Tz::Europe__Berlin,
    Tz::Pacific__Auckland,
];

#[derive(Deserialize)]
struct Answer {
    occurrences: Vec<Vec<String>>,
    instants: Vec<Option<String>>,
}

fn ask(other: Independent, rules: &[String], times: &[(Tz, NaiveDateTime)]) -> Answer {
    let times: Vec<(&str, String)> =
        times.iter().map(|(zone, local)| (zone.name(), local.format(LOCAL).to_string())).collect();
    serde_json::from_value(other.ask(&json!({"first": FIRST, "rules": rules, "times": times}))).unwrap()
}

/// The same dice every time.
fn sample<T: std::fmt::Debug>(strategy: &impl Strategy<Value = T>, many: usize) -> Vec<T> {
    let dice = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), dice);
    (0..many).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

fn a_start() -> impl Strategy<Value = NaiveDateTime> {
    (0_u64..20 * 365, 0_u32..24 * 60).prop_map(|(day, minute)| {
        let day = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + Days::new(day);
        day.and_hms_opt(minute / 60, minute % 60, 0).unwrap()
    })
}

fn comma<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(",")
}

/// A rule's text as the RFC has it: written here, not by the code that is tested.
fn a_rule() -> impl Strategy<Value = (NaiveDateTime, String, Vec<usize>)> {
    const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    let sign = prop::sample::select(vec!["", "+", "-"]);
    let days = prop_oneof![
        Just("DAILY".to_owned()),
        Just("WEEKLY".to_owned()),
        prop::collection::vec(prop::sample::select(DAYS.as_slice()), 1..6)
            .prop_map(|days| format!("WEEKLY;BYDAY={}", comma(days))),
        Just("MONTHLY".to_owned()),
        prop::collection::vec((prop::bool::ANY, 1_i32..=31), 1..5).prop_map(|days| {
            let days: BTreeSet<i32> =
                days.into_iter().map(|(from_end, day)| if from_end { -day } else { day }).collect();
            format!("MONTHLY;BYMONTHDAY={}", comma(days))
        }),
        prop::collection::vec((sign, 1_u32..=5, prop::sample::select(DAYS.as_slice())), 1..4).prop_map(
            |days| {
                let days = days.into_iter().map(|(sign, nth, day)| format!("{sign}{nth}{day}"));
                format!("MONTHLY;BYDAY={}", comma(days.collect::<BTreeSet<_>>()))
            }
        ),
    ];
    let interval = prop_oneof![3 => Just(1_u32), 3 => 2_u32..7, 1 => 7_u32..60];
    let end = prop_oneof![
        Just(None),
        (1_u32..60).prop_map(|count| Some(format!("COUNT={count}"))),
        (a_start(), -2000_i64..2000)
            .prop_map(|(at, days)| Some(format!("UNTIL={}", (at + Duration::days(days)).format(COMPACT)))),
    ];
    let left_out = prop::collection::vec(0_usize..30, 0..4);
    (a_start(), days, interval, end, left_out).prop_map(|(start, days, interval, end, left_out)| {
        let interval = if interval == 1 { String::new() } else { format!(";INTERVAL={interval}") };
        let end = end.map_or_else(String::new, |end| format!(";{end}"));
        (start, format!("FREQ={days}{interval}{end}"), left_out)
    })
}

fn read(text: &str, start: NaiveDateTime) -> Recurrence {
    Recurrence::read(text, start, Tz::UTC, &IanaZones).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The hours around every change of a zone's clocks in this century, up to where two editions of the data surely agree.
fn times_around_changes(zone: Tz) -> Vec<(Tz, NaiveDateTime)> {
    let last = if LONG_STANDING.contains(&zone) { "2037-01-01T00:00:00Z" } else { "2024-07-01T00:00:00Z" };
    let last: DateTime<Utc> = last.parse().unwrap();
    let mut from: DateTime<Utc> = "2000-01-01T00:00:00Z".parse().unwrap();
    let mut times = vec![(zone, from.naive_utc())];
    let mut ahead = IanaZones.ahead(zone, from);
    while from < last {
        let until = from + Duration::days(10);
        let then = IanaZones.ahead(zone, until);
        if then != ahead {
            let (mut before, mut after) = (from, until);
            while after - before > Duration::seconds(1) {
                let middle = before + (after - before) / 2;
                if IanaZones.ahead(zone, middle) == ahead { before = middle } else { after = middle }
            }
            let shown = after.naive_utc() + ahead;
            times.extend([-61, -1, 0, 15, 90].map(|minutes| (zone, shown + Duration::minutes(minutes))));
        }
        (from, ahead) = (until, then);
    }
    times
}

/// Ten thousand rules of the accepted grammar give the same times on the clock as with dateutil; and in every zone those times,
/// also the skipped and the doubled ones, are the same instants as with zoneinfo.
#[test]
fn rules_and_clocks_agree_with_an_independent_implementation() {
    let imports = "import dateutil.rrule, zoneinfo; zoneinfo.ZoneInfo('Asia/Dhaka')";
    let Some(other) = Independent::find("recurrence.py", imports) else { return };
    let mut texts = Vec::with_capacity(RULES);
    let mut ours = Vec::with_capacity(RULES);
    for (start, text, left_out) in sample(&a_rule(), RULES) {
        let times: Vec<NaiveDateTime> = read(&text, start).occurrences(start).take(30).collect();
        let except: Vec<String> = left_out
            .iter()
            .filter_map(|at| times.get(*at))
            .map(|at| at.format(COMPACT).to_string())
            .collect();
        let text = if except.is_empty() { text } else { format!("{text}\nEXDATE:{}", comma(except)) };
        ours.push(
            read(&text, start)
                .occurrences(start)
                .take(FIRST)
                .map(|at| at.format(LOCAL).to_string())
                .collect::<Vec<_>>(),
        );
        texts.push(format!("DTSTART:{}\nRRULE:{text}", start.format(COMPACT)));
    }
    let times: Vec<(Tz, NaiveDateTime)> =
        chrono_tz::TZ_VARIANTS.iter().flat_map(|zone| times_around_changes(*zone)).collect();
    let theirs = ask(other, &texts, &times);

    assert_eq!(theirs.occurrences.len(), RULES);
    for ((text, ours), theirs) in texts.iter().zip(&ours).zip(&theirs.occurrences) {
        assert_eq!(ours, theirs, "{text}");
    }
    let compared = ours.iter().map(Vec::len).sum::<usize>();
    assert!(compared > 13 * RULES, "only {compared} occurrences: the rules are too short to say much");

    let (mut zones, mut differing) = (BTreeSet::new(), BTreeSet::new());
    assert_eq!(theirs.instants.len(), times.len());
    for ((zone, local), theirs) in times.iter().zip(&theirs.instants) {
        // Some systems install the zones' old names apart.
        let Some(theirs) = theirs else { continue };
        zones.insert(zone.name());
        if IanaZones.instant_of(*zone, *local).format(LOCAL).to_string() != *theirs {
            differing.insert(zone.name());
        }
    }
    // Another edition of the zones may know the history of a few of them better.
    assert!(
        differing.len() < 4 && LONG_STANDING.iter().all(|zone| !differing.contains(zone.name())),
        "{differing:?}"
    );
    for zone in LONG_STANDING {
        assert!(zones.contains(zone.name()), "{zone} was not compared");
    }
    assert!(zones.len() > 300, "only {} zones were compared", zones.len());
    println!("{RULES} rules, {compared} occurrences; {} times in {} zones", times.len(), zones.len());
}
