//! Chance that falls the same way each time, and the words rows are made of.

use chrono::{DateTime, Utc};
use uuid::Uuid;

const FIRST: &[&str] = &[
    "Ayesha",
    "Omar",
    "Nadia",
    "Farhan",
    "Rina",
    "Karim",
    "Sadia",
    "Tanvir",
    "Mina",
    "Rafi",
    "Lamia",
    "Jamal",
    "Nusrat",
    "Imran",
    "Shirin",
    "Habib",
    "Tania",
    "Arif",
    "Mohammad",
    "Fatima",
    "Anna",
    "Lukas",
    "Élise",
    "Jonas",
    "Sofía",
    "Mateo",
    "Ingrid",
    "Piotr",
    "Zoë",
    "Liam",
    "রিনা",
    "করিম",
    "সাদিয়া",
    "তানভীর",
    "মিনা",
    "আয়েশা",
];
const LAST: &[&str] = &[
    "Rahman",
    "Khan",
    "Das",
    "Chowdhury",
    "Sarkar",
    "Ahmed",
    "Hossain",
    "Begum",
    "Islam",
    "Akter",
    "Mia",
    "Roy",
    "Haque",
    "Karim",
    "O'Brien",
    "Smith-Jones",
    "Müller",
    "García",
    "Nowak",
    "Larsen",
    "রহমান",
    "দাস",
    "চৌধুরী",
    "আহমেদ",
];
const SUBJECT: &[&str] = &[
    "Mathematics",
    "Algebra",
    "Geometry",
    "Physics",
    "Chemistry",
    "Biology",
    "English",
    "Bengali",
    "History",
    "Geography",
    "Economics",
    "Watercolour",
    "Guitar",
    "Chess",
    "Programming",
    "গণিত",
    "বাংলা সাহিত্য",
    "পদার্থবিজ্ঞান",
];

/// `SplitMix64`: the same seed, the same throws.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Less than this.
    pub(super) fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.throw() % most.max(1) as u64).unwrap_or_default()
    }

    /// So many times in a hundred.
    pub(super) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(super) fn of<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())]
    }

    /// An id as the program makes them: in the order of time.
    pub(super) fn id(&mut self, at: DateTime<Utc>) -> Uuid {
        let mut tail = [0; 10];
        tail[..8].copy_from_slice(&self.throw().to_be_bytes());
        tail[8..].copy_from_slice(&self.throw().to_be_bytes()[..2]);
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
    }

    pub(super) fn name(&mut self) -> (&'static str, &'static str) {
        (self.of(FIRST), self.of(LAST))
    }

    pub(super) fn title(&mut self) -> String {
        let group = self.of(&["A", "B", "C", "D"]);
        format!("{}, class {} {group}", self.of(SUBJECT), 1 + self.below(12))
    }
}
