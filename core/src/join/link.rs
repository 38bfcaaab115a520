use uuid::Uuid;

use crate::{
    ids::{ClassId, OrganizationId, PersonId},
    seal::MasterKey,
    signed::Signer,
};

const BODY: usize = 1 + 16 * 3 + 4 + 1;

/// What a token is for. A token of one purpose is refused everywhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An enrolled person's join link.
    Join,
    /// A guest's join link.
    Guest,
}

impl Purpose {
    const fn byte(self) -> u8 {
        match self {
            Self::Join => 1,
            Self::Guest => 2,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Join),
            2 => Some(Self::Guest),
            _ => None,
        }
    }
}

/// What a join link says. Made again from the roster row whenever a link is shown; never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JoinClaims {
    /// What it is for.
    pub purpose: Purpose,
    /// The tenant.
    pub organization: OrganizationId,
    /// The class.
    pub class: ClassId,
    /// The person.
    pub person: PersonId,
    /// Must equal the roster row's; rotating, removing or disabling raises that one.
    pub generation: u32,
    /// Whether a guest may come to all sessions; the named ones are looked up.
    pub all_sessions: bool,
}

/// The token is forged, damaged, of another purpose or another server. Callers answer all refusals alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the join link is not genuine")]
pub struct LinkRefused;

/// Makes and checks join tokens.
#[derive(Clone, Debug)]
pub struct JoinLinks(Signer);

impl JoinLinks {
    /// The first key signs; all of them verify, so that links survive a rotation of the master key.
    #[must_use]
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a MasterKey>) -> Self {
        Self(Signer::new("join link", keys))
    }

    /// The token for these claims: always the same one.
    #[must_use]
    pub fn token(&self, claims: &JoinClaims) -> String {
        let mut body = Vec::with_capacity(BODY);
        body.push(claims.purpose.byte());
        body.extend_from_slice(claims.organization.uuid().as_bytes());
        body.extend_from_slice(claims.class.uuid().as_bytes());
        body.extend_from_slice(claims.person.uuid().as_bytes());
        body.extend_from_slice(&claims.generation.to_le_bytes());
        body.push(u8::from(claims.all_sessions));
        self.0.sign(&body)
    }

    /// Checks a token that came for `class`.
    ///
    /// # Errors
    /// [`LinkRefused`], whatever is wrong with it.
    pub fn verify(&self, token: &str, class: ClassId) -> Result<JoinClaims, LinkRefused> {
        let body = self.0.open::<BODY>(token).ok_or(LinkRefused)?;
        let claims = claims_of(&body).ok_or(LinkRefused)?;
        if claims.class == class { Ok(claims) } else { Err(LinkRefused) }
    }
}

fn claims_of(body: &[u8; BODY]) -> Option<JoinClaims> {
    let uuid = |at: usize| body.get(at..at + 16).and_then(|bytes| Uuid::from_slice(bytes).ok());
    Some(JoinClaims {
        purpose: Purpose::from_byte(body[0])?,
        organization: OrganizationId(uuid(1)?),
        class: ClassId(uuid(17)?),
        person: PersonId(uuid(33)?),
        generation: u32::from_le_bytes(body.get(49..53)?.try_into().ok()?),
        all_sessions: body[53] == 1,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::random::SeededRandomness;

    fn links(seed: u64) -> JoinLinks {
        JoinLinks::new([&MasterKey::generate(&SeededRandomness::new(seed))])
    }

    fn claims() -> JoinClaims {
        JoinClaims {
            purpose: Purpose::Join,
            organization: OrganizationId(Uuid::from_u128(1)),
            class: ClassId(Uuid::from_u128(2)),
            person: PersonId(Uuid::from_u128(3)),
            generation: 4,
            all_sessions: true,
        }
    }

    #[test]
    fn a_token_is_the_same_each_time_and_says_what_went_in() {
        let token = links(1).token(&claims());
        assert_eq!(token, links(1).token(&claims()));
        assert_eq!(links(1).verify(&token, claims().class), Ok(claims()));
        assert!(links(1).verify(&token, ClassId(Uuid::from_u128(9))).is_err(), "another class");
        assert!(links(2).verify(&token, claims().class).is_err(), "another server");
    }

    #[test]
    fn a_link_survives_a_key_rotation() {
        let dice = SeededRandomness::new(5);
        let (old, new) = (MasterKey::generate(&dice), MasterKey::generate(&dice));
        let token = JoinLinks::new([&old]).token(&claims());
        assert!(JoinLinks::new([&new, &old]).verify(&token, claims().class).is_ok());
        assert!(JoinLinks::new([&new]).verify(&token, claims().class).is_err());
    }

    proptest! {
        /// S-06: any changed character of a token is refused.
        #[test]
        fn s06_any_changed_character_is_refused(index in 0usize..126, replacement in "[A-Za-z0-9_-]") {
            let token = links(1).token(&claims());
            let index = index % token.len();
            prop_assume!(token[index..=index] != replacement);
            let changed = format!("{}{}{}", &token[..index], replacement, &token[index + 1..]);
            prop_assert!(links(1).verify(&changed, claims().class).is_err());
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,300}") {
            prop_assert!(links(1).verify(&text, claims().class).is_err());
        }
    }
}
