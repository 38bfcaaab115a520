//! Implementations that are not ours, in Python: what they make of the same input.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::Value;

/// A program of `tests/independent`, with a Python that has what it needs.
#[derive(Clone, Copy, Debug)]
pub struct Independent {
    python: &'static str,
    program: &'static str,
}

impl Independent {
    /// Finds a Python for a program that begins with these imports.
    ///
    /// # Panics
    /// When there is none and `CI=true`; elsewhere the comparison is left out, loudly.
    #[must_use]
    pub fn find(program: &'static str, imports: &str) -> Option<Self> {
        let usable = |python: &&str| {
            let check = Command::new(python)
                .args(["-c", imports])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            check.is_ok_and(|status| status.success())
        };
        let found = ["/usr/bin/python3", "python3"].into_iter().find(usable);
        if found.is_none() {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "no Python can `{imports}`, so nothing independent checks us; with CI=true that is a failure"
            );
            eprintln!("!! SKIPPED: {program} (install python3-dateutil, python3-icalendar and tzdata)");
        }
        found.map(|python| Self { python, program })
    }

    /// What it answers, from standard input to standard output.
    #[must_use]
    pub fn ask(&self, asked: &Value) -> Value {
        let program = format!("{}/independent/{}", env!("CARGO_MANIFEST_DIR"), self.program);
        let mut other = Command::new(self.python)
            .arg(&program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = other.stdin.take().unwrap();
        // It reads everything before it answers.
        stdin.write_all(asked.to_string().as_bytes()).unwrap();
        drop(stdin);
        let output = other.wait_with_output().unwrap();
        assert!(output.status.success(), "{program} failed");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}
