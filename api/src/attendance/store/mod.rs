//! Stays, runs, verdicts and reconciliations of one organization's sessions.

mod presences;
mod reconciliations;
pub mod register;
mod runs;
mod verdicts;

pub use presences::{
    find_presence, first_seen, inside_with, lock, presences_of, presences_of_many, remove_reported, reported,
    save_presence,
};
pub use reconciliations::{Reconciliation, reconciliation, save_reconciliation};
pub use runs::{StoredRun, find_run, run_reported, runs_of, runs_of_many, save_run};
pub use verdicts::{
    Figures, Kept, NewVerdict, PersonsRow, StoredVerdict, figures_of_person, of_person, save_verdict,
    states_of_one, verdicts_of,
};
