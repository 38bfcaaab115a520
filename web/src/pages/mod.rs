//! One typed context per page. Ids are strings, instants RFC 3339 text with an IANA zone beside them; forms post the
//! input names said in each file and carry the hidden `csrf`.

pub mod api_keys;
pub mod attendance;
pub mod audit;
pub mod booking;
pub mod booking_page;
pub mod branding;
pub mod calendar;
pub mod class;
pub mod class_attendance;
pub mod class_platform;
pub mod classes;
pub mod cohorts;
pub mod components;
pub mod connection;
pub mod consent;
pub mod demo;
pub mod embed;
pub mod entrance;
pub mod error;
pub mod holidays;
pub mod home;
pub mod instance_health;
pub mod instance_jobs;
pub mod join;
pub mod keys;
pub mod languages;
pub mod live;
pub mod locks;
pub mod me;
pub mod notices;
pub mod organization;
pub mod organizations;
pub mod overview;
pub mod own_attendance;
pub mod people;
pub mod person;
pub mod platform;
pub mod schedule;
pub mod session;
pub mod session_forms;
pub mod today;
pub mod webhooks;
pub mod why;

pub use api_keys::{ApiKeyForm, ApiKeyRow, ApiKeysPage, MadeKey};
pub use attendance::{
    Attendance, AttendanceEvidence, AttendanceFigures, AttendanceRow, AttendanceState, Candidate,
    EvidenceSource, Stranger,
};
pub use audit::{Audit, AuditDetail, AuditFilter, AuditRow};
pub use booking::{BookPage, BookingPage, ClassBookings, PaymentsPage};
pub use booking_page::{BookingPageEdit, BookingPagesPage, SlotBookingPage, VisitPage};
pub use branding::{BrandingFields, BrandingPage, Preview};
pub use calendar::{CalendarDay, CalendarEntry, CalendarPage};
pub use class::{
    Ability, AbilityState, ClassHead, ClassName, ClassOverview, ClassRoster, ClassSessions, ClassSettings,
    Enrollment, GuestForm, GuestRow, KeptOut, PersonFields, RecordingMode, RosterCohort, RosterCohorts,
    SettingsAbilities,
};
pub use class_attendance::{ClassAttendance, Mark, RegisterCell, RegisterRow, RegisterSession};
pub use class_platform::{ClassPlatform, MoveLine, MovePlan};
pub use classes::{ClassItem, ClassState, ClassTab, Classes, PlatformChoice};
pub use cohorts::{
    CohortFields, CohortImport, CohortMember, CohortPage, CohortRow, CohortsPage, ImportCount, ImportLine,
    ImportOutcome, ImportReport,
};
pub use components::ComponentsPage;
pub use connection::{Connection, ConnectionRow, ConnectionState, Connections, OwnConnection};
pub use consent::{Consent, ConsentState};
pub use demo::{DemoGroup, DemoLink, DemoPage, DemoPerson, DemoRoom};
pub use embed::{
    EmbedConnection, EmbedEnd, EmbedEndState, EmbedFrame, EmbedJoin, EmbedLive, EmbeddingPage, WrongOrigins,
};
pub use entrance::{SetUp, SignIn};
pub use error::{ErrorKind, ErrorPage};
pub use holidays::{HolidayRow, HolidaysPage};
pub use home::{Day, DaySession, OwnFigures, StudentHome};
pub use instance_health::{HealthPart, HealthTick, InstanceHealth};
pub use instance_jobs::{DeadJob, DiscardJob, InstanceJobs, JobKind};
pub use join::{Join, JoinChoice, JoinSession, JoinState};
pub use keys::KeysPage;
pub use languages::{LanguageRow, LanguagesPage};
pub use live::{BoardDetail, BoardFigures, BoardProblem, BoardRow, BoardState, LiveBoard};
pub use locks::{LockRow, LocksPage};
pub use me::MePage;
pub use notices::{NoticeItem, NoticesPage, OffPage};
pub use organization::{OrganizationFields, OwnOrganizationPage};
pub use organizations::{
    LimitRow, OrganizationForm, OrganizationPage, OrganizationRow, Organizations, OwnerForm,
};
pub use overview::{Overview, SetUpStep, WeekColumn};
pub use own_attendance::{OwnAttendance, OwnRow};
pub use people::{People, PersonForm, PersonRow};
pub use person::{PersonEdit, PersonPage};
pub use platform::{HistoryItem, Platform, PlatformMode, PlatformState, PlatformTab, StepState, TestStep};
pub use schedule::{CohortTick, MeetingsMade, PreviewClash, PreviewLine, SchedulePage, SchedulePlan};
pub use session::{
    FeedItem, FeedKind, Figures, MeetingState, MeetingView, Participant, ParticipantRole, Presence,
    PresenceState, Problem, SessionLine, SessionPage, SessionSettings, SessionState,
};
pub use session_forms::{CancelSession, EditSession, EndSession, RepeatForm, ScheduleForm};
pub use today::{ToVerify, Today, Trouble};
pub use webhooks::{Webhook, WebhookDelivery, WebhookForm, WebhookNew, WebhookRow, WebhookState, Webhooks};
pub use why::{Why, WhyItem, WhyReason};
