//! A service account's key, and the assertion it signs to act as somebody of the domain.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::{DateTime, Utc};
use lectern_core::secret::{Secret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

/// Google takes at most an hour.
const LIFE_SECONDS: i64 = 3600;

/// The key file that Google's console gives.
#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: SecretString,
    private_key_id: String,
}

/// The DER inside a PEM, whatever its label.
fn der(pem: &str) -> Option<Secret<Vec<u8>>> {
    let inside: String = pem.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(inside).ok().map(Secret::new)
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The signed assertion for these scopes; or what is wrong with the key.
pub(super) fn assertion(
    key_file: &SecretString,
    subject: &str,
    scopes: &[&str],
    audience: &Url,
    now: DateTime<Utc>,
) -> Result<SecretString, &'static str> {
    let file: KeyFile =
        serde_json::from_str(key_file.expose()).map_err(|_| "not a service account's key file")?;
    let der = der(file.private_key.expose()).ok_or("the key file's private key is not PEM")?;
    let key =
        RsaKeyPair::from_pkcs8(der.expose()).map_err(|_| "the key file's private key is not an RSA key")?;
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": file.private_key_id});
    let claims = json!({
        "iss": file.client_email, "sub": subject, "scope": scopes.join(" "), "aud": audience.as_str(),
        "iat": now.timestamp(), "exp": now.timestamp() + LIFE_SECONDS,
    });
    let signed = format!("{}.{}", part(&header), part(&claims));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| "the key does not sign")?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)).into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn what_is_no_key_is_told_without_showing_it() {
        let audience = Url::parse("https://oauth2.googleapis.com/token").unwrap();
        let now = "2026-11-21T09:00:00Z".parse().unwrap();
        let ask = |file: &str| assertion(&file.into(), "a@oak.test", &["s"], &audience, now).unwrap_err();
        assert_eq!(ask("secret"), "not a service account's key file");
        let with =
            |key: &str| json!({"client_email": "x", "private_key_id": "1", "private_key": key}).to_string();
        assert_eq!(ask(&with("-----BEGIN\nno base64!\n")), "the key file's private key is not PEM");
        assert_eq!(ask(&with("-----BEGIN\nAAAA\n-----END")), "the key file's private key is not an RSA key");
    }
}
