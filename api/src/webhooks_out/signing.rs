//! Signatures as standardwebhooks.com has them: `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use lectern_core::{random::Randomness, secret::SecretString};
use sha2::Sha256;

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// How long the secret before signs as well, after a rotation.
pub(super) const OLD_SIGNS_FOR: TimeDelta = TimeDelta::hours(24);

/// A fresh secret of 32 bytes.
pub(super) fn generate(randomness: &dyn Randomness) -> SecretString {
    SecretString::new(format!("{PREFIX}{}", STANDARD.encode(randomness.bytes::<32>())))
}

fn sign(secret: &SecretString, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
    let key = STANDARD.decode(secret.expose().strip_prefix(PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// The header `webhook-signature`: one for each secret, the present one first. `None` when a secret is none.
pub(super) fn signatures(
    secrets: &[SecretString],
    id: &str,
    at: DateTime<Utc>,
    body: &[u8],
) -> Option<String> {
    let all: Option<Vec<_>> = secrets.iter().map(|secret| sign(secret, id, at.timestamp(), body)).collect();
    all.map(|all| all.join(" "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use lectern_core::random::SeededRandomness;

    use super::*;

    /// The vector that the libraries of Standard Webhooks are tested with.
    #[test]
    fn the_published_vector_is_signed_as_published() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let at = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let signed = signatures(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn a_fresh_secret_has_32_bytes_and_two_secrets_sign_beside_each_other() {
        let chance = SeededRandomness::new(1);
        let (new, old) = (generate(&chance), generate(&chance));
        assert_ne!(new.expose(), old.expose());
        assert_eq!(STANDARD.decode(new.expose().strip_prefix("whsec_").unwrap()).unwrap().len(), 32);
        let at = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let both = signatures(&[new.clone(), old.clone()], "id", at, b"{}").unwrap();
        let (first, second) = both.split_once(' ').unwrap();
        assert_eq!(signatures(&[new], "id", at, b"{}").as_deref(), Some(first));
        assert_eq!(signatures(&[old], "id", at, b"{}").as_deref(), Some(second));
        assert_eq!(signatures(&["plain".into()], "id", at, b"{}"), None);
    }
}
