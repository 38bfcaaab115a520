//! The running catcher.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::watch, task::JoinHandle, task::JoinSet};

use super::{message::CaughtMessage, pages, smtp};
use crate::server::{Server, bind, serve};

/// Everything caught so far.
#[derive(Debug)]
pub(crate) struct Inbox {
    messages: Mutex<Vec<CaughtMessage>>,
    count: watch::Sender<usize>,
    closed: AtomicBool,
}

impl Inbox {
    pub(crate) fn receive(&self, from: String, to: Vec<String>, raw: &[u8]) {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        let id = messages.len() as u64 + 1;
        messages.push(CaughtMessage::parse(id, from, to, raw));
        self.count.send_replace(messages.len());
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    pub(crate) fn all(&self) -> Vec<CaughtMessage> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A running mail catcher. It ends when dropped.
#[derive(Debug)]
pub struct MailCatcher {
    inbox: Arc<Inbox>,
    smtp: SocketAddr,
    http: Server,
    task: JoinHandle<()>,
}

impl Drop for MailCatcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl MailCatcher {
    /// Listens for mail and serves the inbox; port 0 lets the system choose.
    ///
    /// # Errors
    /// When an address cannot be bound.
    pub async fn start(bind_smtp: SocketAddr, bind_http: SocketAddr) -> io::Result<Self> {
        let inbox = Arc::new(Inbox {
            messages: Mutex::new(Vec::new()),
            count: watch::Sender::new(0),
            closed: AtomicBool::new(false),
        });
        let listener = bind(bind_smtp).await?;
        let smtp = listener.local_addr()?;
        let http = serve(bind(bind_http).await?, pages::router(Arc::clone(&inbox)))?;
        let receiving = Arc::clone(&inbox);
        let task = tokio::spawn(async move {
            let mut clients = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) => {
                            let inbox = Arc::clone(&receiving);
                            clients.spawn(async move {
                                if let Err(error) = smtp::converse(stream, inbox).await {
                                    tracing::debug!(%error, "a mail client went away");
                                }
                            });
                        }
                        Err(error) => {
                            tracing::warn!(%error, "the mail catcher could not accept a connection");
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    },
                    Some(_) = clients.join_next() => {}
                }
            }
        });
        Ok(Self { inbox, smtp, http, task })
    }

    /// Where mail goes.
    #[must_use]
    pub fn smtp_address(&self) -> SocketAddr {
        self.smtp
    }

    /// From now on nothing is taken, as by a server that is being maintained (421 of RFC 5321, section 3.8); or all is again.
    pub fn close(&self, closed: bool) {
        self.inbox.closed.store(closed, Ordering::Relaxed);
    }

    /// The inbox page; the messages are at `/api/messages` below it.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.http.address)
    }

    /// Everything caught so far, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<CaughtMessage> {
        self.inbox.all()
    }

    /// Messages to one address.
    #[must_use]
    pub fn messages_to(&self, address: &str) -> Vec<CaughtMessage> {
        self.messages()
            .into_iter()
            .filter(|message| message.to.iter().any(|to| to.eq_ignore_ascii_case(address)))
            .collect()
    }

    /// The first message that fits, as soon as it is there; `None` when the patience runs out.
    pub async fn wait_for(
        &self,
        patience: Duration,
        fits: impl Fn(&CaughtMessage) -> bool,
    ) -> Option<CaughtMessage> {
        let mut count = self.inbox.count.subscribe();
        let waiting = async {
            loop {
                count.mark_unchanged();
                if let Some(found) = self.messages().into_iter().find(|message| fits(message)) {
                    return Some(found);
                }
                if count.changed().await.is_err() {
                    return None;
                }
            }
        };
        tokio::time::timeout(patience, waiting).await.ok().flatten()
    }
}
