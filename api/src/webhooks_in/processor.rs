//! Reads stored deliveries.
/// Reads deliveries until the application stops.
pub async fn run(_app: crate::app::App) {}
