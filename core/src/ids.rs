//! One type for each kind of id, so that a class's id cannot be passed where a session's is meant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The bare uuid, as the database stores it.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// A tenant: a school, or a marketplace.
    OrganizationId;
    /// A person known to one organization: user or guest.
    PersonId;
    /// What is taught or sold.
    ClassId;
    /// One scheduled occurrence of a class.
    SessionId;
    /// A rule by which a class takes place, and the sessions that come of it.
    SeriesId;
    /// The provider's object behind a session, as a row of ours.
    MeetingId;
    /// A person's membership in a class.
    EnrollmentId;
    /// People in a group, enrolled as a group.
    CohortId;
    /// A person invited by e-mail to a class or to named sessions.
    GuestId;
    /// One person's admission to one session.
    SeatId;
    /// An OAuth grant.
    ConnectionId;
    /// One raw interval in a meeting.
    PresenceId;
    /// A unit of work to be done later.
    JobId;
}
