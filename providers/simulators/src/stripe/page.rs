//! The hosted page: what is bought, an address, a card or a bank account, Pay, and a way back.
//!
//! Stripe's own page is a program that runs in the browser; this one is a form. It asks for no expiry date, security code or
//! postal code, because nothing here could check them.

use chrono::{DateTime, Utc};

use super::{
    currency::shown,
    payments::{CARD_ASKS, CARD_DECLINED, CARD_PAYS, IBAN_ARRIVES, IBAN_FAILS, NotPaid, Paid, PayWith},
    state::{Session, SessionState},
    world::World,
};
use crate::{
    answer::Answer,
    html::{escape, page},
    query::Query,
};

/// A form that came back.
#[derive(Debug)]
pub(crate) struct Typed<'a> {
    form: &'a Query,
    sentence: &'a str,
}

/// A number in groups of four.
fn grouped(number: &str) -> String {
    number.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}

fn closed(title: &str, text: &str, back: Option<&str>) -> Answer {
    let link = back.map(|url| format!("<p><a href=\"{}\">Back</a></p>", escape(url))).unwrap_or_default();
    let body = format!("<h1>{}</h1><p>{}</p>{link}", escape(title), escape(text));
    Answer::html(200, page("Stripe", title, "", &body))
}

impl World {
    fn seller(&self, session: &Session) -> &str {
        self.accounts.get(&session.owner.account).map(|account| account.name.as_str()).unwrap_or_default()
    }

    /// The page of a session, in whatever state it is.
    pub(crate) fn checkout_page(&self, id: &str, typed: Option<&Typed<'_>>) -> Answer {
        let Some(session) = self.sessions.get(id) else {
            return Answer::html(404, page("Stripe", "Not found", "", "<h1>Page not found</h1>"));
        };
        match session.state {
            SessionState::Complete => closed(
                "You're all done here",
                "You have already completed this checkout.",
                Some(&self.back(id)),
            ),
            SessionState::Expired => closed(
                "This page has expired",
                "Return to the merchant's site to begin again.",
                session.cancel_url.as_deref(),
            ),
            SessionState::Open if session.asked.is_some() => self.bank_page(session),
            SessionState::Open => self.form_page(session, typed),
        }
    }

    /// What is bought, from whom, and the way back.
    fn head(&self, session: &Session) -> String {
        let rows: String = session
            .items
            .iter()
            .map(|item| {
                let amount = shown(item.unit_amount * item.quantity, &session.currency);
                let times = if item.quantity > 1 { format!(" × {}", item.quantity) } else { String::new() };
                format!("<tr><td>{}{times}</td><td>{}</td></tr>", escape(&item.name), escape(&amount))
            })
            .collect();
        let back = session.cancel_url.as_deref().map(|url| {
            format!("<p><a href=\"{}\">Back to {}</a></p>", escape(url), escape(self.seller(session)))
        });
        let mode = if session.owner.livemode { "" } else { " <span class=\"soft\">TEST MODE</span>" };
        format!(
            "{}<h1>Pay {}{mode}</h1><table>{rows}<tr><th>Total due</th><th>{}</th></tr></table>",
            back.unwrap_or_default(),
            escape(self.seller(session)),
            escape(&shown(session.total, &session.currency)),
        )
    }

    fn form_page(&self, session: &Session, typed: Option<&Typed<'_>>) -> Answer {
        let value = |name: &str| typed.and_then(|typed| typed.form.get(name)).unwrap_or_default();
        let problem =
            typed.map(|typed| format!("<p class=\"bad\" role=\"alert\">{}</p>", escape(typed.sentence)));
        let email = session.customer_email.as_ref().map_or_else(
            || {
                format!(
                    "<label>Email <input type=\"email\" name=\"email\" autocomplete=\"email\" required value=\"{}\"></label>",
                    escape(value("email"))
                )
            },
            |email| format!("<p>Email <b>{}</b></p>", escape(email)),
        );
        let bank = session.methods.iter().any(|method| method == "sepa_debit");
        let by_bank = value("method") == "sepa_debit";
        let choice = |method: &str, words: &str, on: bool| {
            let on = if on { " checked" } else { "" };
            format!("<label><input type=\"radio\" name=\"method\" value=\"{method}\"{on}> {words}</label>")
        };
        let mut ways = String::new();
        if session.methods.iter().any(|method| method == "card") {
            ways.push_str(&choice("card", "Card", !by_bank));
            ways.push_str(&format!(
                "<label>Card number <input type=\"text\" name=\"card\" inputmode=\"numeric\" autocomplete=\"off\" value=\"{}\"></label>",
                escape(value("card"))
            ));
        }
        if bank {
            ways.push_str(&choice("sepa_debit", "Bank debit (takes days)", by_bank));
            ways.push_str(&format!(
                "<label>IBAN <input type=\"text\" name=\"iban\" autocomplete=\"off\" value=\"{}\"></label>",
                escape(value("iban"))
            ));
        }
        let amount = escape(&shown(session.total, &session.currency));
        let hint = format!(
            "<h2>Test numbers</h2><ul><li><code>{}</code> pays</li><li><code>{}</code> is declined</li>\
             <li><code>{}</code> asks you first (3-D Secure)</li>{}</ul>",
            grouped(CARD_PAYS),
            grouped(CARD_DECLINED),
            grouped(CARD_ASKS),
            if bank {
                format!(
                    "<li>IBAN <code>{}</code> arrives, <code>{}</code> does not</li>",
                    grouped(IBAN_ARRIVES),
                    grouped(IBAN_FAILS)
                )
            } else {
                String::new()
            },
        );
        let body = format!(
            "{head}{problem}<form method=\"post\" action=\"/c/pay/{id}\" style=\"display:block\">{email}\
             <h2>Payment method</h2>{ways}<button class=\"main\">Pay {amount}</button></form>{hint}",
            head = self.head(session),
            problem = problem.unwrap_or_default(),
            id = escape(&session.id),
        );
        Answer::html(200, page("Stripe", &format!("Pay {}", self.seller(session)), "", &body))
    }

    /// The card's bank asks whether it is really this person.
    fn bank_page(&self, session: &Session) -> Answer {
        let body = format!(
            "{head}<h2>3D Secure 2 Test Page</h2><p>Your card's bank asks you to confirm this payment.</p>\
             <form method=\"post\" action=\"/c/pay/{id}/authenticate\">\
             <button class=\"main\" name=\"decision\" value=\"complete\">Complete</button> \
             <button class=\"stop\" name=\"decision\" value=\"fail\">Fail</button></form>",
            head = self.head(session),
            id = escape(&session.id),
        );
        Answer::html(200, page("Stripe", "Confirm the payment", "", &body))
    }

    /// Pay was pressed.
    pub(crate) fn pay_by_form(&mut self, id: &str, form: &Query, now: DateTime<Utc>) -> Answer {
        let text = |name: &str| form.get(name).unwrap_or_default();
        let with = if text("method") == "sepa_debit" {
            PayWith::Iban(text("iban"))
        } else {
            PayWith::Card(text("card"))
        };
        let outcome = self.pay(id, text("email"), with, now);
        self.shown_outcome(id, outcome, form)
    }

    /// Complete or Fail was pressed.
    pub(crate) fn authenticate_by_form(&mut self, id: &str, form: &Query, now: DateTime<Utc>) -> Answer {
        let outcome = self.authenticate(id, form.get("decision") == Some("complete"), now);
        self.shown_outcome(id, outcome, form)
    }

    fn shown_outcome(&self, id: &str, outcome: Result<Paid, NotPaid>, form: &Query) -> Answer {
        match outcome {
            Ok(Paid::Done(back)) => Answer::redirect(303, &back),
            Ok(Paid::Asked) => Answer::redirect(303, &format!("/c/pay/{id}")),
            Err(NotPaid::Refused(sentence)) => {
                self.checkout_page(id, Some(&Typed { form, sentence: &sentence }))
            }
            Err(NotPaid::NoSession | NotPaid::NotOpen(_)) => self.checkout_page(id, None),
        }
    }
}
