//! Room on the disk.

use std::{path::Path, process::Stdio};

use async_trait::async_trait;
use tokio::process::Command;

/// Below this the embedded database and its log may soon have no room.
pub const LOW_KIB: u64 = 1 << 20;

/// Below this nothing can be relied on to be saved.
pub const NO_SPACE_KIB: u64 = 50 << 10;

/// What tells how much room is left.
#[async_trait]
pub trait Disk: Send + Sync + std::fmt::Debug {
    /// KiB free where a folder lies; `None` where that cannot be told.
    async fn free_kib(&self, folder: &Path) -> Option<u64>;
}

/// From `df`, which every Unix has; elsewhere nothing is said.
#[derive(Clone, Copy, Debug)]
pub struct Df;

#[async_trait]
impl Disk for Df {
    async fn free_kib(&self, folder: &Path) -> Option<u64> {
        let output = Command::new("df").arg("-Pk").arg(folder).stdin(Stdio::null()).output().await.ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
    }
}
