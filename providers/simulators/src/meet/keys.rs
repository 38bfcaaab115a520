//! Keys: Google's own, which sign tokens and are published, and those of service accounts.

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

/// Made once in a process, because making one takes long: three for Google, one for all service accounts. `None` only on a
/// machine without randomness.
static PAIRS: LazyLock<Vec<RsaKeyPair>> =
    LazyLock::new(|| (0..4).filter_map(|_| RsaKeyPair::generate(KeySize::Rsa2048).ok()).collect());
/// Of Google's keys, two at a time are published; the third signs what must be refused.
const GOOGLES: usize = 3;

/// Which keys are published, by how often they have been rotated.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    rotations: usize,
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn signed(key: Option<&RsaKeyPair>, header: &Value, claims: &Value) -> String {
    let text = format!("{}.{}", part(header), part(claims));
    let mut signature = key.map(|key| vec![0; key.public_modulus_len()]).unwrap_or_default();
    if let Some(key) = key
        && key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).is_err()
    {
        tracing::warn!("a simulated Google could not sign");
    }
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

impl Keys {
    fn id(&self, rotation: usize) -> String {
        format!("simulated-google-key-{rotation}")
    }

    fn pair(rotation: usize) -> Option<&'static RsaKeyPair> {
        PAIRS.get(rotation % GOOGLES)
    }

    /// The next key signs from now on. The one before stays published, older ones do not.
    pub(crate) fn rotate(&mut self) {
        self.rotations += 1;
    }

    /// The published keys.
    pub(crate) fn document(&self) -> Value {
        let published = [Some(self.rotations), self.rotations.checked_sub(1)].into_iter().flatten();
        let keys: Vec<_> = published
            .filter_map(|rotation| {
                let public = Self::pair(rotation)?.public_key();
                Some(json!({
                    "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id(rotation),
                    "n": URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
                    "e": URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
                }))
            })
            .collect();
        json!({ "keys": keys })
    }

    /// A token with these claims; by a key that nobody published, when that is asked.
    pub(crate) fn token(&self, claims: &Value, wrong_key: bool) -> String {
        let key = Self::pair(if wrong_key { self.rotations + 1 } else { self.rotations });
        signed(key, &json!({"alg": "RS256", "typ": "JWT", "kid": self.id(self.rotations)}), claims)
    }
}

/// A service account's key file, as the console gives it.
pub(crate) fn key_file(email: &str, client_id: &str, project: &str) -> String {
    let der = PAIRS.get(GOOGLES).and_then(|key| {
        let der: Result<Pkcs8V1Der<'_>, _> = key.as_der();
        der.ok().map(|der| STANDARD.encode(der.as_ref()))
    });
    let lines: Vec<_> =
        der.as_deref().unwrap_or_default().as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
    json!({
        "type": "service_account", "project_id": project, "private_key_id": "simulated-service-account-key",
        "private_key": pem, "client_email": email, "client_id": client_id, "token_uri": "https://oauth2.googleapis.com/token",
    })
    .to_string()
}

/// The claims of an assertion that a service account signed; `None` when it did not.
pub(crate) fn assertion(text: &str) -> Option<Value> {
    let (signed, signature) = text.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let public = PAIRS.get(GOOGLES)?.public_key();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public.as_ref())
        .verify(signed.as_bytes(), &signature)
        .ok()?;
    let (header, claims) = signed.split_once('.')?;
    let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    (read(header)?["alg"] == "RS256").then(|| read(claims))?
}
