//! A disk whose room a story can set.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use lectern_api::disk::Disk;

/// A disk with much room, until the story takes it away.
#[derive(Clone, Debug)]
pub struct Room(Arc<AtomicU64>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(1 << 30)))
    }
}

impl Room {
    /// From now on so many KiB are free.
    pub fn leave(&self, kib: u64) {
        self.0.store(kib, Ordering::Relaxed);
    }
}

#[async_trait]
impl Disk for Room {
    async fn free_kib(&self, _: &Path) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed))
    }
}
