//! The crowd: people who come and go while somebody looks at the demo.

use std::time::Duration;

use super::{
    day::{Room, Seated},
    hands::Hands,
    platforms::Platforms,
};
use crate::app::App;

/// Every few seconds somebody comes, or leaves for a while. Ends with the application.
pub(super) async fn come_and_go(app: App, platforms: Platforms, url: String, mut rooms: Vec<Room>) {
    let Ok(hands) = Hands::new(&url) else { return };
    loop {
        let pause = Duration::from_millis(2_000 + app.randomness.below(5_000));
        tokio::select! {
            () = app.stopping() => return,
            () = tokio::time::sleep(pause) => {}
        }
        let Some(room) = usize::try_from(app.randomness.below(rooms.len() as u64))
            .ok()
            .and_then(|index| rooms.get_mut(index))
        else {
            return;
        };
        let Some(who) = usize::try_from(app.randomness.below(room.pupils.len() as u64))
            .ok()
            .and_then(|index| room.pupils.get(index))
        else {
            continue;
        };
        // Each keeps to one browser: who left comes back by the platform's own page.
        let onward = match room.seated.remove(&who.link) {
            Some(Seated { onward, visit: Some(visit) }) => {
                platforms.leaves(visit);
                room.seated.insert(who.link.clone(), Seated { onward, visit: None });
                None
            }
            Some(Seated { onward, visit: None }) => Some(onward),
            None => hands.press_join(&who.link).await.ok().flatten(),
        };
        if let Some(onward) = onward {
            let visit = platforms.joins(room.on, &onward, who);
            room.seated.insert(who.link.clone(), Seated { onward, visit });
        }
        tracing::debug!(seated = room.seated.len(), "the crowd of {} moves", room.title);
    }
}
