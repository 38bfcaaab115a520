//! What a platform cannot do, and what went wrong there, is said in the reader's language.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use lectern_core::{
    provider::{Capabilities, ErrorKind, ProviderError, Reason},
    sentence::Sentence,
};
use lectern_providers::{link, meet, teams, zoom};
use lectern_simulators::faults::ForcedError;
use lectern_tests::{Lesson, story};
use lectern_web::{
    Lang, Vocabulary,
    catalog::{Catalog, placeholders},
};
use serde_json::json;

/// Keys that sentences made in Rust have, each of them.
const FAMILIES: [&str; 7] =
    ["reason.", "provider_error.", "provider_step.", "said.", "rule.", "weekday.", "month."];

fn is_bengali(text: &str) -> bool {
    text.chars().any(|c| ('\u{0980}'..='\u{09ff}').contains(&c))
}

/// The catalogue says a sentence as the code does, and in Bengali too; its key.
fn said(catalog: &Catalog, sentence: &Sentence) -> String {
    let key = sentence.key().unwrap_or_else(|| panic!("only in English: {sentence}"));
    let value = |name: &str| sentence.values().get(name).map(ToString::to_string);
    let say = |lang: Lang| {
        assert!(catalog.strings(lang).contains_key(key), "{key} is missing: {sentence}");
        catalog.say(lang, Vocabulary::School, key, None, &value).unwrap()
    };
    assert_eq!(say(Lang::En).replace('’', "'"), **sentence, "{key}");
    assert!(is_bengali(&say(Lang::Bn)), "{key}");
    key.to_owned()
}

fn in_catalog(catalog: &Catalog, family: &str) -> BTreeSet<String> {
    catalog.strings(Lang::En).keys().filter(|key| key.starts_with(family)).cloned().collect()
}

fn reasons(can: &Capabilities) -> Vec<&Reason> {
    let Capabilities {
        registrants,
        attendance,
        breakout_rooms,
        waiting_room,
        auto_recording,
        recording_download,
        chat,
        screen_share,
        recurrence,
        end_meeting,
        guarantee: _,
        create_recovery: _,
        limits: _,
        recording_kept_for: _,
        personal_data: _,
        aliases,
    } = can;
    [
        registrants.reason(),
        attendance.reason(),
        breakout_rooms.reason(),
        waiting_room.reason(),
        auto_recording.reason(),
        recording_download.reason(),
        chat.reason(),
        screen_share.reason(),
        recurrence.reason(),
        end_meeting.reason(),
        aliases.reason(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn every_reason_of_zoom_is_in_both_catalogues() {
    let catalog = Catalog::load().unwrap();
    let all: Vec<String> = zoom::oauth::SCOPES.iter().map(|scope| scope.granular.to_owned()).collect();
    let mut grants = vec![all.clone(), Vec::new()];
    grants.extend((0..all.len()).map(|without| {
        all.iter().enumerate().filter(|(at, _)| *at != without).map(|(_, scope)| scope.clone()).collect()
    }));
    let mut keys: BTreeSet<String> = BTreeSet::new();
    for plan in [None, Some(1), Some(2), Some(4), Some(99)] {
        for scopes in &grants {
            let can = zoom::capabilities_of(plan, scopes);
            keys.extend(reasons(&can).into_iter().map(|reason| said(&catalog, &reason.0)));
        }
    }
    keys.extend(reasons(&zoom::unconnected()).into_iter().map(|reason| said(&catalog, &reason.0)));
    assert_eq!(keys, in_catalog(&catalog, "reason.zoom."), "what Zoom can say, and what is translated");
}

#[test]
fn every_reason_of_teams_is_in_both_catalogues() {
    let catalog = Catalog::load().unwrap();
    let all: Vec<String> = teams::oauth::SCOPES.iter().map(|scope| scope.name.to_owned()).collect();
    let application = teams::Mode::Application { tenant_id: "t".to_owned() };
    let every = [
        teams::capabilities_of(&teams::Mode::Delegated, &all),
        teams::capabilities_of(&teams::Mode::Delegated, &[]),
        teams::capabilities_of(&application, &[]),
        teams::unconnected(&teams::Mode::Delegated),
    ];
    let keys: BTreeSet<String> =
        every.iter().flat_map(reasons).map(|reason| said(&catalog, &reason.0)).collect();
    assert_eq!(keys, in_catalog(&catalog, "reason.teams."), "what Teams can say, and what is translated");
    let steps: BTreeSet<String> = teams::steps().iter().map(|step| said(&catalog, step)).collect();
    assert_eq!(steps, in_catalog(&catalog, "provider_step.teams."));
}

#[test]
fn every_reason_of_meet_and_of_a_pasted_link_is_in_both_catalogues() {
    let catalog = Catalog::load().unwrap();
    let all: Vec<String> = meet::oauth::SCOPES.iter().map(|scope| scope.name.to_owned()).collect();
    let base: Vec<String> = all.iter().filter(|scope| scope.contains("meetings.")).cloned().collect();
    let mut every =
        vec![meet::at_best(), meet::unconnected(), meet::capabilities_of(&[]), meet::capabilities_of(&base)];
    every.extend((0..all.len()).map(|without| {
        let others = all.iter().enumerate().filter(|(at, _)| *at != without);
        meet::capabilities_of(&others.map(|(_, scope)| scope.clone()).collect::<Vec<_>>())
    }));
    let keys: BTreeSet<String> =
        every.iter().flat_map(reasons).map(|reason| said(&catalog, &reason.0)).collect();
    assert_eq!(keys, in_catalog(&catalog, "reason.meet."), "what Meet can say, and what is translated");
    let steps: BTreeSet<String> = meet::STEPS
        .iter()
        .map(|step| said(&catalog, &step.clone().with("api", "the Google Meet API")))
        .collect();
    assert_eq!(steps, in_catalog(&catalog, "provider_step.meet."));
    let link = link::capabilities();
    let keys: BTreeSet<String> = reasons(&link).into_iter().map(|reason| said(&catalog, &reason.0)).collect();
    assert_eq!(keys, in_catalog(&catalog, "reason.link."));
}

#[test]
fn every_kind_of_error_is_in_both_catalogues() {
    let catalog = Catalog::load().unwrap();
    let at = "2026-11-23T09:05:00Z".parse().unwrap();
    let kinds = [
        ErrorKind::Reconnect,
        ErrorKind::ScopeMissing(vec!["meeting:read:meeting".to_owned()]),
        ErrorKind::PolicyMissing("do it.".to_owned()),
        ErrorKind::LicenceMissing,
        ErrorKind::HostBusy,
        ErrorKind::HostNotFound,
        ErrorKind::NotFound,
        ErrorKind::Conflict,
        ErrorKind::Invalid("topic".to_owned()),
        ErrorKind::RateLimited(at),
        ErrorKind::DailyLimit(at),
        ErrorKind::Unavailable,
        ErrorKind::Unsupported("meetings"),
        ErrorKind::Unexpected,
    ];
    let mut keys = BTreeSet::new();
    for kind in kinds {
        let error = ProviderError::new(lectern_providers::zoom::NAME, "test", kind);
        let key = said(&catalog, &error.words());
        assert_eq!(key, format!("provider_error.{}", error.code()));
        assert_eq!(error.sentence(), *error.words());
        keys.insert(key);
    }
    assert_eq!(keys, in_catalog(&catalog, "provider_error."), "every kind is tried");
    let steps: BTreeSet<String> = zoom::STEPS.iter().map(|step| said(&catalog, step)).collect();
    assert_eq!(steps, in_catalog(&catalog, "provider_step.zoom."));
    for step in zoom::STEPS {
        let error = ProviderError::policy(lectern_providers::zoom::NAME, "test", step.clone());
        assert_eq!(error.words().values()["step"], step, "the step keeps its key in the whole sentence");
    }
}

/// A string literal at the beginning of this text, and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start().strip_prefix('"')?;
    let (mut out, mut rest) = (String::new(), text);
    loop {
        let end = rest.find(['"', '\\'])?;
        out.push_str(&rest[..end]);
        let sign = &rest[end..];
        if let Some(after) = sign.strip_prefix('"') {
            return Some((out, after));
        }
        rest = if let Some(after) = sign.strip_prefix("\\\n") {
            after.trim_start()
        } else if let Some(after) = sign.strip_prefix("\\u{") {
            let (code, after) = after.split_once('}')?;
            out.extend(u32::from_str_radix(code, 16).ok().and_then(char::from_u32));
            after
        } else {
            out.push_str(sign.get(1..2)?);
            sign.get(2..)?
        };
    }
}

fn known_in(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            known_in(&path, found);
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap_or_default();
        let source = source.split("#[cfg(test)]").next().unwrap();
        for (at, call) in source.match_indices("known(") {
            let Some((key, rest)) = literal(&source[at + call.len()..]) else { continue };
            let (english, _) = literal(rest.trim_start().strip_prefix(',').unwrap()).unwrap();
            let before = found.insert(key.clone(), english.clone());
            assert!(before.is_none_or(|before| before == english), "{key} has two texts");
        }
    }
}

#[test]
fn every_sentence_with_a_key_is_in_both_catalogues_and_none_is_left_over() {
    let catalog = Catalog::load().unwrap();
    let mut found = BTreeMap::new();
    for folder in ["core/src", "providers/src", "api/src"] {
        known_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder), &mut found);
    }
    for (key, english) in &found {
        assert!(FAMILIES.iter().any(|family| key.starts_with(family)), "{key}");
        let value = |name: &str| placeholders(english).contains(&name).then(|| format!("{{{name}}}"));
        let say = |lang| catalog.say(lang, Vocabulary::School, key, None, &value).unwrap();
        assert!(catalog.has(key), "{key} is in no catalogue: {english}");
        assert_eq!(say(Lang::En).replace('’', "'"), *english, "{key}");
        let bengali = say(Lang::Bn);
        assert!(is_bengali(&bengali) || placeholders(english).len() == 2, "{key}: {bengali}");
    }
    let translated: BTreeSet<String> =
        FAMILIES.iter().flat_map(|family| in_catalog(&catalog, family)).collect();
    assert_eq!(found.into_keys().collect::<BTreeSet<_>>(), translated, "said in code, and translated");
}

story!(
    /// The options of a class: what Zoom cannot do for one class is explained in Bengali on a Bengali page; JSON keeps the English
    /// sentence and names its key.
    an_option_that_is_missing_is_explained_in_bengali, |app| async {
        let (_, seller, lesson) = app.evening().await;
        let (_, shown) = seller.get(&format!("/api/v1/classes/{}/settings", lesson.class)).await;
        let chat = &shown["capabilities"]["chat"];
        assert_eq!((&chat["can"], &chat["reason_key"]), (&json!("no"), &json!("reason.zoom.chat")), "{chat}");
        assert!(chat["reason"].as_str().unwrap().starts_with("Zoom switches chat"), "{chat}");
        let browser = seller.browser(app);
        let path = format!("/classes/{}/settings", lesson.class);
        let page = browser.get(&format!("{path}?lang=en")).await;
        assert!(page.html().contains("Zoom switches chat for all meetings of a host"), "{}", page.html());
        let page = browser.get(&format!("{path}?lang=bn")).await;
        assert!(page.html().contains("জুমে চ্যাট চালু বা বন্ধ হয়"), "{}", page.html());
        assert!(!page.html().contains("Zoom switches chat"), "{}", page.html());
    }
);

story!(
    /// A meeting that could not be made: the session says in Bengali what is to be done, with the step that repairs it.
    a_problem_of_a_meeting_is_told_in_bengali, |app| async {
        let (owner, seller, _) = app.evening().await;
        app.zoom.force_error(ForcedError {
            operation: "meetingCreate".to_owned(),
            status: 400,
            code: 3000,
            message: Some("You cannot schedule a meeting for this user.".to_owned()),
            times: 20,
        });
        let lesson = Lesson::schedule(app, &seller, "Ink").await;
        let path = format!("/sessions/{}", lesson.session);
        let (_, session) = seller.get(&format!("/api/v1{path}")).await;
        let problem = &session["meeting"]["problem"];
        assert_eq!(problem["code"], "policy_missing", "{session}");
        assert_eq!(
            problem["detail"],
            "Zoom needs a step by its administrator: give the connected user the scheduling privilege for this host."
        );
        let page = seller.browser(app).get(&format!("{path}?lang=bn")).await;
        let told = "সংযুক্ত ব্যবহারকারীকে এই হোস্টের হয়ে মিটিং ঠিক করার অধিকার দিন।";
        assert!(page.html().contains(told), "{}", page.html());
        assert!(!page.html().contains("scheduling privilege"), "{}", page.html());
        seller.post(&format!("/api/v1{path}/start"), json!({})).await;
        let board = owner.browser(app).get("/live?lang=bn").await;
        assert!(board.html().contains(told) && board.html().contains("Ink"), "{}", board.html());
    }
);

story!(
    /// The steps of the connection test are said in the reader's language, with the answer that was kept.
    the_connection_test_speaks_bengali, |app| async {
        let (owner, ..) = app.evening().await;
        let (status, tested) = owner.post("/api/v1/platforms/zoom/test", json!({})).await;
        assert_eq!((status, &tested["steps"][0]["sentence"]), (200, &json!("Zoom accepts the client ID and secret.")), "{tested}");
        let page = owner.browser(app).get("/platforms/zoom?lang=bn").await;
        assert!(page.html().contains("Zoom ক্লায়েন্ট আইডি ও সিক্রেট মেনে নিয়েছে।"), "{}", page.html());
        assert!(!page.html().contains("accepts the client ID"), "{}", page.html());
    }
);
