//! Whether a delivery is Graph's: the handshake's token, the `clientState` of each notification, and for those with content
//! the signed `validationTokens`.

use chrono::{DateTime, TimeDelta, Utc};
use lectern_core::provider::{EventKeys, Rejected};
use serde::Deserialize;
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use crate::jwt;

/// Microsoft's own app that publishes change notifications.
const PUBLISHER: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";
/// Who issues tokens for a tenant: version 1, version 2, and the cloud of the US government.
const ISSUERS: [(&str, &str); 3] = [
    ("https://sts.windows.net/", "/"),
    ("https://login.microsoftonline.com/", "/v2.0"),
    ("https://login.microsoftonline.us/", "/v2.0"),
];
/// How far clocks may differ.
const SLACK: TimeDelta = TimeDelta::minutes(5);

/// Longest token of a handshake that is answered; Graph's are some 120 characters.
const LONGEST_TOKEN: usize = 512;
/// Longest list of signed tokens that is read.
const MOST_TOKENS: usize = 20;

/// The token of a handshake, decoded. `None`: this is none. Only what cannot be a page or a script is ever echoed.
pub(super) fn handshake(query: Option<&str>) -> Option<Result<String, Rejected>> {
    let mut tokens = form_urlencoded::parse(query?.as_bytes())
        .filter(|(name, _)| name.eq_ignore_ascii_case("validationToken"))
        .map(|(_, value)| value.into_owned());
    let token = tokens.next()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" -_.:,;=+/~()".contains(&byte);
    let good = (1..=LONGEST_TOKEN).contains(&token.len()) && token.bytes().all(plain);
    Some(if good && tokens.next().is_none() { Ok(token) } else { Err(Rejected::Malformed) })
}

/// Whether a notification carries the organization's secret.
pub(super) fn is_ours(client_state: Option<&str>, keys: &EventKeys<'_>) -> bool {
    let secret = keys.secret.expose().as_bytes();
    // An empty secret would let anybody in.
    !secret.is_empty() && client_state.is_some_and(|state| bool::from(state.as_bytes().ct_eq(secret)))
}

#[derive(Clone, Debug, Deserialize)]
struct Claims {
    aud: String,
    iss: String,
    exp: i64,
    nbf: Option<i64>,
    tid: String,
    /// Version 1 of the token.
    appid: Option<String>,
    /// Version 2.
    azp: Option<String>,
}

/// The tenants for which these tokens vouch. Each must be whole: one bad one and the delivery is not Graph's.
pub(super) fn tenants(
    tokens: &[String],
    keys: &EventKeys<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<String>, Rejected> {
    if tokens.is_empty() || tokens.len() > MOST_TOKENS {
        return Err(Rejected::NoSignature);
    }
    if keys.audience.is_empty() {
        return Err(Rejected::BadSignature);
    }
    tokens
        .iter()
        .map(|token| {
            let claims: Claims = jwt::verified(token, keys.signing)?;
            let from = claims.nbf.unwrap_or(0);
            if claims.exp + SLACK.num_seconds() <= now.timestamp()
                || from - SLACK.num_seconds() > now.timestamp()
            {
                return Err(Rejected::TooOld);
            }
            let issued = ISSUERS.iter().any(|(before, after)| {
                claims.iss.strip_prefix(before).and_then(|rest| rest.strip_suffix(after))
                    == Some(claims.tid.as_str())
            });
            let published = claims.appid.as_deref().or(claims.azp.as_deref()) == Some(PUBLISHER);
            if claims.aud == keys.audience && issued && published {
                Ok(claims.tid)
            } else {
                Err(Rejected::BadSignature)
            }
        })
        .collect()
}
