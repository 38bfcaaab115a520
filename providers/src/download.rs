//! What downloads have in common.

/// Where a partial answer begins.
pub(crate) fn first_byte(content_range: Option<&str>) -> Option<u64> {
    content_range?.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok()
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
