//! The documents of `core/docs`, here so that they are read and checked with the code they speak of.

/// How the code is laid out, and where to add things.
#[doc = include_str!("../docs/architecture.md")]
pub mod architecture {}

/// From an empty folder to a server that has your platform.
#[doc = include_str!("../docs/writing-a-provider.md")]
pub mod writing_a_provider {}

/// What the simulated platforms do, where and shown by which test, and what they leave out.
#[doc = include_str!("../docs/simulators.md")]
pub mod simulators {}

/// What is promised, how, and what is not.
#[doc = include_str!("../docs/security.md")]
pub mod security {}

/// Parts of Lectern inside a host application's pages: a short how-to.
#[doc = include_str!("../docs/embedding.md")]
pub mod embedding {}

/// Commands, backup, keys, updates.
#[doc = include_str!("../docs/operating.md")]
pub mod operating {}

/// What was measured, and beside which aims.
#[doc = include_str!("../docs/performance.md")]
pub mod performance {}

/// Why it is as it is: one short record for each choice that closes a door.
pub mod decisions {
    #[doc = include_str!("../docs/decisions/0001-two-databases-one-store.md")]
    pub mod d0001_two_databases_one_store {}
    #[doc = include_str!("../docs/decisions/0002-join-token-and-seat.md")]
    pub mod d0002_join_token_and_seat {}
    #[doc = include_str!("../docs/decisions/0003-sqlite-writer-and-appender.md")]
    pub mod d0003_sqlite_writer_and_appender {}
    #[doc = include_str!("../docs/decisions/0004-operator-organization-and-routing.md")]
    pub mod d0004_operator_organization_and_routing {}
    #[doc = include_str!("../docs/decisions/0005-calendar-files-in-utc.md")]
    pub mod d0005_calendar_files_in_utc {}
    #[doc = include_str!("../docs/decisions/0006-oauth-callback-browser.md")]
    pub mod d0006_oauth_callback_browser {}
    #[doc = include_str!("../docs/decisions/0007-providers-per-connection.md")]
    pub mod d0007_providers_per_connection {}
    #[doc = include_str!("../docs/decisions/0008-demo-clock-begins-in-the-past.md")]
    pub mod d0008_demo_clock_begins_in_the_past {}
    #[doc = include_str!("../docs/decisions/0009-what-a-host-changes-at-the-platform.md")]
    pub mod d0009_what_a_host_changes_at_the_platform {}
    #[doc = include_str!("../docs/decisions/0010-the-door-reads-in-one-statement.md")]
    pub mod d0010_the_door_reads_in_one_statement {}
    #[doc = include_str!("../docs/decisions/0011-a-platform-is-one-line.md")]
    pub mod d0011_a_platform_is_one_line {}
    #[doc = include_str!("../docs/decisions/0012-what-follows-is-a-job.md")]
    pub mod d0012_what_follows_is_a_job {}
    #[doc = include_str!("../docs/decisions/0013-a-standby-platform-is-a-policy.md")]
    pub mod d0013_a_standby_platform_is_a_policy {}
    #[doc = include_str!("../docs/decisions/0014-wall-clock-first.md")]
    pub mod d0014_wall_clock_first {}
    #[doc = include_str!("../docs/decisions/0015-reminders-look-for-starts.md")]
    pub mod d0015_reminders_look_for_starts {}
    #[doc = include_str!("../docs/decisions/0016-a-confirmed-booking-is-an-enrollment.md")]
    pub mod d0016_a_confirmed_booking_is_an_enrollment {}
    #[doc = include_str!("../docs/decisions/0017-webhooks-go-out-by-a-loop-of-their-own.md")]
    pub mod d0017_webhooks_go_out_by_a_loop_of_their_own {}
    #[doc = include_str!("../docs/decisions/0018-rosters-follow-cohorts.md")]
    pub mod d0018_rosters_follow_cohorts {}
    #[doc = include_str!("../docs/decisions/0019-a-booked-time-is-a-session-of-ones-own-class.md")]
    pub mod d0019_a_booked_time_is_a_session_of_ones_own_class {}
    #[doc = include_str!("../docs/decisions/0020-words-are-rows-and-totals-are-kept.md")]
    pub mod d0020_words_are_rows_and_totals_are_kept {}
    #[doc = include_str!("../docs/decisions/0021-a-series-has-a-link-of-ours.md")]
    pub mod d0021_a_series_has_a_link_of_ours {}
}
