//! What stands around a signed-in page: who is signed in, where, the navigation, and one notice.

use lectern_core::sentence::Sentence;
use serde::{Deserialize, Serialize};

use crate::lang::{Languages, Vocabulary};

/// Whom the navigation is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Viewer {
    SuperAdmin,
    Owner,
    Admin,
    Instructor,
    #[default]
    Student,
}

/// The entry of the navigation that the page belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// A student's first page.
    Home,
    /// An instructor's.
    Today,
    /// An administrator's.
    Overview,
    /// One's own attendance.
    Attendance,
    Live,
    Classes,
    Calendar,
    Connection,
    Platforms,
    People,
    Cohorts,
    Connections,
    /// Defaults and locks.
    Locks,
    Webhooks,
    ApiKeys,
    Audit,
    /// What one's own organization decides for itself.
    Organization,
    Organizations,
    /// How the server is.
    Health,
    /// What the server has to do.
    Jobs,
    Payments,
    BookingPages,
    /// What one was told.
    Notices,
    /// One's own settings.
    Me,
    /// None of them, as on an error page.
    #[default]
    Elsewhere,
}

impl Section {
    fn icon(self) -> &'static str {
        match self {
            Self::Home | Self::Today | Self::Overview => "home",
            Self::Attendance => "check",
            Self::Live => "live",
            Self::Classes => "book",
            Self::Calendar | Self::BookingPages => "calendar",
            Self::Connection | Self::Platforms => "plug",
            Self::People | Self::Cohorts => "people",
            Self::Connections | Self::ApiKeys => "key",
            Self::Locks => "lock",
            Self::Webhooks => "out",
            Self::Audit => "shield",
            Self::Health => "info",
            Self::Jobs => "clock",
            Self::Organization | Self::Organizations => "building",
            Self::Payments => "bars",
            Self::Notices => "bell",
            Self::Me => "gear",
            Self::Elsewhere => "home",
        }
    }

    fn href(self) -> &'static str {
        match self {
            Self::Home | Self::Today | Self::Overview => "/",
            Self::Attendance => "/attendance",
            Self::Live => "/live",
            Self::Classes => "/classes",
            Self::Calendar => "/calendar",
            Self::Connection => "/connection",
            Self::Platforms => "/platforms",
            Self::People => "/people",
            Self::Cohorts => "/cohorts",
            Self::Connections => "/connections",
            Self::Locks => "/locks",
            Self::Webhooks => "/webhooks",
            Self::ApiKeys => "/api-keys",
            Self::Audit => "/audit",
            Self::Organization => "/organization",
            Self::Organizations => "/organizations",
            Self::Health => "/health",
            Self::Jobs => "/jobs",
            Self::Payments => "/payments",
            Self::BookingPages => "/booking-pages",
            Self::Notices => "/notices",
            Self::Me => "/me",
            Self::Elsewhere => "/",
        }
    }
}

/// The colour and icon of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    Ok,
    Info,
    Warn,
    Bad,
}

/// What just happened, said once on the page after a redirect. The text is `notice.<kind>` of the catalog, so a kind
/// may travel in a query (`?notice=enrolled`): nothing a stranger writes there becomes text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    Saved,
    NothingChanged,
    ClassCreated,
    Enrolled,
    EnrolledAlready,
    CohortEnrolled,
    CohortRemoved,
    Removed,
    LinkRotated,
    LinkSent,
    GuestInvited,
    Scheduled,
    SessionMoved,
    SessionCancelled,
    Starting,
    Started,
    Ended,
    Verified,
    VerifiedPartly,
    DecidedMeanwhile,
    AttendanceChanged,
    Reconciling,
    Connected,
    Refreshed,
    Disconnected,
    Revoked,
    Tested,
    PersonAdded,
    PersonDisabled,
    PersonEnabled,
    OrganizationAdded,
    OwnerAdded,
    SignedOut,
    /// A platform said no to something that is tried again by itself.
    TryingAgain,
    ConnectFailed,
    LaunchFailed,
    AlreadyDone,
    WebhookTested,
    WebhookReplayed,
    WebhookRemoved,
    JobsRetried,
    JobDiscarded,
    JobRunning,
    OrganizationClosed,
    OrganizationOpened,
    LimitLive,
    KeyMade,
    KeyRevoked,
}

impl NoticeKind {
    /// Every kind, for tests.
    pub const ALL: [Self; 48] = [
        Self::Saved,
        Self::NothingChanged,
        Self::ClassCreated,
        Self::Enrolled,
        Self::EnrolledAlready,
        Self::CohortEnrolled,
        Self::CohortRemoved,
        Self::Removed,
        Self::LinkRotated,
        Self::LinkSent,
        Self::GuestInvited,
        Self::Scheduled,
        Self::SessionMoved,
        Self::SessionCancelled,
        Self::Starting,
        Self::Started,
        Self::Ended,
        Self::Verified,
        Self::VerifiedPartly,
        Self::DecidedMeanwhile,
        Self::AttendanceChanged,
        Self::Reconciling,
        Self::Connected,
        Self::Refreshed,
        Self::Disconnected,
        Self::Revoked,
        Self::Tested,
        Self::PersonAdded,
        Self::PersonDisabled,
        Self::PersonEnabled,
        Self::OrganizationAdded,
        Self::OwnerAdded,
        Self::SignedOut,
        Self::TryingAgain,
        Self::ConnectFailed,
        Self::LaunchFailed,
        Self::AlreadyDone,
        Self::WebhookTested,
        Self::WebhookReplayed,
        Self::WebhookRemoved,
        Self::JobsRetried,
        Self::JobDiscarded,
        Self::JobRunning,
        Self::OrganizationClosed,
        Self::OrganizationOpened,
        Self::LimitLive,
        Self::KeyMade,
        Self::KeyRevoked,
    ];

    /// How the notice looks.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Self::Starting
            | Self::VerifiedPartly
            | Self::NothingChanged
            | Self::Reconciling
            | Self::AlreadyDone
            | Self::EnrolledAlready
            | Self::WebhookTested
            | Self::WebhookReplayed => Tone::Info,
            Self::TryingAgain | Self::DecidedMeanwhile | Self::JobRunning | Self::LimitLive => Tone::Warn,
            Self::ConnectFailed | Self::LaunchFailed => Tone::Bad,
            _ => Tone::Ok,
        }
    }
}

/// A notice on its page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    pub kind: NoticeKind,
    pub tone: Tone,
    /// A further sentence, such as a platform's reason.
    pub detail: Option<Sentence>,
    /// Where a form leads that takes back what was done.
    pub undo: Option<String>,
}

impl From<NoticeKind> for Notice {
    fn from(kind: NoticeKind) -> Self {
        Self { kind, tone: kind.tone(), detail: None, undo: None }
    }
}

/// On what a logo sits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// The dark bar itself.
    #[default]
    Board,
    /// A light plate.
    Paper,
}

/// A logo as pages show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Logo {
    /// An address of ours that changes with the picture.
    pub url: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    pub ground: Ground,
}

/// How an organization looks, where it is not as Lectern does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Brand {
    /// The address of the style sheet with its colour.
    pub sheet: Option<String>,
    pub logo: Option<Logo>,
    /// Button and its words in mails, `#rrggbb`: mail programs read no style sheets.
    pub button: Option<(String, String)>,
}

/// What an organization's pages and mails share, for whoever reads them: its words, its languages, its looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct House {
    pub vocabulary: Vocabulary,
    pub languages: Languages,
    /// None: it looks as Lectern does.
    pub brand: Option<Brand>,
}

impl From<Vocabulary> for House {
    /// Of a page that belongs to no organization.
    fn from(vocabulary: Vocabulary) -> Self {
        Self { vocabulary, ..Self::default() }
    }
}

impl From<&Self> for House {
    fn from(house: &Self) -> Self {
        house.clone()
    }
}

impl House {
    /// Invented ones for tests.
    #[must_use]
    pub fn samples() -> Vec<Self> {
        let logo = Logo {
            url: "/branding/018f/00112233/logo".to_owned(),
            width: 320,
            height: 96,
            ground: Ground::Paper,
        };
        let brand = Brand {
            sheet: Some("/branding/018f/00112233/accent.css".to_owned()),
            logo: Some(logo),
            button: Some(("#7a5900".to_owned(), "#ffffff".to_owned())),
        };
        let one = Languages::read("bn", "bn");
        vec![
            Self::from(Vocabulary::School),
            Self { vocabulary: Vocabulary::Marketplace, languages: one, brand: Some(brand) },
        ]
    }
}

/// The frame of a signed-in page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shell {
    /// The signed-in person's name.
    pub person: String,
    pub viewer: Viewer,
    /// The organization's name; for a super admin the instance's.
    pub organization: String,
    /// Its words, languages and looks; templates see them as `brand` and `other_lang`.
    #[serde(skip)]
    pub house: House,
    pub section: Section,
    /// How many classes are live now; shown beside "Live classes", 0 hides it.
    pub live_now: u32,
    /// Notices the person has not seen; shown beside "Notices", 0 hides it.
    pub unseen: u32,
    /// The token every form of the page carries as `csrf`.
    pub csrf: String,
    pub notice: Option<Notice>,
}

/// One group of the navigation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NavigationGroup {
    /// The last part of its `nav.group.*` key; `None` for the first group.
    pub heading: Option<&'static str>,
    pub items: Vec<NavigationItem>,
}

/// One entry of the navigation; its words are `nav.<section>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NavigationItem {
    pub section: Section,
    pub icon: &'static str,
    pub href: &'static str,
}

/// The navigation of one role.
#[must_use]
pub fn navigation(viewer: Viewer) -> Vec<NavigationGroup> {
    let group = |heading, sections: &[Section]| NavigationGroup {
        heading,
        items: sections
            .iter()
            .map(|section| NavigationItem { section: *section, icon: section.icon(), href: section.href() })
            .collect(),
    };
    match viewer {
        Viewer::SuperAdmin => {
            vec![
                group(None, &[Section::Organizations, Section::Health, Section::Jobs]),
                group(Some("look_back"), &[Section::Audit]),
            ]
        }
        Viewer::Owner | Viewer::Admin => vec![
            group(
                None,
                &[
                    Section::Overview,
                    Section::Live,
                    Section::Calendar,
                    Section::Classes,
                    Section::BookingPages,
                ],
            ),
            group(
                Some("set_up"),
                &[
                    Section::Organization,
                    Section::Platforms,
                    Section::Locks,
                    Section::People,
                    Section::Cohorts,
                    Section::Connections,
                    Section::Payments,
                    Section::Webhooks,
                    Section::ApiKeys,
                ],
            ),
            group(Some("look_back"), &[Section::Audit]),
            group(Some("yours"), &[Section::Notices, Section::Me]),
        ],
        Viewer::Instructor => {
            vec![
                group(
                    None,
                    &[
                        Section::Today,
                        Section::Classes,
                        Section::Calendar,
                        Section::Live,
                        Section::BookingPages,
                    ],
                ),
                group(Some("yours"), &[Section::Connection, Section::Notices, Section::Me]),
            ]
        }
        Viewer::Student => {
            vec![
                group(None, &[Section::Home, Section::Calendar, Section::Classes, Section::Attendance]),
                group(Some("yours"), &[Section::Notices, Section::Me]),
            ]
        }
    }
}

impl Shell {
    /// Invented people for tests and the gallery, one of each role, both vocabularies.
    #[must_use]
    pub fn samples() -> Vec<Self> {
        let shell = |person: &str, viewer, organization: &str, vocabulary: Vocabulary, section| Self {
            person: person.to_owned(),
            viewer,
            organization: organization.to_owned(),
            house: vocabulary.into(),
            section,
            live_now: 3,
            unseen: 2,
            csrf: "c2FtcGxlLWNzcmY".to_owned(),
            notice: None,
        };
        let mut student =
            shell("Ayesha Noor", Viewer::Student, "Oakwood School", Vocabulary::School, Section::Classes);
        student.notice = Some(Notice {
            detail: Some(
                Sentence::known(
                    "provider_error.host_busy",
                    "The {platform} host has another meeting now. End it, or choose another host.",
                )
                .with("platform", "Zoom"),
            ),
            ..NoticeKind::TryingAgain.into()
        });
        student.house = House { vocabulary: Vocabulary::School, ..House::samples().remove(1) };
        student.live_now = 0;
        student.unseen = 0;
        let mut seller = shell(
            "Farhan Karim",
            Viewer::Instructor,
            "DreamCrowd",
            Vocabulary::Marketplace,
            Section::Classes,
        );
        seller.notice = Some(Notice {
            undo: Some("/classes/c1/enrollments/e1/restore".to_owned()),
            ..NoticeKind::Removed.into()
        });
        seller.house = House::samples().remove(1);
        vec![
            shell("Nusrat Rahman", Viewer::Admin, "Oakwood School", Vocabulary::School, Section::Live),
            seller,
            student,
            shell("Root", Viewer::SuperAdmin, "Lectern", Vocabulary::School, Section::Organizations),
            shell("Rita", Viewer::Owner, "DreamCrowd", Vocabulary::Marketplace, Section::Platforms),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_admins_see_what_only_admins_may() {
        let sections = |viewer| -> Vec<Section> {
            navigation(viewer).into_iter().flat_map(|group| group.items).map(|item| item.section).collect()
        };
        for section in [
            Section::Platforms,
            Section::People,
            Section::Cohorts,
            Section::Connections,
            Section::Webhooks,
            Section::ApiKeys,
            Section::Organization,
            Section::Audit,
        ] {
            assert!(sections(Viewer::Admin).contains(&section));
            assert!(!sections(Viewer::Instructor).contains(&section));
            assert!(!sections(Viewer::Student).contains(&section));
        }
        assert_eq!(
            sections(Viewer::Student),
            [
                Section::Home,
                Section::Calendar,
                Section::Classes,
                Section::Attendance,
                Section::Notices,
                Section::Me
            ]
        );
    }
}
