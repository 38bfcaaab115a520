//! The form that schedules a class, sent as a browser without scripts sends it: whole, with what stands in it.

use crate::browser::{Browser, Page, attribute, inputs};

const LOOK: &str = "/schedule/look";
const SCHEDULE: &str = "/schedule";

/// What stands in the form, with these inputs otherwise: every value of a name replaces what stood there; a name that begins
/// with `-` is left out.
fn filled(page: &Page, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all = inputs(page.html(), SCHEDULE);
    let named = |name: &str| changes.iter().any(|(changed, _)| changed.trim_start_matches('-') == name);
    all.retain(|(name, _)| !named(name));
    let changed = changes.iter().filter(|(name, _)| !name.starts_with('-'));
    all.extend(changed.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    all
}

impl Browser {
    async fn sent(&self, to: &str, fields: &[(String, String)]) -> Page {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(to, &fields).await
    }

    /// Opens the form at this address, fills in what is otherwise, and looks at what will happen.
    pub async fn look(&self, at: &str, changes: &[(&str, &str)]) -> Page {
        let page = self.get(at).await;
        assert_eq!(page.status(), 200, "{at}: {}", page.html());
        self.look_again(&page, changes).await
    }

    /// Fills in what is otherwise on the form that is shown, and looks at what will happen.
    pub async fn look_again(&self, page: &Page, changes: &[(&str, &str)]) -> Page {
        self.sent(LOOK, &filled(page, changes)).await
    }

    /// Presses the button of the form that is shown.
    pub async fn press_schedule(&self, page: &Page, changes: &[(&str, &str)]) -> Page {
        self.sent(SCHEDULE, &filled(page, changes)).await
    }

    /// Schedules: fills in, looks, presses.
    pub async fn schedule(&self, at: &str, changes: &[(&str, &str)]) -> Page {
        let looked = self.look(at, changes).await;
        assert_eq!(looked.status(), 200, "{changes:?}: {}", looked.html());
        self.press_schedule(&looked, &[]).await
    }
}

impl Page {
    /// The value of an input of the scheduling form, or of the chosen option of a select.
    #[must_use]
    pub fn typed(&self, name: &str) -> Option<String> {
        inputs(self.html(), SCHEDULE).into_iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// The tag of the page's first input with this name, as written.
    #[must_use]
    pub fn input(&self, name: &str) -> &str {
        let tags = self.html().split("<input").skip(1).filter_map(|input| input.split('>').next());
        let mut named = tags.filter(|tag| attribute(tag, "name").as_deref() == Some(name));
        named.find(|tag| attribute(tag, "type").as_deref() != Some("hidden")).unwrap_or_default()
    }
}
