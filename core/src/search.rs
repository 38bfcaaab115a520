//! Finding people and classes by the beginnings of words: which words a text has, and what somebody asks for.
//!
//! Capital letters, accents and the ways in which one Bengali letter can be typed make no difference. Both databases only compare
//! what comes out of here, so that they find the same.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;

/// Letters of a word that are looked at.
const LETTERS: usize = 64;
/// Words of a question that are looked at.
const ASKED: usize = 8;

/// Letters as they are compared: in small ones, put together in one way, without Latin accents.
fn folded(text: &str) -> String {
    let plain = text.nfkd().filter(|c| !('\u{300}'..='\u{36f}').contains(c));
    // Small letters may come with accents of their own (İ).
    let small: String =
        plain.flat_map(char::to_lowercase).filter(|c| !('\u{300}'..='\u{36f}').contains(c)).collect();
    small.replace('\u{2019}', "'")
}

/// What stands between words, or at their edges.
fn is_between(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || c.is_ascii_punctuation()
        || matches!(c, '\u{964}' | '\u{965}' | '\u{2010}'..='\u{205e}' | '\u{3001}'..='\u{301f}' | '«' | '»' | '·' | '¿' | '¡')
}

fn shortened(word: &str) -> String {
    word.chars().take(LETTERS).collect()
}

fn collect(folded: &str, into: &mut BTreeSet<String>) {
    for chunk in folded.split_whitespace() {
        // Hyphenated, it is found by its whole and by its parts.
        let whole = chunk.trim_matches(is_between);
        let parts = whole.split(is_between);
        into.extend(std::iter::once(whole).chain(parts).filter(|word| !word.is_empty()).map(shortened));
    }
}

/// The words of a name or a title.
#[must_use]
pub fn words(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    collect(&folded(text), &mut words);
    words
}

/// The words of a person: of the name, the whole address, and the parts before its `@`.
#[must_use]
pub fn words_of_person(name: &str, address: &str) -> BTreeSet<String> {
    let mut words = words(name);
    let address = folded(address);
    let local = address.rsplit_once('@').map_or(address.as_str(), |(local, _)| local);
    collect(local, &mut words);
    words.insert(shortened(address.trim()));
    words
}

/// What somebody asks for: each word must be the beginning of one that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The longest, by which is looked first.
    pub first: String,
    /// The others.
    pub rest: Vec<String>,
}

impl Asked {
    /// Reads a question; `None` when it asks for nothing.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let folded = folded(text);
        let chunks = folded.split_whitespace().map(|chunk| shortened(chunk.trim_matches(is_between)));
        let mut asked: Vec<String> = chunks.filter(|word| !word.is_empty()).take(ASKED).collect();
        let longest = (0..asked.len()).max_by_key(|at| asked[*at].len())?;
        let first = asked.swap_remove(longest);
        Some(Self { first, rest: asked })
    }

    /// Whether a text with these words is meant.
    #[must_use]
    pub fn finds(&self, words: &BTreeSet<String>) -> bool {
        let begins =
            |asked: &String| words.range(asked.clone()..).next().is_some_and(|word| word.starts_with(asked));
        begins(&self.first) && self.rest.iter().all(begins)
    }
}

/// Where the words that begin so end, in the order of their bytes.
#[must_use]
pub fn end_of(beginning: &str) -> String {
    format!("{beginning}{}", char::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finds(asked: &str, text: &str) -> bool {
        Asked::read(asked).is_some_and(|asked| asked.finds(&words(text)))
    }

    #[test]
    fn beginnings_of_words_are_found_however_they_are_typed() {
        for (asked, text) in [
            ("math", "Mathematics, class 8 B"),
            ("8 MATH", "Mathematics, class 8 B"),
            ("smith-j", "Anna Smith-Jones"),
            ("jones", "Anna Smith-Jones"),
            ("o'br", "Liam O’Brien"),
            ("muller", "Jonas Müller"),
            ("MÜLLER", "jonas muller"),
            ("গণি", "গণিত, দশম শ্রেণি"),
            ("শ্রেণি", "গণিত, দশম শ্রেণি।"),
            // One letter, typed as one sign and as two.
            ("আ\u{9df}েশা", "আ\u{9af}\u{9bc}েশা নূর"),
            ("ক\u{9cb}", "ক\u{9c7}\u{9be}রান"),
        ] {
            assert!(finds(asked, text), "{asked} in {text}");
        }
        for (asked, text) in [("ath", "Mathematics"), ("math 9", "Mathematics, class 8"), ("গণিতক", "গণিত")]
        {
            assert!(!finds(asked, text), "{asked} in {text}");
        }
        assert_eq!(Asked::read(" ., "), None);
    }

    #[test]
    fn people_are_found_by_name_and_address_but_not_by_their_domain() {
        let words = words_of_person("Rina Das", "Rina.Das7@School.example");
        let finds = |asked: &str| Asked::read(asked).unwrap().finds(&words);
        for asked in ["rina", "das", "rina.das7@sch", "RINA.DAS", "das7", "das rin"] {
            assert!(finds(asked), "{asked}");
        }
        for asked in ["school", "example", "ina"] {
            assert!(!finds(asked), "{asked}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_found_by_itself(text in "\\PC{0,60}") {
            if let Some(asked) = Asked::read(&text) {
                prop_assert!(asked.finds(&words(&text)), "{asked:?} {:?}", words(&text));
            }
        }

        #[test]
        fn a_word_lies_before_the_end_of_its_beginnings(word in "\\PC{1,20}", letters in 1_usize..20) {
            let beginning: String = word.chars().take(letters).collect();
            prop_assert!(beginning <= word && word < end_of(&beginning));
        }

        #[test]
        fn words_have_no_blanks_and_fold_to_themselves(text in "\\PC{0,60}") {
            for word in words(&text) {
                prop_assert!(!word.is_empty() && !word.contains(char::is_whitespace));
                prop_assert!(word.chars().count() <= LETTERS);
            }
        }
    }
}
