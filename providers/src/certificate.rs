//! Keys for vendors that encrypt what they send: a certificate of our own for them, its private key for us.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Datelike, Utc};
use lectern_core::{
    provider::{Certificate, OpeningKey},
    secret::{Secret, SecretString},
};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize, SerialNumber, date_time_ymd};

/// How long it says that it is valid, in years: longer than it is used, since nobody checks a certificate that only encrypts.
const YEARS: i32 = 5;

/// A key or its certificate could not be made.
#[derive(Debug, thiserror::Error)]
#[error("an encryption key cannot be made: {0}")]
pub struct CannotMake(#[from] rcgen::Error);

/// Makes an RSA key of 2,048 bits and its self-signed certificate, known to the vendor by `id`. Takes about a second of one core,
/// so not for the threads that serve. The key is the machine's chance, not a [`lectern_core::random::Randomness`]: the library
/// takes none.
///
/// # Errors
/// [`CannotMake`]: on a machine without randomness.
pub fn make(id: &str, now: DateTime<Utc>) -> Result<(Certificate, OpeningKey), CannotMake> {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    let mut params = CertificateParams::default();
    let day = |years| {
        // The 28th exists in every month of every year.
        date_time_ymd(
            now.year() + years,
            u8::try_from(now.month()).unwrap_or(1),
            u8::try_from(now.day().min(28)).unwrap_or(1),
        )
    };
    // From the day before: clocks differ.
    params.not_before = day(-1);
    params.not_after = day(YEARS);
    params.serial_number = Some(SerialNumber::from(u64::try_from(now.timestamp_micros()).unwrap_or(1)));
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Lectern events");
    let der = STANDARD.encode(params.self_signed(&key)?.der());
    let private = Secret::new(STANDARD.encode(Secret::new(key.serialize_der()).expose()));
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", private.expose());
    let certificate = Certificate { id: id.to_owned(), der };
    Ok((certificate, OpeningKey { id: id.to_owned(), pem: SecretString::from(pem) }))
}
