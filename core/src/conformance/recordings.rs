//! Recordings at the vendor: found, fetched, removed.

use std::future::poll_fn;

use super::{
    harness::Harness,
    stage::{CALL, Stage, nothing_special},
};
use crate::{
    provider::{ErrorKind, Meeting, MeetingDraft, RecordingFile, RecordingFileRef, Recordings, Removal},
    settings::{ClassSettings, RecordingMode},
};

/// A class that was recorded in the vendor's cloud, and whose files are there; or the honest absence.
async fn recorded<H: Harness>(stage: &Stage<H>, classes: usize) -> Option<(&dyn Recordings, Vec<Meeting>)> {
    let Some(recordings) = stage.provider.recordings() else {
        assert!(stage.can().recording_download.reason().is_some(), "no recordings, and nothing says why");
        return None;
    };
    assert!(
        stage.can().auto_recording.how().is_some_and(|modes| modes.cloud),
        "recordings, and nothing that records"
    );
    let room = stage.room().expect("a recording needs a class");
    let settings = ClassSettings { recording: RecordingMode::Cloud, ..nothing_special() };
    let mut made = Vec::new();
    for number in 1..=classes {
        let draft = MeetingDraft { settings: settings.clone(), ..stage.draft(number) };
        let meeting = stage.meetings().create(&CALL, &draft).await.unwrap();
        stage.full_house(room, &meeting, 1);
        made.push(meeting);
    }
    stage.settle(room);
    Some((recordings, made))
}

async fn bytes(recordings: &dyn Recordings, file: &RecordingFile, offset: u64) -> (u64, Vec<u8>) {
    let mut download = recordings.download(&CALL, file, offset).await.unwrap();
    let mut all = Vec::new();
    while let Some(chunk) = poll_fn(|context| download.stream.as_mut().poll_next(context)).await {
        all.extend(chunk.unwrap());
    }
    if let Some(promised) = download.bytes {
        assert_eq!(promised, all.len() as u64, "as many bytes as were promised");
    }
    (download.from, all)
}

/// The list of a day and the look at one meeting agree; a file comes whole, and from the middle on.
pub async fn a_recording_is_listed_and_downloaded_in_ranges<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let Some((recordings, made)) = recorded(&stage, 1).await else { return };
    let (at, host) = (stage.at(&made[0]), stage.draft(0).host);
    let found = recordings.get(&CALL, &at, None).await.unwrap().expect("it was recorded");
    assert_eq!(found.meeting, made[0].id);
    let by_run = recordings.get(&CALL, &at, Some(&found.run)).await.unwrap().expect("by its run too");
    assert_eq!(by_run.files.len(), found.files.len());
    let day = found.started_at.date_naive();
    let listed = recordings.list(&CALL, host.as_deref(), day, day).await.unwrap();
    assert_eq!(
        listed.iter().map(|one| (&one.run, &one.meeting)).collect::<Vec<_>>(),
        [(&found.run, &made[0].id)]
    );
    let before = day.pred_opt().unwrap();
    assert!(recordings.list(&CALL, host.as_deref(), before, before).await.unwrap().is_empty());
    let file = found.files.iter().find(|file| file.ready && file.kind == "MP4").expect("a film");
    let (from, whole) = bytes(recordings, file, 0).await;
    assert!(from == 0 && whole.len() > 100, "{} bytes", whole.len());
    assert!(file.bytes.is_none_or(|bytes| bytes == whole.len() as u64));
    for offset in [1, whole.len() / 2, whole.len() - 1] {
        let (from, rest) = bytes(recordings, file, offset as u64).await;
        let from = usize::try_from(from).unwrap();
        assert!(from == offset || from == 0, "asked for {offset}, told {from}");
        assert!(rest == whole[from..], "from {from}: other bytes");
    }
    let mut foreign = file.clone();
    foreign.download_url = Some("https://recordings.example/film.mp4".into());
    let refused = recordings.download(&CALL, &foreign, 0).await;
    assert!(refused.is_err(), "a recording is fetched from the vendor alone");
}

/// To the trash and back, then for ever, twice; or refused before the vendor is asked.
pub async fn a_recording_is_removed_or_that_is_refused<H: Harness>() {
    let stage = Stage::<H>::new().await;
    let Some((recordings, made)) = recorded(&stage, 1).await else { return };
    let at = stage.at(&made[0]);
    let run = recordings.get(&CALL, &at, None).await.unwrap().unwrap().run;
    let what = RecordingFileRef { run: run.clone(), file: None };
    let is_there = async || {
        let found = recordings.get(&CALL, &at, Some(&run)).await.unwrap();
        found.is_some_and(|found| !found.files.is_empty())
    };
    let before = stage.harness.requests();
    if let Err(error) = recordings.remove(&CALL, &what, Removal::Trash).await {
        assert!(matches!(error.kind, ErrorKind::Unsupported(_)), "{error}");
        assert!(
            stage.can().recording_download.reason().is_some(),
            "it cannot be removed, and nothing says so"
        );
        let recovered = recordings.recover(&CALL, &what).await.unwrap_err();
        assert!(matches!(recovered.kind, ErrorKind::Unsupported(_)), "{recovered}");
        assert_eq!(stage.harness.requests(), before, "the vendor was asked first");
        return assert!(is_there().await);
    }
    assert!(!is_there().await, "in the trash");
    recordings.recover(&CALL, &what).await.unwrap();
    assert!(is_there().await, "brought back");
    recordings.remove(&CALL, &what, Removal::Delete).await.unwrap();
    assert!(!is_there().await, "deleted");
    recordings.remove(&CALL, &what, Removal::Delete).await.unwrap();
}

/// A day of more recordings than fit on a page is listed whole.
pub async fn all_pages_of_recordings_are_read<H: Harness>() {
    let stage = Stage::<H>::new().await;
    stage.harness.pages(2);
    let Some((recordings, made)) = recorded(&stage, 5).await else { return };
    let day = made[0].starts_at.unwrap_or(stage.harness.now()).date_naive();
    let listed = recordings.list(&CALL, stage.draft(0).host.as_deref(), day, day).await.unwrap();
    let mut listed: Vec<_> = listed.into_iter().map(|one| one.meeting).collect();
    let mut wanted: Vec<_> = made.into_iter().map(|one| one.id).collect();
    listed.sort();
    wanted.sort();
    assert_eq!(listed, wanted);
}
