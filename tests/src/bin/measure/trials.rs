//! The long runs of the trials whose short runs are stories.

use std::time::Instant;

use lectern_tests::{
    Engine, TestApp,
    trials::{
        sessions::{Connection, Report, Trial},
        starts,
    },
};

use crate::site::follow;

const SESSIONS: usize = 1_000;
/// Trials side by side: each mostly waits. Longer ones would outlive their teachers' sign-ins.
const SIDE_BY_SIDE: usize = 4;

/// 1,000 starts over 25 hosts, 16 at once, in real time.
pub(crate) async fn starts(engine: Engine) {
    let mut app = TestApp::start(engine).await;
    let clock = follow(&app);
    let plan = starts::Plan { hosts: 25, starts: 1_000, at_once: 16, seed: 11 };
    let presses = starts::prepare(&mut app, plan).await;
    app.start_background().await;
    let begun = Instant::now();
    let report = starts::in_real_time(&app, plan, presses).await;
    println!("  {report}; in {:.0} s", begun.elapsed().as_secs_f64());
    assert!(report.is_kept(), "fewer than 99.9 % ready in time, or a meeting made twice");
    clock.abort();
    app.finish().await;
}

/// 1,000 sessions for each kind of connection, ten in an hour of the simulated clock.
pub(crate) async fn attendance(engine: Engine) {
    for connection in [Connection::AdminReport, Connection::UserLevel] {
        let begun = Instant::now();
        let trials = (23..).take(SIDE_BY_SIDE).map(async |seed| {
            let mut app = TestApp::start(engine).await;
            let trial = Trial::prepare(&mut app, connection, seed).await;
            let report = trial.run(&mut app, SESSIONS / SIDE_BY_SIDE).await;
            app.finish().await;
            report
        });
        let report = Report::together(futures::future::join_all(trials).await);
        println!("  {connection}: {}", report.several);
        println!("  {connection}, one person inside: {}", report.alone);
        let (events, lost) = report.events;
        println!(
            "  {connection}: {events} events, {lost} of them lost; in {:.0} s",
            begun.elapsed().as_secs_f64()
        );
        for difference in report.several.differences.iter().chain(&report.alone.differences).take(10) {
            println!("    {difference}");
        }
        // Of a session with one person inside Zoom gives no report: what the lost events said is unconfirmed there.
        let right = report.several.equal_sessions == report.several.sessions;
        assert!(right, "attendance differs from what happened");
    }
}
