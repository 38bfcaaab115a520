use lectern_core::secret::SecretString;
use serde::{Deserialize, Serialize};

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// TLS from the first byte (port 465).
    #[default]
    Tls,
    /// `STARTTLS` (port 587).
    StartTls,
    /// None: for a server on this machine.
    None,
}

/// `[mail]`. Without a host no mail is sent, and pages say so.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailConfig {
    /// SMTP server.
    pub host: Option<String>,
    /// Its port.
    pub port: u16,
    /// Protection.
    pub security: MailSecurity,
    /// Sign-in name.
    pub username: Option<String>,
    /// Sign-in password.
    #[serde(skip_serializing)]
    pub password: Option<SecretString>,
    /// Mails sent at the same time, 1 to 100.
    pub connections: usize,
    /// Mails a second when many go out together, for servers that take no more. None: as fast as the server takes them.
    pub per_second: Option<u32>,
    /// The sender: `Lectern <classes@school.example>`.
    pub from: String,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            host: None,
            port: 465,
            security: MailSecurity::Tls,
            username: None,
            password: None,
            connections: 16,
            per_second: None,
            from: "Lectern <lectern@localhost>".to_owned(),
        }
    }
}
