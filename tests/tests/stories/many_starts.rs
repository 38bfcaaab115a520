//! classes that start while the platform fails. The long run is `measure starts`.

use lectern_tests::{story, trials::starts};

story!(
    /// One tenth of the calls fails, some are refused, some are done without an answer: every meeting is there within a minute, once.
    many_classes_start_on_a_failing_platform, |app| async {
        let plan = starts::Plan { hosts: 5, starts: 40, at_once: 16, seed: 11 };
        let presses = starts::prepare(app, plan).await;
        let report = starts::second_by_second(app, plan, presses).await;
        assert_eq!((report.in_time, report.doubled), (40, 0), "{report}");
        assert!(!report.faults.is_empty(), "the platform never failed: {report}");
    }
);
