use std::time::Duration;

use lectern_core::secret::SecretString;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Attachment as Part, Mailbox, MultiPart, SinglePart, header::ContentType},
    transport::smtp::authentication::Credentials,
};

use crate::{
    config::{MailConfig, MailSecurity},
    db::assert_no_open_transaction,
};

/// Mail that cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// `[mail]` is wrong.
    #[error("the mail settings are wrong: {0}")]
    Settings(String),
    /// The message itself: an address or header that is none.
    #[error("the message cannot be built: {0}")]
    Message(String),
    /// The server refuses this message for good.
    #[error("the mail server refuses the message: {0}")]
    Refused(String),
    /// The server cannot be reached or asks to try later.
    #[error("the mail server does not take the message now: {0}")]
    Unavailable(String),
}

/// A file in a mail.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Its name.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its text.
    pub text: String,
}

/// A mail to send.
#[derive(Clone, Debug)]
pub struct OutgoingMail {
    /// Address of the receiver.
    pub to: String,
    /// Name of the receiver.
    pub to_name: String,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// Stays the same when a send is repeated.
    pub message_id: String,
}

/// Sends mail through the configured server.
#[derive(Clone)]
pub struct Mailer {
    transport: Option<AsyncSmtpTransport<Tokio1Executor>>,
    from: Mailbox,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").field("configured", &self.is_configured()).finish()
    }
}

impl Mailer {
    /// From the settings.
    pub fn new(config: &MailConfig) -> Result<Self, MailError> {
        let settings = |error: &dyn std::fmt::Display| MailError::Settings(error.to_string());
        let from = config.from.parse().map_err(|error| settings(&error))?;
        let Some(host) = &config.host else { return Ok(Self { transport: None, from }) };
        let builder = match config.security {
            MailSecurity::Tls => {
                AsyncSmtpTransport::<Tokio1Executor>::relay(host).map_err(|error| settings(&error))?
            }
            MailSecurity::StartTls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host)
                .map_err(|error| settings(&error))?,
            MailSecurity::None => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host),
        };
        let mut builder = builder.port(config.port).timeout(Some(Duration::from_secs(20)));
        if let (Some(username), Some(password)) = (&config.username, &config.password) {
            builder = builder
                .credentials(Credentials::new(username.clone(), SecretString::expose(password).clone()));
        }
        Ok(Self { transport: Some(builder.build()), from })
    }

    /// Whether there is a server to send through.
    #[must_use]
    pub const fn is_configured(&self) -> bool {
        self.transport.is_some()
    }

    /// Whether the server answers.
    pub async fn test(&self) -> Result<(), MailError> {
        let transport =
            self.transport.as_ref().ok_or_else(|| MailError::Settings("mail.host is not set".to_owned()))?;
        match transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(MailError::Unavailable("the server closed the connection".to_owned())),
            Err(error) => Err(MailError::Unavailable(error.to_string())),
        }
    }

    /// Sends a mail.
    ///
    /// # Errors
    /// [`MailError::Unavailable`] when a later try may succeed; the others are final.
    pub async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        assert_no_open_transaction();
        let transport =
            self.transport.as_ref().ok_or_else(|| MailError::Settings("mail.host is not set".to_owned()))?;
        let message = self.message(mail)?;
        transport.send(message).await.map(drop).map_err(|error| {
            if error.is_permanent() {
                MailError::Refused(error.to_string())
            } else {
                MailError::Unavailable(error.to_string())
            }
        })
    }

    fn message(&self, mail: &OutgoingMail) -> Result<Message, MailError> {
        let broken = |error: &dyn std::fmt::Display| MailError::Message(error.to_string());
        let address = mail.to.parse().map_err(|error| broken(&error))?;
        let both = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
        let mut body = MultiPart::mixed().multipart(both);
        for attachment in &mail.attachments {
            let kind = ContentType::parse(attachment.content_type).map_err(|error| broken(&error))?;
            let part: SinglePart = Part::new(attachment.name.to_owned()).body(attachment.text.clone(), kind);
            body = body.singlepart(part);
        }
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(mail.to_name.clone()), address))
            .subject(mail.subject.clone())
            .message_id(Some(mail.message_id.clone()))
            .multipart(body)
            .map_err(|error| broken(&error))
    }
}
