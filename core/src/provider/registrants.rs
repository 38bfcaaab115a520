use async_trait::async_trait;
use serde::Serialize;

use super::{Call, MeetingRef, Result};
use crate::secret::SecretString;

/// Whom to admit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registrant {
    /// The address the vendor keys the seat by: the person's, the class's alias, or a seat's own relay address.
    pub email: String,
    /// Given name.
    pub first_name: String,
    /// Family name, where the person has one.
    pub last_name: Option<String>,
}

/// One person's own way in. Secret: whoever holds it joins under that person's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinUrl(pub SecretString);

/// What registering gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The vendor's id of the registrant: the only identifier that stays stable over leave and rejoin.
    pub registrant_id: String,
    /// The person's own URL.
    pub join_url: JoinUrl,
}

/// The vendor's handle for a registrant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrantRef {
    /// The vendor's id.
    pub id: String,
    /// The address it was registered with.
    pub email: String,
}

/// Where a registrant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrantState {
    /// May join.
    Approved,
    /// Waits for approval: a stranger who found the general link.
    Pending,
    /// Cancelled or refused.
    Denied,
}

/// A registrant as the vendor lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The vendor's id.
    pub id: String,
    /// Registered address.
    pub email: String,
    /// Registered name.
    pub name: String,
    /// Where it stands.
    pub state: RegistrantState,
    /// Present while approved.
    pub join_url: Option<JoinUrl>,
}

/// Join URLs of one's own for each person.
#[async_trait]
pub trait Registrants: Send + Sync {
    /// Gives one person a join URL of their own. The same address gets the same registrant.
    async fn register(&self, call: &Call, meeting: &MeetingRef, who: &Registrant) -> Result<Admission>;

    /// The same for many, in as few calls as the vendor allows: one result each, in order.
    async fn register_many(
        &self,
        call: &Call,
        meeting: &MeetingRef,
        who: &[Registrant],
    ) -> Vec<Result<Admission>>;

    /// Whether so many registrations could be made now, without waiting for the vendor's rate limit and without pushing in
    /// before people who already wait. No I/O.
    fn room_now(&self, count: u32) -> bool;

    /// Takes the way in back. One that is already cancelled is fine. Does not eject who is inside.
    async fn cancel(&self, call: &Call, meeting: &MeetingRef, registrant: &RegistrantRef) -> Result<()>;

    /// All registrants of a state, all pages.
    async fn list(
        &self,
        call: &Call,
        meeting: &MeetingRef,
        state: RegistrantState,
    ) -> Result<Vec<Registration>>;
}
