//! What downloads have in common.

use futures::StreamExt;
use lectern_core::provider::{ErrorKind, ProviderError, ProviderName, RecordingDownload, Result};

use crate::transport::Opened;

/// Where a partial answer begins.
pub(crate) fn first_byte(content_range: Option<&str>) -> Option<u64> {
    content_range?.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
}

/// The file in an answer of success: from its beginning (200), or from where it was asked for (206).
pub(crate) fn received(
    provider: ProviderName,
    operation: &'static str,
    opened: Opened,
) -> Result<RecordingDownload> {
    let unexpected =
        |what: &'static str| ProviderError::new(provider, operation, ErrorKind::Unexpected).vendor_code(what);
    let head = &opened.head;
    let from = match head.status {
        206 => first_byte(head.header("content-range")).ok_or_else(|| unexpected("no range"))?,
        _ => 0,
    };
    let content_type = head.header("content-type").map(str::to_owned);
    // A download that failed can be a page with status 200.
    if content_type
        .as_deref()
        .is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"))
    {
        return Err(unexpected("a page instead of a file"));
    }
    let bytes = head.header("content-length").and_then(|length| length.parse().ok());
    let stream = opened.body.map(|chunk| chunk.map(|bytes| bytes.to_vec()));
    Ok(RecordingDownload { content_type, bytes, from, stream: Box::pin(stream) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_of_a_part_is_read() {
        assert_eq!(first_byte(Some("bytes 100-199/200")), Some(100));
        assert_eq!(first_byte(Some("bytes */200")), None);
        assert_eq!(first_byte(None), None);
    }
}
