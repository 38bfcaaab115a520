//! Static files, embedded, under an address that changes when any of them changes.
//!
//! `/static/{version}/{name}`: one version for all files, so that modules may import each other by relative path.
//! Answer them with `Cache-Control: public, max-age=31536000, immutable`.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::LazyLock;

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = Files::iter().collect();
    names.sort();
    // FNV-1a over the files' SHA-256: enough to tell versions apart, and the same on every machine.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for name in names {
        if let Some(file) = Files::get(&name) {
            for byte in file.metadata.sha256_hash() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    let mut text = String::with_capacity(16);
    // Writing into a String cannot fail.
    write!(text, "{hash:016x}").unwrap_or_default();
    text
});

/// One static file.
#[derive(Clone, Debug)]
pub struct Asset {
    pub bytes: Cow<'static, [u8]>,
    pub content_type: &'static str,
}

/// The part of the address that changes with the files.
#[must_use]
pub fn version() -> &'static str {
    &VERSION
}

/// The address of a file, for templates. `None` when there is no such file.
#[must_use]
pub fn url(name: &str) -> Option<String> {
    Files::get(name).map(|_| format!("/static/{}/{name}", version()))
}

/// A file by the path after `/static/`, that is `{version}/{name}`.
///
/// An older version's address answers with the current file: a page left open over an update keeps working.
#[must_use]
pub fn get(path: &str) -> Option<Asset> {
    let (_, name) = path.split_once('/')?;
    let file = Files::get(name)?;
    Some(Asset { bytes: file.data, content_type: content_type(name) })
}

/// The names of all files.
pub fn names() -> impl Iterator<Item = Cow<'static, str>> {
    Files::iter()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_file_is_found_by_the_address_that_pages_give() {
        let url = url("lectern.css").unwrap();
        let asset = get(url.strip_prefix("/static/").unwrap()).unwrap();
        assert_eq!(asset.content_type, "text/css; charset=utf-8");
        assert!(asset.bytes.starts_with(b"/*"));
    }

    #[test]
    fn nothing_outside_the_folder_is_served() {
        assert!(get("x/../Cargo.toml").is_none());
        assert!(get("lectern.css").is_none());
        assert!(url("nothing.css").is_none());
    }
}
