//! Everything this process logs, kept, so that a story can look for what must not be there.

use std::{
    io,
    sync::{Mutex, Once, PoisonError},
};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

static KEPT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

#[derive(Clone, Copy, Debug)]
struct Keeper;

impl io::Write for Keeper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        KEPT.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Keeper {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        *self
    }
}

/// Starts keeping: more than a server ever logs, so that a leak at any level is found. What the stories' own sockets say of
/// their requests is not the server's log, and the bytes of each frame are what the reader is shown anyway.
pub(crate) fn keep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("trace,h2=info,hyper=info,hyper_util=info,sqlx=debug,mio=info,tungstenite::handshake::client=off,tungstenite::protocol=info"))
            .with_ansi(false)
            .with_writer(Keeper)
            .init();
    });
}

/// Where the log stands.
pub(crate) fn length() -> usize {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).len()
}

/// The log of all stories of this process from a position on.
pub(crate) fn since(position: usize) -> String {
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&kept[position..]).into_owned()
}

/// The log of all stories of this process so far.
#[must_use]
pub fn log_so_far() -> String {
    since(0)
}
