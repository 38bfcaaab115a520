use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    ids::{ClassId, PersonId},
    random::Randomness,
    seal::{self, MasterKey},
};

/// How long a join page's form stays good.
const LIFE: Duration = Duration::hours(12);

/// The random value that is one browser: in a cookie there, only its hash here.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserSecret(Zeroizing<String>);

impl std::fmt::Debug for BrowserSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BrowserSecret(***)")
    }
}

impl BrowserSecret {
    /// 256 fresh bits.
    #[must_use]
    pub fn generate(randomness: &dyn Randomness) -> Self {
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(randomness.bytes::<32>())))
    }

    /// Reads a cookie; `None` when it is not of the right shape.
    #[must_use]
    pub fn parse(cookie: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(cookie).ok()?;
        (bytes.len() == 32).then(|| Self(Zeroizing::new(cookie.to_owned())))
    }

    /// The cookie's value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is stored.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// The hidden token of a join page's form: good only with the browser's cookie, for this person and class, and for a while.
///
/// It holds no state, because a GET may change nothing; the redemption it allows is idempotent for one browser.
#[derive(Clone)]
pub struct FormTokens(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for FormTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FormTokens(***)")
    }
}

impl FormTokens {
    /// Under a key derived from the master key.
    #[must_use]
    pub fn new(master: &MasterKey) -> Self {
        Self(master.derive("join form"))
    }

    /// A token for the page shown now.
    #[must_use]
    pub fn token(
        &self,
        browser: &BrowserSecret,
        class: ClassId,
        person: PersonId,
        now: DateTime<Utc>,
    ) -> String {
        let until = (now + LIFE).timestamp();
        let tag = self.mac(browser, class, person, until).finalize().into_bytes();
        let mut bytes = until.to_le_bytes().to_vec();
        bytes.extend_from_slice(&tag);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Whether a posted token belongs to this browser, class and person, and is still good.
    #[must_use]
    pub fn verify(
        &self,
        token: &str,
        browser: &BrowserSecret,
        class: ClassId,
        person: PersonId,
        now: DateTime<Utc>,
    ) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
        let Some((until, tag)) = bytes.split_first_chunk::<8>() else { return false };
        let until = i64::from_le_bytes(*until);
        self.mac(browser, class, person, until).verify_slice(tag).is_ok() && now.timestamp() <= until
    }

    fn mac(&self, browser: &BrowserSecret, class: ClassId, person: PersonId, until: i64) -> Hmac<Sha256> {
        let mut mac = seal::mac(&self.0);
        mac.update(&browser.hash());
        mac.update(class.uuid().as_bytes());
        mac.update(person.uuid().as_bytes());
        mac.update(&until.to_le_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::random::SeededRandomness;

    #[test]
    fn a_form_is_good_only_in_its_browser_for_its_person_and_for_a_while() {
        let dice = SeededRandomness::new(1);
        let forms = FormTokens::new(&MasterKey::generate(&dice));
        let (mine, other) = (BrowserSecret::generate(&dice), BrowserSecret::generate(&dice));
        let (class, person) = (ClassId(Uuid::from_u128(1)), PersonId(Uuid::from_u128(2)));
        let now = DateTime::UNIX_EPOCH;
        let token = forms.token(&mine, class, person, now);
        assert!(forms.verify(&token, &mine, class, person, now));
        assert!(!forms.verify(&token, &other, class, person, now));
        assert!(!forms.verify(&token, &mine, class, PersonId(Uuid::from_u128(3)), now));
        assert!(!forms.verify(&token, &mine, ClassId(Uuid::from_u128(3)), person, now));
        assert!(!forms.verify(&token, &mine, class, person, now + LIFE + Duration::seconds(1)));
        assert!(!forms.verify("", &mine, class, person, now));
        assert_eq!(BrowserSecret::parse(mine.as_str()), Some(mine));
    }
}
