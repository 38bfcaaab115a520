//! Somebody pays: by a card of Stripe's test cards, or by a bank debit that takes days.
//!
//! Source: docs.stripe.com/testing (numbers), docs.stripe.com/declines/codes (sentences). In a sandbox other numbers are
//! refused; in live mode the test numbers are.

use chrono::{DateTime, Duration, Utc};

use super::{
    state::{Attempt, Fate, Payment, PaymentState, SessionState, Timer},
    world::World,
};

/// Pays.
pub const CARD_PAYS: &str = "4242424242424242";
/// Declined without a reason.
pub const CARD_DECLINED: &str = "4000000000000002";
/// Declined: there is not enough on it.
pub const CARD_EMPTY: &str = "4000000000009995";
/// Pays after its bank has asked (3-D Secure).
pub const CARD_ASKS: &str = "4000002500003155";
/// Pays; its refunds are pending first.
pub const CARD_REFUNDS_LATE: &str = "4000000000007726";
/// Pays; its refunds seem done and come back.
pub const CARD_REFUNDS_FAIL: &str = "4000000000005126";
/// A bank debit that arrives.
pub const IBAN_ARRIVES: &str = "AT611904300234573201";
/// A bank debit that does not.
pub const IBAN_FAILS: &str = "AT861904300235473202";

/// What a person pays with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayWith<'a> {
    /// A card's number; spaces do not matter.
    Card(&'a str),
    /// A bank account.
    Iban(&'a str),
}

/// What pressing Pay leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paid {
    /// The page is done; the browser goes here.
    Done(String),
    /// The card's bank asks first.
    Asked,
}

/// Why nothing was paid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPaid {
    /// There is no such page.
    #[error("no such page")]
    NoSession,
    /// Nobody can pay here any more.
    #[error("the page is {}", .0.word())]
    NotOpen(SessionState),
    /// What was typed is wrong, or the bank said no: the sentence on the page.
    #[error("{0}")]
    Refused(String),
}

const AUTHENTICATION_FAILED: &str = "We are unable to authenticate your payment method. Please choose a different payment method and try again.";

/// Pays, asks, or is declined with a code and a sentence.
enum Verdict {
    Pays(Fate),
    Asks,
    Declined(&'static str, &'static str),
}

fn is_luhn(number: &str) -> bool {
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            if at % 2 == 0 { digit } else { digit * 2 - if digit > 4 { 9 } else { 0 } }
        })
        .sum();
    (12..=19).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && sum.is_multiple_of(10)
}

fn judge(number: &str, livemode: bool) -> Verdict {
    const DECLINED: &str = "Your card was declined.";
    if !number.bytes().all(|byte| byte.is_ascii_digit()) || !is_luhn(number) {
        return Verdict::Declined("incorrect_number", "Your card number is invalid.");
    }
    let verdict = match number {
        CARD_PAYS => Verdict::Pays(Fate::AtOnce),
        CARD_DECLINED => Verdict::Declined("card_declined", DECLINED),
        CARD_EMPTY => Verdict::Declined("insufficient_funds", "Your card has insufficient funds."),
        CARD_ASKS => Verdict::Asks,
        CARD_REFUNDS_LATE => Verdict::Pays(Fate::Later),
        CARD_REFUNDS_FAIL => Verdict::Pays(Fate::ComesBack),
        _ if livemode => return Verdict::Pays(Fate::AtOnce),
        _ => {
            return Verdict::Declined(
                "test_mode_live_card",
                "Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test cards, \
                 visit: https://stripe.com/docs/testing.",
            );
        }
    };
    if livemode {
        return Verdict::Declined(
            "live_mode_test_card",
            "Your card was declined. Your request was in live mode, but used a known test card.",
        );
    }
    verdict
}

fn last4(number: &str) -> String {
    number.chars().skip(number.chars().count().saturating_sub(4)).collect()
}

impl World {
    fn attempt(&mut self, id: &str, email: &str, method: &'static str, outcome: &str, at: DateTime<Utc>) {
        if let Some(session) = self.sessions.get_mut(id) {
            let (email, outcome) = (email.to_owned(), outcome.to_owned());
            session.attempts.push(Attempt { at, email, method, outcome });
        }
    }

    /// A person presses Pay.
    pub(crate) fn pay(
        &mut self,
        id: &str,
        email: &str,
        with: PayWith<'_>,
        now: DateTime<Utc>,
    ) -> Result<Paid, NotPaid> {
        let session = self.sessions.get(id).ok_or(NotPaid::NoSession)?;
        if session.state != SessionState::Open {
            return Err(NotPaid::NotOpen(session.state));
        }
        let email = session.customer_email.clone().unwrap_or_else(|| email.trim().to_owned());
        let (livemode, methods) = (session.owner.livemode, session.methods.clone());
        if !super::params::is_email(&email) {
            return Err(NotPaid::Refused("Enter a valid email address.".to_owned()));
        }
        let method = if matches!(with, PayWith::Card(_)) { "card" } else { "sepa_debit" };
        if !methods.iter().any(|one| one == method) {
            return Err(NotPaid::Refused("Choose another way to pay.".to_owned()));
        }
        match with {
            PayWith::Card(number) => {
                let number: String = number.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
                match judge(&number, livemode) {
                    Verdict::Pays(fate) => Ok(self.paid_by_card(id, email, &number, fate, now)),
                    Verdict::Asks => {
                        self.attempt(id, &email, method, "asked", now);
                        if let Some(session) = self.sessions.get_mut(id) {
                            session.asked = Some((email, number));
                        }
                        Ok(Paid::Asked)
                    }
                    Verdict::Declined(code, sentence) => {
                        self.attempt(id, &email, method, code, now);
                        self.tell_declined(id, code, sentence, now);
                        Err(NotPaid::Refused(sentence.to_owned()))
                    }
                }
            }
            PayWith::Iban(text) => {
                let iban: String = text.chars().filter(|c| !c.is_whitespace()).collect();
                let arrives = match iban.to_ascii_uppercase().as_str() {
                    IBAN_ARRIVES => true,
                    IBAN_FAILS => false,
                    _ => return Err(NotPaid::Refused("The IBAN you entered is invalid.".to_owned())),
                };
                self.attempt(id, &email, method, "processing", now);
                let intent =
                    self.begin_payment(id, email, method, &iban, PaymentState::Processing, Fate::Later, now);
                let due = now + Duration::seconds(self.behaviour.bank_seconds);
                self.after(due, Timer::Bank(intent.clone(), arrives));
                self.tell_payment("payment_intent.processing", &intent, now);
                self.tell_session("checkout.session.completed", id, None, now);
                Ok(Paid::Done(self.back(id)))
            }
        }
    }

    /// The person answers the card's bank.
    pub(crate) fn authenticate(&mut self, id: &str, yes: bool, now: DateTime<Utc>) -> Result<Paid, NotPaid> {
        let session = self.sessions.get_mut(id).ok_or(NotPaid::NoSession)?;
        if session.state != SessionState::Open {
            return Err(NotPaid::NotOpen(session.state));
        }
        let Some((email, number)) = session.asked.take() else {
            return Err(NotPaid::Refused("Nothing is asked.".to_owned()));
        };
        if yes {
            return Ok(self.paid_by_card(id, email, &number, Fate::AtOnce, now));
        }
        let code = "payment_intent_authentication_failure";
        self.attempt(id, &email, "card", code, now);
        self.tell_declined(id, code, AUTHENTICATION_FAILED, now);
        Err(NotPaid::Refused(AUTHENTICATION_FAILED.to_owned()))
    }

    fn paid_by_card(
        &mut self,
        id: &str,
        email: String,
        number: &str,
        fate: Fate,
        now: DateTime<Utc>,
    ) -> Paid {
        self.attempt(id, &email, "card", "paid", now);
        let intent = self.begin_payment(id, email, "card", number, PaymentState::Succeeded, fate, now);
        self.tell_charge("charge.succeeded", &intent, None, now);
        self.tell_payment("payment_intent.succeeded", &intent, now);
        self.tell_session("checkout.session.completed", id, None, now);
        Paid::Done(self.back(id))
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of one payment")]
    fn begin_payment(
        &mut self,
        id: &str,
        email: String,
        method: &'static str,
        number: &str,
        state: PaymentState,
        fate: Fate,
        now: DateTime<Utc>,
    ) -> String {
        let (intent, charge) =
            (self.id("pi_3", 23), self.id(if method == "card" { "ch_3" } else { "py_3" }, 23));
        if let Some(session) = self.sessions.get_mut(id) {
            session.state = SessionState::Complete;
            session.asked = None;
            session.payment = Some(intent.clone());
            let payment = Payment {
                intent: intent.clone(),
                charge,
                owner: session.owner.clone(),
                session: id.to_owned(),
                state,
                created: now,
                amount: session.total,
                currency: session.currency.clone(),
                email,
                metadata: session.payment_metadata.clone(),
                method,
                last4: last4(number),
                refunded: 0,
                fate,
            };
            self.payments.insert(intent.clone(), payment);
        }
        intent
    }

    /// A bank debit arrives, or does not. False when it is not on its way.
    pub(crate) fn bank_decides(&mut self, intent: &str, arrives: bool, at: DateTime<Utc>) -> bool {
        let Some(payment) =
            self.payments.get_mut(intent).filter(|payment| payment.state == PaymentState::Processing)
        else {
            return false;
        };
        let session = payment.session.clone();
        payment.state = if arrives { PaymentState::Succeeded } else { PaymentState::Failed };
        let (charge, told, event) = if arrives {
            ("charge.succeeded", "payment_intent.succeeded", "checkout.session.async_payment_succeeded")
        } else {
            ("charge.failed", "payment_intent.payment_failed", "checkout.session.async_payment_failed")
        };
        self.tell_charge(charge, intent, None, at);
        self.tell_payment(told, intent, at);
        self.tell_session(event, &session, None, at);
        true
    }

    /// Where the browser goes when the page is done.
    pub(crate) fn back(&self, id: &str) -> String {
        let url = self.sessions.get(id).map(|session| session.success_url.as_str()).unwrap_or_default();
        url.replace("{CHECKOUT_SESSION_ID}", id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_checked_by_their_last_digit() {
        assert!(is_luhn(CARD_PAYS) && is_luhn(CARD_ASKS) && is_luhn("4111111111111111"));
        assert!(!is_luhn("4242424242424241") && !is_luhn("0") && !is_luhn("42424242424242x2"));
    }

    #[test]
    fn each_mode_has_its_cards() {
        assert!(matches!(judge("4111111111111111", false), Verdict::Declined("test_mode_live_card", _)));
        assert!(matches!(judge("4111111111111111", true), Verdict::Pays(_)));
        assert!(matches!(judge(CARD_PAYS, true), Verdict::Declined("live_mode_test_card", _)));
    }
}
