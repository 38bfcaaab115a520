//! Platforms.
use lectern_core::{clock::Clock, random::Randomness};
use std::sync::Arc;
/// x
#[derive(Debug, Clone)]
pub struct Providers;
impl Providers {
    /// x
    pub fn new(
        _: &crate::config::PlatformsConfig,
        _: Arc<dyn Clock>,
        _: Arc<dyn Randomness>,
        _: Option<Arc<dyn lectern_providers::Inspect>>,
    ) -> Result<Self, std::io::Error> {
        Ok(Self)
    }
}
