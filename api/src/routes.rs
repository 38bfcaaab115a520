//! Every path of the server, in one screenful.

use axum::{Router, extract::DefaultBodyLimit, http::StatusCode, middleware::from_fn_with_state};
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, timeout::TimeoutLayer, trace::TraceLayer,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App, attendance, audit, booking_pages, bookings, branding, calendar, classes, cohorts, embedding,
    holidays, home, idempotency, instance, join, live, locks, notify, organizations, pages, pasted_links,
    payments, people, platforms, scheduling, sessions, timetable, webhooks_in, webhooks_out,
};

/// The JSON side: what a handler's `#[utoipa::path]` says is its route and its documentation.
pub fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(crate::openapi::base())
        .routes(routes!(people::routes::login))
        .routes(routes!(people::routes::logout))
        .routes(routes!(people::me::me, people::me::change_me))
        .routes(routes!(people::routes::list, people::routes::create))
        .routes(routes!(people::routes::show, people::routes::change))
        .routes(routes!(people::routes::list_api_keys, people::routes::create_api_key))
        .routes(routes!(people::routes::revoke_api_key))
        .routes(routes!(organizations::routes::show_settings, organizations::routes::change_settings))
        .routes(routes!(branding::routes::show, branding::routes::change))
        .routes(routes!(branding::routes::set_logo, branding::routes::remove_logo))
        .routes(routes!(organizations::routes::set_host_tokens))
        .routes(routes!(organizations::routes::set_default_platform))
        .routes(routes!(embedding::routes::show, embedding::routes::set))
        .routes(routes!(embedding::routes::ask))
        .routes(routes!(locks::routes::show, locks::routes::set))
        .routes(routes!(holidays::routes::list))
        .routes(routes!(holidays::routes::save, holidays::routes::remove))
        .routes(routes!(organizations::routes::list, organizations::routes::create))
        .routes(routes!(organizations::routes::change))
        .routes(routes!(organizations::routes::show_limits, organizations::routes::set_limits))
        .routes(routes!(instance::health::routes::show))
        .routes(routes!(instance::work::routes::list))
        .routes(routes!(instance::work::routes::retry_kind))
        .routes(routes!(instance::work::routes::retry))
        .routes(routes!(instance::work::routes::discard))
        .routes(routes!(classes::routes::list, classes::routes::create))
        .routes(routes!(classes::routes::show, classes::routes::change, classes::routes::archive))
        .routes(routes!(classes::routes::platforms))
        .routes(routes!(classes::routes::settings, classes::routes::set_settings))
        .routes(routes!(classes::routes::compare, classes::routes::move_class))
        .routes(routes!(pasted_links::routes::show, pasted_links::routes::set))
        .routes(routes!(
            pasted_links::routes::show_of_session,
            pasted_links::routes::set_of_session,
            pasted_links::routes::remove_of_session
        ))
        .routes(routes!(classes::routes::roster, classes::routes::enroll))
        .routes(routes!(classes::routes::unenroll))
        .routes(routes!(classes::routes::rotate))
        .routes(routes!(classes::routes::guests, classes::routes::invite))
        .routes(routes!(classes::routes::uninvite))
        .routes(routes!(cohorts::routes::list, cohorts::routes::create))
        .routes(routes!(cohorts::routes::show, cohorts::routes::change, cohorts::routes::remove))
        .routes(routes!(cohorts::routes::members, cohorts::routes::add_member))
        .routes(routes!(cohorts::routes::remove_member))
        .routes(routes!(cohorts::routes::import))
        .routes(routes!(cohorts::routes::of_class))
        .routes(routes!(cohorts::routes::enroll, cohorts::routes::unenroll))
        .routes(routes!(sessions::routes::list))
        .routes(routes!(sessions::routes::schedule))
        .routes(routes!(sessions::series::routes::preview))
        .routes(routes!(sessions::routes::show, sessions::routes::change, sessions::routes::cancel))
        .routes(routes!(timetable::routes::put))
        .routes(routes!(timetable::routes::put_many))
        .routes(routes!(sessions::routes::start))
        .routes(routes!(sessions::routes::end))
        .routes(routes!(sessions::routes::launch))
        .routes(routes!(bookings::routes::offer, bookings::routes::save_offer))
        .routes(routes!(bookings::routes::list, bookings::routes::book))
        .routes(routes!(bookings::routes::show, bookings::routes::change, bookings::routes::end))
        .routes(routes!(booking_pages::routes::list, booking_pages::routes::create))
        .routes(routes!(booking_pages::routes::show, booking_pages::routes::save))
        .routes(routes!(booking_pages::routes::slots))
        .routes(routes!(booking_pages::routes::bookings, booking_pages::routes::book))
        .routes(routes!(payments::routes::show, payments::routes::save, payments::routes::remove))
        .routes(routes!(payments::routes::test))
        .routes(routes!(payments::routes::receive))
        .routes(routes!(calendar::routes::show))
        .routes(routes!(calendar::routes::rotate))
        .routes(routes!(notify::routes::list))
        .routes(routes!(notify::routes::see))
        .routes(routes!(notify::routes::choices))
        .routes(routes!(notify::routes::choose))
        .routes(routes!(attendance::routes::show))
        .routes(routes!(attendance::routes::download))
        .routes(routes!(attendance::routes::change))
        .routes(routes!(attendance::routes::verify))
        .routes(routes!(attendance::routes::reconcile))
        .routes(routes!(attendance::routes::assign))
        .routes(routes!(audit::routes::list))
        .routes(routes!(live::routes::live))
        .routes(routes!(live::routes::create_ticket))
        .routes(routes!(platforms::routes::show, platforms::routes::save, platforms::routes::remove))
        .routes(routes!(platforms::routes::test))
        .routes(routes!(platforms::routes::history))
        .routes(routes!(platforms::routes::reset))
        .routes(routes!(
            platforms::routes::connect,
            platforms::routes::connection,
            platforms::routes::disconnect
        ))
        .routes(routes!(platforms::routes::refresh))
        .routes(routes!(platforms::routes::list))
        .routes(routes!(platforms::routes::revoke))
        .routes(routes!(webhooks_out::routes::list, webhooks_out::routes::create))
        .routes(routes!(
            webhooks_out::routes::show,
            webhooks_out::routes::change,
            webhooks_out::routes::remove
        ))
        .routes(routes!(webhooks_out::routes::rotate_secret))
        .routes(routes!(webhooks_out::routes::test))
        .routes(routes!(webhooks_out::routes::deliveries))
        .routes(routes!(webhooks_out::routes::replay))
        .routes(routes!(webhooks_out::routes::replay_failed))
        .routes(routes!(webhooks_in::routes::receive))
        .routes(routes!(webhooks_in::routes::receive_any))
}

macro_rules! paths {
    ($(#[$doc:meta])* $list:ident, $routes:ident: $($path:literal => $($method:ident $handler:path),+;)*) => {
        $(#[$doc])*
        pub const $list: &[(&str, &str)] = &[$($((stringify!($method), $path),)+)*];

        fn $routes() -> Router<App> {
            Router::new()$(.route($path, axum::routing::MethodRouter::new()$(.$method($handler))+))*
        }
    };
}

paths! {
    /// Method and path of what machines ask without a sign-in, for the test that checks each role on each.
    PROBES, probe_routes:
    "/healthz" => get crate::probes::health;
    "/readyz" => get crate::probes::ready;
    "/metrics" => get crate::probes::metrics;
}

paths! {
    /// Method and path of every page, for the test that checks each role on each.
    PAGES, page_routes:
    "/" => get home::show;
    "/why" => get home::why;
    "/attendance" => get attendance::own::list;
    "/sign-in" => get people::pages::sign_in, post people::pages::do_sign_in;
    "/sign-out" => post people::pages::sign_out;
    "/set-up" => get people::pages::set_up, post people::pages::do_set_up;
    "/people" => get people::pages::people, post people::pages::add_person;
    "/people/{id}" => get people::person_page::show, post people::person_page::save;
    "/people/{id}/disable" => post people::pages::disable;
    "/people/{id}/enable" => post people::pages::enable;
    "/api-keys" => get people::key_pages::list, post people::key_pages::create;
    "/api-keys/{id}/revoke" => post people::key_pages::revoke;
    "/join/class/{class}" => get join::pages::show, post join::pages::post;
    "/join/class/{class}/calendar.ics" => get join::pages::calendar;
    "/platforms" => get platforms::pages::platforms;
    "/platforms/{provider}" => get platforms::pages::show, post platforms::pages::save;
    "/platforms/{provider}/test" => post platforms::pages::test;
    "/connection" => get platforms::pages::connection;
    "/connection/{provider}/connect" => post platforms::pages::connect;
    "/connection/{provider}/refresh" => post platforms::pages::refresh;
    "/connection/{provider}/disconnect" => post platforms::pages::disconnect;
    "/connections" => get platforms::pages::connections;
    "/connections/{id}/revoke" => post platforms::pages::revoke;
    "/oauth/{provider}/callback" => get platforms::routes::callback;
    "/oauth/{provider}/start" => get platforms::start_pages::show, post platforms::start_pages::begin;
    "/oauth/{provider}/done" => get platforms::start_pages::done;
    "/holidays" => get holidays::pages::list, post holidays::pages::save;
    "/holidays/{day}/remove" => post holidays::pages::remove;
    "/locks" => get locks::pages::show, post locks::pages::save;
    "/live" => get live::pages::board;
    "/calendar" => get calendar::pages::show;
    "/calendar/rotate" => post calendar::pages::rotate;
    "/calendar/{feed}" => get calendar::pages::ics;
    "/book/{class}" => get bookings::pages::show, post bookings::pages::book;
    "/book/with/{page}" => get booking_pages::pages::visit, post booking_pages::pages::book;
    "/booking/{token}" => get bookings::pages::booking, post bookings::pages::pay;
    "/booking/{token}/cancel" => post bookings::pages::cancel;
    "/booking/{token}/move" => post bookings::pages::reschedule;
    "/booking-pages" => get booking_pages::pages::list, post booking_pages::pages::create;
    "/booking-pages/new" => get booking_pages::pages::new;
    "/booking-pages/{id}" => get booking_pages::pages::show, post booking_pages::pages::save;
    "/booking-pages/{id}/bookings/{booking}/end" => post booking_pages::pages::end;
    "/classes/{id}/bookings" => get bookings::pages::list, post bookings::pages::save_terms;
    "/classes/{id}/bookings/{booking}/end" => post bookings::pages::end;
    "/payments" => get payments::pages::show, post payments::pages::save;
    "/payments/test" => post payments::pages::test;
    "/payments/remove" => post payments::pages::remove;
    "/notices" => get notify::pages::list;
    "/notices/seen" => post notify::pages::see;
    "/notices/off/{token}" => get notify::pages::ask_off, post notify::pages::turn_off;
    "/keys" => get pages::keys;
    "/me" => get people::me::show, post people::me::save;
    "/sessions/{id}/attendance" => get attendance::pages::sheet;
    "/sessions/{id}/attendance/verify" => post attendance::pages::verify;
    "/sessions/{id}/attendance/reconcile" => post attendance::pages::reconcile;
    "/sessions/{id}/attendance/strays" => post attendance::pages::assign;
    "/sessions/{id}/attendance/{person}" => post attendance::pages::change;
    "/schedule" => get scheduling::pages::show, post scheduling::pages::schedule;
    "/schedule/look" => get scheduling::pages::back_to_form, post scheduling::pages::look;
    "/classes" => get classes::pages::list;
    "/classes/{id}" => get classes::pages::overview;
    "/classes/{id}/attendance" => get attendance::register::show;
    "/classes/{id}/roster" => get classes::pages::roster;
    "/classes/{id}/enrollments" => get classes::pages::back_to_roster, post classes::pages::enroll;
    "/classes/{id}/enrollments/{enrollment}/remove" => post classes::pages::remove;
    "/classes/{id}/enrollments/{enrollment}/restore" => post classes::pages::restore;
    "/classes/{id}/enrollments/{enrollment}/rotate" => post classes::pages::rotate;
    "/classes/{id}/enrollments/{enrollment}/send" => post classes::pages::send;
    "/classes/{id}/guests" => get classes::pages::back_to_roster, post classes::pages::invite;
    "/classes/{id}/guests/{guest}/remove" => post classes::pages::remove_guest;
    "/classes/{id}/cohorts" => get classes::pages::back_to_roster, post cohorts::pages::enroll;
    "/classes/{id}/cohorts/{cohort}/remove" => post cohorts::pages::unenroll;
    "/cohorts" => get cohorts::pages::list, post cohorts::pages::create;
    "/cohorts/{id}" => get cohorts::pages::show, post cohorts::pages::change;
    "/cohorts/{id}/remove" => post cohorts::pages::remove;
    "/cohorts/{id}/members" => get cohorts::pages::back_to_cohort, post cohorts::pages::add_member;
    "/cohorts/{id}/members/{person}/remove" => post cohorts::pages::remove_member;
    "/cohorts/{id}/members/{person}/restore" => post cohorts::pages::restore_member;
    "/cohorts/{id}/import" => get cohorts::pages::ask_file, post cohorts::pages::import;
    "/classes/{id}/sessions" => get classes::pages::sessions;
    "/classes/{id}/platform" => get classes::pages::platform, post classes::pages::move_class;
    "/classes/{id}/link" => get classes::pages::back_to_roster, post classes::pages::set_link;
    "/classes/{id}/settings" => get classes::pages::settings, post classes::pages::set_settings;
    "/classes/{id}/name" => get classes::pages::back_to_settings, post classes::pages::rename;
    "/sessions/{id}" => get sessions::pages::show;
    "/sessions/{id}/start" => get sessions::pages::back_to_session, post sessions::pages::start;
    "/sessions/{id}/launch" => get sessions::pages::back_to_session, post sessions::pages::launch;
    "/sessions/{id}/end" => get sessions::pages::ask_end, post sessions::pages::end;
    "/sessions/{id}/cancel" => get sessions::pages::ask_cancel, post sessions::pages::cancel;
    "/sessions/{id}/edit" => get sessions::pages::edit, post sessions::pages::change;
    "/webhooks" => get webhooks_out::pages::list, post webhooks_out::pages::create;
    "/webhooks/new" => get webhooks_out::pages::new;
    "/webhooks/{id}" => get webhooks_out::pages::show, post webhooks_out::pages::save;
    "/webhooks/{id}/test" => post webhooks_out::pages::test;
    "/webhooks/{id}/rotate" => post webhooks_out::pages::rotate;
    "/webhooks/{id}/enable" => post webhooks_out::pages::enable;
    "/webhooks/{id}/disable" => post webhooks_out::pages::disable;
    "/webhooks/{id}/remove" => post webhooks_out::pages::remove;
    "/webhooks/{id}/replay" => post webhooks_out::pages::replay_failed;
    "/webhooks/{id}/deliveries/{delivery}/replay" => post webhooks_out::pages::replay;
    "/audit" => get audit::pages::log;
    "/health" => get instance::health::pages::show;
    "/jobs" => get instance::work::pages::list;
    "/jobs/retry" => post instance::work::pages::retry_kind;
    "/jobs/{id}/retry" => post instance::work::pages::retry;
    "/jobs/{id}/discard" => get instance::work::pages::ask_discard, post instance::work::pages::discard;
    "/audit.csv" => get audit::export::download;
    "/organization" => get organizations::own_pages::show, post organizations::own_pages::save;
    "/organization/embedding" => get embedding::settings_pages::show, post embedding::settings_pages::save;
    "/embed/open" => get embedding::pages::open;
    "/embed/connection" => get embedding::pages::connection;
    "/embed/connection/{provider}/connect" => post embedding::leaving::connect;
    "/embed/connection/{provider}/refresh" => post embedding::pages::refresh;
    "/embed/connection/{provider}/disconnect" => post embedding::pages::disconnect;
    "/embed/join/{class}" => get embedding::pages::join;
    "/embed/live" => get embedding::pages::board;
    "/embed/live/events" => get embedding::pages::events;
    "/embed/live/end" => post embedding::leaving::end;
    "/embed/theme/{file}" => get embedding::pages::colours;
    "/branding" => get branding::pages::show, post branding::pages::save;
    "/branding/logo/remove" => post branding::pages::remove_logo;
    "/branding/{organization}/{version}/accent.css" => get branding::looks::sheet;
    "/branding/{organization}/{version}/logo" => get branding::looks::picture;
    "/languages" => get organizations::language_pages::show, post organizations::language_pages::save;
    "/organizations" => get organizations::pages::list, post organizations::pages::create;
    "/organizations/{id}" => get organizations::pages::show, post organizations::pages::save_limits;
    "/organizations/{id}/owner" => post organizations::pages::make_owner;
    "/organizations/{id}/close" => post organizations::pages::close;
    "/organizations/{id}/open" => post organizations::pages::open;
    "/static/{*path}" => get pages::asset;
}

/// The whole server, with some paths beside its own (none but in a demo).
pub fn router(app: App, beside: Router<App>) -> Router {
    let (api, document) = api().split_for_parts();
    let limits = app.config.limits.clone();
    Router::new()
        .merge(api.layer(from_fn_with_state(app.clone(), idempotency::once)))
        .merge(page_routes())
        .merge(crate::openapi::documents(crate::openapi::complete(document)))
        .merge(probe_routes())
        .merge(beside)
        .fallback(|| async { crate::error::ApiError::NotFound })
        .method_not_allowed_fallback(|| async { crate::error::ApiError::MethodNotAllowed })
        .layer(from_fn_with_state(app.clone(), pages::errors_as_pages))
        .layer(from_fn_with_state(pages::SafeHeaders::of(&app), pages::secure_headers))
        .layer(DefaultBodyLimit::max(limits.body_bytes))
        .layer(CompressionLayer::new())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            std::time::Duration::from_secs(limits.request_seconds),
        ))
        .layer(CatchPanicLayer::custom(crate::probes::panicked))
        .layer(TraceLayer::new_for_http().make_span_with(crate::probes::span))
        .with_state(app)
}
