//! The languages pages are written in, and the words an organization uses for its people.

use serde::{Deserialize, Serialize};

/// A language of the pages and mails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    #[default]
    En,
    Bn,
}

impl Lang {
    /// Every language, for tests and language menus.
    pub const ALL: [Self; 2] = [Self::En, Self::Bn];

    /// The BCP 47 tag, as used in `lang=""`, `?lang=` and the language cookie.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Bn => "bn",
        }
    }

    /// Reads a tag as it comes in a query, a cookie or one entry of `Accept-Language`.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_', ';']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|lang| primary.eq_ignore_ascii_case(lang.tag()))
    }

    /// The best language for an `Accept-Language` header: the first one we have, in the header's order.
    #[must_use]
    pub fn from_accept_language(header: &str) -> Self {
        header.split(',').find_map(Self::from_tag).unwrap_or_default()
    }

    /// The language's own name, as a link to it is written.
    #[must_use]
    pub fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Bn => "বাংলা",
        }
    }

    /// The language a "read this in ..." link leads to.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::En => Self::Bn,
            Self::Bn => Self::En,
        }
    }

    /// The same text with this language's digits.
    #[must_use]
    pub fn digits(self, text: &str) -> String {
        match self {
            Self::En => text.to_owned(),
            Self::Bn => text
                .chars()
                .map(|c| match c {
                    '0'..='9' => char::from_u32(0x09E6 + (c as u32 - '0' as u32)).unwrap_or(c),
                    other => other,
                })
                .collect(),
        }
    }

    /// Whether a count takes the singular form (CLDR: English one = 1, Bengali one = 0 and 1).
    #[must_use]
    pub fn is_one(self, count: i64) -> bool {
        match self {
            Self::En => count == 1,
            Self::Bn => count == 0 || count == 1,
        }
    }
}

/// Which words an organization uses: a school has instructors and students, a marketplace sellers and buyers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vocabulary {
    #[default]
    School,
    Marketplace,
}

impl Vocabulary {
    /// Every vocabulary, for tests.
    pub const ALL: [Self; 2] = [Self::School, Self::Marketplace];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_follow_the_language() {
        assert_eq!(Lang::Bn.digits("9:05, room 12"), "৯:০৫, room ১২");
        assert_eq!(Lang::En.digits("9:05"), "9:05");
    }

    #[test]
    fn the_first_known_language_of_the_header_wins() {
        assert_eq!(Lang::from_accept_language("fr-CH, bn-BD;q=0.9, en;q=0.8"), Lang::Bn);
        assert_eq!(Lang::from_accept_language("*"), Lang::En);
        assert_eq!(Lang::from_tag("BN"), Some(Lang::Bn));
        assert_eq!(Lang::from_tag("bnx"), None);
    }
}
