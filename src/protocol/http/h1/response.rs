//! A response as it comes in, in whatever pieces.

use super::head::{self, Head};
use crate::{
    protocol::{Failure, Keep, Reply, http::encoding},
    record::ErrorClass,
};

/// Most interim responses (status 1xx) before the one that counts.
const INTERIM_MAX: u32 = 32;
/// Longest body that is kept, in bytes; those that are only counted have no limit.
pub(in crate::protocol::http) const KEPT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What the request says about its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// Whether the method is HEAD, whose response has no body whatever its head says.
    pub(super) head: bool,
    /// What is kept.
    pub(super) keep: Keep,
}

/// A response, read up to some byte.
#[derive(Debug)]
pub(super) struct Response {
    asked: Asked,
    /// The start of a head that came in pieces.
    partial: Vec<u8>,
    head: Option<Head>,
    interim: u32,
    kept: Vec<u8>,
    began: bool,
    /// Body bytes, as they came.
    pub(super) bytes: u64,
}

/// How far a response has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// More is to come.
    More,
    /// All of it is there.
    Complete {
        /// Whether the connection can carry another request: nothing follows the response, and nobody wants to close it.
        reusable: bool,
    },
}

impl Response {
    pub(super) fn new(asked: Asked) -> Self {
        Self { asked, partial: Vec::new(), head: None, interim: 0, kept: Vec::new(), began: false, bytes: 0 }
    }

    /// Whether any byte of it has come.
    pub(super) fn began(&self) -> bool {
        self.began
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// They are no HTTP, or more than is kept.
    pub(super) fn feed(&mut self, input: &[u8]) -> Result<Progress, Failure> {
        self.began = true;
        if self.head.is_some() {
            return self.feed_body(input);
        }
        let joined;
        let bytes = if self.partial.is_empty() {
            input
        } else {
            self.partial.extend_from_slice(input);
            // A head ends with a line. Looking only then keeps a head that comes byte by byte from being read as often.
            if !input.contains(&b'\n') && self.partial.len() <= head::HEAD_BYTES_MAX {
                return Ok(Progress::More);
            }
            joined = std::mem::take(&mut self.partial);
            &joined
        };
        let rest = self.feed_heads(bytes)?;
        if self.head.is_some() {
            return self.feed_body(rest);
        }
        self.partial = rest.to_vec();
        Ok(Progress::More)
    }

    /// Reads heads up to that of the response that counts. Gives what follows.
    fn feed_heads<'a>(&mut self, mut bytes: &'a [u8]) -> Result<&'a [u8], Failure> {
        while !bytes.is_empty() {
            let Some((head, length)) = head::parse(bytes, self.asked)? else { break };
            bytes = &bytes[length..];
            if !head.status.is_informational() {
                self.head = Some(head);
                break;
            }
            self.interim += 1;
            if head.status.as_u16() == 101 {
                return Err(Failure::new(ErrorClass::Protocol, "the target switches protocols, which nobody asked it for"));
            }
            if self.interim > INTERIM_MAX {
                return Err(Failure::new(ErrorClass::Protocol, "interim responses (status 1xx) never end"));
            }
        }
        Ok(bytes)
    }

    fn feed_body(&mut self, mut input: &[u8]) -> Result<Progress, Failure> {
        let Some(head) = &mut self.head else { return Ok(Progress::More) };
        while let Some(piece) = head.body.next(&mut input).map_err(|words| Failure::new(ErrorClass::Protocol, words))? {
            self.bytes += piece.len() as u64;
            let piece = encoding::keep(self.asked.keep, self.kept.len(), piece, KEPT_BYTES_MAX)?;
            self.kept.extend_from_slice(piece);
        }
        if !head.body.is_complete() {
            return Ok(Progress::More);
        }
        // What follows a complete response was not asked for; the next request must not take it for its answer.
        Ok(Progress::Complete { reusable: head.persistent && input.is_empty() })
    }

    /// The connection has ended. That completes a response without a length; any other is cut off.
    pub(super) fn ended_by_close(&self) -> bool {
        self.head.as_ref().is_some_and(|head| head.body == super::body::Body::UntilClose)
    }

    /// The complete response.
    ///
    /// # Errors
    /// The body is wanted, and its encoding is broken or unknown.
    pub(super) fn into_reply(self) -> Result<Reply, Failure> {
        let Some(Head { status, headers, .. }) = self.head else {
            return Err(Failure::new(ErrorClass::Protocol, "the response has no head"));
        };
        let body = encoding::content(self.asked.keep, &headers, self.kept, KEPT_BYTES_MAX)?;
        Ok(Reply { status, headers, body, bytes: self.bytes })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: Asked = Asked { head: false, keep: Keep::Body };

    /// What becomes of bytes that come in the pieces given.
    fn read(asked: Asked, pieces: &[&[u8]]) -> Result<(Progress, Reply, u64), Failure> {
        let (mut response, mut progress) = (Response::new(asked), Progress::More);
        for piece in pieces {
            progress = response.feed(piece)?;
        }
        let bytes = response.bytes;
        Ok((progress, response.into_reply()?, bytes))
    }

    #[test]
    fn interim_responses_are_skipped_and_have_an_end() {
        let hints = "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n";
        let text = format!("HTTP/1.1 100 Continue\r\n\r\n{hints}HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        let (progress, reply, bytes) = read(ALL, &[text.as_bytes()]).unwrap();
        assert_eq!((progress, bytes), (Progress::Complete { reusable: true }, 2));
        assert_eq!((reply.status.as_u16(), reply.body.as_ref(), reply.headers.len()), (200, &b"ok"[..], 1));
        let failure = read(ALL, &[hints.repeat(33).as_bytes()]).unwrap_err();
        assert!(failure.message.contains("never end"), "{failure:?}");
        let failure = read(ALL, &[b"HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n"]).unwrap_err();
        assert!(failure.message.contains("switches protocols"), "{failure:?}");
    }

    #[test]
    fn what_follows_a_response_makes_the_connection_unusable() {
        let text = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n";
        let (progress, reply, _) = read(ALL, &[text]).unwrap();
        assert_eq!((progress, reply.status.as_u16()), (Progress::Complete { reusable: false }, 200));
        let (progress, ..) = read(Asked { head: true, ..ALL }, &[b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"]).unwrap();
        assert_eq!(progress, Progress::Complete { reusable: false }, "a HEAD that is answered with a body");
    }

    #[test]
    fn a_body_that_is_kept_has_a_limit_and_one_that_is_counted_has_none() {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n";
        let piece = vec![b'x'; 1 << 20];
        let pieces: Vec<&[u8]> = std::iter::once(&head[..]).chain((0..17).map(|_| &piece[..])).collect();
        assert!(read(ALL, &pieces).unwrap_err().message.contains("16 MiB"));
        assert_eq!(read(Asked { keep: Keep::Status, ..ALL }, &pieces).unwrap().2, 17 << 20);
    }

    #[test]
    fn a_head_that_comes_byte_by_byte_for_ever_is_given_up() {
        let mut response = Response::new(ALL);
        let begin = b"HTTP/1.1 200 OK\r\nx: ";
        let failure = begin.iter().chain(std::iter::repeat(&b'y')).find_map(|byte| response.feed(&[*byte]).err()).unwrap();
        assert!(failure.message.contains("64 KiB"), "{failure:?}");
    }

    /// A valid response with a body of whatever bytes, framed in one of the ways there are.
    fn response() -> impl Strategy<Value = Vec<u8>> {
        let chunk = prop::collection::vec(any::<u8>(), 1..40);
        let headers = prop::collection::vec(("[a-z]{1,8}", "[ -~]{0,20}"), 0..5);
        let interim = prop::collection::vec(Just("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"), 0..3);
        (prop::collection::vec(chunk, 0..6), headers, interim, any::<bool>(), 200_u16..600).prop_map(
            |(chunks, headers, interim, chunked, status)| {
                let mut bytes = interim.concat().into_bytes();
                bytes.extend_from_slice(format!("HTTP/1.1 {status} Some reason\r\n").as_bytes());
                headers.iter().for_each(|(name, value)| bytes.extend_from_slice(format!("x-{name}: {value}\r\n").as_bytes()));
                let without = matches!(status, 204 | 304);
                if chunked && !without {
                    bytes.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
                    for chunk in chunks {
                        bytes.extend_from_slice(format!("{:X};ext=1\r\n", chunk.len()).as_bytes());
                        bytes.extend_from_slice(&chunk);
                        bytes.extend_from_slice(b"\r\n");
                    }
                    bytes.extend_from_slice(b"0\r\nx-trailer: 1\r\n\r\n");
                } else {
                    let body = if without { Vec::new() } else { chunks.concat() };
                    bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
                    bytes.extend_from_slice(&body);
                }
                bytes
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_split_of_a_response_into_reads_gives_the_same_result(
            bytes in response(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let whole = read(ALL, &[&bytes]).unwrap();
            prop_assert_eq!(whole.0, Progress::Complete { reusable: true });
            let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).chain([0, bytes.len()]).collect();
            places.sort_unstable();
            places.dedup();
            let pieces: Vec<&[u8]> = places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let (last, before) = pieces.split_last().unwrap();
            let mut response = Response::new(ALL);
            for piece in before {
                prop_assert_eq!(response.feed(piece), Ok(Progress::More), "nothing is complete before its end");
            }
            prop_assert_eq!(response.feed(last), Ok(whole.0));
            prop_assert_eq!(response.bytes, whole.2);
            prop_assert_eq!(response.into_reply(), Ok(whole.1));
        }

        #[test]
        fn whatever_comes_is_a_response_a_failure_or_the_start_of_one(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..5)) {
            let mut response = Response::new(ALL);
            let begin: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n";
            let _ = pieces.iter().map(Vec::as_slice).chain([begin]).try_for_each(|piece| response.feed(piece).map(drop));
        }
    }
}
