//! The owner's Drive, as far as recordings go: metadata, bytes, the trash.

use chrono::SecondsFormat;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    errors::{invalid, older},
    gateway::Call,
    state::DriveFile,
    world::World,
};
use crate::answer::{Answer, Content};

fn gone(id: &str) -> Answer {
    older(404, "global", "notFound", &format!("File not found: {id}."))
}

/// What Drive answers when nothing else is asked.
fn usual(file: &DriveFile) -> Value {
    json!({"kind": "drive#file", "id": file.id, "name": file.name, "mimeType": "video/mp4"})
}

fn whole(file: &DriveFile) -> Value {
    let mut body = usual(file);
    body["size"] = file.bytes.len().to_string().into();
    body["createdTime"] = file.created.to_rfc3339_opts(SecondsFormat::Millis, true).into();
    body["sha256Checksum"] = hex::encode(Sha256::digest(&file.bytes)).into();
    body["ownedByMe"] = true.into();
    body["trashed"] = file.trashed.into();
    body["capabilities"] = json!({"canDownload": file.can_download, "canDelete": true, "canShare": true});
    body
}

/// First and last byte of a range that can be given; an unreadable one counts as none.
fn range(text: Option<&str>, length: usize) -> Option<Result<(usize, usize), ()>> {
    let (first, last) = text?.strip_prefix("bytes=")?.split_once('-')?;
    let first: usize = first.parse().ok()?;
    let last = if last.is_empty() { length.saturating_sub(1) } else { last.parse().ok()? };
    Some(if first < length && first <= last { Ok((first, last.min(length - 1))) } else { Err(()) })
}

impl World {
    /// Only the owner has access: nothing is shared.
    fn own_file(&self, call: &Call) -> Result<&DriveFile, Answer> {
        let id = call.param(0);
        self.files.get(id).filter(|file| file.owner == call.user()).ok_or_else(|| gone(id))
    }

    pub(crate) fn get_file(&self, call: &Call) -> Result<Answer, Answer> {
        let file = self.own_file(call)?;
        if call.query.get("alt") != Some("media") {
            return Ok(Answer::json(200, if call.fields.is_some() { whole(file) } else { usual(file) }));
        }
        if !file.can_download {
            return Err(older(
                403,
                "global",
                "cannotDownloadFile",
                "This file cannot be downloaded by the user.",
            ));
        }
        let length = file.bytes.len();
        let media = |status, bytes: &[u8]| Answer {
            status,
            headers: vec![("accept-ranges", "bytes".to_owned())],
            content: Content::Bytes("video/mp4", bytes.to_vec()),
        };
        Ok(match range(call.range.as_deref(), length) {
            None => media(200, &file.bytes),
            Some(Ok((first, last))) => media(206, file.bytes.get(first..=last).unwrap_or_default())
                .header("content-range", format!("bytes {first}-{last}/{length}")),
            Some(Err(())) => Answer::empty(416).header("content-range", format!("bytes */{length}")),
        })
    }

    /// Into the trash, and out of it.
    pub(crate) fn update_file(&mut self, call: &Call) -> Result<Value, Answer> {
        self.own_file(call)?;
        let trashed = match call.body.get("trashed") {
            None => None,
            Some(value) => Some(value.as_bool().ok_or_else(|| invalid("trashed"))?),
        };
        let file = self.files.get_mut(call.param(0)).ok_or_else(|| gone(call.param(0)))?;
        if let Some(trashed) = trashed {
            file.trashed = trashed;
        }
        Ok(if call.fields.is_some() { whole(file) } else { usual(file) })
    }

    /// For ever, past the trash.
    pub(crate) fn delete_file(&mut self, call: &Call) -> Result<Answer, Answer> {
        self.own_file(call)?;
        self.files.remove(call.param(0));
        Ok(Answer::empty(204))
    }

    /// Storage; `fields` must be named.
    pub(crate) fn about(&self, call: &Call) -> Result<Value, Answer> {
        if call.fields.is_none() {
            return Err(older(
                400,
                "global",
                "required",
                "The 'fields' parameter is required for this method.",
            ));
        }
        let account = self.accounts.get(call.user()).ok_or_else(|| gone("about"))?;
        let used: usize =
            self.files.values().filter(|file| file.owner == account.id).map(|file| file.bytes.len()).sum();
        let used = if account.drive_full { account.storage_limit.unwrap_or(0) } else { used as u64 };
        let mut quota =
            json!({"usage": used.to_string(), "usageInDrive": used.to_string(), "usageInDriveTrash": "0"});
        if let Some(limit) = account.storage_limit {
            quota["limit"] = limit.to_string().into();
        }
        Ok(json!({"kind": "drive#about", "storageQuota": quota}))
    }
}
