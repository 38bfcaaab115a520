//! The sheet as a file for spreadsheets.

use chrono::{DateTime, SecondsFormat, Utc};

use super::sheet::Sheet;
use crate::spreadsheet::line;

const HEAD: [&str; 11] = [
    "name",
    "email",
    "role",
    "state",
    "minutes",
    "seconds",
    "first_joined_at",
    "last_left_at",
    "verified",
    "note",
    "evidence",
];

/// The whole sheet, the instructor left out.
#[must_use]
pub fn sheet(sheet: &Sheet) -> String {
    let mut text = String::new();
    line(&mut text, HEAD);
    for row in &sheet.lines {
        let time = |at: Option<DateTime<Utc>>| {
            at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)).unwrap_or_default()
        };
        let finding = row.outcome.finding;
        line(
            &mut text,
            [
                row.expected.seat.name.as_str(),
                &row.expected.email,
                row.verdict.role.name(),
                finding.state.name(),
                &(finding.seconds / 60).to_string(),
                &finding.seconds.to_string(),
                &time(row.verdict.first_joined_at),
                &time(row.verdict.last_left_at),
                if row.verified.is_some() { "yes" } else { "no" },
                row.note.as_deref().unwrap_or_default(),
                &row.verdict.evidence.len().to_string(),
            ],
        );
    }
    text
}
