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

    /// The languages of an `Accept-Language` header that we have, in the header's order.
    pub fn accepted(header: &str) -> impl Iterator<Item = Self> {
        header.split(',').filter_map(Self::from_tag)
    }

    /// The language's own name, as a link to it is written.
    #[must_use]
    pub fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Bn => "বাংলা",
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

/// The languages an organization offers, at least one, and the one for whoever chose none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Languages {
    offered: [bool; Lang::ALL.len()],
    default: Lang,
}

impl Default for Languages {
    /// All of them, English where nobody chose.
    fn default() -> Self {
        Self { offered: [true; Lang::ALL.len()], default: Lang::En }
    }
}

impl Languages {
    /// These languages; `None` when the default is not among them.
    #[must_use]
    pub fn new(offered: &[Lang], default: Lang) -> Option<Self> {
        offered
            .contains(&default)
            .then(|| Self { offered: Lang::ALL.map(|lang| offered.contains(&lang)), default })
    }

    /// Reads what [`Languages::offered_text`] wrote and the default's tag; what cannot be read is not there.
    #[must_use]
    pub fn read(offered: &str, default: &str) -> Self {
        let offered: Vec<_> = offered.split(',').filter_map(Lang::from_tag).collect();
        let default = Lang::from_tag(default).filter(|lang| offered.contains(lang));
        let default = default.or_else(|| offered.first().copied());
        default.and_then(|default| Self::new(&offered, default)).unwrap_or_default()
    }

    /// The tags, with commas between.
    #[must_use]
    pub fn offered_text(self) -> String {
        self.offered().map(Lang::tag).collect::<Vec<_>>().join(",")
    }

    /// Those that are offered.
    pub fn offered(self) -> impl Iterator<Item = Lang> {
        Lang::ALL.into_iter().filter(move |lang| self.offers(*lang))
    }

    /// Whether this one is.
    #[must_use]
    pub fn offers(self, lang: Lang) -> bool {
        Lang::ALL.iter().zip(self.offered).any(|(one, offered)| *one == lang && offered)
    }

    /// For whoever chose none.
    #[must_use]
    pub const fn default_lang(self) -> Lang {
        self.default
    }

    /// The first wish that is offered, else the default.
    #[must_use]
    pub fn pick(self, wishes: impl IntoIterator<Item = Lang>) -> Lang {
        wishes.into_iter().find(|lang| self.offers(*lang)).unwrap_or(self.default)
    }

    /// The language a "read this in ..." link leads to, if there is another.
    #[must_use]
    pub fn beside(self, lang: Lang) -> Option<Lang> {
        self.offered().find(|one| *one != lang)
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
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn digits_follow_the_language() {
        assert_eq!(Lang::Bn.digits("9:05, room 12"), "৯:০৫, room ১২");
        assert_eq!(Lang::En.digits("9:05"), "9:05");
    }

    #[test]
    fn the_first_known_language_of_the_header_wins() {
        assert_eq!(Lang::accepted("fr-CH, bn-BD;q=0.9, en;q=0.8").collect::<Vec<_>>(), [Lang::Bn, Lang::En]);
        assert_eq!(Lang::accepted("*").next(), None);
        assert_eq!(Lang::from_tag("BN"), Some(Lang::Bn));
        assert_eq!(Lang::from_tag("bnx"), None);
    }

    #[test]
    fn a_wish_counts_where_it_is_offered() {
        let bengali = Languages::new(&[Lang::Bn], Lang::Bn).unwrap();
        let both = Languages::new(&Lang::ALL, Lang::Bn).unwrap();
        assert_eq!((bengali.pick([Lang::En]), bengali.beside(Lang::Bn)), (Lang::Bn, None));
        assert_eq!((both.pick([]), both.pick([Lang::En, Lang::Bn])), (Lang::Bn, Lang::En));
        assert_eq!(both.beside(Lang::Bn), Some(Lang::En));
        assert_eq!(Languages::new(&[Lang::En], Lang::Bn), None);
    }

    #[test]
    fn what_is_stored_is_read_again() {
        for (offered, default) in
            [(&[Lang::Bn][..], Lang::Bn), (&Lang::ALL, Lang::Bn), (&Lang::ALL, Lang::En)]
        {
            let languages = Languages::new(offered, default).unwrap();
            assert_eq!(Languages::read(&languages.offered_text(), default.tag()), languages);
        }
        assert_eq!(Languages::read("xx", "en"), Languages::default());
        assert_eq!(Languages::read("bn", "en").default_lang(), Lang::Bn);
    }
}
