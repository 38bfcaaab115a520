//! What every provider promises, as tests that any provider can run: ours, and somebody else's in a crate of their own.
//!
//! The provider's author writes a [`Harness`]: a vendor to talk to (a simulator, for each case a new one), the provider
//! connected to it, and a hand on the vendor's side: to fail on purpose, to count, to let people join. Then one line makes a
//! test of each promise:
//!
//! ```ignore
//! // tests/conformance.rs, with `lectern-core = { features = ["conformance"] }` and tokio (`macros`, `rt`) in dev-dependencies
//! lectern_core::conformance!(MyHarness);
//! ```
//!
//! A case is named by its promise. What a provider says it cannot do is not skipped: then the case asserts the honest refusal,
//! [`ErrorKind::Unsupported`](crate::provider::ErrorKind::Unsupported) before any request, or a part that is not there. What
//! cannot be seen from outside the harness has to tell, and the case asserts that harness and capabilities agree.
//!
//! Cases call the provider through [`CheckCapabilities`](crate::provider::CheckCapabilities), as the server does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a case fails by panicking"
)]

pub mod attendance;
pub mod capabilities;
mod class;
pub mod events;
pub mod failures;
mod harness;
pub mod meetings;
mod people;
pub mod recordings;
pub mod registrants;
pub mod series;
pub mod settings;
mod stage;
mod tokens;

pub use harness::{Deletion, Door, Harness, Keys, OnTheWay, Parcel, Post, Room, Trouble};
pub use people::{Guest, person, reference};
pub use tokens::Tokens;

/// Makes one test of each promise, for a [`Harness`](crate::conformance::Harness). Needs `tokio` with `macros` and `rt` in the
/// crate that calls it.
#[macro_export]
macro_rules! conformance {
    ($harness:ty) => {
        $crate::conformance! { @each $harness;
            meetings::a_create_that_was_retried_makes_one_meeting
            meetings::a_create_that_timed_out_after_the_work_leaves_one_referenced_meeting
            meetings::an_update_keeps_the_link
            meetings::a_meeting_is_deleted_and_deleting_is_repeatable
            meetings::a_class_is_ended_for_everybody_or_nobody_says_so
            meetings::a_lost_meeting_is_found_beyond_the_first_page
            settings::settings_come_back_as_asked_or_are_refused
            settings::breakout_rooms_are_planned_or_refused
            capabilities::parts_are_there_exactly_when_the_capabilities_say_so
            capabilities::what_is_turned_off_is_refused_before_any_request
            capabilities::an_account_without_a_connection_or_with_a_part_of_it_promises_no_more_than_it_can
            failures::too_many_requests_are_told_with_the_time_and_nothing_is_made
            failures::a_spent_day_is_told_with_its_end
            failures::a_revoked_grant_asks_to_connect_again
            failures::a_missing_scope_is_named_to_the_admin
            series::a_series_keeps_its_hour_across_a_change_of_the_clocks
            registrants::who_registers_twice_has_one_seat
            registrants::many_are_registered_in_order
            registrants::a_cancelled_registrant_does_not_get_in
            registrants::all_pages_of_registrants_are_read
            attendance::a_report_is_what_happened
            attendance::events_tell_the_same_as_reports
            attendance::all_pages_of_a_report_are_read
            attendance::all_runs_of_a_meeting_are_listed
            events::doubled_events_count_once
            events::events_out_of_order_tell_the_same
            events::late_events_are_kept_and_known_to_be_late
            events::forged_events_are_refused
            events::events_of_unknown_kinds_are_kept_without_effect
            recordings::a_recording_is_listed_and_downloaded_in_ranges
            recordings::a_recording_is_removed_or_that_is_refused
            recordings::all_pages_of_recordings_are_read
        }
    };
    (@each $harness:ty; $($part:ident :: $case:ident)*) => {
        $(
            #[::tokio::test]
            async fn $case() {
                $crate::conformance::$part::$case::<$harness>().await;
            }
        )*
    };
}

#[cfg(test)]
mod tests {
    /// A case that is written and not in the macro would never run.
    #[test]
    fn the_macro_has_every_case() {
        let index = include_str!("mod.rs");
        let files = [
            ("attendance", include_str!("attendance.rs")),
            ("capabilities", include_str!("capabilities.rs")),
            ("events", include_str!("events.rs")),
            ("failures", include_str!("failures.rs")),
            ("meetings", include_str!("meetings.rs")),
            ("recordings", include_str!("recordings.rs")),
            ("registrants", include_str!("registrants.rs")),
            ("series", include_str!("series.rs")),
            ("settings", include_str!("settings.rs")),
        ];
        let mut cases = 0;
        for (part, text) in files {
            for rest in text.split("\npub async fn ").skip(1) {
                let name = rest.split('<').next().unwrap();
                assert!(
                    index.contains(&format!("{part}::{name}\n")),
                    "{part}::{name} is not in conformance!"
                );
                cases += 1;
            }
        }
        assert_eq!(
            cases,
            index
                .split("@each $harness;\n")
                .nth(1)
                .unwrap()
                .split('}')
                .next()
                .unwrap()
                .lines()
                .filter(|line| line.contains("::"))
                .count()
        );
    }
}
