use chrono::{DateTime, Utc};
use lectern_core::ids::{ClassId, OrganizationId, PersonId, SessionId};
use serde_json::Value;
use uuid::Uuid;

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    Person(PersonId),
    /// A program with an API key.
    ApiKey(Uuid),
    /// Somebody unknown: a refused link.
    Nobody,
    /// The platform, through an event.
    Provider,
    /// A job of ours.
    System,
    /// Whoever runs the server.
    Operator(PersonId),
}

impl Actor {
    pub(super) const fn parts(self) -> (&'static str, Option<Uuid>) {
        match self {
            Self::Person(person) => ("person", Some(person.uuid())),
            Self::ApiKey(key) => ("api_key", Some(key)),
            Self::Nobody => ("nobody", None),
            Self::Provider => ("provider", None),
            Self::System => ("system", None),
            Self::Operator(person) => ("operator", Some(person.uuid())),
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EntryKind { $($(#[$doc])* $name,)* }

        impl EntryKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The word stored and sent.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }
        }
    };
}

kinds! {
    /// An organization was made.
    OrganizationCreated = "organization.created",
    /// Whoever runs the server set how much the organization may have.
    LimitsChanged = "organization.limits_changed",
    /// Whoever runs the server closed it.
    OrganizationClosed = "organization.closed",
    /// It is open again.
    OrganizationOpened = "organization.opened",
    /// Policies changed.
    PoliciesChanged = "organization.policies_changed",
    /// What classes begin with and cannot choose was decided anew.
    LocksChanged = "organization.locks_changed",
    /// Which pages may show parts of ours was decided anew.
    EmbeddingChanged = "organization.embedding_changed",
    /// Colour, the logo's ground, or the sender of mails changed.
    BrandingChanged = "organization.branding_changed",
    /// Another logo, or none.
    LogoChanged = "organization.logo_changed",
    /// The host application's token settings changed.
    HostTokensChanged = "organization.host_tokens_changed",
    /// A person was made.
    PersonCreated = "person.created",
    /// A host application's token arrived for a person known only by address.
    PersonAdopted = "person.adopted",
    /// A person was changed.
    PersonChanged = "person.changed",
    /// A person may no longer sign in.
    PersonDisabled = "person.disabled",
    /// A person may sign in again.
    PersonEnabled = "person.enabled",
    /// Somebody signed in.
    SignedIn = "sign_in.succeeded",
    /// Somebody failed to.
    SignInFailed = "sign_in.failed",
    /// Somebody signed out.
    SignedOut = "sign_in.ended",
    /// An API key was made.
    ApiKeyCreated = "api_key.created",
    /// An API key was revoked.
    ApiKeyRevoked = "api_key.revoked",
    /// Platform credentials were saved or changed.
    PlatformSaved = "platform.saved",
    /// Platform credentials were removed.
    PlatformRemoved = "platform.removed",
    /// The connection to a platform was tested.
    PlatformTested = "platform.tested",
    /// The default platform changed.
    DefaultPlatformChanged = "platform.default_changed",
    /// An account was connected.
    Connected = "connection.connected",
    /// Its tokens were refreshed.
    Refreshed = "connection.refreshed",
    /// It must be connected again.
    ConnectionLost = "connection.lost",
    /// Its owner disconnected it.
    Disconnected = "connection.disconnected",
    /// An administrator revoked it.
    ConnectionRevoked = "connection.revoked",
    /// The account withdrew the app at the platform.
    Deauthorized = "connection.deauthorized",
    /// A platform was asked for events, and will send them.
    EventsAsked = "events.asked",
    /// It refused.
    EventsRefused = "events.refused",
    /// A class was made.
    ClassCreated = "class.created",
    /// A class was changed.
    ClassChanged = "class.changed",
    /// A class or a session opens another pasted link.
    PastedLinkChanged = "class.link_changed",
    /// A class is held on another platform.
    ClassMoved = "class.moved",
    /// A class's options were changed.
    ClassSettingsChanged = "class.settings_changed",
    /// A class was archived.
    ClassArchived = "class.archived",
    /// A person was enrolled.
    Enrolled = "enrollment.created",
    /// A person was removed from a class.
    Unenrolled = "enrollment.removed",
    /// A person's join link was renewed.
    LinkRotated = "enrollment.link_rotated",
    /// A guest was invited.
    GuestInvited = "guest.invited",
    /// A guest was removed.
    GuestRemoved = "guest.removed",
    /// A cohort was made.
    CohortCreated = "cohort.created",
    /// A cohort was changed.
    CohortChanged = "cohort.changed",
    /// A cohort was removed; it left its classes.
    CohortRemoved = "cohort.removed",
    /// A person came into a cohort.
    CohortJoined = "cohort.joined",
    /// A person left a cohort.
    CohortLeft = "cohort.left",
    /// A cohort was enrolled in a class.
    CohortEnrolled = "cohort.enrolled",
    /// A cohort was taken off a class.
    CohortUnenrolled = "cohort.unenrolled",
    /// A file of people was read into a cohort.
    CohortImported = "cohort.imported",
    /// A person's calendar feed got another address.
    CalendarFeedRotated = "calendar_feed.rotated",
    /// A person chose what to be told.
    NoticeChoiceChanged = "notices.choice_changed",
    /// Keys of the payment account were saved.
    PaymentsSaved = "payments.saved",
    /// The payment account was taken off.
    PaymentsRemoved = "payments.removed",
    /// A class can be booked, on other terms, or no longer.
    OfferSaved = "offer.saved",
    /// A booking page was made, or has other terms.
    BookingPageSaved = "booking_page.saved",
    /// A booked time was moved to another.
    BookingMoved = "booking.moved",
    /// Somebody booked a class.
    Booked = "booking.made",
    /// A booking is paid, or needed no payment.
    BookingConfirmed = "booking.confirmed",
    /// A booking ended: not paid in time, or given back.
    BookingEnded = "booking.ended",
    /// Money went back.
    BookingRefunded = "booking.refunded",
    /// A day off was added or named anew.
    HolidaySaved = "organization.holiday_saved",
    /// A day off was taken back.
    HolidayRemoved = "organization.holiday_removed",
    /// A series was scheduled.
    SeriesScheduled = "series.scheduled",
    /// A series was changed, from a session on or whole.
    SeriesChanged = "series.changed",
    /// A series was called off, from a session on or whole.
    SeriesCancelled = "series.cancelled",
    /// A session was scheduled.
    SessionScheduled = "session.scheduled",
    /// A session was moved or renamed.
    SessionChanged = "session.changed",
    /// A session was cancelled.
    SessionCancelled = "session.cancelled",
    /// A session was started.
    SessionStarted = "session.started",
    /// A session ended.
    SessionEnded = "session.ended",
    /// The standby platform took over a running session, because the class's own does not answer.
    SessionStoodBy = "session.stood_by",
    /// It could not.
    StandbyNotReady = "session.standby_not_ready",
    /// The host fetched the start address.
    SessionLaunched = "session.launched",
    /// The platform's meeting is there.
    MeetingCreated = "meeting.created",
    /// It could not be made.
    MeetingFailed = "meeting.failed",
    /// It was changed.
    MeetingUpdated = "meeting.updated",
    /// Somebody deleted it at the platform while it was needed.
    MeetingLost = "meeting.lost",
    /// The platform could not be told to end it.
    MeetingNotEnded = "meeting.not_ended",
    /// It was removed at the platform.
    MeetingRemoved = "meeting.removed",
    /// A create timed out and could not be looked up: the platform may hold a meeting nobody refers to.
    MeetingOrphaned = "meeting.orphaned",
    /// A person was let in.
    JoinRedeemed = "join.redeemed",
    /// A person came before the window, or waits for a seat or the platform.
    JoinWaiting = "join.waiting",
    /// A link, browser or form was refused.
    JoinRefused = "join.refused",
    /// A code was sent to prove another browser.
    JoinCodeSent = "join.code_sent",
    /// A wrong code was given.
    JoinCodeWrong = "join.code_wrong",
    /// A seat moved to another browser.
    SeatMoved = "join.seat_moved",
    /// The platform answered an address it must not.
    JoinUrlRefused = "join.url_refused",
    /// Two people are in the meeting under one registrant.
    SeatShared = "join.seat_shared",
    /// A registrant was cancelled at the platform.
    RegistrantCancelled = "registrant.cancelled",
    /// A person was seen coming in.
    ParticipantJoined = "participant.joined",
    /// A person was seen going out.
    ParticipantLeft = "participant.left",
    /// Attendance was read from the platform's report.
    Reconciled = "attendance.reconciled",
    /// Attendance was verified.
    AttendanceVerified = "attendance.verified",
    /// Attendance was adjusted by a person.
    AttendanceAdjusted = "attendance.adjusted",
    /// A stay of an unknown participant was given to a person by hand.
    StayAssigned = "attendance.stay_assigned",
    /// It was taken back.
    StayReleased = "attendance.stay_released",
    /// An endpoint for outgoing webhooks was added.
    WebhookEndpointCreated = "webhook_endpoint.created",
    /// Its address, types or description changed.
    WebhookEndpointChanged = "webhook_endpoint.changed",
    /// It was switched on again.
    WebhookEndpointEnabled = "webhook_endpoint.enabled",
    /// It was switched off, by a person or because nothing arrived.
    WebhookEndpointDisabled = "webhook_endpoint.disabled",
    /// It was removed.
    WebhookEndpointRemoved = "webhook_endpoint.removed",
    /// Its secret was replaced.
    WebhookSecretRotated = "webhook_endpoint.secret_rotated",
    /// It was tested.
    WebhookEndpointTested = "webhook_endpoint.tested",
    /// What did not arrive, or did, was sent again.
    WebhookReplayed = "webhook_endpoint.replayed",
    /// A stored delivery was looked at.
    WebhookViewed = "webhook.viewed",
    /// Work that had given up is tried again.
    JobsRetried = "jobs.retried",
    /// Work that had given up will not be done.
    JobDiscarded = "jobs.discarded",
    /// Lines of this log were taken out as a file.
    AuditExported = "audit.exported",
    /// Old rows were removed.
    CleanedUp = "maintenance.cleaned_up",
}

/// One line of the audit log. Ids only: names are looked up when it is shown.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// The tenant.
    pub organization: OrganizationId,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: EntryKind,
    /// By whom.
    pub actor: Actor,
    /// About which class.
    pub class: Option<ClassId>,
    /// About which session.
    pub session: Option<SessionId>,
    /// About which person.
    pub person: Option<PersonId>,
    /// More, without names, addresses or secrets.
    pub details: Value,
}

impl Entry {
    /// An entry about nothing in particular yet.
    #[must_use]
    pub fn new(
        id: Uuid,
        organization: OrganizationId,
        at: DateTime<Utc>,
        kind: EntryKind,
        actor: Actor,
    ) -> Self {
        Self {
            id,
            organization,
            at,
            kind,
            actor,
            class: None,
            session: None,
            person: None,
            details: Value::Object(serde_json::Map::new()),
        }
    }

    /// About a class.
    #[must_use]
    pub fn class(mut self, class: ClassId) -> Self {
        self.class = Some(class);
        self
    }

    /// About a session.
    #[must_use]
    pub fn session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// About a person.
    #[must_use]
    pub fn person(mut self, person: PersonId) -> Self {
        self.person = Some(person);
        self
    }

    /// With details (`serde_json::json!({…})`).
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }
}
