//! The one list of all pages and mails there are: tests render them all, the gallery shows them.

use crate::environment::{Mail, Page};
use crate::mails::{
    BookingMail, CancelledMail, CodeMail, ConnectionLostMail, GuestInviteMail, JoinMail, MovedMail,
    PreflightMail, ReminderMail, StandbyMail, WebhookDisabledMail,
};
use crate::pages::{
    ApiKeysPage, Attendance, Audit, BookPage, BookingPage, BookingPageEdit, BookingPagesPage, BrandingPage,
    CalendarPage, CancelSession, ClassAttendance, ClassBookings, ClassOverview, ClassPlatform, ClassRoster,
    ClassSessions, ClassSettings, Classes, CohortImport, CohortPage, CohortsPage, ComponentsPage, Connection,
    Connections, Consent, DemoPage, DiscardJob, EditSession, EmbedConnection, EmbedEnd, EmbedJoin, EmbedLive,
    EmbeddingPage, EndSession, ErrorPage, HolidaysPage, InstanceHealth, InstanceJobs, Join, KeysPage,
    LanguagesPage, LiveBoard, LocksPage, MePage, NoticesPage, OffPage, OrganizationPage, Organizations,
    Overview, OwnAttendance, OwnOrganizationPage, PaymentsPage, People, PersonPage, Platform, SchedulePage,
    SessionPage, SetUp, SignIn, SlotBookingPage, StudentHome, Today, VisitPage, Webhook, WebhookNew,
    Webhooks, Why,
};

/// Something that is done with every kind of page and mail.
pub trait Visit {
    /// With one for signed-in people.
    fn staff<P: Page>(&mut self);
    /// With one that has no navigation.
    fn bare<P: Page>(&mut self);
    /// With a mail.
    fn mail<M: Mail>(&mut self);
}

/// Does it.
pub fn visit(visitor: &mut impl Visit) {
    visitor.staff::<ApiKeysPage>();
    visitor.staff::<Attendance>();
    visitor.staff::<Audit>();
    visitor.staff::<CalendarPage>();
    visitor.staff::<ClassBookings>();
    visitor.staff::<BookingPagesPage>();
    visitor.staff::<BookingPageEdit>();
    visitor.staff::<PaymentsPage>();
    visitor.staff::<CancelSession>();
    visitor.staff::<ClassAttendance>();
    visitor.staff::<ClassOverview>();
    visitor.staff::<ClassRoster>();
    visitor.staff::<ClassSessions>();
    visitor.staff::<ClassSettings>();
    visitor.staff::<ClassPlatform>();
    visitor.staff::<Classes>();
    visitor.staff::<CohortImport>();
    visitor.staff::<CohortPage>();
    visitor.staff::<CohortsPage>();
    visitor.staff::<ComponentsPage>();
    visitor.staff::<Connection>();
    visitor.staff::<Connections>();
    visitor.staff::<EditSession>();
    visitor.staff::<EmbeddingPage>();
    visitor.staff::<EndSession>();
    visitor.staff::<ErrorPage>();
    visitor.staff::<HolidaysPage>();
    visitor.staff::<InstanceHealth>();
    visitor.staff::<InstanceJobs>();
    visitor.staff::<DiscardJob>();
    visitor.staff::<KeysPage>();
    visitor.staff::<LiveBoard>();
    visitor.staff::<LocksPage>();
    visitor.staff::<MePage>();
    visitor.staff::<StudentHome>();
    visitor.staff::<Why>();
    visitor.staff::<Today>();
    visitor.staff::<Overview>();
    visitor.staff::<OwnAttendance>();
    visitor.staff::<NoticesPage>();
    visitor.staff::<OwnOrganizationPage>();
    visitor.staff::<BrandingPage>();
    visitor.staff::<LanguagesPage>();
    visitor.staff::<Organizations>();
    visitor.staff::<OrganizationPage>();
    visitor.staff::<People>();
    visitor.staff::<PersonPage>();
    visitor.staff::<SchedulePage>();
    visitor.staff::<SessionPage>();
    visitor.staff::<Platform>();
    visitor.staff::<Webhook>();
    visitor.staff::<WebhookNew>();
    visitor.staff::<Webhooks>();
    visitor.bare::<Consent>();
    visitor.bare::<DemoPage>();
    visitor.bare::<EmbedConnection>();
    visitor.bare::<EmbedEnd>();
    visitor.bare::<EmbedJoin>();
    visitor.bare::<EmbedLive>();
    visitor.bare::<ErrorPage>();
    visitor.bare::<BookPage>();
    visitor.bare::<VisitPage>();
    visitor.bare::<SlotBookingPage>();
    visitor.bare::<BookingPage>();
    visitor.bare::<Join>();
    visitor.bare::<OffPage>();
    visitor.bare::<SetUp>();
    visitor.bare::<SignIn>();
    visitor.mail::<BookingMail>();
    visitor.mail::<CancelledMail>();
    visitor.mail::<CodeMail>();
    visitor.mail::<ConnectionLostMail>();
    visitor.mail::<GuestInviteMail>();
    visitor.mail::<JoinMail>();
    visitor.mail::<MovedMail>();
    visitor.mail::<ReminderMail>();
    visitor.mail::<StandbyMail>();
    visitor.mail::<PreflightMail>();
    visitor.mail::<WebhookDisabledMail>();
}
