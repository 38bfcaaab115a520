//! Attendance against the simulator's truth, which Lectern cannot read. The long run is `measure attendance`.

use lectern_tests::{
    TestApp, story,
    trials::sessions::{Connection, Trial},
};

async fn fifteen_sessions(app: &mut TestApp, connection: Connection) {
    let trial = Trial::prepare(app, connection, 23).await;
    let report = trial.run(app, 15).await;
    let (several, alone) = (&report.several, &report.alone);
    assert!(several.differences.is_empty(), "{connection}: {several}\n{}", several.differences.join("\n"));
    // Whoever was not there has no seconds; nothing shows more about a meeting that only its host attended.
    assert!(alone.differences.is_empty(), "{connection}: {alone}\n{}", alone.differences.join("\n"));
    assert_eq!(several.sessions + alone.sessions, 15);
    // Of a run that only the host attended Zoom reports nothing: who then stood at the door, and was not let in, has no
    // seconds, and nobody says more.
    assert!(several.unconfirmed * 20 < several.people, "{connection}: {several}");
    assert!(report.events.1 > 20, "nothing was lost: {:?}", report.events);
}

story!(
    /// with the administrators' report, everybody's time is the truth after reconciliation.
    many_sessions_by_the_admin_report, |app| async {
        fifteen_sessions(app, Connection::AdminReport).await;
    }
);

story!(
    /// The same with past participants only, who are found by the address of their seat.
    many_sessions_by_past_participants, |app| async {
        fifteen_sessions(app, Connection::UserLevel).await;
    }
);
