//! classes
pub mod service {
    use lectern_core::ids::*;
    /// x
    pub async fn person_disabled(
        _: &crate::app::App,
        _: &mut crate::db::Tx,
        _: OrganizationId,
        _: PersonId,
    ) -> Result<(), crate::error::ApiError> {
        Ok(())
    }
}
