//! What Lectern asks of a video platform, whoever makes it.
//!
//! A [`Provider`] is an object with parts. A part is absent or it works: no method has a default body
//! that pretends. What a part can do in detail is a value in [`Capabilities`].

mod attendance;
mod breakouts;
mod call;
mod capabilities;
mod check_capabilities;
mod comparison;
mod error;
mod event;
mod live_roster;
mod meetings;
mod name;
mod oauth;
mod recordings;
mod registrants;
mod subscriptions;

use std::fmt;

pub use attendance::{Attendance, MeetingRun, ParticipantReport, ReportKind, ReportRow};
pub use breakouts::{BreakoutPlan, BreakoutRooms};
pub use call::{AccessTokens, Call};
pub use capabilities::{
    BreakoutSupport, Can, Capabilities, ControlScope, CreateRecovery, JoinGuarantee, Limits, LiveAttendance,
    PersonalData, Reason, RecordingModes, RegistrantLinks,
};
pub use check_capabilities::CheckCapabilities;
pub use comparison::{Comparison, Degree, Difference};
pub use error::{BoxError, ErrorKind, ProviderError, RepairedBy, Result, Retry};
pub use event::{
    Delivery, EventKeys, EventKind, Events, IncomingEvent, OpeningKey, ParticipantFacts, Rejected,
    SigningKey, Verified,
};
pub use live_roster::LiveRoster;
pub use meetings::{
    HostUrl, Meeting, MeetingDraft, MeetingRef, MeetingState, Meetings, OurReference, SettingDifference,
};
pub use name::{NameWords, ProviderName, UnknownProvider};
pub use oauth::{Account, AuthorizeRequest, OAuth, TokenSet};
pub use recordings::{
    ByteStream, RecordedMeeting, RecordingDownload, RecordingFile, RecordingFileRef, Recordings, Removal,
};
pub use registrants::{
    Admission, JoinUrl, Registrant, RegistrantRef, RegistrantState, Registrants, Registration,
};
pub use subscriptions::{Certificate, EventEndpoint, Subscription, SubscriptionScope, Subscriptions};

/// One video platform as one organization uses it: a set of parts, each present or absent.
///
/// Built for one connection (an account that granted access) or for none: without a connection only
/// [`OAuth`] and [`Events`] can be present.
pub trait Provider: fmt::Debug + Send + Sync + 'static {
    /// Stable lower-case name: it appears in URLs, logs and the database.
    fn name(&self) -> ProviderName;
    /// What this connection can do. Cheap: no I/O.
    fn capabilities(&self) -> &Capabilities;
    /// Granting, refreshing and revoking access.
    fn oauth(&self) -> Option<&dyn OAuth> {
        None
    }
    /// Creating, changing, ending meetings.
    fn meetings(&self) -> Option<&dyn Meetings> {
        None
    }
    /// Join URLs of one's own for each person.
    fn registrants(&self) -> Option<&dyn Registrants> {
        None
    }
    /// Recordings in the vendor's cloud.
    fn recordings(&self) -> Option<&dyn Recordings> {
        None
    }
    /// Breakout rooms.
    fn breakout_rooms(&self) -> Option<&dyn BreakoutRooms> {
        None
    }
    /// Reports of who was there.
    fn attendance(&self) -> Option<&dyn Attendance> {
        None
    }
    /// Events the vendor sends by itself.
    fn events(&self) -> Option<&dyn Events> {
        None
    }
    /// Events that must be asked for.
    fn subscriptions(&self) -> Option<&dyn Subscriptions> {
        None
    }
    /// Looking at who is there now.
    fn live_roster(&self) -> Option<&dyn LiveRoster> {
        None
    }
}
