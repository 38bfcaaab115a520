//! Marks tasks that hold an open transaction, so that slow work inside one is noticed in development.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use tokio::task::Id;

static OPEN: LazyLock<Mutex<HashMap<Id, usize>>> = LazyLock::new(Mutex::default);

fn open() -> MutexGuard<'static, HashMap<Id, usize>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Held by a transaction. Only debug builds count.
#[derive(Debug)]
pub(super) struct Mark(Option<Id>);

impl Mark {
    pub(super) fn set() -> Self {
        let task = if cfg!(debug_assertions) { tokio::task::try_id() } else { None };
        if let Some(task) = task {
            *open().entry(task).or_default() += 1;
        }
        Self(task)
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        let Some(task) = self.0 else { return };
        let mut open = open();
        if let Some(count) = open.get_mut(&task) {
            *count -= 1;
            if *count == 0 {
                open.remove(&task);
            }
        }
    }
}

/// Called by everything slow: provider calls, mail, hashing.
///
/// # Panics
/// In debug builds, when this task holds an open transaction: the work belongs before or after it.
pub fn assert_no_open_transaction() {
    if cfg!(debug_assertions) {
        let held = tokio::task::try_id().is_some_and(|task| open().contains_key(&task));
        assert!(
            !held,
            "slow work (provider, mail, file or hashing) while a transaction is open on this task"
        );
    }
}
