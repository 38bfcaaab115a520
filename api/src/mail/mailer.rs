use std::{sync::Arc, time::Duration};

use lectern_core::secret::SecretString;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Attachment as Part, Mailbox, MultiPart, SinglePart,
        header::{ContentType, Header, HeaderName, HeaderValue},
    },
    transport::smtp::{PoolConfig, authentication::Credentials},
};

use tokio::{sync::Mutex, time::Instant};

use crate::{
    config::{MailConfig, MailSecurity},
    db::assert_no_open_transaction,
    organizations::Sender,
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
    /// The name beside the address it comes from, and where answers go.
    pub sender: Sender,
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
    /// Where its person takes such mails off by one click (RFC 8058).
    pub unsubscribe: Option<String>,
}

/// `List-Unsubscribe` of RFC 2369.
#[derive(Clone)]
struct Unsubscribe(String);

impl Header for Unsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::dangerous_new_pre_encoded(Self::name(), self.0.clone(), self.0.clone())
    }
}

/// `List-Unsubscribe-Post` of RFC 8058: one POST does it.
#[derive(Clone)]
struct OneClick;

impl Header for OneClick {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "List-Unsubscribe=One-Click".to_owned())
    }
}

/// Sends mail through the configured server.
#[derive(Clone)]
pub struct Mailer {
    transport: Option<AsyncSmtpTransport<Tokio1Executor>>,
    from: Mailbox,
    at_once: usize,
    pace: Option<Arc<Pace>>,
    heard: Arc<std::sync::Mutex<Heard>>,
}

/// What this process heard of the mail server.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heard {
    /// When it last took a mail, or refused one for what it was.
    pub answered: Option<Instant>,
    /// When it last could not be reached, or put a mail off.
    pub failed: Option<Instant>,
}

/// One mail each so many microseconds.
struct Pace {
    gap: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    async fn wait(&self) {
        let mut next = self.next.lock().await;
        tokio::time::sleep_until(*next).await;
        *next = Instant::now().max(*next) + self.gap;
    }
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
        let at_once = config.connections.clamp(1, 100);
        let pace = config.per_second.filter(|most| *most > 0).map(|most| {
            let gap = Duration::from_secs(1) / most;
            Arc::new(Pace { gap, next: Mutex::new(Instant::now()) })
        });
        let heard = Arc::default();
        let Some(host) = &config.host else {
            return Ok(Self { transport: None, from, at_once, pace, heard });
        };
        let builder = match config.security {
            MailSecurity::Tls => {
                AsyncSmtpTransport::<Tokio1Executor>::relay(host).map_err(|error| settings(&error))?
            }
            MailSecurity::StartTls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host)
                .map_err(|error| settings(&error))?,
            MailSecurity::None => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host),
        };
        let mut builder = builder
            .port(config.port)
            .timeout(Some(Duration::from_secs(20)))
            .pool_config(PoolConfig::new().max_size(u32::try_from(at_once).unwrap_or(1)));
        if let (Some(username), Some(password)) = (&config.username, &config.password) {
            builder = builder
                .credentials(Credentials::new(username.clone(), SecretString::expose(password).clone()));
        }
        Ok(Self { transport: Some(builder.build()), from, at_once, pace, heard })
    }

    /// Whether there is a server to send through.
    #[must_use]
    pub const fn is_configured(&self) -> bool {
        self.transport.is_some()
    }

    /// What this process heard of the server so far.
    #[must_use]
    pub fn heard(&self) -> Heard {
        *self.heard.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// How many mails may be under way at the same time.
    #[must_use]
    pub const fn at_once(&self) -> usize {
        self.at_once
    }

    /// Sends one of many mails that go out together, at the pace the operator set.
    ///
    /// # Errors
    /// As [`Mailer::send`].
    pub async fn send_among_many(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        if let Some(pace) = &self.pace {
            pace.wait().await;
        }
        self.send(mail).await
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
        let sent = transport.send(message).await.map(drop).map_err(|error| {
            if error.is_permanent() {
                MailError::Refused(error.to_string())
            } else {
                MailError::Unavailable(error.to_string())
            }
        });
        let mut heard = self.heard.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &sent {
            Err(MailError::Unavailable(_)) => heard.failed = Some(Instant::now()),
            _ => heard.answered = Some(Instant::now()),
        }
        sent
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
        // The address is the server's in any case: whoever receives mail checks whether it may come from there.
        let from = match &mail.sender.name {
            Some(name) => Mailbox::new(Some(name.clone()), self.from.email.clone()),
            None => self.from.clone(),
        };
        let mut message = Message::builder();
        if let Some(address) = &mail.sender.reply_to {
            let address = address.parse().map_err(|error| broken(&error))?;
            message = message.reply_to(Mailbox::new(mail.sender.name.clone(), address));
        }
        if let Some(url) = &mail.unsubscribe {
            message = message.header(Unsubscribe(format!("<{url}>"))).header(OneClick);
        }
        message
            .from(from)
            .to(Mailbox::new(Some(mail.to_name.clone()), address))
            .subject(mail.subject.clone())
            .message_id(Some(mail.message_id.clone()))
            .multipart(body)
            .map_err(|error| broken(&error))
    }
}
