//! A button that is pressed twice does what it says once, and leads both times to the same place.

use lectern_core::ids::OrganizationId;
use uuid::Uuid;

use super::{
    service::{KEPT, Kept, row},
    store::{self, Earlier, Name},
};
use crate::{app::App, db::Tx, error::ApiError, keys::Sealer};

/// One form, shown once to one person.
#[derive(Clone, Debug)]
pub struct Press {
    name: Name,
    hash: [u8; 32],
}

/// Whether a form was sent before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// No: its transaction has it from here on, and whoever sends it meanwhile waits.
    First,
    /// Yes, and it was filled in the same: where it led.
    Before(String),
    /// Yes, filled in otherwise: where that led.
    Otherwise(String),
}

impl Press {
    /// A form of a page by the key it was shown with; `hash`: of what was filled in.
    #[must_use]
    pub fn new(
        organization: OrganizationId,
        who: Uuid,
        route: &'static str,
        key: &str,
        hash: [u8; 32],
    ) -> Self {
        Self { name: Name { organization, who, route: route.to_owned(), key: key.to_owned() }, hash }
    }

    /// Whether it was done already; nothing is claimed.
    pub async fn before(&self, app: &App, sealer: &Sealer) -> Result<Option<Pressed>, ApiError> {
        let mut tx = app.db.read(self.name.organization).await?;
        let earlier = store::find(&mut tx, &self.name).await?;
        drop(tx);
        let fresh = earlier.filter(|earlier| earlier.created_at > app.clock.now() - KEPT);
        fresh.map(|earlier| self.pressed(sealer, &earlier)).transpose()
    }

    fn pressed(&self, sealer: &Sealer, earlier: &Earlier) -> Result<Pressed, ApiError> {
        let sealed = earlier.answer.as_deref().ok_or(ApiError::NotFound)?;
        let plain = sealer.open("idempotency_keys", "answer", row(&self.name), sealed)?;
        let kept: Kept = serde_json::from_slice(&plain).map_err(ApiError::internal)?;
        let location = kept.location.ok_or(ApiError::NotFound)?;
        Ok(if earlier.body_hash == self.hash {
            Pressed::Before(location)
        } else {
            Pressed::Otherwise(location)
        })
    }

    /// Whether it is the first time, in the transaction that does what the form asks for.
    pub async fn claim(&self, app: &App, tx: &mut Tx, sealer: &Sealer) -> Result<Pressed, ApiError> {
        let now = app.clock.now();
        if store::claim(tx, &self.name, self.hash, now, now - KEPT).await? {
            return Ok(Pressed::First);
        }
        let earlier = store::find(tx, &self.name).await?.ok_or(ApiError::NotFound)?;
        self.pressed(sealer, &earlier)
    }

    /// Where it leads, in the same transaction.
    pub async fn leads_to(&self, tx: &mut Tx, sealer: &Sealer, location: &str) -> Result<(), ApiError> {
        let kept = Kept { content_type: None, location: Some(location.to_owned()), body: String::new() };
        let plain = serde_json::to_vec(&kept).map_err(ApiError::internal)?;
        let sealed = sealer.seal("idempotency_keys", "answer", row(&self.name), &plain);
        Ok(store::answer(tx, &self.name, &sealed, 303).await?)
    }
}
