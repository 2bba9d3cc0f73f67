//! Compressed bodies: asked for by `http.compression`, decompressed where the body is wanted.

use std::io::Read;

use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::{HeaderMap, header::CONTENT_ENCODING};

use crate::{
    protocol::{Failure, Keep},
    record::ErrorClass,
};

/// Value of the `accept-encoding` header.
pub(super) const ACCEPTED: &str = "gzip, deflate";
/// What is said of a body that is wanted and too long to be kept.
const TOO_LONG: &str = "the body is longer than 16 MiB, the most that is kept for checks";

/// Bytes of a body that are kept as an excerpt.
pub(super) const EXCERPT_BYTES: usize = 64 * 1024;

/// What is kept of a body of which `kept` bytes are there already, when a piece comes.
///
/// # Errors
/// All of it is wanted, and it is too long.
pub(super) fn keep(keep: Keep, kept: usize, piece: &[u8], most: usize) -> Result<&[u8], Failure> {
    match keep {
        Keep::Status | Keep::Head => Ok(&[]),
        Keep::Excerpt => Ok(&piece[..piece.len().min(EXCERPT_BYTES.saturating_sub(kept))]),
        Keep::Body if kept + piece.len() > most => Err(Failure::new(ErrorClass::Protocol, TOO_LONG)),
        Keep::Body => Ok(piece),
    }
}

/// The content of what was kept of a body. An excerpt that can't be decompressed is none; nobody asked for it.
///
/// # Errors
/// All of it is wanted, and the encoding is unknown, broken, or expands to more.
pub(super) fn content(keep: Keep, headers: &HeaderMap, kept: Vec<u8>, most: usize) -> Result<Bytes, Failure> {
    if kept.is_empty() {
        return Ok(Bytes::new());
    }
    match decode(headers, kept, most) {
        Err(_) if keep == Keep::Excerpt => Ok(Bytes::new()),
        content => content.map(Into::into),
    }
}

/// The content of a body, at most `most` bytes of it.
///
/// # Errors
/// The encoding is unknown, broken, or expands to more.
fn decode(headers: &HeaderMap, body: Vec<u8>, most: usize) -> Result<Vec<u8>, Failure> {
    let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
    let Some(encoding) = encodings.next() else { return Ok(body) };
    let encoding = encoding.as_bytes().trim_ascii();
    let is = |name: &str| encoding.eq_ignore_ascii_case(name.as_bytes());
    if encodings.next().is_some() {
        return refuse("the body is encoded twice");
    }
    if is("identity") {
        Ok(body)
    } else if is("gzip") || is("x-gzip") {
        read(MultiGzDecoder::new(body.as_slice()), most).unwrap_or_else(|| refuse("the body is not valid gzip"))
    } else if is("deflate") {
        // Meant is zlib (RFC 9110, section 8.4.1.2), but some send the bare stream.
        let content = read(ZlibDecoder::new(body.as_slice()), most);
        let content = content.or_else(|| read(DeflateDecoder::new(body.as_slice()), most));
        content.unwrap_or_else(|| refuse("the body is not valid deflate"))
    } else {
        refuse("the body is encoded neither as gzip nor as deflate")
    }
}

/// What a decoder gives, as far as it is allowed to; `None` when it finds its input broken.
fn read(decoder: impl Read, most: usize) -> Option<Result<Vec<u8>, Failure>> {
    let mut content = Vec::new();
    // One more than allowed, to see whether there is more.
    decoder.take(most as u64 + 1).read_to_end(&mut content).ok()?;
    Some(if content.len() <= most { Ok(content) } else { refuse(TOO_LONG) })
}

fn refuse(words: &'static str) -> Result<Vec<u8>, Failure> {
    Err(Failure::new(ErrorClass::Protocol, words))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder, ZlibEncoder},
    };
    use http::HeaderValue;

    use super::*;

    fn decoded(encoding: &'static str, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        decode(&HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(encoding))]), body, 1000)
    }

    /// A text, compressed in all ways.
    fn encoded(text: &[u8]) -> [(&'static str, Vec<u8>); 4] {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(text).unwrap();
        zlib.write_all(text).unwrap();
        bare.write_all(text).unwrap();
        [
            ("GZIP", gzip.finish().unwrap()),
            ("deflate", zlib.finish().unwrap()),
            ("deflate", bare.finish().unwrap()),
            ("identity", text.to_vec()),
        ]
    }

    #[test]
    fn a_body_is_decompressed_however_it_was_compressed() {
        for (encoding, body) in encoded(b"some text") {
            assert_eq!(decoded(encoding, body).as_deref(), Ok(&b"some text"[..]), "{encoding}");
        }
        assert_eq!(decode(&HeaderMap::new(), b"plain".to_vec(), 1000).as_deref(), Ok(&b"plain"[..]));
    }

    #[test]
    fn a_small_body_that_expands_without_end_is_refused() {
        for (encoding, body) in &encoded(&vec![0; 1_000_000])[..3] {
            assert!(body.len() < 2_000);
            assert_eq!(decoded(encoding, body.clone()).unwrap_err().message, TOO_LONG, "{encoding}");
        }
    }

    #[test]
    fn an_excerpt_that_nobody_asked_for_is_never_a_failure() {
        let br = HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static("br"))]);
        assert_eq!(content(Keep::Excerpt, &br, b"x".to_vec(), 1000), Ok(Bytes::new()));
        assert!(content(Keep::Body, &br, b"x".to_vec(), 1000).is_err());
        let piece = vec![0; 2 * EXCERPT_BYTES];
        assert_eq!(keep(Keep::Excerpt, 0, &piece, 1000).map(<[u8]>::len), Ok(EXCERPT_BYTES));
        assert_eq!(keep(Keep::Excerpt, EXCERPT_BYTES, &piece, 1000).map(<[u8]>::len), Ok(0));
        assert!(keep(Keep::Body, 0, &piece, 1000).is_err());
    }

    #[test]
    fn an_encoding_that_is_broken_or_unknown_is_a_protocol_failure() {
        for (encoding, words) in [("gzip", "not valid gzip"), ("deflate", "not valid deflate"), ("br", "neither as gzip")] {
            let failure = decoded(encoding, b"no such thing".to_vec()).unwrap_err();
            assert!(failure.class == ErrorClass::Protocol && failure.message.contains(words), "{failure:?}");
        }
    }
}
