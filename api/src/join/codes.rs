//! Six digits by mail that prove another browser: made again from the seat and the instant, so that they are stored nowhere.

use chrono::{DateTime, Duration, Utc};
use hmac::Mac;
use lectern_core::{
    ids::{OrganizationId, SeatId},
    seal,
    text::plain_digit,
};

use super::store;
use crate::{app::App, db::Tx, error::ApiError};

/// Tries before a code is dead.
pub(super) const TRIES: i64 = 5;
/// How long a code is good, and the pause after five wrong tries.
pub const LIFE: Duration = Duration::minutes(10);
/// A new code is not sent more often than this.
const PAUSE: Duration = Duration::seconds(60);

/// The digits of the code for a seat that was sent at an instant.
#[must_use]
pub fn digits(app: &App, seat: SeatId, sent_at: DateTime<Utc>) -> String {
    let key = app.keys.masters()[0].derive("seat code");
    let mut mac = seal::mac(&key);
    mac.update(seat.uuid().as_bytes());
    mac.update(&sent_at.timestamp_micros().to_le_bytes());
    let tag = mac.finalize().into_bytes();
    let number =
        u64::from_le_bytes([tag[0], tag[1], tag[2], tag[3], tag[4], tag[5], tag[6], tag[7]]) % 1_000_000;
    format!("{number:06}")
}

fn hash(app: &App, seat: SeatId, digits: &str) -> [u8; 32] {
    let key = app.keys.masters()[0].derive("seat code hash");
    let mut mac = seal::mac(&key);
    mac.update(seat.uuid().as_bytes());
    mac.update(digits.as_bytes());
    mac.finalize().into_bytes().into()
}

/// Whether a code is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// A new one, sent at the instant.
    New(DateTime<Utc>),
    /// The earlier one still counts.
    Earlier,
    /// All tries of the last one are used; a new one comes after the wait.
    Spent,
}

/// Decides whether to send a code to the seat's owner, for this browser. Inside the caller's transaction.
pub(super) async fn send(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    seat: SeatId,
    browser: &[u8; 32],
    again: bool,
) -> Result<Sent, ApiError> {
    let now = app.clock.now();
    if let Some(code) = store::find_code(tx, organization, seat).await? {
        let alive = code.expires_at > now && code.used_at.is_none();
        if alive && code.tries >= TRIES {
            return Ok(Sent::Spent);
        }
        let mine = code.browser_hash == browser.as_slice();
        if alive && ((mine && !again) || code.sent_at + PAUSE > now) {
            return Ok(Sent::Earlier);
        }
    }
    let digits = digits(app, seat, now);
    store::put_code(tx, organization, seat, &hash(app, seat, &digits), browser, now, now + LIFE).await?;
    Ok(Sent::New(now))
}

/// How a given code came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// Right, and used up.
    Right,
    /// Wrong; so many tries are left.
    Wrong(i64),
    /// No try is left, or there is no code.
    Spent,
}

/// Checks a code. A try is counted before it is compared. Inside the caller's transaction, which must be committed.
pub(super) async fn prove(
    app: &App,
    tx: &mut Tx,
    organization: OrganizationId,
    seat: SeatId,
    browser: &[u8; 32],
    given: &str,
) -> Result<Proof, ApiError> {
    use subtle::ConstantTimeEq;
    let now = app.clock.now();
    let Some(tries) = store::try_code(tx, organization, seat, TRIES, now).await? else {
        return Ok(Proof::Spent);
    };
    let Some(code) = store::find_code(tx, organization, seat).await? else { return Ok(Proof::Spent) };
    let given = hash(app, seat, &normalised(given));
    let right = bool::from(given.as_slice().ct_eq(&code.code_hash))
        & bool::from(browser.as_slice().ct_eq(&code.browser_hash));
    if right && store::use_code(tx, organization, seat, now).await? {
        return Ok(Proof::Right);
    }
    Ok(if tries >= TRIES { Proof::Spent } else { Proof::Wrong(TRIES - tries) })
}

/// Spaces are dropped, Bengali digits read.
fn normalised(given: &str) -> String {
    given.chars().filter(|c| !c.is_whitespace() && *c != '-').map(plain_digit).take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::normalised;

    #[test]
    fn a_code_may_be_pasted_with_spaces_and_in_bengali_digits() {
        assert_eq!(normalised(" 123 456 "), "123456");
        assert_eq!(normalised("১২৩৪৫৬"), "123456");
    }
}
