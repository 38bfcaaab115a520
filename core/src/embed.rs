//! Parts of ours inside a host application's pages: which there are, who may frame them, and the link that opens one.

use std::{collections::BTreeSet, fmt};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::{Host, Url};
use uuid::Uuid;

use crate::{
    ids::{ClassId, OrganizationId, PersonId},
    role::Role,
    seal::MasterKey,
    signed::Signer,
};

const BODY: usize = 2 + 16 * 4 + 8;
/// Origins of one organization, at most: they all stand in a header of each framed page.
pub const MOST_ORIGINS: usize = 10;
const LONGEST_ORIGIN: usize = 255;

/// What can be shown inside somebody else's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmbedView {
    /// An instructor's own accounts at the platforms.
    Connection,
    /// One person's way into one class.
    Join,
    /// What is on now.
    Live,
}

impl EmbedView {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Connection, Self::Join, Self::Live];

    /// Its word in addresses, rows and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Join => "join",
            Self::Live => "live",
        }
    }

    /// The view of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.as_str() == word)
    }

    /// Whether it is for people of this role. Whether they belong to the class is looked up.
    #[must_use]
    pub const fn is_for(self, role: Role) -> bool {
        match self {
            Self::Connection | Self::Live => matches!(role, Role::Instructor | Role::Admin),
            Self::Join => true,
        }
    }

    const fn byte(self) -> u8 {
        match self {
            Self::Connection => 1,
            Self::Join => 2,
            Self::Live => 3,
        }
    }
}

/// What a token is for. One of another purpose is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbedPurpose {
    /// To open the view inside a frame, once.
    Open,
    /// To leave the frame: a form of the view that goes on in a window of its own, where the frame's cookie does not come along.
    Leave,
}

impl EmbedPurpose {
    const fn byte(self) -> u8 {
        match self {
            Self::Open => 1,
            Self::Leave => 2,
        }
    }
}

/// What such a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmbedClaims {
    /// What it is for.
    pub purpose: EmbedPurpose,
    /// The tenant.
    pub organization: OrganizationId,
    /// Which embed: its row says whether it still holds.
    pub embed: Uuid,
    /// Whose.
    pub person: PersonId,
    /// Which view.
    pub view: EmbedView,
    /// Of which class, where the view is of one.
    pub class: Option<ClassId>,
    /// Not from then on.
    pub until: DateTime<Utc>,
}

/// Makes and checks these tokens.
#[derive(Clone, Debug)]
pub struct EmbedLinks(Signer);

impl EmbedLinks {
    /// The first key signs; all of them verify.
    #[must_use]
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a MasterKey>) -> Self {
        Self(Signer::new("embed", keys))
    }

    /// The token for these claims: always the same one.
    #[must_use]
    pub fn token(&self, claims: &EmbedClaims) -> String {
        let mut body = Vec::with_capacity(BODY);
        body.push(claims.purpose.byte());
        body.push(claims.view.byte());
        body.extend_from_slice(claims.organization.uuid().as_bytes());
        body.extend_from_slice(claims.embed.as_bytes());
        body.extend_from_slice(claims.person.uuid().as_bytes());
        body.extend_from_slice(claims.class.map(ClassId::uuid).unwrap_or_default().as_bytes());
        body.extend_from_slice(&claims.until.timestamp().to_le_bytes());
        self.0.sign(&body)
    }

    /// What a genuine token of this purpose says, whether or not it has ended; `None` whatever is wrong with it.
    #[must_use]
    pub fn verify(&self, token: &str, purpose: EmbedPurpose) -> Option<EmbedClaims> {
        let body = self.0.open::<BODY>(token)?;
        let uuid = |at: usize| body.get(at..at + 16).and_then(|bytes| Uuid::from_slice(bytes).ok());
        let class = uuid(50)?;
        let claims = EmbedClaims {
            purpose,
            view: EmbedView::ALL.into_iter().find(|view| view.byte() == body[1])?,
            organization: OrganizationId(uuid(2)?),
            embed: uuid(18)?,
            person: PersonId(uuid(34)?),
            class: (!class.is_nil()).then_some(ClassId(class)),
            until: DateTime::from_timestamp(i64::from_le_bytes(body.get(66..74)?.try_into().ok()?), 0)?,
        };
        (body[0] == purpose.byte()).then_some(claims)
    }
}

/// Scheme, host and port of pages that may frame ours, as a browser compares them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct EmbedOrigin(String);

impl fmt::Display for EmbedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no origin that may frame us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginProblem {
    /// It cannot be read as an address.
    #[error("Write an address such as https://www.dreamcrowd.example.")]
    Unreadable,
    /// It is not https.
    #[error("Use https. Plain http is possible for localhost and 127.0.0.1 only.")]
    Insecure,
    /// More than scheme, host and port.
    #[error("Write scheme, host and port only: nothing behind the host, and no name or password before it.")]
    More,
    /// A pattern, or a host that browsers do not compare.
    #[error("Name one host in full: no *, and no address of the kind [::1].")]
    Host,
}

impl EmbedOrigin {
    /// Reads one, in the form in which it goes into the header: nothing but letters, digits and `.-:/`.
    ///
    /// # Errors
    /// [`OriginProblem`].
    pub fn parse(text: &str) -> Result<Self, OriginProblem> {
        let text = text.trim();
        if text.len() > LONGEST_ORIGIN {
            return Err(OriginProblem::Unreadable);
        }
        let url = Url::parse(text).map_err(|_| OriginProblem::Unreadable)?;
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(_)) => return Err(OriginProblem::Host),
            None => return Err(OriginProblem::Unreadable),
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err(OriginProblem::Insecure),
        }
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(OriginProblem::More);
        }
        // A host may hold characters that mean something in a policy: `;` ends a directive.
        let host = url.host_str().unwrap_or_default();
        let plain = |label: &str| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        if !host.split('.').all(plain) {
            return Err(OriginProblem::Host);
        }
        Ok(Self(url.origin().ascii_serialization()))
    }

    /// What a policy names, of origins that were [parsed](Self::parse): all, once, in order.
    #[must_use]
    pub fn ancestors(origins: &BTreeSet<Self>) -> String {
        origins.iter().map(|origin| origin.0.as_str()).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::random::SeededRandomness;

    fn links(seed: u64) -> EmbedLinks {
        EmbedLinks::new([&MasterKey::generate(&SeededRandomness::new(seed))])
    }

    fn claims() -> EmbedClaims {
        EmbedClaims {
            purpose: EmbedPurpose::Open,
            organization: OrganizationId(Uuid::from_u128(1)),
            embed: Uuid::from_u128(2),
            person: PersonId(Uuid::from_u128(3)),
            view: EmbedView::Join,
            class: Some(ClassId(Uuid::from_u128(4))),
            until: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
        }
    }

    #[test]
    fn a_token_says_what_went_in_and_only_for_its_purpose() {
        let (ours, claims) = (links(1), claims());
        let token = ours.token(&claims);
        assert_eq!(ours.verify(&token, EmbedPurpose::Open), Some(claims));
        assert_eq!(ours.verify(&token, EmbedPurpose::Leave), None, "another purpose");
        assert_eq!(links(2).verify(&token, EmbedPurpose::Open), None, "another server");
        let live = EmbedClaims { view: EmbedView::Live, class: None, ..claims };
        assert_eq!(ours.verify(&ours.token(&live), EmbedPurpose::Open), Some(live));
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for (typed, read) in [
            ("https://www.dreamcrowd.example", "https://www.dreamcrowd.example"),
            (" HTTPS://WWW.DreamCrowd.example:443/ ", "https://www.dreamcrowd.example"),
            ("https://shop.example:8443", "https://shop.example:8443"),
            ("https://ক্লাস.example", "https://xn--p5bl2cta3f.example"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ] {
            let origin = EmbedOrigin::parse(typed).unwrap().to_string();
            if typed.is_ascii() {
                assert_eq!(origin, read);
            } else {
                assert!(origin.starts_with("https://xn--"), "{origin}");
            }
        }
    }

    #[test]
    fn what_is_no_origin_is_told_apart() {
        for (typed, problem) in [
            ("", OriginProblem::Unreadable),
            ("dreamcrowd.example", OriginProblem::Unreadable),
            ("https://", OriginProblem::Unreadable),
            ("http://dreamcrowd.example", OriginProblem::Insecure),
            ("http://localhost.evil.example", OriginProblem::Insecure),
            ("ftp://localhost", OriginProblem::Insecure),
            ("https://dreamcrowd.example/classes", OriginProblem::More),
            ("https://dreamcrowd.example?x", OriginProblem::More),
            ("https://dreamcrowd.example#x", OriginProblem::More),
            ("https://name:secret@dreamcrowd.example", OriginProblem::More),
            ("https://*.dreamcrowd.example", OriginProblem::Host),
            ("https://a;script-src.example", OriginProblem::Host),
            ("https://a,b.example", OriginProblem::Host),
            ("https://'self'", OriginProblem::Host),
            ("https://[::1]:8080", OriginProblem::Host),
        ] {
            assert_eq!(EmbedOrigin::parse(typed), Err(problem), "{typed}");
        }
        let long = format!("https://{}.example", "a".repeat(300));
        assert_eq!(EmbedOrigin::parse(&long), Err(OriginProblem::Unreadable));
    }

    proptest! {
        #[test]
        fn any_changed_character_is_refused(index in 0usize..148, replacement in "[A-Za-z0-9_-]") {
            let (links, claims) = (links(1), claims());
            let token = links.token(&claims);
            let index = index % token.len();
            prop_assume!(token[index..=index] != replacement);
            let changed = format!("{}{}{}", &token[..index], replacement, &token[index + 1..]);
            prop_assert!(links.verify(&changed, EmbedPurpose::Open).is_none());
        }

        #[test]
        fn whatever_is_taken_for_an_origin_adds_nothing_to_a_policy(text in "(https?://)?[\\PC]{0,40}") {
            if let Ok(EmbedOrigin(origin)) = EmbedOrigin::parse(&text) {
                prop_assert!(origin.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:/_".contains(&b)), "{origin}");
                prop_assert_eq!(EmbedOrigin::parse(&origin).map(|again| again.0), Ok(origin));
            }
        }
    }
}
