//! S-12: who may do what, for every route there is, in one table.
//!
//! A route that is not in the table fails the story, and so does a line without a route. The letters of a line, in the
//! order of [`ROLES`] and, after the gap, of [`STRANGERS`] (people of another organization who use this one's ids):
//!
//! | letter | means |
//! |---|---|
//! | `+` | let in (what then happens is other stories' matter) |
//! | `-` | 403: not for this role |
//! | `?` | 404: there is no such thing for this person |
//! | `!` | 401, or led to the sign-in page |
//!
//! The letters are design.md's section 7 written out: a role is told 403 where it may never, whatever the id; 404 where it
//! might, and this one is not theirs. An admin runs every class of the organization but is host of none: only a class's
//! instructor gets the host's address. The operator has no rows in an organization but its platform's reset.

use std::collections::BTreeMap;

use chrono::Duration;
use lectern_tests::{Browser, Client, LOGO, Page, Person, TestApp, story, zoom_settings};
use serde_json::{Value, json};

/// Of the organization: the operator, owner, admin, the class's instructor, another one, an enrolled student, another
/// student, a program with all scopes; nobody.
const ROLES: [&str; 9] =
    ["root", "owner", "admin", "instructor", "colleague", "member", "student", "key", "nobody"];
/// Of another organization.
const STRANGERS: [&str; 3] = ["owner", "instructor", "student"];

#[rustfmt::skip]
const TABLE: &[(&str, &str)] = &[
    // route                                                      roles     strangers
    ("DELETE /api/v1/api-keys/{id}",                              "-++-----! ?--"),
    ("DELETE /api/v1/classes/{id}",                               "-+++?--+! ??-"),
    ("DELETE /api/v1/classes/{id}/enrollments/{enrollment}",      "-+++?--+! ??-"),
    ("DELETE /api/v1/classes/{id}/guests/{guest}",                "-+++?--+! ??-"),
    ("DELETE /api/v1/connections/{id}",                           "-++----+! ?--"),
    ("DELETE /api/v1/organization/holidays/{day}",                "-++----+! +--"),
    ("DELETE /api/v1/organization/logo",                          "-++----+!"),
    ("DELETE /api/v1/organizations/{id}/platforms/{provider}",    "+-------! ---"),
    ("DELETE /api/v1/platforms/{provider}",                       "-++----+! ?--"),
    ("DELETE /api/v1/platforms/{provider}/connection",            "-??+?---! ??-"),
    ("DELETE /api/v1/sessions/{id}",                              "-+++?--+! ??-"),
    ("GET /",                                                     "+++++++++"),
    ("GET /why",                                                  "-++++++!!"),
    ("GET /api/docs",                                             "+++++++++"),
    ("GET /api/openapi.json",                                     "+++++++++"),
    ("GET /healthz",                                              "+++++++++"),
    ("GET /metrics",                                              "+++++++++"),
    ("GET /readyz",                                               "+++++++++"),
    ("GET /api/v1/api-keys",                                      "-++-----!"),
    ("GET /api/v1/classes",                                       "++++++++!"),
    ("GET /api/v1/classes/{id}",                                  "?+++?+?+! ???"),
    ("GET /api/v1/classes/{id}/enrollments",                      "-+++?--+! ??-"),
    ("GET /api/v1/classes/{id}/guests",                           "-+++?--+! ??-"),
    ("GET /api/v1/classes/{id}/link",                             "-+++?--+! ??-"),
    ("GET /api/v1/classes/{id}/platform",                         "-+++?--+! ??-"),
    ("GET /api/v1/classes/{id}/settings",                         "-+++?--+! ??-"),
    ("GET /api/v1/connections",                                   "-++----+!"),
    ("GET /api/v1/live",                                          "++++++++!"),
    ("GET /api/v1/me",                                            "++++++++!"),
    ("GET /api/v1/organization/embedding",                        "-++----+!"),
    ("PUT /api/v1/organization/embedding",                        "-++-----!"),
    ("POST /api/v1/embeds",                                       "-++++---!"),
    ("GET /api/v1/organization/holidays",                         "-+++++++!"),
    ("GET /api/v1/organization/locks",                            "-++----+!"),
    ("GET /api/v1/organization/branding",                         "-++----+!"),
    ("GET /api/v1/organization/settings",                         "-++----+!"),
    ("GET /api/v1/organizations",                                 "+-------!"),
    ("GET /api/v1/organizations/{id}/limits",                     "+-------! ---"),
    ("PUT /api/v1/organizations/{id}/limits",                     "+-------! ---"),
    ("PATCH /api/v1/organizations/{id}",                          "+-------! ---"),
    ("GET /api/v1/instance/health",                               "+-------!"),
    ("GET /api/v1/instance/jobs",                                 "+-------!"),
    ("POST /api/v1/instance/jobs/retry",                          "+-------!"),
    ("POST /api/v1/instance/jobs/{id}/retry",                     "?-------! ---"),
    ("POST /api/v1/instance/jobs/{id}/discard",                   "?-------! ---"),
    ("GET /api/v1/people",                                        "-++----+!"),
    ("GET /api/v1/people/{id}",                                   "?++????+! ???"),
    ("GET /api/v1/platforms",                                     "-++++--+!"),
    ("GET /api/v1/platforms/{provider}",                          "-++----+! +--"),
    ("GET /api/v1/platforms/{provider}/connection",               "-++++---! ++-"),
    ("GET /api/v1/platforms/{provider}/history",                  "-++----+! +--"),
    ("GET /api/v1/sessions",                                      "++++++++!"),
    ("GET /api/v1/sessions/{id}",                                 "?+++?+?+! ???"),
    ("GET /api/v1/sessions/{id}/attendance",                      "?+++?+?+! ???"),
    ("GET /api/v1/sessions/{id}/attendance.csv",                  "?+++???+! ???"),
    ("GET /join/class/{class}",                                   "-+++-+-!! ---"),
    ("GET /join/class/{class}/calendar.ics",                      "-----+--- ---"),
    ("GET /oauth/{provider}/callback",                            "+++++++++ +++"),
    ("GET /oauth/{provider}/done",                                "+++++++++ +++"),
    ("GET /oauth/{provider}/start",                               "+++++++++ +++"),
    ("GET /people",                                               "-++----!!"),
    ("GET /set-up",                                               "+++++++++"),
    ("GET /sign-in",                                              "+++++++++"),
    ("GET /branding/{organization}/{version}/accent.css",         "????????? ???"),
    ("GET /branding/{organization}/{version}/logo",               "????????? ???"),
    ("GET /static/{*path}",                                       "????????? ???"),
    ("PATCH /api/v1/classes/{id}",                                "-+++?--+! ??-"),
    ("PATCH /api/v1/organization/branding",                       "-++----+!"),
    ("PATCH /api/v1/organization/settings",                       "-++----+!"),
    ("PATCH /api/v1/people/{id}",                                 "-++----+! ?--"),
    ("PATCH /api/v1/sessions/{id}",                               "-+++?--+! ??-"),
    ("PATCH /api/v1/sessions/{id}/attendance/{person}",           "?+++???-! ???"),
    ("POST /api/v1/api-keys",                                     "-++-----!"),
    ("POST /api/v1/auth/login",                                   "+++++++++"),
    ("POST /api/v1/auth/logout",                                  "++++++++!"),
    ("POST /api/v1/classes",                                      "-++++--+!"),
    ("POST /api/v1/classes/{id}/enrollments",                     "-+++?--+! ??-"),
    ("POST /api/v1/classes/{id}/enrollments/{enrollment}/rotate", "-+++?--+! ??-"),
    ("POST /api/v1/classes/{id}/guests",                          "-+++?--+! ??-"),
    ("POST /api/v1/classes/{id}/sessions",                        "-+++?--+! ??-"),
    ("POST /api/v1/classes/{id}/sessions/preview",                "-+++?--+! ??-"),
    ("POST /api/v1/live/tickets",                                 "++++++++!"),
    ("POST /api/v1/organizations",                                "+-------!"),
    ("POST /api/v1/people",                                       "-++----+!"),
    ("POST /api/v1/platforms/{provider}/connection",              "-++++---! ++-"),
    ("POST /api/v1/platforms/{provider}/connection/refresh",      "-??+?---! ??-"),
    ("POST /api/v1/platforms/{provider}/test",                    "-++----+! +--"),
    ("POST /api/v1/sessions/{id}/attendance/reconcile",           "?+++???+! ???"),
    ("POST /api/v1/sessions/{id}/attendance/strays",              "?+++???-! ???"),
    ("POST /api/v1/sessions/{id}/attendance/verify",              "?+++???-! ???"),
    ("POST /api/v1/sessions/{id}/end",                            "-+++?--+! ??-"),
    ("POST /api/v1/sessions/{id}/launch",                         "---+?---! ??-"),
    ("POST /api/v1/sessions/{id}/start",                          "-+++?--+! ??-"),
    ("POST /api/{provider}/webhook",                              "!!!!!!!!! !!!"),
    ("POST /api/{provider}/webhook/{organization}",               "!!!!!!!!! !!!"),
    ("POST /join/class/{class}",                                  "-----+--- ---"),
    ("POST /oauth/{provider}/start",                              "+++++++++ +++"),
    ("GET /api/v1/calendar-feed",                                 "-++++++-!"),
    ("PATCH /api/v1/me",                                          "-++++++-!"),
    ("POST /api/v1/calendar-feed/rotate",                         "-++++++-!"),
    ("GET /attendance",                                           "-++++++!!"),
    ("GET /calendar",                                             "-++++++!!"),
    ("GET /calendar/{feed}",                                      "????????? ???"),
    ("POST /calendar/rotate",                                     "-++++++!!"),
    ("GET /api/v1/notifications",                                 "-++++++-!"),
    ("POST /api/v1/notifications/seen",                           "-++++++-!"),
    ("GET /api/v1/notification-choices",                          "-++++++-!"),
    ("PUT /api/v1/notification-choices/{topic}",                  "-++++++-! +++"),
    ("GET /notices",                                              "-++++++!!"),
    ("POST /notices/seen",                                        "-++++++!!"),
    ("GET /notices/off/{token}",                                  "????????? ???"),
    ("POST /notices/off/{token}",                                 "????????? ???"),
    ("PUT /api/v1/schedule/{external_id}",                        "-++++--+! ++-"),
    ("POST /api/v1/schedule",                                     "-++++--+!"),
    ("GET /api/v1/classes/{id}/offer",                            "-???????! ???"),
    ("PUT /api/v1/classes/{id}/offer",                            "-+++?--+! ??-"),
    ("GET /api/v1/classes/{id}/bookings",                         "-+++?--+! ??-"),
    ("POST /api/v1/classes/{id}/bookings",                        "-??????-! ???"),
    ("GET /api/v1/bookings/{id}",                                 "-???????! ???"),
    ("DELETE /api/v1/bookings/{id}",                              "-???????! ???"),
    ("PATCH /api/v1/bookings/{id}",                               "-???????! ???"),
    ("GET /api/v1/booking-pages",                                 "-++++--+!"),
    ("POST /api/v1/booking-pages",                                "-++++--+!"),
    ("GET /api/v1/booking-pages/{id}",                            "-+++++++! ???"),
    ("PUT /api/v1/booking-pages/{id}",                            "-+++?--+! ??-"),
    ("GET /api/v1/booking-pages/{id}/slots",                      "-+++++++! ???"),
    ("GET /api/v1/booking-pages/{id}/bookings",                   "-+++?--+! ??-"),
    ("POST /api/v1/booking-pages/{id}/bookings",                  "-++++++-! ???"),
    ("GET /api/v1/payments/stripe",                               "-++----+!"),
    ("PUT /api/v1/payments/stripe",                               "-++----+!"),
    ("DELETE /api/v1/payments/stripe",                            "-++----+!"),
    ("POST /api/v1/payments/stripe/test",                         "-++----+!"),
    ("POST /api/stripe/webhook/{organization}",                   "!!!!!!!!! !!!"),
    ("GET /book/{class}",                                         "????????? ???"),
    ("POST /book/{class}",                                        "????????? ???"),
    ("GET /book/with/{page}",                                     "+++++++++ +++"),
    ("POST /book/with/{page}",                                    "+++++++++ +++"),
    ("POST /booking/{token}/move",                                "????????? ???"),
    ("GET /booking-pages",                                        "-++++--!!"),
    ("POST /booking-pages",                                       "-++++--!!"),
    ("GET /booking-pages/new",                                    "-++++--!!"),
    ("GET /booking-pages/{id}",                                   "-+++?--!! ??-"),
    ("POST /booking-pages/{id}",                                  "-+++?--!! ??-"),
    ("POST /booking-pages/{id}/bookings/{booking}/end",           "-????--!! ??-"),
    ("GET /booking/{token}",                                      "????????? ???"),
    ("POST /booking/{token}",                                     "????????? ???"),
    ("POST /booking/{token}/cancel",                              "????????? ???"),
    ("GET /classes/{id}/bookings",                                "-+++?--!! ??-"),
    ("POST /classes/{id}/bookings",                               "-+++?--!! ??-"),
    ("POST /classes/{id}/bookings/{booking}/end",                 "-????--!! ??-"),
    ("GET /payments",                                             "-++----!!"),
    ("POST /payments",                                            "-++----!!"),
    ("POST /payments/test",                                       "-++----!!"),
    ("POST /payments/remove",                                     "-++----!!"),
    ("GET /keys",                                                 "+++++++!!"),
    ("GET /me",                                                   "-++++++!!"),
    ("POST /me",                                                  "-++++++!!"),
    ("POST /people",                                              "-++----!!"),
    ("GET /people/{id}",                                          "-++----!! ?--"),
    ("POST /people/{id}",                                         "-++----!! ?--"),
    ("POST /people/{id}/disable",                                 "-++----!! ?--"),
    ("POST /people/{id}/enable",                                  "-++----!! ?--"),
    ("POST /set-up",                                              "+++++++++"),
    ("POST /sign-in",                                             "+++++++++"),
    ("POST /sign-out",                                            "+++++++!!"),
    ("PUT /api/v1/classes/{id}/link",                             "-+++?--+! ??-"),
    ("POST /api/v1/classes/{id}/platform",                        "-+++?--+! ??-"),
    ("GET /api/v1/sessions/{id}/link",                            "-+++?--+! ??-"),
    ("PUT /api/v1/sessions/{id}/link",                            "-+++?--+! ??-"),
    ("DELETE /api/v1/sessions/{id}/link",                         "-+++?--+! ??-"),
    ("PUT /api/v1/classes/{id}/settings",                         "-+++?--+! ??-"),
    ("PUT /api/v1/organization/default-platform",                 "-++----+!"),
    ("PUT /api/v1/organization/holidays/{day}",                   "-++----+! +--"),
    ("PUT /api/v1/organization/logo",                             "-++----+!"),
    ("PUT /api/v1/organization/locks",                            "-++----+!"),
    ("PUT /api/v1/organization/host-tokens",                      "-+------!"),
    ("PUT /api/v1/platforms/{provider}",                          "-++----+! +--"),
    ("GET /api/v1/cohorts",                                       "-++++--+!"),
    ("POST /api/v1/cohorts",                                      "-++----+!"),
    ("GET /api/v1/cohorts/{id}",                                  "-++++--+! ??-"),
    ("PATCH /api/v1/cohorts/{id}",                                "-++----+! ?--"),
    ("DELETE /api/v1/cohorts/{id}",                               "-++----+! ?--"),
    ("GET /api/v1/cohorts/{id}/members",                          "-++----+! ?--"),
    ("POST /api/v1/cohorts/{id}/members",                         "-++----+! ?--"),
    ("DELETE /api/v1/cohorts/{id}/members/{person}",              "-++----+! ?--"),
    ("POST /api/v1/cohorts/{id}/import",                          "-++----+! ?--"),
    ("GET /api/v1/classes/{id}/cohorts",                          "-+++?--+! ??-"),
    ("PUT /api/v1/classes/{id}/cohorts/{cohort}",                 "-+++?--+! ??-"),
    ("DELETE /api/v1/classes/{id}/cohorts/{cohort}",              "-+++?--+! ??-"),
    ("GET /cohorts",                                              "-++----!!"),
    ("POST /cohorts",                                             "-++----!!"),
    ("GET /cohorts/{id}",                                         "-++----!! ?--"),
    ("POST /cohorts/{id}",                                        "-++----!! ?--"),
    ("POST /cohorts/{id}/remove",                                 "-++----!! ?--"),
    ("GET /cohorts/{id}/members",                                 "-++----!! +--"),
    ("POST /cohorts/{id}/members",                                "-++----!! ?--"),
    ("POST /cohorts/{id}/members/{person}/restore",               "-++----!! ?--"),
    ("POST /cohorts/{id}/members/{person}/remove",                "-++----!! ?--"),
    ("GET /cohorts/{id}/import",                                  "-++----!! ?--"),
    ("POST /cohorts/{id}/import",                                 "-++----!! ?--"),
    ("GET /classes/{id}/cohorts",                                 "+++++++!! +++"),
    ("POST /classes/{id}/cohorts",                                "-+++?--!! ??-"),
    ("POST /classes/{id}/cohorts/{cohort}/remove",                "-+++?--!! ??-"),
    ("DELETE /api/v1/webhook-endpoints/{id}",                     "-++----+! ?--"),
    ("GET /api/v1/webhook-endpoints",                             "-++----+!"),
    ("GET /api/v1/webhook-endpoints/{id}",                        "-++----+! ?--"),
    ("GET /api/v1/webhook-endpoints/{id}/deliveries",             "-++----+! ?--"),
    ("PATCH /api/v1/webhook-endpoints/{id}",                      "-++----+! ?--"),
    ("POST /api/v1/webhook-endpoints",                            "-++----+!"),
    ("POST /api/v1/webhook-endpoints/{id}/deliveries/{delivery}/replay", "-++----+! ?--"),
    ("POST /api/v1/webhook-endpoints/{id}/replay",                "-++----+! ?--"),
    ("POST /api/v1/webhook-endpoints/{id}/rotate-secret",         "-++----+! ?--"),
    ("POST /api/v1/webhook-endpoints/{id}/test",                  "-++----+! ?--"),
    // Pages. A form is sent with the sign that it was shown to this very person.
    ("GET /api/v1/audit",                                                  "+++----+!"),
    ("GET /api-keys",                                                      "-++----!!"),
    ("POST /api-keys",                                                     "-++----!!"),
    ("POST /api-keys/{id}/revoke",                                         "-++----!! ?--"),
    ("GET /audit.csv",                                                     "+++----!!"),
    ("GET /audit",                                                         "+++----!!"),
    ("GET /classes",                                                       "-++++++!!"),
    ("GET /schedule",                                                      "-++++--!!"),
    ("GET /schedule/look",                                                 "-++++--!!"),
    ("POST /schedule",                                                     "-++++--!!"),
    ("POST /schedule/look",                                                "-++++--!!"),
    ("GET /classes/{id}",                                                  "-+++?+?!! ???"),
    ("GET /classes/{id}/attendance",                                       "-+++?--!! ??-"),
    ("GET /classes/{id}/enrollments",                                      "+++++++!! +++"),
    ("GET /classes/{id}/guests",                                           "+++++++!! +++"),
    ("GET /classes/{id}/link",                                             "+++++++!! +++"),
    ("GET /classes/{id}/name",                                             "+++++++!! +++"),
    ("GET /classes/{id}/platform",                                         "-+++?--!! ??-"),
    ("GET /classes/{id}/roster",                                           "-+++?--!! ??-"),
    ("GET /classes/{id}/sessions",                                         "-+++?--!! ??-"),
    ("GET /classes/{id}/settings",                                         "-+++?--!! ??-"),
    ("GET /connection",                                                    "-++++--!!"),
    ("GET /connections",                                                   "-++----!!"),
    ("GET /holidays",                                                      "-++++--!!"),
    ("GET /locks",                                                         "-++----!!"),
    ("POST /locks",                                                        "-++----!!"),
    ("GET /live",                                                          "-++++--!!"),
    ("GET /branding",                                                      "-++----!!"),
    ("POST /branding",                                                     "-++----!!"),
    ("POST /branding/logo/remove",                                         "-++----!!"),
    ("GET /languages",                                                     "-++----!!"),
    ("POST /languages",                                                    "-++----!!"),
    ("GET /organization",                                                  "-++----!!"),
    ("POST /organization",                                                 "-++----!!"),
    ("GET /organization/embedding",                                        "-++----!!"),
    ("POST /organization/embedding",                                       "-++----!!"),
    // A view inside somebody else's page is shown to its own cookie; whoever is signed in beside it is a stranger there.
    ("GET /embed/open",                                                    "---------"),
    ("GET /embed/connection",                                              "---------"),
    ("GET /embed/join/{class}",                                            "--------- ---"),
    ("GET /embed/live",                                                    "---------"),
    ("GET /embed/live/events",                                             "---------"),
    ("POST /embed/connection/{provider}/connect",                          "--------- ---"),
    ("POST /embed/connection/{provider}/disconnect",                       "--------- ---"),
    ("POST /embed/connection/{provider}/refresh",                          "--------- ---"),
    ("POST /embed/live/end",                                               "---------"),
    ("GET /embed/theme/{file}",                                            "????????? ???"),
    ("GET /organizations",                                                 "+------!!"),
    ("GET /organizations/{id}",                                            "+------!! ---"),
    ("POST /organizations/{id}",                                           "+------!! ---"),
    ("POST /organizations/{id}/owner",                                     "+------!! ---"),
    ("POST /organizations/{id}/close",                                     "?------!! ---"),
    ("POST /organizations/{id}/open",                                      "?------!! ---"),
    ("GET /health",                                                        "+------!!"),
    ("GET /jobs",                                                          "+------!!"),
    ("GET /jobs/{id}/discard",                                             "?------!! ---"),
    ("POST /jobs/retry",                                                   "+------!!"),
    ("POST /jobs/{id}/retry",                                              "+------!! ---"),
    ("POST /jobs/{id}/discard",                                            "+------!! ---"),
    ("GET /platforms",                                                     "-++----!!"),
    ("GET /platforms/{provider}",                                          "-++----!! +--"),
    ("GET /sessions/{id}",                                                 "-+++?+?!! ???"),
    ("GET /sessions/{id}/attendance",                                      "?+++?+?!! ???"),
    ("GET /sessions/{id}/cancel",                                          "-+++?--!! ??-"),
    ("GET /sessions/{id}/edit",                                            "-+++?--!! ??-"),
    ("GET /sessions/{id}/end",                                             "-+++?--!! ??-"),
    ("GET /sessions/{id}/launch",                                          "+++++++!! +++"),
    ("GET /sessions/{id}/start",                                           "+++++++!! +++"),
    ("GET /webhooks",                                                      "-++----!!"),
    ("GET /webhooks/new",                                                  "-++----!!"),
    ("GET /webhooks/{id}",                                                 "-++----!! ?--"),
    ("POST /webhooks",                                                     "-++----!!"),
    ("POST /webhooks/{id}",                                                "-++----!! ?--"),
    ("POST /webhooks/{id}/deliveries/{delivery}/replay",                   "-++----!! ?--"),
    ("POST /webhooks/{id}/disable",                                        "-++----!! ?--"),
    ("POST /webhooks/{id}/enable",                                         "-++----!! ?--"),
    ("POST /webhooks/{id}/remove",                                         "-++----!! ?--"),
    ("POST /webhooks/{id}/replay",                                         "-++----!! ?--"),
    ("POST /webhooks/{id}/rotate",                                         "-++----!! ?--"),
    ("POST /webhooks/{id}/test",                                           "-++----!! ?--"),
    ("POST /classes/{id}/enrollments",                                     "-+++?--!! ??-"),
    ("POST /classes/{id}/enrollments/{enrollment}/remove",                 "-+++?--!! ??-"),
    ("POST /classes/{id}/enrollments/{enrollment}/restore",                "-+++?--!! ??-"),
    ("POST /classes/{id}/enrollments/{enrollment}/rotate",                 "-+++?--!! ??-"),
    ("POST /classes/{id}/enrollments/{enrollment}/send",                   "-+++?--!! ??-"),
    ("POST /classes/{id}/guests",                                          "-+++?--!! ??-"),
    ("POST /classes/{id}/guests/{guest}/remove",                           "-+++?--!! ??-"),
    ("POST /holidays",                                                     "-++----!!"),
    ("POST /holidays/{day}/remove",                                        "-++----!! +--"),
    ("POST /classes/{id}/link",                                            "-+++?--!! ??-"),
    ("POST /classes/{id}/name",                                            "-+++?--!! ??-"),
    ("POST /classes/{id}/platform",                                        "-+++?--!! ??-"),
    ("POST /classes/{id}/settings",                                        "-+++?--!! ??-"),
    ("POST /connection/{provider}/connect",                                "-++++--!! ++-"),
    ("POST /connection/{provider}/disconnect",                             "-++++--!! ++-"),
    ("POST /connection/{provider}/refresh",                                "-??+?--!! ??-"),
    ("POST /connections/{id}/revoke",                                      "-++----!! ?--"),
    ("POST /organizations",                                                "+------!!"),
    ("POST /platforms/{provider}",                                         "-++----!! +--"),
    ("POST /platforms/{provider}/test",                                    "-++----!! +--"),
    ("POST /sessions/{id}/attendance/reconcile",                           "?+++???!! ???"),
    ("POST /sessions/{id}/attendance/strays",                              "?+++???!! ???"),
    ("POST /sessions/{id}/attendance/verify",                              "?+++???!! ???"),
    ("POST /sessions/{id}/attendance/{person}",                            "?+++???!! ???"),
    ("POST /sessions/{id}/cancel",                                         "-+++?--!! ??-"),
    ("POST /sessions/{id}/edit",                                           "-+++?--!! ??-"),
    ("POST /sessions/{id}/end",                                            "-+++?--!! ??-"),
    ("POST /sessions/{id}/launch",                                         "---+?--!! ??-"),
    ("POST /sessions/{id}/start",                                          "-+++?--!! ??-"),
];

/// The statuses with which this route refuses somebody, by the table.
pub(crate) fn refusals_of(route: &str) -> Vec<u16> {
    let (_, letters) =
        TABLE.iter().find(|(listed, _)| *listed == route).unwrap_or_else(|| panic!("{route} in the table"));
    let known = [('!', 401), ('-', 403), ('?', 404)];
    known.into_iter().filter(|(letter, _)| letters.contains(*letter)).map(|(_, status)| status).collect()
}

/// What the routes' ids stand for, fresh whenever a request has changed something.
struct World {
    instructor: String,
    class: String,
    session: String,
    enrollment: String,
    guest: String,
    pupil: String,
    api_key: String,
    member: String,
    cohort: String,
    settings: Value,
    webhook: String,
    delivery: String,
    page: String,
}

/// A booking page that is open around the clock.
fn booking_page() -> Value {
    let weekly: Vec<_> = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
        .iter()
        .map(|weekday| json!({"weekday": weekday, "from": "00:00", "to": "24:00"}))
        .collect();
    json!({"title": "Office hours", "duration_minutes": 15, "notice_minutes": 0, "time_zone": "UTC", "weekly": weekly})
}

async fn world(owner: &Person, instructor: &Person, member: &Person, app: &TestApp) -> World {
    let text = |made: &Value| made["id"].as_str().unwrap().to_owned();
    let class = text(&instructor.create("/api/v1/classes", json!({"title": "Algebra"})).await);
    let path = |end: &str| format!("/api/v1/classes/{class}/{end}");
    let enrolled = instructor.create(&path("enrollments"), json!({"user_id": member.id.uuid()})).await;
    let guest = json!({"email": "rokeya@guest.example", "first_name": "Rokeya"});
    let starts_at = app.now() + Duration::hours(2);
    let session = json!({"starts_at": starts_at, "duration_minutes": 45, "time_zone": "Asia/Dhaka"});
    let session =
        instructor.create(&path("sessions"), session).await["items"][0]["id"].as_str().unwrap().to_owned();
    let guest = text(&instructor.create(&path("guests"), guest).await);
    let pupil = json!({"email": format!("{}@oakwood.example", app.new_id::<lectern_core::ids::PersonId>()), "name": "Pupil", "role": 0});
    let (_, settings) = instructor.get(&path("settings")).await;
    let cohort = text(&owner.create("/api/v1/cohorts", json!({"name": "Section A"})).await);
    owner.create(&format!("/api/v1/cohorts/{cohort}/members"), json!({"user_id": member.id})).await;
    let (status, enrolled_cohort) = instructor.put(&path(&format!("cohorts/{cohort}")), json!({})).await;
    assert_eq!(status, 200, "{enrolled_cohort}");
    for endpoint in owner.all("/api/v1/webhook-endpoints").await {
        owner.delete(&format!("/api/v1/webhook-endpoints/{}", endpoint["id"].as_str().unwrap())).await;
    }
    let hook = json!({"url": "https://hooks.oakwood.example/"});
    let webhook = text(&owner.create("/api/v1/webhook-endpoints", hook).await);
    let (_, tested) = owner.post(&format!("/api/v1/webhook-endpoints/{webhook}/test"), json!({})).await;
    World {
        page: text(&instructor.create("/api/v1/booking-pages", booking_page()).await),
        delivery: text(&tested),
        webhook,
        instructor: instructor.id.to_string(),
        member: member.id.to_string(),
        settings: settings["settings"].clone(),
        session,
        cohort,
        enrollment: text(&enrolled),
        guest,
        pupil: text(&owner.create("/api/v1/people", pupil).await),
        api_key: text(&owner.create("/api/v1/api-keys", json!({"name": "k", "scopes": ["read"]})).await),
        class,
    }
}

/// The route with this world's ids in it.
fn filled(route: &str, world: &World, organization: &str, connection: &str) -> String {
    let id = match route {
        _ if route.starts_with("/api/v1/people") || route.starts_with("/people") => &world.pupil,
        _ if route.starts_with("/api/v1/cohorts") || route.starts_with("/cohorts") => &world.cohort,
        _ if route.starts_with("/api/v1/api-keys") || route.starts_with("/api-keys") => &world.api_key,
        _ if route.starts_with("/api/v1/classes") || route.starts_with("/classes") => &world.class,
        _ if route.starts_with("/api/v1/sessions") || route.starts_with("/sessions") => &world.session,
        // Closing it would end the sign-ins that the next lines need.
        "/organizations/{id}/close" | "/organizations/{id}/open" => &world.class,
        _ if route.starts_with("/api/v1/organizations") || route.starts_with("/organizations") => {
            organization
        }
        _ if route.contains("booking-pages") => &world.page,
        _ if route.starts_with("/api/v1/webhook-endpoints") || route.starts_with("/webhooks") => {
            &world.webhook
        }
        _ => connection,
    };
    let query = if route == "/api/v1/classes/{id}/platform" { "?provider=teams" } else { "" };
    route
        .replace("{enrollment}", &world.enrollment)
        .replace("{guest}", &world.guest)
        .replace("{cohort}", &world.cohort)
        .replace("{delivery}", &world.delivery)
        .replace("{class}", &world.class)
        .replace("{page}", &world.page)
        .replace("{session}", &world.session)
        .replace("{person}", &world.member)
        .replace("{organization}", organization)
        .replace("{provider}", "zoom")
        .replace("{day}", "2026-12-16")
        .replace("{topic}", "reminder")
        .replace("{external_id}", "lesson-1")
        .replace("{*path}", "lectern.css")
        .replace("{version}", "0011223344556677")
        .replace("{id}", id)
        + query
}

/// A body that the route would take.
fn body(route: &str, world: &World, app: &TestApp) -> Value {
    let later = app.now() + Duration::hours(3);
    let fresh = app.new_id::<lectern_core::ids::PersonId>();
    match route {
        "POST /api/v1/auth/login" => {
            json!({"organization": "oakwood", "email": "x@x.example", "password": "x"})
        }
        "POST /api/v1/people" => {
            json!({"email": format!("{fresh}@oakwood.example"), "name": "New", "role": 0})
        }
        "PATCH /api/v1/people/{id}" => json!({"first_name": "Changed"}),
        "POST /api/v1/api-keys" => json!({"name": "k", "scopes": ["read"]}),
        "PATCH /api/v1/organization/branding" => json!({"colour": "#0e5e49"}),
        "PATCH /api/v1/organization/settings" => json!({"time_zone": "Asia/Dhaka"}),
        "PUT /api/v1/organization/embedding" => json!({"origins": ["https://www.oakwood.example"]}),
        "POST /api/v1/embeds" => json!({"view": "connection"}),
        "PUT /api/v1/organization/locks" => {
            serde_json::to_value(lectern_core::locks::Locks::default()).unwrap()
        }
        "PUT /api/v1/organization/host-tokens" => {
            json!({"tokens": {"algorithm": "hs256", "issuer": "i", "audience": "a"}, "secret": "x".repeat(32)})
        }
        "PUT /api/v1/organization/default-platform" => json!({"provider": "zoom"}),
        "POST /api/v1/organizations" => {
            json!({"slug": format!("o-{}", &fresh.to_string()[24..]), "name": "New"})
        }
        "PATCH /api/v1/organizations/{id}" => json!({"active": true}),
        "PUT /api/v1/organizations/{id}/limits" => json!({"people": 1000}),
        "POST /api/v1/instance/jobs/retry" => json!({"kind": "mails.send"}),
        "POST /api/v1/classes" => json!({"title": "Geometry"}),
        "PATCH /api/v1/classes/{id}" => json!({"title": "Geometry"}),
        "POST /api/v1/classes/{id}/enrollments" => json!({"user_id": world.pupil}),
        "POST /api/v1/cohorts" | "PATCH /api/v1/cohorts/{id}" => json!({"name": "Section B"}),
        "POST /api/v1/cohorts/{id}/members" => json!({"user_id": world.pupil}),
        "POST /api/v1/classes/{id}/guests" => {
            json!({"email": format!("{fresh}@guest.example"), "first_name": "G"})
        }
        "PUT /api/v1/schedule/{external_id}" => json!({
            "class": {"external_id": "geometry-8"}, "starts_at": later, "duration_minutes": 45, "cancelled": true,
        }),
        "POST /api/v1/schedule" => json!({"entries": []}),
        "PUT /api/v1/classes/{id}/offer" => json!({"seats": 3}),
        "POST /api/v1/booking-pages" | "PUT /api/v1/booking-pages/{id}" => booking_page(),
        "POST /api/v1/booking-pages/{id}/bookings" | "PATCH /api/v1/bookings/{id}" => {
            json!({"starts_at": later})
        }
        "PUT /api/v1/payments/stripe" => json!({"secret_key": "sk_test_0000000000000000"}),
        "PUT /api/v1/notification-choices/{topic}" => json!({"mail": true, "live": true}),
        "PATCH /api/v1/me" => json!({"time_zone": "Asia/Dhaka"}),
        "PUT /api/v1/organization/holidays/{day}" => json!({"name": "Victory Day"}),
        "POST /api/v1/classes/{id}/sessions" | "POST /api/v1/classes/{id}/sessions/preview" => {
            json!({"starts_at": later, "duration_minutes": 45, "time_zone": "Asia/Dhaka"})
        }
        "PUT /api/v1/classes/{id}/settings" => world.settings.clone(),
        "PUT /api/v1/classes/{id}/link" | "PUT /api/v1/sessions/{id}/link" => {
            json!({"link": "https://meet.example/oak"})
        }
        "POST /api/v1/classes/{id}/platform" => json!({"provider": "teams"}),
        "PUT /api/v1/platforms/{provider}" => zoom_settings(app, "lectern-app"),
        "PATCH /api/v1/sessions/{id}" => json!({"duration_minutes": 50}),
        "PATCH /api/v1/sessions/{id}/attendance/{person}" => json!({"state": "excused"}),
        "POST /api/v1/sessions/{id}/attendance/strays" => json!({"stay": "none", "person_id": null}),
        "POST /api/v1/webhook-endpoints" => json!({"url": "https://hooks.oakwood.example/"}),
        "POST /api/v1/webhook-endpoints/{id}/replay" => json!({"since": app.now()}),
        _ => json!({}),
    }
}

/// The fields of a page's form, as somebody fills them in; its token comes beside them.
fn form(route: &str, world: &World, app: &TestApp) -> Vec<(&'static str, String)> {
    let fresh = app.new_id::<lectern_core::ids::PersonId>();
    let text = |fields: &[(&'static str, &str)]| {
        fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>()
    };
    let when = [("date", "2026-12-01"), ("time", "15:00"), ("time_zone", "UTC"), ("duration_minutes", "45")];
    match route {
        "POST /people" => {
            let mut fields = text(&[("first_name", "New"), ("role", "student")]);
            fields.push(("email", format!("{fresh}@oakwood.example")));
            fields
        }
        "POST /people/{id}" => text(&[("first_name", "Changed"), ("was_first_name", "Pupil")]),
        "POST /organizations/{id}/owner" => {
            let mut fields = text(&[("first_name", "New"), ("password", "chalk and duster")]);
            fields.push(("email", format!("{fresh}@oakwood.example")));
            fields
        }
        "POST /api-keys" => text(&[("name", "k"), ("scope", "read")]),
        "POST /branding" => text(&[("colour", "#0e5e49")]),
        "POST /languages" => text(&[("language", "en"), ("default_language", "en")]),
        "POST /organization" => text(&[("time_zone", "Asia/Dhaka"), ("late_after_minutes", "5")]),
        "POST /organization/embedding" => text(&[("origins", "https://www.oakwood.example")]),
        "POST /cohorts" | "POST /cohorts/{id}" => text(&[("name", "Section B")]),
        "POST /cohorts/{id}/members" => {
            vec![("email", format!("{fresh}@guest.example")), ("first_name", "New".to_owned())]
        }
        "POST /cohorts/{id}/import" => {
            vec![("text", format!("email,name\n{fresh}@guest.example,New")), ("confirm", "yes".to_owned())]
        }
        "POST /classes/{id}/cohorts" => vec![("cohort", world.cohort.clone())],
        "POST /schedule" | "POST /schedule/look" => [
            &text(&when)[..],
            &text(&[("title", "Geometry"), ("provider", "zoom"), ("allow_clashes", "on")])[..],
        ]
        .concat(),
        "POST /classes/{id}/enrollments" | "POST /classes/{id}/guests" => {
            let mut fields = text(&[("first_name", "New"), ("last_name", "Person")]);
            fields.push(("email", format!("{fresh}@guest.example")));
            if route.ends_with("guests") {
                fields.push(("session", String::new()));
            }
            fields
        }
        "POST /sessions/{id}/edit" => [&text(&when)[..], &text(&[("title", "Fractions")])[..]].concat(),
        "POST /payments" => text(&[("secret_key", "sk_test_0000000000000000")]),
        "POST /classes/{id}/bookings" => text(&[("currency", "usd"), ("refund_hours", "24")]),
        "POST /booking-pages" | "POST /booking-pages/{id}" => text(&[
            ("title", "Office hours"),
            ("monday", "09:00-12:00"),
            ("time_zone", "UTC"),
            ("duration_minutes", "30"),
            ("audience", "anyone"),
            ("currency", "usd"),
        ]),
        "POST /book/with/{page}" => vec![
            ("slot", (app.now() + Duration::hours(3)).to_rfc3339()),
            ("email", format!("{fresh}@guest.example")),
            ("first_name", "New".to_owned()),
        ],
        "POST /holidays" => text(&[("day", "2026-12-16"), ("name", "Victory Day")]),
        "POST /classes/{id}/settings" => text(&[("waiting_room", "on"), ("chat", "on")]),
        "POST /classes/{id}/name" => text(&[("title", "Geometry"), ("description", "Lines and circles.")]),
        "POST /classes/{id}/platform" => text(&[("provider", "teams")]),
        "POST /classes/{id}/link" => text(&[("link", "https://meet.example/oak")]),
        "POST /sessions/{id}/cancel" => text(&[("reason", "The teacher is ill.")]),
        "POST /sessions/{id}/attendance/verify" => vec![("person", world.member.clone())],
        "POST /sessions/{id}/attendance/{person}" => text(&[("state", "excused")]),
        "POST /sessions/{id}/attendance/strays" => text(&[("stay", "none"), ("person_id", "")]),
        "POST /webhooks" | "POST /webhooks/{id}" => text(&[("url", "https://hooks.oakwood.example/")]),
        "POST /organizations/{id}" => text(&[("people", "1000")]),
        "POST /organizations" => {
            vec![("name", "New".to_owned()), ("slug", format!("o-{}", &fresh.to_string()[24..]))]
        }
        "POST /platforms/{provider}" => {
            let settings = zoom_settings(app, "lectern-app");
            let of = |name: &str| settings[name].as_str().unwrap().to_owned();
            vec![
                ("client_id", of("client_id")),
                ("client_secret", of("client_secret")),
                ("base_url", of("base_url")),
                ("webhook_secret_token", of("webhook_secret")),
            ]
        }
        _ => Vec::new(),
    }
}

/// Every route there is.
fn routes() -> Vec<String> {
    let document = serde_json::to_value(lectern_api::openapi::document()).unwrap();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let methods = methods.as_object().unwrap().keys();
        let methods =
            methods.filter(|method| ["get", "post", "put", "patch", "delete"].contains(&method.as_str()));
        routes.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let listed = [lectern_api::routes::PAGES, lectern_api::routes::PROBES, lectern_api::openapi::DOCUMENTS];
    for (method, path) in listed.into_iter().flatten() {
        routes.push(format!("{} {path}", method.to_uppercase()));
    }
    routes.sort();
    routes
}

/// What a page's forms carry for this sign-in, as any page of theirs shows it.
async fn form_token(browser: &Browser) -> Option<String> {
    let mut page = browser.get("/").await;
    while page.status() == 303 && !page.location().starts_with("/sign-in") {
        page = browser.get(page.location()).await;
    }
    let hidden = page.forms().into_iter().flat_map(|(_, hidden)| hidden);
    hidden.into_iter().find_map(|(name, value)| (name == "csrf").then_some(value))
}

/// Asks as this person does: programs with their token, pages as a browser that was shown the form.
async fn ask(client: &Client, app: &TestApp, route: &str, path: &str, world: &World) -> Page {
    let method = route.split(' ').next().unwrap();
    if path.starts_with("/api/") {
        let mut body = (method != "GET" && method != "DELETE").then(|| body(route, world, app));
        // A program teaches nothing itself.
        let teaches = ["POST /api/v1/classes", "POST /api/v1/booking-pages"].contains(&route);
        if let Some(class) = body.as_mut().filter(|_| teaches)
            && client.bearer().is_some_and(|token| !token.starts_with("ls_"))
        {
            class["instructor_id"] = json!(world.instructor);
        }
        if route == "PUT /api/v1/organization/logo" {
            let answer = client.put_file(path, "image/png", LOGO).await;
            return Page { path: path.to_owned(), answer };
        }
        if route == "POST /api/v1/cohorts/{id}/import" {
            let answer = client.send_text(path, "text/csv", "email,name\nnew@guest.example,New\n").await;
            return Page { path: path.to_owned(), answer };
        }
        let answer = client.send(method, path, body.as_ref(), &[]).await;
        return Page { path: path.to_owned(), answer };
    }
    let browser = app.browser();
    if let Some(token) = client.bearer() {
        browser.set_cookie("lectern", token);
    }
    match route {
        "POST /join/class/{class}" => {
            let page = browser.get(path).await;
            let shown = page.forms().first().map(|(_, hidden)| hidden.clone()).unwrap_or_default();
            let fields: Vec<_> = shown.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            browser.post(path, &fields).await
        }
        _ if method == "GET" => browser.get(path).await,
        _ => {
            let token = form_token(&browser).await.unwrap_or_default();
            let mut fields = form(route, world, app);
            fields.push(("csrf", token));
            let mut fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            // What is scheduled was looked at first.
            let looked = if route == "POST /schedule" {
                Some(browser.post("/schedule/look", &fields).await)
            } else {
                None
            };
            let shown = looked.map(|page| ["seen", "press"].map(|name| page.typed(name).unwrap_or_default()));
            if let Some([seen, press]) = &shown {
                fields.extend([("seen", seen.as_str()), ("press", press.as_str())]);
            }
            browser.post(path, &fields).await
        }
    }
}

/// A `+` must not hide that a request was never judged: what is let in is not refused as malformed, but for these routes,
/// which here are given nothing they could take.
const GIVEN_NOTHING: [&str; 7] = [
    "GET /oauth/{provider}/callback",
    "GET /oauth/{provider}/start",
    "POST /oauth/{provider}/start",
    "GET /set-up",
    "POST /set-up",
    "POST /sign-in",
    "POST /api/v1/auth/login",
];

fn letter(route: &str, answer: &Page) -> char {
    match answer.status() {
        _ if GIVEN_NOTHING.contains(&route) => '+',
        401 => '!',
        303 if answer.location().starts_with("/sign-in?next") => '!',
        403 => '-',
        404 => '?',
        // Whoever may decide is told that nobody came.
        422 if answer.answer.text.contains("There is no such stay") => '+',
        422 if answer.answer.text.contains("takes no payments yet") => '+',
        422 if answer.answer.text.contains("held on another platform") => '+',
        400 | 405 | 413.. => '#',
        _ => '+',
    }
}

story!(
    /// S-12: each role on each route, with ids of one's own organization and of another, equals the table.
    s12_each_role_on_each_route, |app| async {
        let (oakwood, elmfield) = (app.organization("oakwood").await, app.organization("elmfield").await);
        let root = app.super_admin().await;
        let (owner, instructor) = (oakwood.owner().await, oakwood.instructor("farhan").await);
        let member = oakwood.student("ayesha").await;
        let key = owner.create("/api/v1/api-keys", json!({"name": "all", "scopes": ["read", "write", "platforms"]})).await;
        let mut here: Vec<Client> = Vec::new();
        for person in [&root, &owner, &oakwood.admin().await, &instructor, &oakwood.instructor("colleague").await, &member, &oakwood.student("other").await] {
            here.push((**person).clone());
        }
        here.push(app.nobody().with_bearer(key["token"].as_str()));
        here.push(app.nobody());
        let there = [elmfield.owner().await, elmfield.instructor("farhan").await, elmfield.student("ayesha").await];
        let organization = oakwood.id.to_string();
        app.set_up_zoom(&oakwood).await;
        // The clock stands still while everybody knocks everywhere.
        app.zoom.set_behaviour(|zoom| (zoom.limits_per_second, zoom.limits_per_day) = (false, false));
        let connect = async || {
            app.connect(&instructor).await;
            owner.all("/api/v1/connections").await[0]["id"].as_str().unwrap().to_owned()
        };
        let mut connection = connect().await;
        let mut current = world(&owner, &instructor, &member, app).await;
        let (mut seen, mut told) = (BTreeMap::new(), String::new());
        for route in routes() {
            let (method, path) = route.split_once(' ').unwrap();
            let strangers: &[Person] = if path.contains('{') { &there } else { &[] };
            let everybody = here.iter().chain(strangers.iter().map(|person| &**person));
            let mut letters = String::new();
            for (number, client) in everybody.enumerate() {
                if number == ROLES.len() {
                    letters.push(' ');
                }
                // Signing out would end the sign-in that the next lines need.
                let client = match path {
                    "/api/v1/auth/logout" | "/sign-out" if client.bearer().is_some_and(|token| token.starts_with("ls_")) => {
                        let id = if number == 0 { root.id } else { owner.id };
                        let tenant = if number == 0 { lectern_api::app::OPERATOR } else { oakwood.id };
                        app.signed_in(tenant, id).await
                    }
                    _ => client.clone(),
                };
                let answer = ask(&client, app, &route, &filled(path, &current, &organization, &connection), &current).await;
                let status = answer.status();
                letters.push(letter(&route, &answer));
                told.push_str(&format!("{route} {} {status}\n", ROLES.iter().chain(&STRANGERS).nth(number).unwrap()));
                if method != "GET" && status < 400 && path.contains("/platforms/") {
                    app.set_up_zoom(&oakwood).await;
                }
                if method != "GET" && status < 400 && (path.contains("/platforms/") || path.contains("/connection")) {
                    connection = connect().await;
                }
                if method != "GET" && status < 400 {
                    current = world(&owner, &instructor, &member, app).await;
                }
            }
            seen.insert(route, letters);
        }
        if std::env::var_os("LECTERN_TEST_ACCESS").is_some() {
            println!("{told}");
        }
        let table: BTreeMap<_, _> = TABLE.iter().map(|(route, letters)| ((*route).to_owned(), (*letters).to_owned())).collect();
        assert_eq!(table.len(), TABLE.len(), "a route stands twice in the table");
        let mut wrong: Vec<String> = Vec::new();
        for (route, letters) in &seen {
            match table.get(route) {
                Some(listed) if listed == letters => {}
                listed => wrong.push(format!("    ({route:?}, {letters:?}), // listed: {listed:?}")),
            }
        }
        wrong.extend(table.keys().filter(|route| !seen.contains_key(*route)).map(|route| format!("{route}: no such route")));
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
);

/// S-12: no path is laid where the table's list of routes does not see it.
#[test]
fn s12_every_path_is_in_a_list() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/src");
    let mut folders = vec![source];
    let mut laid = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let ways = [".route(", ".route_service(", ".nest(", ".nest_service(", ".fallback_service("];
                let found: usize = ways.iter().map(|way| text.matches(way).count()).sum();
                if found > 0 {
                    laid.insert(path.file_name().unwrap().to_string_lossy().into_owned(), found);
                }
            }
        }
    }
    // A demo's own pages, which no server has but a demo's, and its shop, which is another server; DOCUMENTS; the macro behind PAGES and
    // PROBES.
    let known = [("front.rs", 2), ("openapi.rs", 1), ("routes.rs", 1), ("shop.rs", 1)];
    let known = known.map(|(file, paths)| (file.to_owned(), paths));
    assert_eq!(laid, BTreeMap::from(known), "lay it through routes.rs, and say in the table whose it is");
}
