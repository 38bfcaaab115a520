//! Opening what Graph encrypted to our certificate: the key by RSA-OAEP (SHA-1), a MAC over the ciphertext, AES-CBC.

use aws_lc_rs::{
    cipher::{AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey},
    iv::FixedLength,
    rsa::{OAEP_SHA1_MGF1SHA1, OaepPrivateDecryptingKey, PrivateDecryptingKey},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use lectern_core::provider::{OpeningKey, Rejected};
use sha2::Sha256;

/// The largest modulus we make certificates for, in bytes.
const LARGEST_KEY: usize = 512;
const AES_KEY: usize = 32;

/// What came encrypted. Texts as they came: base64.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sealed<'a> {
    pub(super) data: &'a str,
    pub(super) data_signature: &'a str,
    pub(super) data_key: &'a str,
    pub(super) certificate_id: &'a str,
}

fn bytes(text: &str) -> Result<Vec<u8>, Rejected> {
    STANDARD.decode(text).map_err(|_| Rejected::Malformed)
}

fn private_key(key: &OpeningKey) -> Option<OaepPrivateDecryptingKey> {
    let body: String =
        key.pem.expose().lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
    let pkcs8 = zeroize_on_drop(STANDARD.decode(body).ok()?);
    let key = PrivateDecryptingKey::from_pkcs8(pkcs8.expose()).ok()?;
    OaepPrivateDecryptingKey::new(key).ok()
}

fn zeroize_on_drop(bytes: Vec<u8>) -> lectern_core::secret::Secret<Vec<u8>> {
    lectern_core::secret::Secret::new(bytes)
}

/// The content. Nothing of it is believed before its MAC was found right.
pub(super) fn open(sealed: &Sealed<'_>, keys: &[OpeningKey]) -> Result<Vec<u8>, Rejected> {
    let key = keys.iter().find(|key| key.id == sealed.certificate_id).ok_or(Rejected::Malformed)?;
    let key = private_key(key).ok_or(Rejected::Malformed)?;
    let wrapped = bytes(sealed.data_key)?;
    if wrapped.len() > LARGEST_KEY {
        return Err(Rejected::Malformed);
    }
    let mut room = [0_u8; LARGEST_KEY];
    let symmetric =
        key.decrypt(&OAEP_SHA1_MGF1SHA1, &wrapped, &mut room, None).map_err(|_| Rejected::BadSignature)?;
    if symmetric.len() != AES_KEY {
        return Err(Rejected::Malformed);
    }
    let mut data = bytes(sealed.data)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(symmetric).map_err(|_| Rejected::Malformed)?;
    mac.update(&data);
    mac.verify_slice(&bytes(sealed.data_signature)?).map_err(|_| Rejected::BadSignature)?;
    let mut start = [0_u8; 16];
    start.copy_from_slice(&symmetric[..16]);
    let broken = |_| Rejected::Malformed;
    let cipher = UnboundCipherKey::new(&AES_256, symmetric).map_err(broken)?;
    let cipher = PaddedBlockDecryptingKey::cbc_pkcs7(cipher).map_err(broken)?;
    let context = DecryptionContext::Iv128(FixedLength::from(start));
    Ok(cipher.decrypt(&mut data, context).map_err(broken)?.to_vec())
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    /// The complete, checked vector beside the vendor's samples.
    #[test]
    fn the_test_vector_opens_and_nothing_that_was_touched_does() {
        let Some(samples) = crate::samples::folder("the_test_vector_opens", "teams/samples") else { return };
        let vector = &samples.iter().find(|(name, _)| name.starts_with("crypto.")).unwrap().1;
        let text = |name: &str| vector[name].as_str().unwrap();
        let content = &vector["encryptedContent"];
        let part = |name: &str| content[name].as_str().unwrap().to_owned();
        let keys = [OpeningKey {
            id: part("encryptionCertificateId"),
            pem: format!(
                "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
                text("privateKeyPkcs8DerBase64")
            )
            .into(),
        }];
        let (data, signature, key) = (part("data"), part("dataSignature"), part("dataKey"));
        let sealed =
            Sealed { data: &data, data_signature: &signature, data_key: &key, certificate_id: &keys[0].id };
        assert_eq!(String::from_utf8(open(&sealed, &keys).unwrap()).unwrap(), text("plaintext"));
        let touched = |text: &str| {
            let mut bytes = STANDARD.decode(text).unwrap();
            bytes[7] ^= 1;
            STANDARD.encode(bytes)
        };
        let (bad_data, bad_signature, bad_key) = (touched(&data), touched(&signature), touched(&key));
        for bad in [
            Sealed { data: &bad_data, ..sealed },
            Sealed { data_signature: &bad_signature, ..sealed },
            Sealed { data_key: &bad_key, ..sealed },
        ] {
            assert_eq!(open(&bad, &keys), Err(Rejected::BadSignature));
        }
        assert_eq!(open(&Sealed { certificate_id: "old", ..sealed }, &keys), Err(Rejected::Malformed));
        assert_eq!(open(&Sealed { data: "%", ..sealed }, &keys), Err(Rejected::Malformed));
    }
}
