//! The mails. Each carries only Lectern's own links; the platform's address is in none of them.

use lectern_core::sentence::Sentence;
use serde::Serialize;

use crate::environment::Mail;

/// What every mail about a session says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MailSession {
    pub class_title: String,
    pub session_title: String,
    pub instructor: String,
    pub organization: String,
    /// The platform's name, as people know it: "Zoom".
    pub platform: String,
    /// RFC 3339.
    pub starts_at: String,
    pub ends_at: String,
    /// IANA zone.
    pub zone: String,
    /// The reader's own zone, where it is another.
    pub own_zone: Option<String>,
    /// Held in a room, not online.
    pub in_person: bool,
    /// Where the reader takes such mails off; none where they are no matter of choice.
    pub off_url: Option<String>,
}

impl MailSession {
    fn sample() -> Self {
        Self {
            class_title: "Mathematics, class 8".to_owned(),
            session_title: "Fractions: dividing and multiplying".to_owned(),
            instructor: "Farhan Karim".to_owned(),
            organization: "Oakwood School".to_owned(),
            platform: "Zoom".to_owned(),
            starts_at: "2026-11-21T03:00:00Z".to_owned(),
            ends_at: "2026-11-21T03:45:00Z".to_owned(),
            zone: "Asia/Dhaka".to_owned(),
            own_zone: Some("Europe/London".to_owned()),
            in_person: false,
            off_url: Some("https://classes.example/notices/off/AXBl?topic=change".to_owned()),
        }
    }
}

/// A person and an upcoming session meet for the first time. A calendar file goes with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JoinMail {
    pub person: String,
    pub session: MailSession,
    /// The person's own Lectern link.
    pub join_url: String,
}

impl Mail for JoinMail {
    const NAME: &'static str = "join";
    fn samples() -> Vec<Self> {
        vec![Self {
            person: "Ayesha Noor".to_owned(),
            session: MailSession::sample(),
            join_url: "https://classes.example/join/class/018f?token=abc".to_owned(),
        }]
    }
}

/// A session is about to begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReminderMail {
    pub person: String,
    pub session: MailSession,
    /// They teach it.
    pub hosts: bool,
    /// Their own join link; for whoever teaches it the session's page.
    pub url: String,
}

impl Mail for ReminderMail {
    const NAME: &'static str = "reminder";
    fn samples() -> Vec<Self> {
        let mail = |hosts, in_person| Self {
            person: "Ayesha Noor".to_owned(),
            session: MailSession { in_person, ..MailSession::sample() },
            hosts,
            url: "https://classes.example/join/class/018f?token=abc".to_owned(),
        };
        vec![mail(false, false), mail(true, false), mail(false, true)]
    }
}

/// One thing that stands in a session's way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObstacleLine {
    pub words: Sentence,
    /// `instructor`, `admin`, `operator` or `nobody`.
    pub by: String,
}

impl ObstacleLine {
    pub(crate) fn samples() -> Vec<Self> {
        let line = |words: Sentence, by: &str| Self { words, by: by.to_owned() };
        vec![
            line(
                Sentence::known("said.obstacle.mail", "The mail server does not take mails right now."),
                "operator",
            ),
            line("Connect your account again.".into(), "instructor"),
            line("The platform wants a step first.".into(), "admin"),
            line("The platform does not answer.".into(), "nobody"),
        ]
    }
}

/// Something stands in the way of a session to come: for whoever teaches it, and for those who can mend it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PreflightMail {
    pub person: String,
    pub session: MailSession,
    pub obstacles: Vec<ObstacleLine>,
    /// The session's own page.
    pub url: String,
}

impl Mail for PreflightMail {
    const NAME: &'static str = "preflight";
    fn samples() -> Vec<Self> {
        vec![Self {
            person: "Farhan Karim".to_owned(),
            session: MailSession::sample(),
            obstacles: ObstacleLine::samples(),
            url: "https://classes.example/sessions/018f".to_owned(),
        }]
    }
}

/// A session has another time. The calendar file with it replaces the old entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovedMail {
    pub person: String,
    /// With its new time.
    pub session: MailSession,
    pub old_starts_at: String,
    pub old_ends_at: String,
    pub join_url: String,
}

impl Mail for MovedMail {
    const NAME: &'static str = "moved";
    fn samples() -> Vec<Self> {
        vec![Self {
            person: "Ayesha Noor".to_owned(),
            session: MailSession::sample(),
            old_starts_at: "2026-11-20T03:00:00Z".to_owned(),
            old_ends_at: "2026-11-20T03:45:00Z".to_owned(),
            join_url: "https://classes.example/join/class/018f?token=abc".to_owned(),
        }]
    }
}

/// A session is held on another platform, because its own does not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StandbyMail {
    pub person: String,
    /// With the platform that stands in.
    pub session: MailSession,
    /// The platform that does not answer.
    pub instead_of: String,
    /// They teach it.
    pub hosts: bool,
    /// Their own join link; for whoever teaches it the session's page.
    pub url: String,
}

impl Mail for StandbyMail {
    const NAME: &'static str = "standby";
    fn samples() -> Vec<Self> {
        let mail = |hosts| Self {
            person: "Ayesha Noor".to_owned(),
            session: MailSession { platform: "Microsoft Teams".to_owned(), ..MailSession::sample() },
            instead_of: "Zoom".to_owned(),
            hosts,
            url: "https://classes.example/join/class/018f?token=abc".to_owned(),
        };
        vec![mail(false), mail(true)]
    }
}

/// A session does not take place. The calendar file with it removes the entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CancelledMail {
    pub person: String,
    pub session: MailSession,
    /// In the instructor's own words.
    pub reason: Option<String>,
}

impl Mail for CancelledMail {
    const NAME: &'static str = "cancelled";
    fn samples() -> Vec<Self> {
        let mail = |reason: Option<&str>| Self {
            person: "Ayesha Noor".to_owned(),
            session: MailSession::sample(),
            reason: reason.map(str::to_owned),
        };
        vec![mail(Some("The teacher is ill.")), mail(None)]
    }
}

/// Somebody without an account is invited. A calendar file goes with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GuestInviteMail {
    pub person: String,
    /// Who invites.
    pub invited_by: String,
    pub session: MailSession,
    pub join_url: String,
}

impl Mail for GuestInviteMail {
    const NAME: &'static str = "guest_invite";
    fn samples() -> Vec<Self> {
        vec![Self {
            person: "Rokeya Begum".to_owned(),
            invited_by: "Farhan Karim".to_owned(),
            session: MailSession::sample(),
            join_url: "https://classes.example/join/class/018f?token=guest".to_owned(),
        }]
    }
}

/// A time that was booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MailSlot {
    pub starts_at: String,
    pub ends_at: String,
    /// The zone of whoever is booked, where it is another than the reader's.
    pub host_zone: Option<String>,
}

impl MailSlot {
    fn sample() -> Self {
        Self {
            starts_at: "2026-11-24T12:30:00Z".to_owned(),
            ends_at: "2026-11-24T13:00:00Z".to_owned(),
            host_zone: Some("Asia/Dhaka".to_owned()),
        }
    }
}

/// What became of a booking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BookingMail {
    pub person: String,
    /// `booked`, `booking_held`, `booking_waits`, `seat_free`, `booking_ended` or `booking_refunded`; for whoever is booked
    /// `booking_made` or `booking_left`.
    pub kind: String,
    pub class_title: String,
    pub instructor: String,
    pub organization: String,
    /// Of a booked time: when it is.
    pub slot: Option<MailSlot>,
    /// "1,200.00 BDT"; none: free.
    pub price: Option<String>,
    /// A seat is kept until then.
    pub until: Option<String>,
    /// The reader's IANA zone.
    pub zone: String,
    /// Lectern's own page of the booking; for whoever is booked, of all that was.
    pub url: String,
    /// Who booked, for whoever is booked.
    pub buyer: Option<String>,
    /// Where the reader takes such mails off; none where they are no matter of choice.
    pub off_url: Option<String>,
}

impl Mail for BookingMail {
    const NAME: &'static str = "booking";
    fn samples() -> Vec<Self> {
        let kinds = [
            "booked",
            "booking_held",
            "booking_waits",
            "seat_free",
            "booking_ended",
            "booking_refunded",
            "booking_made",
            "booking_left",
        ];
        let mail = |kind: &str| Self {
            person: "Bela Rahman".to_owned(),
            kind: kind.to_owned(),
            class_title: "Watercolour for beginners".to_owned(),
            instructor: "Farhan Karim".to_owned(),
            organization: "DreamCrowd".to_owned(),
            slot: (kind == "booking_ended").then(MailSlot::sample),
            price: (kind != "booking_waits").then(|| "1,200.00 BDT".to_owned()),
            until: ["seat_free", "booking_held"].contains(&kind).then(|| "2026-11-21T03:00:00Z".to_owned()),
            zone: "Europe/London".to_owned(),
            url: "https://classes.example/booking/AXBl".to_owned(),
            buyer: ["booking_made", "booking_left"].contains(&kind).then(|| "Ayesha Noor".to_owned()),
            off_url: (kind == "booking_made")
                .then(|| "https://classes.example/notices/off/AXBl?topic=booking".to_owned()),
        };
        let mut all = kinds.map(mail).to_vec();
        let there = MailSlot { host_zone: None, ..MailSlot::sample() };
        all.extend([MailSlot::sample(), there].map(|slot| Self { slot: Some(slot), ..mail("booked") }));
        all
    }
}

/// The code that moves a seat to another browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CodeMail {
    pub person: String,
    pub class_title: String,
    pub organization: String,
    /// Six digits.
    pub code: String,
    /// How long it works.
    pub minutes: u32,
}

impl Mail for CodeMail {
    const NAME: &'static str = "code";
    fn samples() -> Vec<Self> {
        vec![Self {
            person: "Ayesha Noor".to_owned(),
            class_title: "Mathematics, class 8".to_owned(),
            organization: "Oakwood School".to_owned(),
            code: "471802".to_owned(),
            minutes: 10,
        }]
    }
}

/// An instructor's platform account no longer lets Lectern in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConnectionLostMail {
    pub person: String,
    pub organization: String,
    pub platform: String,
    /// Lectern's own connection page.
    pub connection_url: String,
    /// The next session that cannot start, if there is one.
    pub next: Option<MailSession>,
    /// Where the reader takes such mails off.
    pub off_url: Option<String>,
}

impl Mail for ConnectionLostMail {
    const NAME: &'static str = "connection_lost";
    fn samples() -> Vec<Self> {
        let mail = |next| Self {
            person: "Farhan Karim".to_owned(),
            organization: "Oakwood School".to_owned(),
            platform: "Zoom".to_owned(),
            connection_url: "https://classes.example/connection".to_owned(),
            next,
            off_url: Some("https://classes.example/notices/off/AXBl?topic=trouble".to_owned()),
        };
        vec![mail(Some(MailSession::sample())), mail(None)]
    }
}

/// Nothing more is sent to a webhook endpoint, because nothing arrived there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WebhookDisabledMail {
    pub person: String,
    pub organization: String,
    /// The endpoint's host, as text.
    pub host: String,
    /// It said that it is gone for good; else it did not answer for five days.
    pub gone: bool,
    /// Lectern's own page of the endpoint.
    pub url: String,
}

impl Mail for WebhookDisabledMail {
    const NAME: &'static str = "webhook_disabled";
    fn samples() -> Vec<Self> {
        let mail = |gone| Self {
            person: "Nusrat Rahman".to_owned(),
            organization: "Oakwood School".to_owned(),
            host: "portal.oakwood.example".to_owned(),
            gone,
            url: "https://classes.example/webhooks/018f".to_owned(),
        };
        vec![mail(false), mail(true)]
    }
}
