//! People at the page and at Stripe's dashboard, moved by a test or a demo.

use super::{
    payments::{NotPaid, Paid, PayWith},
    simulator::StripeSimulator,
};

/// A session's id, out of an id or the address of its page.
pub(crate) fn session_id(text: &str) -> &str {
    let path = text.split(['#', '?']).next().unwrap_or_default();
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

impl StripeSimulator {
    /// Somebody opens the page and pays; `session` is an id or the page's address. The address counts where none was filled in.
    /// Where the bank asks ([`Paid::Asked`]), [`answers_bank`](Self::answers_bank) comes next.
    ///
    /// # Errors
    /// [`NotPaid`].
    pub fn pays(&self, session: &str, email: &str, with: PayWith<'_>) -> Result<Paid, NotPaid> {
        self.inner.act(|world, now| world.pay(session_id(session), email, with, now))
    }

    /// Somebody confirms to the card's bank that it is really them, or does not.
    ///
    /// # Errors
    /// [`NotPaid`].
    pub fn answers_bank(&self, session: &str, yes: bool) -> Result<Paid, NotPaid> {
        self.inner.act(|world, now| world.authenticate(session_id(session), yes, now))
    }

    /// A bank debit arrives now, or fails; false when none is on its way.
    pub fn bank_decides(&self, session: &str, arrives: bool) -> bool {
        self.inner.act(|world, now| {
            let intent = world.sessions.get(session_id(session)).and_then(|session| session.payment.clone());
            intent.is_some_and(|intent| world.bank_decides(&intent, arrives, now))
        })
    }

    /// The school sends money back on Stripe's own page, all that is left when no amount is given; the refund's id, `None` when
    /// that cannot be.
    pub fn refunds_by_hand(&self, session: &str, amount: Option<i64>) -> Option<String> {
        self.inner.act(|world, now| {
            let intent = world.sessions.get(session_id(session))?.payment.clone()?;
            world.refund(&intent, amount, None, now, |_| {}).ok()
        })
    }

    /// A refund arrives now, or comes back; false when that has been decided.
    pub fn refund_ends(&self, refund: &str, arrives: bool) -> bool {
        self.inner.act(|world, now| world.refund_ends(refund, arrives, now))
    }

    /// The school closes a page on Stripe's own page; false when it was not open.
    pub fn closes_by_hand(&self, session: &str) -> bool {
        self.inner.act(|world, now| world.close(session_id(session), None, now))
    }
}
