//! Whether a webhook is Stripe's: `Stripe-Signature: t=…,v1=…`, an HMAC-SHA256 over `{t}.{raw body}`, keyed with the endpoint's
//! signing secret as it is written, `whsec_` included.
//!
//! Source: docs.stripe.com/webhooks, "Verify webhook signatures manually". A retry is signed anew.

use std::time::Duration;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use lectern_core::secret::SecretString;
use sha2::Sha256;

use super::StripeEvent;

/// The header that signs.
pub const SIGNATURE_HEADER: &str = "stripe-signature";
/// How far a signature's time may be from ours, either way: what Stripe's own libraries allow.
pub const TOLERANCE: Duration = Duration::from_secs(300);

/// The longest header that is looked at, in bytes. Stripe's own has about 150, and 70 more for each secret that is being rolled.
const LONGEST_HEADER: usize = 4096;
/// How many `v1` are looked at.
const MOST_SIGNATURES: usize = 16;

/// Why a delivery is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header is missing or is none: no time, two of them, no `v1`.
    #[error("no signature")]
    NoSignature,
    /// None of the secrets signed this.
    #[error("the signature does not fit")]
    NoMatch,
    /// Signed by Stripe, but too long ago, or too far ahead: a repetition, or a wrong clock.
    #[error("the signature is too old, or ahead of time")]
    Stale,
    /// Signed by Stripe, and not an event we can read.
    #[error("the event cannot be read")]
    Unreadable,
}

struct Header<'a> {
    /// As it is written: the signature is over these digits.
    time: &'a str,
    signed_at: DateTime<Utc>,
    signatures: Vec<[u8; 32]>,
}

/// Schemes other than `v1` are passed over: Stripe's documents ask for it, against downgrades.
fn read(header: &str) -> Option<Header<'_>> {
    if header.len() > LONGEST_HEADER {
        return None;
    }
    let mut time = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=')? {
            ("t", text) if time.is_none() => time = Some(text),
            ("t", _) => return None,
            ("v1", text) if signatures.len() < MOST_SIGNATURES => {
                let mut bytes = [0; 32];
                // One that is no signature cannot fit; another one may.
                if hex::decode_to_slice(text, &mut bytes).is_ok() {
                    signatures.push(bytes);
                }
            }
            _ => {}
        }
    }
    let time =
        time.filter(|text| (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()))?;
    let signed_at = DateTime::from_timestamp(time.parse().ok()?, 0)?;
    (!signatures.is_empty()).then_some(Header { time, signed_at, signatures })
}

fn mac(secret: &SecretString, time: &str, payload: &[u8]) -> Option<Hmac<Sha256>> {
    // An empty secret would let anybody sign.
    let secret = Some(secret.expose()).filter(|secret| !secret.is_empty())?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(payload);
    Some(mac)
}

/// Verifies a delivery and reads its event. `payload` is the body as it came, byte for byte; there are several secrets while an
/// old one still counts. The comparison takes the same time wherever it fails.
///
/// # Errors
/// [`SignatureError`]; answer 400 to the first three.
pub fn verify(
    payload: &[u8],
    signature_header: &str,
    secrets: &[SecretString],
    now: DateTime<Utc>,
    tolerance: Duration,
) -> Result<StripeEvent, SignatureError> {
    let header = read(signature_header).ok_or(SignatureError::NoSignature)?;
    let mut fits = false;
    for mac in secrets.iter().filter_map(|secret| mac(secret, header.time, payload)) {
        for signature in &header.signatures {
            fits |= mac.clone().verify_slice(signature).is_ok();
        }
    }
    if !fits {
        return Err(SignatureError::NoMatch);
    }
    if (now - header.signed_at).abs().to_std().is_ok_and(|apart| apart > tolerance) {
        return Err(SignatureError::Stale);
    }
    StripeEvent::parse(payload)
}

/// The header Stripe would send: for tests, and for whoever wants to try an endpoint.
#[must_use]
pub fn sign(payload: &[u8], secret: &SecretString, at: DateTime<Utc>) -> String {
    let time = at.timestamp().to_string();
    let code = mac(secret, &time, payload).map(|mac| hex::encode(mac.finalize().into_bytes()));
    format!("t={time},v1={}", code.unwrap_or_default())
}
