//! The crowd: people who come and go while somebody looks at the demo.

use std::{collections::HashMap, time::Duration};

use lectern_simulators::zoom::{Visit, ZoomSimulator};

use super::{day::Room, hands::Hands};
use crate::app::App;

/// Every few seconds somebody comes, or leaves for a while. Ends with the application.
pub(super) async fn come_and_go(app: App, zoom: ZoomSimulator, url: String, rooms: Vec<Room>) {
    let Ok(hands) = Hands::new(&url) else { return };
    let mut inside: HashMap<String, Visit> = HashMap::new();
    loop {
        let pause = Duration::from_millis(2_000 + app.randomness.below(5_000));
        tokio::select! {
            () = app.stopping() => return,
            () = tokio::time::sleep(pause) => {}
        }
        let Some(room) =
            usize::try_from(app.randomness.below(rooms.len() as u64)).ok().and_then(|index| rooms.get(index))
        else {
            return;
        };
        let Some(link) = usize::try_from(app.randomness.below(room.links.len() as u64))
            .ok()
            .and_then(|index| room.links.get(index))
        else {
            continue;
        };
        match inside.remove(link) {
            Some(visit) => {
                zoom.leaves(visit).ok();
            }
            None => {
                // Somebody who already sits in class presses Join in another browser and is asked for a code: as it should be.
                if let Ok(Some(onward)) = hands.press_join(link).await
                    && let Ok(visit) = zoom.joins(&onward)
                {
                    zoom.admit(visit).ok();
                    inside.insert(link.clone(), visit);
                }
            }
        }
        tracing::debug!(
            meeting = room.meeting,
            inside = inside.len(),
            "the crowd of meeting {} moves",
            room.meeting
        );
    }
}
