//! Which function does which kind of job: every kind in one screenful.

use super::{Job, JobError};
use crate::{
    app::App, attendance, bookings, branding, join, locks, maintenance, notify, search, sessions,
    subscriptions, webhooks_in,
};

macro_rules! kinds {
    ($app:ident, $job:ident: $($kind:expr => $work:expr,)*) => {
        /// Every kind there is.
        pub const KINDS: &[&str] = &[$($kind),*];

        pub(super) async fn handle($app: &App, $job: &Job) -> Result<(), JobError> {
            $(if $job.kind == $kind {
                return $work;
            })*
            Err(JobError::GiveUp(format!("no release of this server knows the job {}", $job.kind)))
        }
    };
}

kinds! { app, job:
    "meeting.create" => sessions::meetings::create_job(app, job).await,
    "meeting.update" => sessions::meetings::update_job(app, job).await,
    "meeting.remove" => sessions::meetings::remove_job(app, job).await,
    "meeting.stand_by" => sessions::standby::job(app, job).await,
    "meeting.check" => sessions::replacing::check_job(app, job).await,
    "meeting.end" => sessions::meetings::end_job(app, job).await,
    "registrants.prepare" => join::registrants::prepare_job(app, job).await,
    "registrants.cancel" => join::registrants::cancel_job(app, job).await,
    notify::batch::SEND => notify::batch::send(app, job).await,
    notify::preflight::TICK => notify::preflight::tick(app).await,
    notify::reminders::TICK => notify::reminders::tick(app).await,
    bookings::jobs::REFUND => bookings::jobs::refund(app, job).await,
    bookings::jobs::CLOSE => bookings::jobs::close(app, job).await,
    bookings::jobs::TICK => bookings::jobs::tick(app).await,
    branding::jobs::TIDY => branding::jobs::tidy(app, job).await,
    locks::jobs::FOLLOW => locks::jobs::follow(app, job).await,
    "mail.send" => notify::jobs::send_job(app, job).await,
    "tick.prepare_sessions" => sessions::jobs::prepare(app).await,
    "tick.end_sessions" => sessions::jobs::end_overdue(app).await,
    sessions::series::jobs::TICK => sessions::series::jobs::tick(app).await,
    sessions::series::jobs::REFRESH => sessions::series::jobs::refresh(app, job).await,
    search::jobs::TICK => search::jobs::tick(app).await,
    "tick.clean_up" => maintenance::clean_up(app).await,
    attendance::jobs::RECONCILE => attendance::jobs::reconcile(app, job).await,
    attendance::jobs::SHARED => attendance::jobs::shared(app, job).await,
    attendance::jobs::TICK => attendance::jobs::tick(app).await,
    webhooks_in::looking::TICK => webhooks_in::looking::tick(app).await,
    webhooks_in::looking::LOOK => webhooks_in::looking::look(app, job).await,
    webhooks_in::looking::LOOK_UP => webhooks_in::looking::find_and_look(app, job).await,
    webhooks_in::identifying::IDENTIFY => webhooks_in::identifying::identify(app, job).await,
    subscriptions::jobs::TICK => subscriptions::jobs::tick(app).await,
    subscriptions::jobs::SUBSCRIBE => subscriptions::jobs::subscribe(app, job).await,
    subscriptions::jobs::RENEW => subscriptions::jobs::renew(app, job).await,
    subscriptions::jobs::UNSUBSCRIBE => subscriptions::jobs::unsubscribe(app, job).await,
    "tick.refresh_tokens" => crate::platforms::jobs::queue_refreshes(app).await,
    "connection.refresh" => crate::platforms::jobs::refresh(app, job).await,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use lectern_web::{Lang, catalog::Catalog};

    use super::*;

    #[test]
    fn every_kind_has_words_in_every_language() {
        let catalog = Catalog::load().unwrap();
        for lang in Lang::ALL {
            let keys = KINDS.iter().chain([&webhooks_in::DEAD]).map(|kind| format!("jobs.kind.{kind}"));
            let missing: Vec<_> = keys.filter(|key| !catalog.strings(lang).contains_key(key)).collect();
            assert!(missing.is_empty(), "{lang:?}: {missing:?}");
        }
    }
}
