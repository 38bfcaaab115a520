//! Links that prove one thing about one person without a sign-in: their calendar feed, the way out of a kind of mail, what they
//! booked. A join link is another matter (see [`crate::join`]).

use uuid::Uuid;

use crate::{ids::OrganizationId, seal::MasterKey, signed::Signer};

const BODY: usize = 1 + 16 + 16 + 4;

/// What a link opens. A token of one purpose is refused everywhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonalPurpose {
    /// A person's calendar, to read.
    CalendarFeed,
    /// A person's choice of mails, to take one off.
    Unsubscribe,
    /// A booking, to move or give back.
    Booking,
}

impl PersonalPurpose {
    const ALL: [Self; 3] = [Self::CalendarFeed, Self::Unsubscribe, Self::Booking];

    const fn byte(self) -> u8 {
        match self {
            Self::CalendarFeed => 1,
            Self::Unsubscribe => 2,
            Self::Booking => 3,
        }
    }
}

/// What a personal link says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PersonalClaims {
    /// What it opens.
    pub purpose: PersonalPurpose,
    /// The tenant.
    pub organization: OrganizationId,
    /// The person, or the booking.
    pub of: Uuid,
    /// Must equal the stored one; rotating raises that one.
    pub generation: u32,
}

/// Makes and checks personal links.
#[derive(Clone, Debug)]
pub struct PersonalLinks(Signer);

impl PersonalLinks {
    /// The first key signs; all of them verify.
    #[must_use]
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a MasterKey>) -> Self {
        Self(Signer::new("personal link", keys))
    }

    /// The token for these claims: always the same one.
    #[must_use]
    pub fn token(&self, claims: &PersonalClaims) -> String {
        let mut body = Vec::with_capacity(BODY);
        body.push(claims.purpose.byte());
        body.extend_from_slice(claims.organization.uuid().as_bytes());
        body.extend_from_slice(claims.of.as_bytes());
        body.extend_from_slice(&claims.generation.to_le_bytes());
        self.0.sign(&body)
    }

    /// What a genuine token of this purpose says; `None` whatever is wrong with it.
    #[must_use]
    pub fn verify(&self, token: &str, purpose: PersonalPurpose) -> Option<PersonalClaims> {
        let body = self.0.open::<BODY>(token)?;
        let said = PersonalPurpose::ALL.into_iter().find(|one| one.byte() == body[0])?;
        let claims = PersonalClaims {
            purpose: said,
            organization: OrganizationId(Uuid::from_slice(&body[1..17]).ok()?),
            of: Uuid::from_slice(&body[17..33]).ok()?,
            generation: u32::from_le_bytes(body[33..37].try_into().ok()?),
        };
        (said == purpose).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::random::SeededRandomness;

    fn links(seed: u64) -> PersonalLinks {
        PersonalLinks::new([&MasterKey::generate(&SeededRandomness::new(seed))])
    }

    fn claims() -> PersonalClaims {
        PersonalClaims {
            purpose: PersonalPurpose::CalendarFeed,
            organization: OrganizationId(Uuid::from_u128(1)),
            of: Uuid::from_u128(2),
            generation: 3,
        }
    }

    #[test]
    fn a_link_says_what_went_in_and_only_for_its_purpose() {
        let token = links(1).token(&claims());
        assert_eq!(links(1).verify(&token, PersonalPurpose::CalendarFeed), Some(claims()));
        assert_eq!(links(1).verify(&token, PersonalPurpose::Unsubscribe), None, "another purpose");
        assert_eq!(links(2).verify(&token, PersonalPurpose::CalendarFeed), None, "another server");
    }

    proptest! {
        #[test]
        fn any_changed_character_is_refused(index in 0usize..98, replacement in "[A-Za-z0-9_-]") {
            let token = links(1).token(&claims());
            let index = index % token.len();
            prop_assume!(token[index..=index] != replacement);
            let changed = format!("{}{}{}", &token[..index], replacement, &token[index + 1..]);
            // The last character holds bits that say nothing: the text must still be the one we made.
            prop_assert!(links(1).verify(&changed, PersonalPurpose::CalendarFeed).is_none());
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,300}") {
            prop_assert!(links(1).verify(&text, PersonalPurpose::CalendarFeed).is_none());
        }
    }
}
