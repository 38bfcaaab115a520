use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

use serde::{Serialize, Serializer};

/// A platform's name: the word in URLs, JSON and the database, and what people call it.
///
/// Nobody here knows which platforms exist: each provider makes its own name, as a constant, and the server's registry finds
/// it again by its word. Two names are the same when their words are.
#[derive(Clone, Copy, Debug)]
pub struct ProviderName(&'static NameWords);

/// What a [`ProviderName`] is made of.
#[derive(Debug)]
pub struct NameWords {
    /// The word in URLs, JSON and the database: 1 to 32 of `a-z`, `0-9` and `-`, a letter first. It never changes.
    pub slug: &'static str,
    /// The name people know it by.
    pub title: &'static str,
}

/// A word that names no platform of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown platform")]
pub struct UnknownProvider;

impl ProviderName {
    /// Longest word, in bytes.
    pub const LONGEST: usize = 32;

    /// Makes a name.
    ///
    /// ```
    /// use lectern_core::provider::{NameWords, ProviderName};
    ///
    /// const NAME: ProviderName = ProviderName::new(&NameWords { slug: "jitsi", title: "Jitsi Meet" });
    /// assert_eq!(NAME.to_string(), "jitsi");
    /// ```
    ///
    /// # Panics
    /// When it is none; in a constant that is a compile error:
    ///
    /// ```compile_fail
    /// # use lectern_core::provider::{NameWords, ProviderName};
    /// const NAME: ProviderName = ProviderName::new(&NameWords { slug: "Jitsi Meet", title: "Jitsi Meet" });
    /// # let _ = NAME;
    /// ```
    #[must_use]
    pub const fn new(words: &'static NameWords) -> Self {
        assert!(is_slug(words.slug.as_bytes()), "1 to 32 of a-z, 0-9 and -, a letter first");
        assert!(!words.title.is_empty(), "people need a name for it");
        Self(words)
    }

    /// The word in URLs, JSON and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0.slug
    }

    /// The name people know it by.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.0.title
    }
}

const fn is_slug(bytes: &[u8]) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        let letter = bytes[at].is_ascii_lowercase();
        let later = bytes[at].is_ascii_digit() || bytes[at] == b'-';
        if !(letter || at > 0 && later) {
            return false;
        }
        at += 1;
    }
    !bytes.is_empty() && bytes.len() <= ProviderName::LONGEST
}

impl PartialEq for ProviderName {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for ProviderName {}

impl PartialOrd for ProviderName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ProviderName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for ProviderName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Serialize for ProviderName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_by_its_word() {
        const ONE: ProviderName = ProviderName::new(&NameWords { slug: "jitsi", title: "Jitsi Meet" });
        assert_eq!(ONE, ProviderName::new(&NameWords { slug: "jitsi", title: "Jitsi" }));
        assert!(ONE < ProviderName::new(&NameWords { slug: "zoom", title: "A" }));
        assert_eq!((ONE.as_str(), ONE.title(), ONE.to_string().as_str()), ("jitsi", "Jitsi Meet", "jitsi"));
    }

    #[test]
    fn words_fit_into_addresses() {
        for good in ["a", "zoom", "big-blue-button", "h323"] {
            assert!(is_slug(good.as_bytes()), "{good}");
        }
        let long = "a".repeat(ProviderName::LONGEST + 1);
        for bad in ["", "Zoom", "1zoom", "-", "a b", "a/b", "a.b", "\u{e9}", &long] {
            assert!(!is_slug(bad.as_bytes()), "{bad}");
        }
    }
}
