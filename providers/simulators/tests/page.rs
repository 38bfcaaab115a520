//! The page on the simulators against the code: what it names is there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeSet, fs, path::Path};

const PAGE: &str = include_str!("../../../core/docs/simulators.md");

/// The code words of a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What a row names and the crate lacks.
fn missing(folder: &str, place: &str, shown: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = |file: &str| root.join("src").join(folder).join(format!("{file}.rs"));
    let modules = words(place).filter(|file| !source(file).is_file()).map(str::to_owned);
    let tests = words(shown).filter(|name| {
        let Some((file, test)) = name.split_once("::") else { return true };
        let path = match file.strip_prefix("src/") {
            Some(file) => source(file),
            None => root.join("tests").join(folder).join(format!("{file}.rs")),
        };
        let written = fs::read_to_string(path).unwrap_or_default();
        !written.contains(&format!("fn {test}("))
    });
    modules.chain(tests.map(str::to_owned)).collect()
}

#[test]
fn every_point_is_done_and_shown_or_left_out_with_a_reason() {
    let mut folders = BTreeSet::new();
    for (title, folder) in
        [("Zoom", "zoom"), ("Microsoft Teams", "teams"), ("Google Meet", "meet"), ("Stripe", "stripe")]
    {
        let section = PAGE.split("\n## ").find_map(|part| part.strip_prefix(title)).unwrap();
        for row in section.lines().filter(|line| line.starts_with("| ")).skip(1) {
            let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
            let [what, place, shown] = cells[..] else { panic!("three cells: {row}") };
            if place == "left out" {
                assert!(shown.len() > 40, "a reason: {row}");
                continue;
            }
            assert!(words(place).count() > 0 && words(shown).count() > 0, "{what}");
            assert_eq!(missing(folder, place, shown), Vec::<String>::new(), "{what}");
            folders.insert(folder);
        }
    }
    assert_eq!(folders.len(), 4);
}

#[test]
fn what_is_not_there_is_found() {
    let found = missing("zoom", "`oauth` `nowhere`", "`oauth::nothing_like_it` `live::missing` `limits`");
    assert_eq!(found, ["nowhere", "oauth::nothing_like_it", "live::missing", "limits"]);
}
