//! Sending one mail.

use uuid::Uuid;

use super::{compose, store};
use crate::{
    app::App,
    error::ApiError,
    jobs::{Job, JobError},
    mail::MailError,
};

/// Job `mail.send`. At a crash between sending and recording a mail may go twice, with the same Message-ID.
pub async fn send_job(app: &App, job: &Job) -> Result<(), JobError> {
    let id: Uuid = job.id_of("mail")?;
    let organization = job.organization;
    let told = |error: ApiError| JobError::Retry(error.problem().detail, None);
    let mut tx = app.db.read(organization).await?;
    let Some(row) = store::find(&mut tx, organization, id).await? else { return Ok(()) };
    if row.state != "wanted" {
        return Ok(());
    }
    let mail = compose::one(app, &mut tx, organization, id, &row).await.map_err(told)?;
    drop(tx);
    let sent = match mail {
        // What it would say is no longer true, or the person no longer belongs to the class.
        None => false,
        Some(_) if !app.mailer.is_configured() => {
            tracing::warn!(mail = %id, "no mail server is configured: mail {id} of kind {} is dropped", row.kind);
            false
        }
        Some(mail) => match app.mailer.send(&mail).await {
            Ok(()) => true,
            Err(error @ (MailError::Unavailable(_) | MailError::Settings(_))) => {
                return Err(JobError::Retry(error.to_string(), None));
            }
            Err(error) => return Err(JobError::GiveUp(error.to_string())),
        },
    };
    let mut tx = app.db.begin(organization).await?;
    store::finish(&mut tx, organization, &[id], sent, app.clock.now()).await?;
    tx.commit().await?;
    Ok(())
}
