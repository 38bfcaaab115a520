//! Whether a class can be booked, and what giving a booking back is worth.

use chrono::{DateTime, Duration, Utc};

use crate::text::plain_digits;

/// What decides whether somebody can book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Bookings are taken at all.
    pub open: bool,
    /// From then on.
    pub opens_at: Option<DateTime<Utc>>,
    /// Until then.
    pub closes_at: Option<DateTime<Utc>>,
    /// How many; none: as many as come.
    pub seats: Option<u32>,
    /// Whole refund until so long before the next session.
    pub refund_until: Duration,
}

/// Whether somebody can book now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// There is a seat.
    Free,
    /// All seats are taken: there is a waiting list.
    Full,
    /// Not before this instant.
    NotYet(DateTime<Utc>),
    /// No longer, or not at all.
    Closed,
}

impl Terms {
    /// Whether somebody can book, when so many seats are taken.
    #[must_use]
    pub fn stand(&self, taken: u32, now: DateTime<Utc>) -> Stand {
        match (self.opens_at, self.closes_at) {
            _ if !self.open => Stand::Closed,
            (_, Some(closes_at)) if now >= closes_at => Stand::Closed,
            (Some(opens_at), _) if now < opens_at => Stand::NotYet(opens_at),
            _ if self.seats.is_some_and(|seats| taken >= seats) => Stand::Full,
            _ => Stand::Free,
        }
    }

    /// Whether the money goes back when somebody gives their booking back now; with no session to come there is nothing left to
    /// give back.
    #[must_use]
    pub fn is_refunded(&self, next_session: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        next_session.is_some_and(|starts_at| now <= starts_at - self.refund_until)
    }
}

/// Currencies without a smaller unit, as Stripe counts them (docs.stripe.com/currencies#zero-decimal).
const WHOLE: [&str; 16] = [
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof",
    "xpf",
];

/// Digits behind the point of a currency, as payments count them.
#[must_use]
pub fn decimals(currency: &str) -> u32 {
    if WHOLE.contains(&currency.to_ascii_lowercase().as_str()) { 0 } else { 2 }
}

/// An amount in words: "1,200.00 BDT", "900 JPY".
#[must_use]
pub fn money(amount: i64, currency: &str) -> String {
    let unit = 10_i64.pow(decimals(currency));
    let whole = (amount / unit).unsigned_abs().to_string();
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if amount < 0 { "-" } else { "" };
    let currency = currency.to_ascii_uppercase();
    if unit == 1 {
        format!("{sign}{grouped} {currency}")
    } else {
        format!("{sign}{grouped}.{:02} {currency}", (amount % unit).abs())
    }
}

/// Reads an amount as people type it, `1200`, `1,200.50` or in Bengali digits, into the currency's smallest unit.
#[must_use]
pub fn read_money(text: &str, currency: &str) -> Option<i64> {
    let text = plain_digits(text);
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    // Commas group digits, `1,20,000` too; `12,50` is nobody's twelve hundred and fifty.
    let mut groups = whole.rsplit(',');
    let last = groups.next().is_some_and(|last| last.len() == 3);
    if whole.contains(',') && !(last && groups.all(|group| (1..=3).contains(&group.len()))) {
        return None;
    }
    let whole = whole.replace(',', "");
    let digits = decimals(currency) as usize;
    let plain = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || rest.len() > digits || !plain(&whole) || !plain(rest) {
        return None;
    }
    format!("{whole}{rest:0<digits$}").parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::hours(hour)
    }

    #[test]
    fn a_class_is_booked_within_its_window_while_there_are_seats() {
        let terms = Terms {
            open: true,
            opens_at: Some(at(10)),
            closes_at: Some(at(20)),
            seats: Some(2),
            refund_until: Duration::hours(24),
        };
        assert_eq!(terms.stand(0, at(9)), Stand::NotYet(at(10)));
        assert_eq!([terms.stand(1, at(10)), terms.stand(2, at(10))], [Stand::Free, Stand::Full]);
        assert_eq!(terms.stand(0, at(20)), Stand::Closed);
        assert_eq!(Terms { open: false, ..terms }.stand(0, at(12)), Stand::Closed);
        assert!(terms.is_refunded(Some(at(40)), at(16)) && !terms.is_refunded(Some(at(40)), at(17)));
        assert!(!terms.is_refunded(None, at(0)));
    }

    #[test]
    fn money_is_said_and_read() {
        assert_eq!(
            [money(120_050, "bdt"), money(900, "JPY"), money(5, "eur")],
            ["1,200.50 BDT", "900 JPY", "0.05 EUR"]
        );
        assert_eq!(read_money("1,200.5", "bdt"), Some(120_050));
        assert_eq!(read_money("1,20,000", "bdt"), Some(12_000_000));
        assert_eq!(read_money("১,২০০.৫০", "bdt"), Some(120_050));
        for wrong in ["12,50", "1,2,3", ",500", "1,200,5", "", "-3", "1.234", "1e3", "abc", "99999999999"] {
            assert_eq!(read_money(wrong, "eur"), None, "{wrong}");
        }
        assert_eq!(read_money("900.5", "jpy"), None);
    }

    proptest! {
        #[test]
        fn what_is_said_is_read_again(amount in 0i64..100_000_000_000, whole in any::<bool>()) {
            let currency = if whole { "jpy" } else { "gbp" };
            prop_assume!(!whole || amount < 1_000_000_000);
            let said = money(amount, currency);
            prop_assert_eq!(read_money(said.split(' ').next().unwrap(), currency), Some(amount));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _read = read_money(&text, "eur");
        }
    }
}
