//! Where files lie: a folder or a bucket, told apart by the configuration, tried by the doctor, and part of a backup.

use lectern_api::{
    config::{Config, DataFolder, S3Config},
    storage::{Key, Shelf, Storage, StorageError},
};
use lectern_core::ids::OrganizationId;
use lectern_tests::{Bucket, Engine, LOGO, Lectern, story};
use serde_json::json;
use uuid::Uuid;

use crate::LECTERN;

fn key(organization: u128, id: u128) -> Key {
    Key {
        organization: OrganizationId(Uuid::from_u128(organization)),
        shelf: Shelf::Logos,
        id: Uuid::from_u128(id),
    }
}

/// Whatever the place, a file is had as it was kept, is not there for anybody else, and is gone when it is removed.
async fn keeps_files(room: &Storage) {
    let (mine, other) = (key(1, 1), key(2, 1));
    assert_eq!(room.get(&mine).await.unwrap(), None);
    room.put(&mine, LOGO.into()).await.unwrap();
    assert_eq!(room.get(&mine).await.unwrap().as_deref(), Some(LOGO));
    assert_eq!(room.get(&other).await.unwrap(), None, "the same id of another organization");
    room.put(&mine, b"another"[..].into()).await.unwrap();
    assert_eq!(room.get(&mine).await.unwrap().as_deref(), Some(&b"another"[..]));
    let large = vec![0; Shelf::Logos.most() + 1];
    assert!(matches!(room.put(&other, large.into()).await, Err(StorageError::TooLarge(_))));
    assert_eq!(room.get(&other).await.unwrap(), None);
    for _ in 0..2 {
        room.remove(&mine).await.unwrap();
        assert_eq!(room.get(&mine).await.unwrap(), None);
    }
    room.test().await.unwrap();
}

fn in_folder() -> (tempfile::TempDir, Config) {
    let data = tempfile::tempdir().unwrap();
    let config = Config { data: DataFolder(data.path().to_owned()), ..Config::default() };
    (data, config)
}

fn in_bucket(bucket: &Bucket, access_key_id: &str) -> Config {
    let mut config = Config::default();
    config.storage.s3 = Some(S3Config {
        bucket: "school".to_owned(),
        region: "ap-south-1".to_owned(),
        endpoint: Some(bucket.address().parse().unwrap()),
        access_key_id: access_key_id.to_owned(),
        secret_access_key: Some("bucket-secret-canary".into()),
    });
    config
}

#[tokio::test]
async fn a_folder_keeps_files() {
    let (data, config) = in_folder();
    let room = Storage::open(&config).unwrap();
    keeps_files(&room).await;
    room.put(&key(1, 7), LOGO.into()).await.unwrap();
    let path = data
        .path()
        .join("files")
        .join(key(1, 7).organization.to_string())
        .join("logos")
        .join(Uuid::from_u128(7).to_string());
    assert_eq!(std::fs::read(&path).unwrap(), LOGO);
    // A file of somebody else's making is not read into memory, however large it is.
    std::fs::write(&path, vec![0; Shelf::Logos.most() + 1]).unwrap();
    assert!(matches!(room.get(&key(1, 7)).await, Err(StorageError::TooLarge(_))));
}

#[tokio::test]
async fn a_bucket_keeps_files() {
    let bucket = Bucket::start().await;
    let room = Storage::open(&in_bucket(&bucket, "classroom")).unwrap();
    keeps_files(&room).await;
    assert_eq!(bucket.keys(), Vec::<String>::new(), "the doctor's few bytes are taken away");
    room.put(&key(1, 7), LOGO.into()).await.unwrap();
    assert_eq!(bucket.keys(), [format!("{}/logos/{}", key(1, 7).organization, Uuid::from_u128(7))]);
    assert!(!format!("{room:?}").contains("canary"));
    // Another key is not let in, and that is told from a place that does not answer.
    let stranger = Storage::open(&in_bucket(&bucket, "stranger")).unwrap();
    assert!(matches!(stranger.put(&key(1, 8), LOGO.into()).await, Err(StorageError::Refused(_))));
    assert!(stranger.test().await.is_err());
    drop(bucket);
}

story!(
    /// A bucket that lacks a part is refused in words before anything is served, and by the doctor; one that is whole is tried.
    an_incomplete_bucket_is_refused_in_words, |app| async {
        let data = tempfile::tempdir().unwrap();
        let lectern = Lectern::new(LECTERN, data.path()).with("LECTERN_STORAGE__S3__BUCKET", "school");
        let refused = lectern.run(&["serve"]).await;
        let told = "set storage.s3.region, storage.s3.access_key_id, storage.s3.secret_access_key";
        assert!(refused.code == Some(1) && refused.stderr.contains(told), "{refused:?}");
        let doctor = lectern.run(&["doctor"]).await;
        assert!(doctor.code == Some(1) && doctor.stdout.contains("BAD   files") && doctor.stdout.contains(told), "{doctor:?}");
        let bucket = Bucket::start().await;
        let whole = |id: &str| {
            let parts = [("REGION", "ap-south-1"), ("ENDPOINT", bucket.address()), ("ACCESS_KEY_ID", id), ("SECRET_ACCESS_KEY", "bucket-secret-canary")];
            parts.iter().fold(lectern.clone(), |lectern, (name, value)| lectern.with(&format!("LECTERN_STORAGE__S3__{name}"), value))
        };
        app.secret("bucket-secret-canary");
        let doctor = whole("classroom").run(&["doctor"]).await;
        assert!(doctor.stdout.contains("ok    files          S3: school can be written"), "{doctor:?}");
        let doctor = whole("stranger").run(&["doctor"]).await;
        assert!(doctor.code == Some(1) && doctor.stdout.contains("check the key's id, its secret"), "{doctor:?}");
        assert!(!format!("{doctor:?}").contains("canary"));
    }
);

story!(
    /// A folder that can no longer be written is told on the page Health with what to do, and an upload says so; then it works again.
    a_folder_that_cannot_be_written_is_told, |app| async {
        let owner = app.organization("oakwood").await.owner().await;
        let root = app.super_admin().await;
        let (files, away) = (app.data().join("files"), app.data().join("away"));
        std::fs::rename(&files, &away).unwrap();
        std::fs::write(&files, b"no folder").unwrap();
        let refused = owner.put_file("/api/v1/organization/logo", "image/png", LOGO).await;
        assert_eq!((refused.status, &refused.json()["code"]), (503, &json!("files_unavailable")), "{}", refused.text);
        let (_, health) = root.get("/api/v1/instance/health").await;
        let part = health["parts"].as_array().unwrap().iter().find(|part| part["part"] == "files").unwrap();
        assert_eq!(part["state"], "bad", "{part}");
        assert!(part["next_step"].as_str().unwrap().contains("lectern doctor"), "{part}");
        std::fs::remove_file(&files).unwrap();
        std::fs::rename(&away, &files).unwrap();
        assert_eq!(owner.put_file("/api/v1/organization/logo", "image/png", LOGO).await.status, 200);
        app.settle().await;
    }
);

story!(
    /// A backup has the files that lie in a folder, checked like all of it; restored elsewhere the logo is shown. What lies in a bucket
    /// is not in it, and that is said.
    a_backup_has_the_files, |app| async {
        let oakwood = app.organization("oakwood").await;
        let owner = oakwood.owner().await;
        assert_eq!(owner.put_file("/api/v1/organization/logo", "image/png", LOGO).await.status, 200);
        let url = owner.get("/api/v1/organization/branding").await.1["logo"]["url"].as_str().unwrap().to_owned();
        let shown = app.browser().get(&url).await.answer.bytes;
        let folder = tempfile::tempdir().unwrap();
        let backup = folder.path().join("backup");
        let now = app.now();
        let mut config = app.config.clone();
        if app.database.engine == Engine::Postgres {
            config.database.owner_url = Some(app.database.owner_url());
        }
        let manifest = lectern_api::backup::backup(&config, &backup, true, now).await.unwrap();
        let stored: Vec<_> = manifest.files.iter().filter(|file| file.name.starts_with("files/")).collect();
        assert_eq!((stored.len(), stored[0].bytes, &manifest.files_elsewhere), (1, shown.len() as u64, &None));
        if app.database.engine == Engine::Sqlite {
            let elsewhere = Config { data: DataFolder(folder.path().join("copy")), ..config.clone() };
            lectern_api::backup::restore(&elsewhere, &backup).await.unwrap();
            let name = stored[0].name.strip_prefix("files/").unwrap();
            let key = Key::parse(name).unwrap();
            assert_eq!(Storage::open(&elsewhere).unwrap().get(&key).await.unwrap().as_deref(), Some(&shown[..]));
            std::fs::write(backup.join(&stored[0].name), b"another").unwrap();
            let third = Config { data: DataFolder(folder.path().join("third")), ..config.clone() };
            let damaged = lectern_api::backup::restore(&third, &backup).await.unwrap_err().to_string();
            assert!(damaged.contains("the backup is damaged"), "{damaged}");
        }
        let bucket = Bucket::start().await;
        config.storage = in_bucket(&bucket, "classroom").storage;
        let manifest = lectern_api::backup::backup(&config, &folder.path().join("second"), false, now).await.unwrap();
        assert_eq!(manifest.files_elsewhere.as_deref(), Some("school"));
        assert!(!manifest.files.iter().any(|file| file.name.starts_with("files/")));
    }
);
