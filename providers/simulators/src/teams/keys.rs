//! The login service's signing key, and locking content to a certificate. The key is made once for each process.

use std::sync::OnceLock;

use aws_lc_rs::{
    cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
    digest,
    iv::FixedLength,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize, OAEP_SHA1_MGF1SHA1, OaepPublicEncryptingKey, PublicEncryptingKey},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// Microsoft's own app that publishes change notifications.
pub const PUBLISHER: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";

const KEY_ID: &str = "simulated-key-1";

fn key() -> Option<&'static KeyPair> {
    static KEY: OnceLock<Option<KeyPair>> = OnceLock::new();
    KEY.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).ok()).as_ref()
}

/// The public key as the login service publishes it.
pub(crate) fn published() -> Value {
    let Some(key) = key() else { return Value::Null };
    let public = key.public_key();
    json!({
        "kty": "RSA", "use": "sig", "kid": KEY_ID, "x5t": KEY_ID,
        "n": URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
        "e": URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
    })
}

/// A signed token with these claims.
pub(crate) fn token(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": KEY_ID, "x5t": KEY_ID});
    let signed = format!("{}.{}", part(&header), part(claims));
    let Some(key) = key() else { return signed };
    let mut signature = vec![0; key.public_modulus_len()];
    match key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature) {
        Ok(()) => format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)),
        Err(_) => signed,
    }
}

/// One DER element: its tag, its content, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The public key of a certificate, DER: of the signed part, the element after version, serial number, algorithm, issuer,
/// validity and subject.
fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    let (_, whole, _) = element(certificate)?;
    let (_, mut signed, _) = element(whole)?;
    let (tag, _, rest) = element(signed)?;
    if tag == 0xa0 {
        signed = rest;
    }
    for _ in 0..5 {
        signed = element(signed)?.2;
    }
    let (_, _, rest) = element(signed)?;
    signed.get(..signed.len() - rest.len())
}

/// Whether content can be locked to this certificate (base64 of DER).
pub(crate) fn is_certificate(text: &str) -> bool {
    lock_of(text).is_some()
}

fn lock_of(certificate: &str) -> Option<OaepPublicEncryptingKey> {
    let der = STANDARD.decode(certificate).ok()?;
    let key = PublicEncryptingKey::from_der(public_key(&der)?).ok()?;
    OaepPublicEncryptingKey::new(key).ok()
}

/// Content locked as Graph does it: a new AES key each time, wrapped for the certificate.
pub(crate) fn sealed(content: &Value, symmetric: [u8; 32], certificate: &str, id: &str) -> Option<Value> {
    let lock = lock_of(certificate)?;
    let mut room = vec![0; lock.ciphertext_size()];
    let wrapped = lock.encrypt(&OAEP_SHA1_MGF1SHA1, &symmetric, &mut room, None).ok()?;
    let cipher =
        PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, &symmetric).ok()?).ok()?;
    let mut start = [0_u8; 16];
    start.copy_from_slice(&symmetric[..16]);
    let mut data = content.to_string().into_bytes();
    cipher.less_safe_encrypt(&mut data, EncryptionContext::Iv128(FixedLength::from(start))).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&symmetric).ok()?;
    mac.update(&data);
    let der = STANDARD.decode(certificate).ok()?;
    let thumbprint = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &der);
    Some(json!({
        "data": STANDARD.encode(&data), "dataSignature": STANDARD.encode(mac.finalize().into_bytes()),
        "dataKey": STANDARD.encode(wrapped), "encryptionCertificateId": id,
        "encryptionCertificateThumbprint": hex::encode_upper(thumbprint.as_ref()),
    }))
}
