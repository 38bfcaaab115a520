//! Sentences that carry their key are said in the reader's language.

use lectern_core::sentence::Sentence;
use lectern_web::pages::error::{ErrorKind, ErrorPage};
use lectern_web::{Lang, Vocabulary, Web};

fn told(sentence: Sentence, vocabulary: Vocabulary, lang: Lang) -> String {
    let page = ErrorPage {
        conflict: None,
        status: 503,
        kind: ErrorKind::Unavailable,
        sentence: Some(sentence),
        next_step: None,
        sign_in: None,
        id: String::new(),
    };
    Web::new().unwrap().bare(&page, vocabulary, lang).unwrap()
}

#[test]
fn a_sentence_with_a_key_is_said_in_the_readers_language() {
    let limit = || {
        Sentence::known(
            "provider_error.daily_limit",
            "{platform}'s daily limit for this host is used up. It opens again at {at} UTC.",
        )
        .with("platform", "Zoom")
        .with("at", "09:30")
    };
    let bengali = told(limit(), Vocabulary::School, Lang::Bn);
    assert!(bengali.contains("এই হোস্টের জন্য Zoom-এর দৈনিক সীমা শেষ। আবার খুলবে ০৯:৩০ UTC-তে।"), "{bengali}");
    assert!(!bengali.contains("daily limit"), "{bengali}");
    let english = told(limit(), Vocabulary::School, Lang::En);
    assert!(english.contains("Zoom’s daily limit for this host is used up."), "{english}");
}

#[test]
fn a_sentence_within_a_sentence_is_said_too() {
    let step =
        Sentence::known("provider_step.zoom.activate", "activate the app in the Zoom App Marketplace.");
    let error = Sentence::known(
        "provider_error.policy_missing",
        "{platform} needs a step by its administrator: {step}",
    )
    .with("platform", "Zoom")
    .with("step", step);
    let bengali = told(error, Vocabulary::School, Lang::Bn);
    assert!(bengali.contains("Zoom App Marketplace-এ অ্যাপটি চালু করুন।"), "{bengali}");
}

#[test]
fn an_organizations_words_reach_a_reason() {
    let reason = || {
        Sentence::known("reason.zoom.end_scope", "{scope}: the teacher")
            .with("scope", "meeting:update:status")
    };
    assert!(
        told(reason(), Vocabulary::Marketplace, Lang::En).contains("until then the seller ends the meeting")
    );
    assert!(told(reason(), Vocabulary::Marketplace, Lang::Bn).contains("ততদিন বিক্রেতা জুমেই মিটিং শেষ করবেন।"));
}

#[test]
fn what_has_no_key_or_an_unknown_one_is_said_in_english() {
    let newer = Sentence::known("reason.newer.platform", "It is <new>.");
    for sentence in [newer, "It is <new>.".into()] {
        assert!(told(sentence, Vocabulary::School, Lang::Bn).contains("It is &lt;new&gt;."));
    }
}
