//! The vendors' own samples, for tests. They are not part of this repository: `LECTERN_VENDOR_SPECS` names the folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;

use serde_json::Value;

/// Each JSON file of a folder: name without `.json`, and content. `None`, said loudly, where the variable is not set.
pub(crate) fn folder(test: &str, below: &str) -> Option<Vec<(String, Value)>> {
    let Some(root) = std::env::var_os("LECTERN_VENDOR_SPECS") else {
        // Written past the test harness, which hides the output of a test that passes.
        let note = format!("SKIPPED {test}: LECTERN_VENDOR_SPECS is not set\n");
        std::io::Write::write_all(&mut std::io::stderr(), note.as_bytes()).unwrap();
        return None;
    };
    let folder = PathBuf::from(root).join(below);
    let mut found: Vec<_> = std::fs::read_dir(&folder)
        .expect("the samples can be read")
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| {
            let text = std::fs::read(&path).unwrap();
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), serde_json::from_slice(&text).unwrap())
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Some(found)
}
