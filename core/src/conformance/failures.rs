//! What goes wrong comes out in words that somebody can act on.

use chrono::TimeDelta;

use super::{
    harness::{Deletion, Harness, Trouble},
    stage::{CALL, HURRY, Stage},
};
use crate::provider::{ErrorKind, RepairedBy, Retry};

/// Too many calls: the answer names an instant, nothing is made, and it works when that instant has come.
pub async fn too_many_requests_are_told_with_the_time_and_nothing_is_made<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let (meetings, draft) = (stage.meetings(), stage.draft(1));
    if !stage.harness.trouble(Trouble::TooMany) {
        return assert_eq!(stage.harness.requests(), None, "whoever is asked can be asked too often");
    }
    let error = meetings.create(&HURRY, &draft).await.unwrap_err();
    let now = stage.harness.now();
    match error.kind {
        ErrorKind::RateLimited(until) => assert!(until > now, "room again in the past"),
        other => panic!("{other:?}"),
    }
    assert!(!error.maybe_done && error.retry != Retry::Never && error.repaired_by == RepairedBy::Nobody);
    assert_eq!(stage.harness.meetings(), 0);
    stage.harness.trouble(Trouble::Over);
    stage.harness.advance(TimeDelta::minutes(2));
    stage.create(&draft).await;
    assert_eq!(stage.harness.meetings(), 1);
}

/// A day's budget that is used up is not tried again before the day is over, and what is no write still works. A vendor
/// without such a budget promises none.
pub async fn a_spent_day_is_told_with_its_end<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let meetings = stage.meetings();
    let made = stage.create(&stage.draft(1)).await;
    let counted = stage.can().limits.host_writes_per_day.is_some();
    assert_eq!(stage.harness.trouble(Trouble::DayIsSpent), counted, "the limits and the vendor disagree");
    if !counted {
        return;
    }
    for attempt in [
        meetings.create(&CALL, &stage.draft(2)).await,
        meetings.update(&CALL, &stage.at(&made), &stage.draft(1)).await,
    ] {
        let error = attempt.unwrap_err();
        let left = match error.kind {
            ErrorKind::DailyLimit(until) => until - stage.harness.now(),
            other => panic!("{other:?}"),
        };
        assert!(left > TimeDelta::zero() && left <= TimeDelta::days(1), "{left}");
        match error.retry {
            Retry::Never => {}
            Retry::After(pause) => assert!(pause >= left.to_std().unwrap(), "again while the day lasts"),
            Retry::Backoff => panic!("again while the day lasts"),
        }
        assert!(!error.maybe_done);
    }
    assert_eq!(meetings.get(&CALL, &stage.at(&made)).await.unwrap().id, made.id);
    assert_eq!(stage.harness.meetings(), 1);
}

/// When the grant is gone, whoever gave it is asked to act: the person connects again, or an admin mends the app's own
/// credentials. Nobody tries on.
pub async fn a_revoked_grant_asks_to_connect_again<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let (meetings, draft) = (stage.meetings(), stage.draft(1));
    let made = stage.create(&draft).await;
    let granted = stage.harness.revoke().await;
    assert_eq!(granted, stage.provider.oauth().is_some(), "what is granted can be taken back");
    if !granted {
        return;
    }
    for error in [
        meetings.create(&CALL, &stage.draft(2)).await.unwrap_err(),
        meetings.get(&CALL, &stage.at(&made)).await.unwrap_err(),
    ] {
        let by_admin = matches!(error.kind, ErrorKind::Invalid(_)) && error.repaired_by == RepairedBy::Admin;
        assert!(error.kind == ErrorKind::Reconnect || by_admin, "{error}");
        assert!(error.retry == Retry::Never && !error.maybe_done);
    }
    let kept = usize::from(stage.harness.deletion() != Deletion::NothingMade);
    assert_eq!(stage.harness.meetings(), kept);
}

/// When the vendor misses a permission, the error names it, for an admin, and nothing is made.
pub async fn a_missing_scope_is_named_to_the_admin<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let (meetings, draft) = (stage.meetings(), stage.draft(1));
    let granted = stage.harness.take_scope().await;
    let Some(oauth) = stage.provider.oauth() else {
        return assert!(!granted, "scopes, and no part that asks for them");
    };
    assert!(granted, "a grant has scopes");
    let error = meetings.create(&CALL, &draft).await.unwrap_err();
    match &error.kind {
        ErrorKind::ScopeMissing(scopes) => {
            assert!(!scopes.is_empty() && scopes.iter().all(|name| !name.is_empty()))
        }
        ErrorKind::PolicyMissing(step) => assert!(step.contains(' '), "no step to take: {step:?}"),
        other => panic!("{other:?}"),
    }
    assert_eq!((error.repaired_by, error.retry), (RepairedBy::Admin, Retry::Never));
    assert!(!error.maybe_done);
    assert_eq!(stage.harness.meetings(), 0);
    // Asked beforehand, where the vendor tells what was granted, the part names each permission and what it is for.
    let missing = oauth.missing_scopes(&[]);
    assert!(missing.iter().all(|(scope, purpose)| !scope.is_empty() && !purpose.is_empty()));
}
