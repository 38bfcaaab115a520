//! The README's table of capabilities is made from the code, here.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{env, fmt::Write as _, fs, path::Path};

use lectern_core::provider::{
    BreakoutSupport, Can, Capabilities, ControlScope, CreateRecovery, JoinGuarantee, LiveAttendance,
    PersonalData, RecordingModes, RegistrantLinks,
};
use lectern_providers::registry;

const BEGIN: &str = "<!-- made by providers/tests/readme.rs: begin -->\n";
const END: &str = "<!-- end -->\n";
const AGAIN: &str = "LECTERN_WRITE_README=1 cargo test -p lectern-providers --test readme";

/// A cell, and the sentence that goes with it.
type Cell = (String, Option<String>);

fn cell<T>(can: &Can<T>, how: impl Fn(&T) -> &'static str) -> Cell {
    let reason = can.reason().map(|reason| reason.0.to_string());
    match can {
        Can::Yes { how: detail } => (how(detail).to_owned(), None),
        Can::Helped { how: detail, .. } => (format!("{} \\*", how(detail)), reason),
        Can::No { .. } => ("no".to_owned(), reason),
    }
}

fn scope(scope: &ControlScope) -> &'static str {
    match scope {
        ControlScope::PerMeeting => "per class",
        ControlScope::PerHost => "per host",
    }
}

fn recording(modes: &RecordingModes) -> &'static str {
    match (modes.cloud, modes.local) {
        (true, true) => "cloud or teacher's computer",
        (true, false) => "cloud",
        (false, true) => "teacher's computer",
        (false, false) => "none",
    }
}

fn personal(data: &[PersonalData]) -> String {
    let words: Vec<_> = data
        .iter()
        .map(|one| match one {
            PersonalData::Name => "name",
            PersonalData::Email => "address",
        })
        .collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join(" and ") }
}

fn plain(text: impl Into<String>) -> Cell {
    (text.into(), None)
}

fn column(can: &Capabilities) -> Vec<(&'static str, Cell)> {
    let yes = |(): &()| "yes";
    vec![
        (
            "a join link of one's own",
            cell(&can.registrants, |links| match links {
                RegistrantLinks::Unique => "for each person",
                RegistrantLinks::Shared => "a list of who enters",
            }),
        ),
        (
            "who has the platform's link",
            plain(match can.guarantee {
                JoinGuarantee::PerPersonUrl => "enters as that person alone",
                JoinGuarantee::RosterLocked => "knocks, unless on the list",
                JoinGuarantee::HostAdmits => "waits for the teacher",
                JoinGuarantee::LinkHolder => "enters",
            }),
        ),
        (
            "attendance",
            cell(&can.attendance, |attendance| match attendance {
                LiveAttendance::Live => "live, and by report",
                LiveAttendance::Report => "by report",
            }),
        ),
        ("waiting room", cell(&can.waiting_room, scope)),
        ("chat off", cell(&can.chat, scope)),
        ("screen sharing", cell(&can.screen_share, scope)),
        (
            "breakout rooms",
            cell(&can.breakout_rooms, |rooms| match rooms {
                BreakoutSupport::Preassign => "planned ahead",
                BreakoutSupport::Live => "live",
            }),
        ),
        ("recording by itself", cell(&can.auto_recording, recording)),
        ("fetching recordings", cell(&can.recording_download, yes)),
        ("a series", cell(&can.recurrence, yes)),
        ("*End class* for everybody", cell(&can.end_meeting, yes)),
        (
            "a create whose answer is lost",
            plain(match can.create_recovery {
                CreateRecovery::ByKey => "makes nothing twice",
                CreateRecovery::ByMarker => "is found again",
                CreateRecovery::None => "leaves one meeting over",
            }),
        ),
        (
            "creates and updates a day",
            plain(
                can.limits.host_writes_per_day.map_or("no limit".to_owned(), |most| format!("{most} a host")),
            ),
        ),
        ("what the platform is told of people", plain(personal(&can.personal_data))),
        ("aliases instead", cell(&can.aliases, yes)),
    ]
}

/// Rows are capabilities, columns are platforms; then the sentences, as a teacher reads them.
fn table() -> String {
    let columns: Vec<_> = registry::platforms()
        .iter()
        .map(|platform| (platform.name.title(), column(&(platform.at_best)())))
        .collect();
    let titles: Vec<_> = columns.iter().map(|(title, _)| *title).collect();
    let mut text = format!("| | {} |\n|---|{}\n", titles.join(" | "), "---|".repeat(titles.len()));
    for row in 0..columns[0].1.len() {
        let cells: Vec<_> = columns.iter().map(|(_, column)| column[row].1.0.as_str()).collect();
        writeln!(text, "| {} | {} |", columns[0].1[row].0, cells.join(" | ")).unwrap();
    }
    text.push_str("\n\\* with Lectern's help, or with a catch:\n");
    for (title, column) in &columns {
        write!(text, "\n<details><summary>{title}: the sentences that its teachers read</summary>\n\n")
            .unwrap();
        for (word, (_, reason)) in column {
            if let Some(reason) = reason {
                writeln!(text, "- **{}**: {reason}", word.replace('*', "")).unwrap();
            }
        }
        text.push_str("\n</details>\n");
    }
    text
}

#[test]
fn the_readme_has_the_table_of_this_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(&file).unwrap();
    let (before, rest) =
        readme.split_once(BEGIN).unwrap_or_else(|| panic!("README.md has lost its mark {BEGIN}"));
    let (shown, after) = rest.split_once(END).unwrap_or_else(|| panic!("README.md has lost its mark {END}"));
    let made = table();
    if env::var_os("LECTERN_WRITE_README").is_some() {
        return fs::write(&file, format!("{before}{BEGIN}{made}{END}{after}")).unwrap();
    }
    assert!(shown == made, "the README's table is not that of the code; make it again: {AGAIN}");
}
