//! Tokens that a vendor signs (RS256).

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use lectern_core::provider::{Rejected, SigningKey};
use serde::de::DeserializeOwned;

/// The claims of a token whose signature is by one of these keys. Times, audience and issuer are left to the caller, who has
/// the clock and knows what they must be.
pub(crate) fn verified<C: DeserializeOwned + Clone>(token: &str, keys: &[SigningKey]) -> Result<C, Rejected> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| Rejected::NoSignature)?;
    if header.alg != Algorithm::RS256 {
        return Err(Rejected::BadSignature);
    }
    let id = header.kid.ok_or(Rejected::NoSignature)?;
    let key = keys.iter().find(|key| key.id == id).ok_or(Rejected::UnknownKey)?;
    let key =
        DecodingKey::from_rsa_components(&key.modulus, &key.exponent).map_err(|_| Rejected::BadSignature)?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    jsonwebtoken::decode::<C>(token, &key, &validation)
        .map(|decoded| decoded.claims)
        .map_err(|_| Rejected::BadSignature)
}
