//! classes that start while the platform fails. The long run is `measure starts`.

use lectern_tests::{story, trials::starts};

/// The kinds of the plan, as the simulator names what struck.
const FAULTS: [&str; 3] = ["server_error", "timeout_after", "too_many_requests"];

story!(
    /// One tenth of the calls fails, some are refused, some are done without an answer: every meeting is there within a minute,
    /// once, and Zoom has no meeting that no session knows.
    many_classes_start_on_a_failing_platform, |app| async {
        let plan = starts::Plan { hosts: 5, starts: 40, at_once: 16, seed: 39 };
        let presses = starts::prepare(app, plan).await;
        let report = starts::second_by_second(app, plan, presses).await;
        assert_eq!((report.starts, report.in_time, report.doubled, report.orphans), (40, 40, 0, 0), "{report}");
        let struck: Vec<&str> = report.faults.keys().copied().collect();
        assert_eq!(struck, FAULTS, "every kind of fault must have struck: {report}");
    }
);
