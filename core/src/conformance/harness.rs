use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

use super::people::Guest;
use crate::{
    provider::{Delivery, EventKeys, Meeting, MeetingDraft, OpeningKey, Provider, SigningKey},
    secret::SecretString,
    settings::ClassSettings,
};

/// A vendor for one case, the provider connected to it, and a hand on the vendor's side.
///
/// Each case starts its own. Everything at the vendor goes by the harness's own clock, which stands still until
/// [`Harness::advance`]. A vendor that a provider never talks to has neither requests nor troubles, rooms nor post.
#[async_trait]
pub trait Harness: Sized + Send + Sync {
    /// A vendor with a teacher who is connected, and nothing else.
    async fn start() -> Self;

    /// The provider, connected by the teacher with everything that can be granted. The same on each call.
    fn provider(&self) -> Arc<dyn Provider>;

    /// The same organization's provider without a connection, and connected with parts of the grant missing: as many as there
    /// are differences worth seeing.
    async fn poorer(&self) -> Vec<Arc<dyn Provider>>;

    /// What this platform's meetings need besides what all have: who hosts, or a pasted address.
    fn adapt(&self, draft: &mut MeetingDraft) {
        let _ = draft;
    }

    /// The vendor's clock.
    fn now(&self) -> DateTime<Utc>;

    /// Lets time pass, for vendor and provider.
    fn advance(&self, by: TimeDelta);

    /// How many requests the vendor has served. `None`: the provider asks nobody anything.
    fn requests(&self) -> Option<usize>;

    /// How many meetings the vendor has that were not deleted, referenced or not.
    fn meetings(&self) -> usize;

    /// What deleting a meeting means at this vendor.
    fn deletion(&self) -> Deletion;

    /// From now on, what goes wrong; false when this vendor knows no such trouble.
    fn trouble(&self, trouble: Trouble) -> bool;

    /// From now on, lists come in pages of at most so many rows, whatever is asked.
    fn pages(&self, rows: usize);

    /// The teacher takes the grant back at the vendor, which does not tell; false when nothing is ever granted.
    async fn revoke(&self) -> bool;

    /// The vendor takes from the grant what making meetings needs, and the provider does not know; false when there are no
    /// scopes.
    async fn take_scope(&self) -> bool;

    /// A meeting's settings as the vendor has them. Fields that its provider's capabilities do not name are not looked at.
    async fn settings(&self, meeting: &Meeting) -> ClassSettings;

    /// Names of the breakout rooms that are planned.
    async fn rooms(&self, meeting: &Meeting) -> Vec<String> {
        let _ = meeting;
        Vec::new()
    }

    /// People at meetings: there exactly when attendance is possible.
    fn room(&self) -> Option<&dyn Room> {
        None
    }

    /// Events on their way: there exactly when the provider reads events of its own.
    fn post(&self) -> Option<&dyn Post> {
        None
    }
}

/// What is left of a meeting that was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// Nothing.
    Removed,
    /// The vendor cannot remove it: it stays, and its door is locked.
    Locked,
    /// Nothing was made, so there is nothing to remove.
    NothingMade,
}

/// What goes wrong at the vendor, until the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing any more.
    Over,
    /// A create's connection is closed before anything is done.
    NotMade,
    /// A create is done, and its connection closed without an answer.
    AnswerLost,
    /// Every call is one too many. Room again within two seconds of real time.
    TooMany,
    /// Today's creates and updates are used up.
    DayIsSpent,
}

/// Where somebody is who opened the vendor's door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// In the meeting.
    In,
    /// Waiting to be let in.
    Waits,
    /// Turned away.
    Refused,
}

/// People at the vendor's meetings.
pub trait Room: Send + Sync {
    /// The teacher opens the meeting, which runs then.
    fn begin(&self, meeting: &Meeting);

    /// Somebody opens the link they have: their own where they were admitted by one, else the meeting's.
    fn comes(&self, meeting: &Meeting, guest: &Guest) -> Door;

    /// The teacher lets in somebody who waits.
    fn admit(&self, meeting: &Meeting, guest: &Guest);

    /// Somebody who is in the meeting leaves.
    fn leaves(&self, meeting: &Meeting, guest: &Guest);

    /// The teacher ends the meeting for everybody.
    fn end(&self, meeting: &Meeting);

    /// Whether the meeting runs.
    fn is_running(&self, meeting: &Meeting) -> bool;

    /// How long after the end the vendor's reports and recordings are there for certain.
    fn settles_in(&self) -> TimeDelta;
}

/// What happens to events on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTheWay {
    /// Nothing.
    Straight,
    /// Each comes twice.
    Doubled,
    /// They overtake each other.
    Mixed,
    /// Some are not the vendor's: the kinds of forgery count from 0 up to [`Post::forgeries`].
    Forged(usize),
    /// Besides the known ones there come some of a kind that no document knows.
    Unknown,
}

/// One delivery as it came.
#[derive(Clone, Debug, Default)]
pub struct Parcel {
    /// Header names in lower case.
    pub headers: Vec<(String, String)>,
    /// What came after the `?`.
    pub query: Option<String>,
    /// The raw bytes.
    pub body: Vec<u8>,
}

impl Parcel {
    /// As the provider takes it.
    #[must_use]
    pub fn delivery(&self) -> Delivery<'_> {
        Delivery { headers: &self.headers, query: self.query.as_deref(), body: &self.body }
    }
}

/// What deliveries are checked with.
#[derive(Clone, Debug)]
pub struct Keys {
    /// [`EventKeys::secret`]
    pub secret: SecretString,
    /// [`EventKeys::signing`]
    pub signing: Vec<SigningKey>,
    /// [`EventKeys::opening`]
    pub opening: Vec<OpeningKey>,
    /// [`EventKeys::audience`]
    pub audience: String,
    /// [`EventKeys::sender`]
    pub sender: String,
}

impl Keys {
    /// As the provider takes them.
    #[must_use]
    pub fn borrowed(&self) -> EventKeys<'_> {
        EventKeys {
            secret: &self.secret,
            signing: &self.signing,
            opening: &self.opening,
            audience: &self.audience,
            sender: &self.sender,
        }
    }
}

/// Events on their way to us.
#[async_trait]
pub trait Post: Send + Sync {
    /// Asks the vendor for the events of a meeting, where it wants to be asked.
    async fn listen(&self, provider: &dyn Provider, meeting: &Meeting);

    /// What happens to them from now on.
    fn on_the_way(&self, how: OnTheWay);

    /// How many kinds of forgery there are: signed with another key, for somebody else, too old, …
    fn forgeries(&self) -> usize;

    /// What has come since the last time, without what only proves that the address is ours.
    async fn collect(&self) -> Vec<Parcel>;

    /// What it is checked with.
    async fn keys(&self) -> Keys;
}
