//! The crowd: people who come and go while somebody looks at the demo.

use std::time::Duration;

use lectern_simulators::zoom::ZoomSimulator;

use super::{
    day::{Room, Seated},
    hands::Hands,
};
use crate::app::App;

/// Every few seconds somebody comes, or leaves for a while. Ends with the application.
pub(super) async fn come_and_go(app: App, zoom: ZoomSimulator, url: String, mut rooms: Vec<Room>) {
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
        let Some(link) = usize::try_from(app.randomness.below(room.links.len() as u64))
            .ok()
            .and_then(|index| room.links.get(index))
        else {
            continue;
        };
        // Each keeps to one browser: who left comes back by the platform's own page.
        let onward = match room.seated.remove(link) {
            Some(Seated { onward, visit: Some(visit) }) => {
                zoom.leaves(visit).ok();
                room.seated.insert(link.clone(), Seated { onward, visit: None });
                None
            }
            Some(Seated { onward, visit: None }) => Some(onward),
            None => hands.press_join(link).await.ok().flatten(),
        };
        if let Some(onward) = onward {
            let visit = zoom.joins(&onward).ok();
            if let Some(visit) = visit {
                zoom.admit(visit).ok();
            }
            room.seated.insert(link.clone(), Seated { onward, visit });
        }
        tracing::debug!(
            meeting = room.meeting,
            seated = room.seated.len(),
            "the crowd of meeting {} moves",
            room.meeting
        );
    }
}
