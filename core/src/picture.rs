//! Pictures that people send: what they are is read from their bytes, never from a name.
//!
//! [`read`] takes PNG, JPEG and WebP, only whole files, and gives back what is seen of them and nothing else: place, camera, author,
//! comments and whatever hangs behind the picture's end are left out.

/// A kind of picture that browsers show and that cannot hold a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureKind {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP that does not move.
    Webp,
}

impl PictureKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Png, Self::Jpeg, Self::Webp];

    /// The stored word, which is also a file name's ending.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
        }
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// The kind of a stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A whole picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What it is.
    pub kind: PictureKind,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The file, without what is not seen.
    pub bytes: Vec<u8>,
}

/// Why bytes are no picture of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// Neither PNG nor JPEG nor WebP.
    #[error("this is neither a PNG nor a JPEG nor a WebP file")]
    Unknown,
    /// It begins like one and does not hold together: cut off, or damaged.
    #[error("the file is damaged or not whole")]
    Broken,
    /// It moves.
    #[error("the picture moves")]
    Moves,
}

use PictureError::{Broken, Moves, Unknown};

/// Reads a picture, without decoding it.
///
/// # Errors
/// [`PictureError`].
pub fn read(bytes: &[u8]) -> Result<Picture, PictureError> {
    let picture = if bytes.starts_with(PNG) {
        png(bytes)
    } else if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        jpeg(bytes)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        webp(bytes)
    } else {
        Err(Unknown)
    }?;
    if picture.width == 0 || picture.height == 0 { Err(Broken) } else { Ok(picture) }
}

/// Bytes that are taken one part after the other; a part that is not there is [`Broken`].
struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], PictureError> {
        let (part, rest) = self.0.split_at_checked(length).ok_or(Broken)?;
        self.0 = rest;
        Ok(part)
    }

    fn byte(&mut self) -> Result<u8, PictureError> {
        Ok(self.take(1)?[0])
    }
}

fn big(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

fn little(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

fn pixels(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// What of a PNG is seen; its other chunks are texts, times, EXIF, and the frames of one that moves.
const PNG_SEEN: [&[u8; 4]; 12] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"pHYs",
    b"bKGD",
];

/// The check of a PNG chunk (ISO 3309).
fn crc(bytes: &[u8]) -> usize {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc as usize
}

fn png(bytes: &[u8]) -> Result<Picture, PictureError> {
    let mut parts = Parts(bytes);
    let mut seen = parts.take(PNG.len())?.to_vec();
    let (mut size, mut data) = (None, false);
    loop {
        let chunk = parts.0;
        let length = big(parts.take(4)?);
        let named = parts.take(length.checked_add(4).ok_or(Broken)?)?;
        let (name, body) = named.split_at(4);
        if big(parts.take(4)?) != crc(named) {
            return Err(Broken);
        }
        match (name, size) {
            (b"IHDR", None) if length == 13 => {
                size = Some((pixels(big(&body[..4])), pixels(big(&body[4..8]))));
            }
            (b"IHDR", _) | (_, None) => return Err(Broken),
            (b"IDAT", _) => data = true,
            (b"acTL", _) => return Err(Moves),
            // A chunk that must be understood begins with a capital.
            (name, _) if name[0].is_ascii_uppercase() && !PNG_SEEN.iter().any(|one| one[..] == *name) => {
                return Err(Broken);
            }
            _ => {}
        }
        if PNG_SEEN.iter().any(|one| one[..] == *name) {
            seen.extend_from_slice(&chunk[..length + 12]);
        }
        if name == b"IEND" {
            let (width, height) = size.filter(|_| data).ok_or(Broken)?;
            return Ok(Picture { kind: PictureKind::Png, width, height, bytes: seen });
        }
    }
}

/// Whether a segment of a JPEG belongs to the picture: JFIF without a thumbnail, a colour profile and Adobe's colour transform do; EXIF, XMP, other
/// makers' segments and comments do not.
fn jpeg_seen(marker: u8, body: &[u8]) -> bool {
    match marker {
        // Without a thumbnail, which may show what was cut away.
        0xe0 => body.starts_with(b"JFIF\0") && body.len() == 14 && body[12..] == [0, 0],
        0xee => body.starts_with(b"Adobe"),
        0xe2 => body.starts_with(b"ICC_PROFILE\0"),
        0xe1..=0xef | 0xfe => false,
        _ => true,
    }
}

fn jpeg(bytes: &[u8]) -> Result<Picture, PictureError> {
    let mut parts = Parts(bytes);
    let mut seen = parts.take(2)?.to_vec();
    let (mut size, mut scanned) = (None, false);
    loop {
        if parts.byte()? != 0xff {
            return Err(Broken);
        }
        let mut marker = parts.byte()?;
        while marker == 0xff {
            marker = parts.byte()?;
        }
        match marker {
            0xd9 => {
                seen.extend_from_slice(&[0xff, 0xd9]);
                let (width, height) = size.filter(|_| scanned).ok_or(Broken)?;
                return Ok(Picture { kind: PictureKind::Jpeg, width, height, bytes: seen });
            }
            0x01 | 0xd0..=0xd7 => {
                seen.extend_from_slice(&[0xff, marker]);
                continue;
            }
            0x00 | 0xd8 => return Err(Broken),
            _ => {}
        }
        let length = parts.take(2)?;
        let body = parts.take(big(length).checked_sub(2).ok_or(Broken)?)?;
        // Every start of a frame but the tables that have a number among them.
        if (0xc0..=0xcf).contains(&marker) && ![0xc4, 0xc8, 0xcc].contains(&marker) {
            let frame = body.get(1..5).filter(|_| size.is_none()).ok_or(Broken)?;
            size = Some((pixels(big(&frame[2..])), pixels(big(&frame[..2]))));
        }
        if jpeg_seen(marker, body) {
            seen.extend_from_slice(&[0xff, marker]);
            seen.extend_from_slice(length);
            seen.extend_from_slice(body);
        }
        if marker == 0xda {
            scanned = true;
            // The picture itself, to the next marker that is neither a stuffed byte nor a restart.
            let ends =
                parts.0.windows(2).position(|two| two[0] == 0xff && !matches!(two[1], 0 | 0xd0..=0xd7));
            seen.extend_from_slice(parts.take(ends.ok_or(Broken)?)?);
        }
    }
}

fn webp(bytes: &[u8]) -> Result<Picture, PictureError> {
    let mut parts = Parts(bytes);
    let length = little(&parts.take(8)?[4..]);
    let mut parts = Parts(parts.take(length)?);
    let mut seen = parts.take(4)?.to_vec();
    let (mut size, mut data) = (None, false);
    while !parts.0.is_empty() {
        let chunk = parts.0;
        let name = parts.take(4)?;
        let length = little(parts.take(4)?);
        let body = parts.take(length)?;
        // Padded to an even length; a file's last chunk may lack it.
        let padded = !length.is_multiple_of(2) && !parts.0.is_empty();
        if padded {
            parts.take(1)?;
        }
        let whole = &chunk[..8 + length + usize::from(padded)];
        match name {
            b"VP8X" => {
                let head = body.get(..10).filter(|_| size.is_none()).ok_or(Broken)?;
                if head[0] & 0x02 != 0 {
                    return Err(Moves);
                }
                size = Some((pixels(little(&head[4..7]) + 1), pixels(little(&head[7..10]) + 1)));
                let at = seen.len() + 8;
                seen.extend_from_slice(whole);
                // No longer with EXIF and XMP.
                seen[at] &= !0x0c;
            }
            b"VP8 " => {
                let head = body.get(..10).filter(|head| head[3..6] == [0x9d, 0x01, 0x2a]).ok_or(Broken)?;
                let (width, height) = (little(&head[6..8]) & 0x3fff, little(&head[8..10]) & 0x3fff);
                size = size.or(Some((pixels(width), pixels(height))));
                data = true;
                seen.extend_from_slice(whole);
            }
            b"VP8L" => {
                let head = body.get(..5).filter(|head| head[0] == 0x2f).ok_or(Broken)?;
                let bits = little(&head[1..]);
                size = size.or(Some((pixels((bits & 0x3fff) + 1), pixels((bits >> 14 & 0x3fff) + 1))));
                data = true;
                seen.extend_from_slice(whole);
            }
            b"ANIM" | b"ANMF" => return Err(Moves),
            b"ICCP" | b"ALPH" => seen.extend_from_slice(whole),
            _ => {}
        }
    }
    let (width, height) = size.filter(|_| data).ok_or(Broken)?;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend_from_slice(&pixels(seen.len()).to_le_bytes());
    bytes.extend_from_slice(&seen);
    Ok(Picture { kind: PictureKind::Webp, width, height, bytes })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;

    fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let named = [name, body].concat();
        let mut chunk = pixels(body.len()).to_be_bytes().to_vec();
        chunk.extend_from_slice(&named);
        chunk.extend_from_slice(&pixels(crc(&named)).to_be_bytes());
        chunk
    }

    fn a_png(more: &[Vec<u8>]) -> Vec<u8> {
        let mut head = [0, 0, 0, 64, 0, 0, 0, 32].to_vec();
        head.extend_from_slice(&[8, 6, 0, 0, 0]);
        let mut all = vec![PNG.to_vec(), chunk(b"IHDR", &head)];
        all.extend_from_slice(more);
        all.extend([chunk(b"IDAT", b"pixels"), chunk(b"IEND", b"")]);
        all.concat()
    }

    fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker], &length[..], body].concat()
    }

    fn a_jpeg(more: &[Vec<u8>]) -> Vec<u8> {
        let mut all = vec![vec![0xff, 0xd8], segment(0xe0, b"JFIF\0")];
        all.extend_from_slice(more);
        all.push(segment(0xc2, &[8, 0, 32, 0, 64, 3]));
        all.push(segment(0xda, b"head"));
        all.push(b"first\xff\x00scan\xff\xd0on".to_vec());
        all.push(segment(0xda, b"head"));
        all.push(b"second\xff\xd9".to_vec());
        all.concat()
    }

    fn a_webp(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut body = b"WEBP".to_vec();
        for (name, bytes) in chunks {
            body.extend_from_slice(*name);
            body.extend_from_slice(&pixels(bytes.len()).to_le_bytes());
            body.extend_from_slice(bytes);
            body.resize(body.len().next_multiple_of(2), 0);
        }
        [b"RIFF", &pixels(body.len()).to_le_bytes()[..], &body].concat()
    }

    const VP8: (&[u8; 4], &[u8]) = (b"VP8 ", &[0, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 32, 0, 7]);

    fn samples() -> [Vec<u8>; 4] {
        let extended: &[u8] = &[0x0c, 0, 0, 0, 63, 0, 0, 31, 0, 0];
        [a_png(&[]), a_jpeg(&[]), a_webp(&[VP8]), a_webp(&[(b"VP8X", extended), VP8, (b"EXIF", b"place")])]
    }

    #[test]
    fn kind_and_size_are_in_the_bytes() {
        let kinds = [PictureKind::Png, PictureKind::Jpeg, PictureKind::Webp, PictureKind::Webp];
        for (bytes, kind) in samples().iter().zip(kinds) {
            let picture = read(bytes).unwrap();
            assert_eq!((picture.kind, picture.width, picture.height), (kind, 64, 32));
            assert_eq!(read(&picture.bytes).unwrap(), picture, "what is kept is the same picture");
        }
        // The lossless head: a sign, then 14 bits each of width - 1 and height - 1.
        let bits = (63_u32 | 31 << 14).to_le_bytes();
        let lossless = read(&a_webp(&[(b"VP8L", &[&[0x2f], &bits[..]].concat())])).unwrap();
        assert_eq!((lossless.width, lossless.height), (64, 32));
    }

    #[test]
    fn what_is_not_seen_is_not_kept() {
        let secret: &[u8] = b"taken at home";
        let marked = [
            a_png(&[chunk(b"tEXt", secret), chunk(b"eXIf", secret), chunk(b"gAMA", b"gama")]),
            a_jpeg(&[segment(0xe1, secret), segment(0xfe, secret), segment(0xe2, b"ICC_PROFILE\0gama")]),
            a_webp(&[(b"ICCP", b"gama"), VP8, (b"EXIF", secret), (b"XMP ", secret)]),
        ];
        for mut bytes in marked {
            // A file of another kind behind the picture.
            if !bytes.starts_with(b"RIFF") {
                bytes.extend_from_slice(b"<script>taken at home</script>");
            }
            let kept = read(&bytes).unwrap().bytes;
            assert!(!kept.windows(secret.len()).any(|part| part == secret));
            assert!(kept.windows(4).any(|part| part == b"gama"), "its colours stay");
        }
    }

    #[test]
    fn others_are_told_apart() {
        for bytes in [
            &b""[..],
            b"GIF89a",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"<html>",
            b"BM",
            b"RIFF0000AVI ",
        ] {
            assert_eq!(read(bytes), Err(Unknown), "{bytes:?}");
        }
        assert_eq!(read(&a_webp(&[(b"VP8X", &[2, 0, 0, 0, 63, 0, 0, 31, 0, 0]), VP8])), Err(Moves));
        let mut torn = a_png(&[]);
        let last = torn.len() - 20;
        torn[last] ^= 1;
        assert_eq!(read(&torn), Err(Broken), "a byte of it is another");
    }

    proptest! {
        #[test]
        fn a_part_of_a_picture_is_none(cut in 3..80_usize, which in 0..4_usize) {
            let whole = &samples()[which];
            let cut = cut.min(whole.len() - 1);
            prop_assert!(read(&whole[..cut]).is_err());
        }

        #[test]
        fn no_bytes_are_too_strange(which in 0..4_usize, at in 0..80_usize, with in any::<[u8; 6]>(), tail in any::<Vec<u8>>()) {
            let mut bytes = samples()[which].clone();
            let at = at.min(bytes.len());
            let end = (at + 6).min(bytes.len());
            bytes.splice(at..end, with);
            bytes.extend(tail);
            if let Ok(picture) = read(&bytes) {
                prop_assert!(picture.bytes.len() <= bytes.len() + 1);
                prop_assert_eq!(read(&picture.bytes), Ok(picture));
            }
        }
    }
}
