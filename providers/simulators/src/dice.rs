//! Repeatable chance: ids, tokens and faults from one seed.

use base64::{Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use lectern_core::random::{Randomness, SeededRandomness};

/// Everything random in a simulator comes from here, so that a seed repeats a whole run.
#[derive(Debug)]
pub(crate) struct Dice {
    source: SeededRandomness,
    uuids: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { source: SeededRandomness::new(seed), uuids: seed % 4 }
    }

    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let source: &dyn Randomness = &self.source;
        source.bytes()
    }

    pub(crate) fn below(&self, bound: u64) -> u64 {
        let source: &dyn Randomness = &self.source;
        source.below(bound)
    }

    /// True in this many percent of all throws.
    pub(crate) fn percent(&self, percent: u8) -> bool {
        percent > 0 && self.below(100) < u64::from(percent)
    }

    /// A URL-safe text of `3 * N / 4` random bytes' strength: tokens and ids.
    pub(crate) fn token(&self, length: usize) -> String {
        let mut text = String::with_capacity(length + 43);
        while text.len() < length {
            text.push_str(&URL_SAFE_NO_PAD.encode(self.bytes::<32>()));
        }
        text.truncate(length);
        text
    }

    /// A version-4 UUID in its usual dress.
    pub(crate) fn uuid(&self) -> String {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid().to_string()
    }

    /// A meeting run's UUID as Zoom makes them: base64, one in four beginning with `/`, one in four containing `//`.
    pub(crate) fn run_uuid(&mut self) -> String {
        let mut text = STANDARD.encode(self.bytes::<16>());
        self.uuids += 1;
        match self.uuids % 4 {
            2 => text.replace_range(0..1, "/"),
            3 => text.replace_range(5..7, "//"),
            _ => text = text.replace('/', "a"),
        }
        text
    }

    /// A number of this many decimal digits, without a leading zero.
    pub(crate) fn digits(&self, digits: u32) -> u64 {
        let floor = 10_u64.pow(digits.saturating_sub(1));
        floor + self.below(floor * 9)
    }
}
