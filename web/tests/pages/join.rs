//! The join page and the refusal.

use lectern_web::pages::{Join, JoinState};
use lectern_web::{Lang, Page, Vocabulary, Web};

use crate::markup::tags;

fn rendered() -> Vec<(Join, String)> {
    let web = Web::new().unwrap();
    let mut all = vec![];
    for lang in Lang::ALL {
        for page in Join::samples() {
            let html = web.bare(&page, Vocabulary::School, lang).unwrap();
            all.push((page, html));
        }
    }
    all
}

#[test]
fn a_join_page_has_exactly_one_form_and_it_posts_to_the_bare_path() {
    for (page, html) in rendered() {
        let forms: Vec<_> = tags(&html).into_iter().filter(|tag| tag.name == "form").collect();
        assert_eq!(forms.len(), 1, "{:?}", page.state);
        assert_eq!(forms[0].get("method"), Some("post"), "{:?}", page.state);
        assert_eq!(forms[0].get("action"), Some("/join/class/c1"), "{:?}", page.state);
    }
}

#[test]
fn the_form_carries_all_a_post_needs() {
    for (page, html) in rendered() {
        let inputs: Vec<_> = tags(&html).into_iter().filter(|tag| tag.name == "input").collect();
        let named = |name: &str| inputs.iter().filter(|tag| tag.get("name") == Some(name)).count();
        assert_eq!(named("form"), 1);
        assert_eq!(named("token"), usize::from(page.token.is_some()));
        let sessions = match &page.state {
            JoinState::Choose { sessions } => sessions.len(),
            _ => usize::from(page.session.is_some()),
        };
        assert_eq!(named("session"), sessions, "{:?}", page.state);
        let asks = matches!(&page.state, JoinState::OtherBrowser { spent: false, .. });
        assert_eq!(named("code"), usize::from(asks), "{:?}", page.state);
    }
}

#[test]
fn only_a_ready_page_opens_a_new_tab() {
    for (page, html) in rendered() {
        let form = tags(&html).into_iter().find(|tag| tag.name == "form").unwrap();
        let opens = matches!(
            page.state,
            JoinState::Ready { .. } | JoinState::Choose { .. } | JoinState::Joined { .. }
        );
        assert_eq!(form.get("target") == Some("_blank"), opens, "{:?}", page.state);
    }
}

#[test]
fn waiting_pages_look_again_without_a_script() {
    for (page, html) in rendered() {
        let waits = matches!(
            page.state,
            JoinState::Early { .. }
                | JoinState::Preparing
                | JoinState::PlatformDown
                | JoinState::TeacherNotHere
        );
        assert_eq!(html.contains("http-equiv=\"refresh\""), waits, "{:?}", page.state);
        assert!(!waits || html.contains("<noscript><meta"), "{:?}", page.state);
    }
}

#[test]
fn a_join_page_has_no_navigation() {
    for (_, html) in rendered() {
        assert!(!html.contains("<nav"));
    }
}

#[test]
fn the_refusal_is_always_the_same_bytes() {
    let first = Web::new().unwrap().refused().unwrap();
    let web = Web::new().unwrap();
    // Other pages in between, in other languages, leave no trace.
    web.bare(&Join::samples()[0], Vocabulary::Marketplace, Lang::Bn).unwrap();
    assert_eq!(first, web.refused().unwrap());
}

#[test]
fn the_refusal_says_it_in_both_languages_and_nothing_else() {
    let html = Web::new().unwrap().refused().unwrap();
    assert!(html.contains("Unauthorized access."));
    assert!(html.contains("প্রবেশের অনুমতি নেই।"));
    for word in ["Oakwood", "<form", "<input", "Zoom", "seller", "instructor"] {
        assert!(!html.contains(word), "{word}");
    }
}
