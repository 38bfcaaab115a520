use lectern_core::ids::OrganizationId;

use crate::{
    app::App,
    error::ApiError,
    organizations::store::{self, Organization, Settings},
};

/// An organization and what it decided.
pub async fn organization(app: &App, id: OrganizationId) -> Result<(Organization, Settings), ApiError> {
    let mut tx = app.db.read(id).await?;
    let organization = store::find(&mut tx, id).await?.ok_or(ApiError::NotFound)?;
    Ok((organization, store::settings(&mut tx, id).await?))
}

/// What the organization decided.
pub async fn settings(app: &App, organization: OrganizationId) -> Result<Settings, ApiError> {
    let mut tx = app.db.read(organization).await?;
    Ok(store::settings(&mut tx, organization).await?)
}

/// An organization that is open.
pub async fn find_active(app: &App, id: OrganizationId) -> Result<Option<Organization>, ApiError> {
    let mut tx = app.db.system_read().await?;
    Ok(store::find(&mut tx, id).await?.filter(|organization| organization.active))
}

/// Every organization of this server, in the order of their short names; without the operator's own rows.
pub async fn all(db: &crate::db::Db) -> Result<Vec<Organization>, crate::db::StoreError> {
    let mut tx = db.system_read().await?;
    let mut all: Vec<Organization> = Vec::new();
    loop {
        let after = all.last().map(|organization| organization.slug.clone()).unwrap_or_default();
        let more = store::list(&mut tx, &after, 200).await?;
        if more.is_empty() {
            return Ok(all);
        }
        all.extend(more);
    }
}

/// Every open organization, for work by the clock.
pub async fn all_active(app: &App) -> Result<Vec<OrganizationId>, ApiError> {
    let mut tx = app.db.system_read().await?;
    let mut ids = Vec::new();
    // The operator's own row has the empty slug and comes before every other.
    let mut after = String::new();
    loop {
        let page = store::list(&mut tx, &after, 200).await?;
        let Some(last) = page.last() else { return Ok(ids) };
        after.clone_from(&last.slug);
        ids.extend(
            page.iter().filter(|organization| organization.active).map(|organization| organization.id),
        );
    }
}
