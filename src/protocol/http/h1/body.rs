//! Where the body of a response ends, and which of the bytes that come in are its content (RFC 9112, sections 6 and 7).

/// Longest chunk extension, and longest trailer section, in bytes. Nobody needs as much; a target that sends them for ever must
/// not keep us.
const LINES_MAX: usize = 64 * 1024;

/// How a body is framed, with how far it has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Bytes that are still to come.
    Length(u64),
    /// In chunks.
    Chunked(Chunks),
    /// Whatever comes until the connection ends.
    UntilClose,
}

/// A chunked body, read up to some byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Chunks {
    at: Place,
    /// Of the present chunk: its size while that is read, then what is left of it.
    left: u64,
    /// Bytes of the present extension, or of all trailers.
    lines: usize,
}

/// What the next byte of a chunked body is part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Size,
    MoreSize,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerBegin,
    Trailer,
    LastLf,
    End,
}

/// What is wrong with a body, in words.
pub(super) type Malformed = &'static str;

impl Body {
    /// Whether nothing more is to come.
    pub(super) fn is_complete(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunks) => chunks.at == Place::End,
            Self::UntilClose => false,
        }
    }

    /// The next piece of content at the front of `input`, which moves on behind it. `None` when the input is used up or the body
    /// complete.
    ///
    /// # Errors
    /// The framing is broken.
    pub(super) fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Malformed> {
        let most = input.len() as u64;
        let piece = match self {
            Self::UntilClose => most,
            Self::Length(left) => {
                let piece = most.min(*left);
                *left -= piece;
                piece
            }
            Self::Chunked(chunks) => return chunks.next(input),
        };
        let (piece, rest) = input.split_at(piece as usize);
        *input = rest;
        Ok((!piece.is_empty()).then_some(piece))
    }
}

impl Chunks {
    fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Malformed> {
        while self.at != Place::End {
            if self.at == Place::Data {
                let (piece, rest) = input.split_at(self.left.min(input.len() as u64) as usize);
                (self.left, *input) = (self.left - piece.len() as u64, rest);
                if self.left == 0 {
                    self.at = Place::DataCr;
                }
                return Ok((!piece.is_empty()).then_some(piece));
            }
            let Some((byte, rest)) = input.split_first() else { break };
            *input = rest;
            self.at = self.step(*byte)?;
        }
        Ok(None)
    }

    /// Takes one byte that is no content.
    fn step(&mut self, byte: u8) -> Result<Place, Malformed> {
        match (self.at, byte) {
            (Place::Size | Place::MoreSize, digit) if digit.is_ascii_hexdigit() => {
                let digit = char::from(digit).to_digit(16).unwrap_or(0);
                let larger = self.left.checked_mul(16).and_then(|size| size.checked_add(digit.into()));
                self.left = larger.ok_or("the size of a chunk is beyond all bounds")?;
                Ok(Place::MoreSize)
            }
            (Place::MoreSize | Place::Extension, b'\r') => {
                self.lines = 0;
                Ok(Place::SizeLf)
            }
            (Place::MoreSize, b';' | b' ' | b'\t') => Ok(Place::Extension),
            (Place::Size | Place::MoreSize, _) => Err("the size of a chunk is no number"),
            (Place::Extension, b'\n') => Err("a line of a chunk ends without a carriage return"),
            (Place::Extension, _) => self.longer(Place::Extension, "the extension of a chunk never ends"),
            (Place::SizeLf, b'\n') => Ok(if self.left == 0 { Place::TrailerBegin } else { Place::Data }),
            (Place::DataCr, b'\r') => Ok(Place::DataLf),
            (Place::DataLf, b'\n') => Ok(Place::Size),
            (Place::DataCr | Place::DataLf, _) => Err("a chunk is longer than its size"),
            (Place::TrailerBegin, b'\r') => Ok(Place::LastLf),
            (Place::Trailer, b'\n') => Ok(Place::TrailerBegin),
            (Place::TrailerBegin | Place::Trailer, _) => self.longer(Place::Trailer, "the trailers never end"),
            (Place::LastLf, b'\n') => Ok(Place::End),
            (Place::SizeLf | Place::LastLf, _) => Err("a carriage return stands alone in the lines of a chunk"),
            (Place::Data | Place::End, _) => Ok(self.at),
        }
    }

    fn longer(&mut self, at: Place, too_long: Malformed) -> Result<Place, Malformed> {
        self.lines += 1;
        if self.lines > LINES_MAX { Err(too_long) } else { Ok(at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads in pieces of `step` bytes. Gives the content and what is left over.
    fn read(mut body: Body, bytes: &[u8], step: usize) -> Result<(Vec<u8>, Body, Vec<u8>), Malformed> {
        let (mut content, mut over) = (Vec::new(), Vec::new());
        for mut input in bytes.chunks(step) {
            while let Some(piece) = body.next(&mut input)? {
                content.extend_from_slice(piece);
            }
            over.extend_from_slice(input);
        }
        Ok((content, body, over))
    }

    #[test]
    fn a_chunked_body_is_the_same_however_it_is_cut() {
        let bytes = b"4\r\nWiki\r\n6;name=\"v\" \r\npedia \r\nE\t\r\nin \r\n\r\nchunks.\r\n000\r\nA: b\r\nC: d\r\n\r\nHTTP/1.1";
        for step in 1..=bytes.len() {
            let (content, body, over) = read(Body::Chunked(Chunks::default()), bytes, step).unwrap();
            assert_eq!(content, b"Wikipedia in \r\n\r\nchunks.");
            assert!(body.is_complete());
            assert_eq!(over, b"HTTP/1.1");
        }
    }

    #[test]
    fn a_broken_chunk_is_refused() {
        for (bytes, message) in [
            (&b"x\r\n"[..], "no number"),
            (b"\r\n", "no number"),
            (b"-1\r\n", "no number"),
            (b"3\n", "no number"),
            (b"3;a\n", "carriage return"),
            (b"3\r\r", "stands alone"),
            (b"3\r\nabcd\r\n", "longer than its size"),
            (b"3\r\nabc\rx", "longer than its size"),
            (b"10000000000000000\r\n", "beyond all bounds"),
            (b"0\r\n\rx", "stands alone"),
        ] {
            let error = read(Body::Chunked(Chunks::default()), bytes, 1).unwrap_err();
            assert!(error.contains(message), "{:?}: {error}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn extensions_and_trailers_come_to_an_end() {
        for begin in [&b"1;"[..], b"0\r\n"] {
            let mut bytes = begin.to_vec();
            bytes.extend_from_slice(b"a: b\r".repeat(LINES_MAX).as_slice());
            assert!(read(Body::Chunked(Chunks::default()), &bytes, 4096).is_err());
        }
        let mut trailers = b"0\r\n".to_vec();
        trailers.extend_from_slice(b"a: b\r\n".repeat(LINES_MAX).as_slice());
        assert!(read(Body::Chunked(Chunks::default()), &trailers, 4096).unwrap_err().contains("trailers never end"));
    }

    #[test]
    fn a_body_of_known_length_ends_there_and_one_without_never_by_itself() {
        let (content, body, over) = read(Body::Length(5), b"hello, world", 3).unwrap();
        assert_eq!((content.as_slice(), body.is_complete(), over.as_slice()), (&b"hello"[..], true, &b", world"[..]));
        let (content, body, _) = read(Body::UntilClose, b"hello", 2).unwrap();
        assert_eq!((content.as_slice(), body.is_complete()), (&b"hello"[..], false));
    }
}
