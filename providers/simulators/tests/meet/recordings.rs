//! Recordings, through the provider.

use futures::StreamExt as _;
use lectern_core::{
    provider::{ErrorKind, Provider, RecordingFileRef, Removal},
    settings::RecordingMode,
};
use lectern_simulators::meet::{Edition, Visitor};

use crate::harness::{CALL, School, at, draft, noon};

const DRIVE: &str = "https://www.googleapis.com/auth/drive";

async fn recorded_class(school: &School, provider: &dyn Provider) -> String {
    let mut wanted = draft();
    wanted.settings.recording = RecordingMode::Cloud;
    let made = provider.meetings().unwrap().create(&CALL, &wanted).await.unwrap();
    assert!(made.differences.is_empty());
    school.google.joins(made.join_url.expose(), Visitor::account("ada@oak.test")).unwrap();
    school.minutes(30);
    made.id
}

#[tokio::test]
async fn a_recording_is_made_waited_for_fetched_in_parts_and_removed() {
    let school = School::new().await;
    let provider = school.connect_with("ada@oak.test", DRIVE).await;
    let space = recorded_class(&school, provider.as_ref()).await;
    let recordings = provider.recordings().unwrap();
    let running = recordings.get(&CALL, &at(&space), None).await.unwrap().unwrap();
    assert!(!running.files[0].ready && running.files[0].ended_at.is_none());
    school.google.end_for_all(&space);
    let ended = recordings.get(&CALL, &at(&space), None).await.unwrap().unwrap();
    assert!(!ended.files[0].ready && ended.files[0].ended_at.is_some());
    school.minutes(10);
    let found = recordings.get(&CALL, &at(&space), None).await.unwrap().unwrap();
    let file = &found.files[0];
    assert!(file.ready && file.kind == "MP4" && found.meeting == space);
    let today = noon().date_naive();
    let listed = recordings.list(&CALL, None, today, today).await.unwrap();
    assert_eq!((listed.len(), &listed[0].run), (1, &found.run));
    let before = today.pred_opt().unwrap();
    assert!(recordings.list(&CALL, None, before, before).await.unwrap().is_empty());

    let read = async |offset: u64| {
        let download = recordings.download(&CALL, file, offset).await.unwrap();
        let from = download.from;
        let parts: Vec<_> = download.stream.map(|part| part.unwrap()).collect().await;
        (from, parts.concat())
    };
    let (from, whole) = read(0).await;
    assert_eq!((from, whole.len() as u64), (0, file.bytes.unwrap()));
    let (from, rest) = read(1000).await;
    assert_eq!((from, &rest[..]), (1000, &whole[1000..]));

    let what = RecordingFileRef { run: found.run.clone(), file: Some(file.id.clone()) };
    recordings.remove(&CALL, &what, Removal::Trash).await.unwrap();
    assert!(recordings.get(&CALL, &at(&space), Some(&found.run)).await.unwrap().is_none());
    recordings.recover(&CALL, &what).await.unwrap();
    assert!(recordings.get(&CALL, &at(&space), Some(&found.run)).await.unwrap().is_some());
    let all = RecordingFileRef { run: found.run.clone(), file: None };
    recordings.remove(&CALL, &all, Removal::Delete).await.unwrap();
    recordings.remove(&CALL, &all, Removal::Delete).await.unwrap();
    assert!(recordings.get(&CALL, &at(&space), None).await.unwrap().is_none());
}

#[tokio::test]
async fn without_the_scope_the_original_stays() {
    let school = School::new().await;
    let provider = school.connect("ada@oak.test", &[]).await;
    assert!(provider.capabilities().recording_download.reason().unwrap().0.contains("stays"));
    let space = recorded_class(&school, provider.as_ref()).await;
    school.google.end_for_all(&space);
    school.minutes(10);
    let recordings = provider.recordings().unwrap();
    let found = recordings.get(&CALL, &at(&space), None).await.unwrap().unwrap();
    let what = RecordingFileRef { run: found.run.clone(), file: None };
    let asked = school.google.requests_since(0).len();
    let refused = recordings.remove(&CALL, &what, Removal::Delete).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::ScopeMissing(vec!["drive".to_owned()]));
    assert_eq!(school.google.requests_since(0).len(), asked);
}

#[tokio::test]
async fn accepted_and_never_made() {
    let school = School::new().await;
    school.google.set_edition("ada@oak.test", Edition::Basic);
    let provider = school.connect("ada@oak.test", &[]).await;
    let space = recorded_class(&school, provider.as_ref()).await;
    school.google.end_for_all(&space);
    school.minutes(60);
    let recordings = provider.recordings().unwrap();
    assert!(recordings.get(&CALL, &at(&space), None).await.unwrap().is_none());
    assert!(recordings.get(&CALL, &at("spaces/unknown"), None).await.unwrap().is_none());
    // A full Drive is no better.
    school.google.set_edition("ada@oak.test", Edition::Recording);
    school.google.set_drive("ada@oak.test", true, Some(15_000_000_000));
    let space = recorded_class(&school, provider.as_ref()).await;
    assert!(!school.google.records(&space, true));
}

#[tokio::test]
async fn a_forbidden_download_leaves_the_file_unready() {
    let school = School::new().await;
    school.google.forbid_downloads("ada@oak.test", true);
    let provider = school.connect("ada@oak.test", &[]).await;
    let space = recorded_class(&school, provider.as_ref()).await;
    // Stopped and started again: two files.
    assert!(school.google.records(&space, false));
    assert!(school.google.records(&space, true));
    assert!(!school.google.records(&space, true));
    school.google.end_for_all(&space);
    school.minutes(10);
    let found = provider.recordings().unwrap().get(&CALL, &at(&space), None).await.unwrap().unwrap();
    assert_eq!(found.files.len(), 2);
    assert!(found.files.iter().all(|file| !file.ready && file.download_url.is_none()));
    let mut file = found.files[0].clone();
    let url = format!("{}/drive/v3/files/{}?alt=media", school.google.base_url(), file.id);
    file.download_url = Some(url.into());
    let refused = provider.recordings().unwrap().download(&CALL, &file, 0).await.unwrap_err();
    assert!(matches!(refused.kind, ErrorKind::PolicyMissing(_)), "{:?}", refused.kind);
    file.download_url = Some("https://evil.example/files/x?alt=media".into());
    let refused = provider.recordings().unwrap().download(&CALL, &file, 0).await.unwrap_err();
    assert_eq!(refused.vendor_code.as_deref(), Some("foreign address"));
}
