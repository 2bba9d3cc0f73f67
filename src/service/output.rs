//! What a command says: always read, so that a flood never blocks it, its end kept in memory and the rest in a file.

use std::{
    fmt,
    fs::File,
    io::{self, PipeReader, PipeWriter, Read as _, Write as _},
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use super::ServiceError;
use crate::clock::Duration;

/// Takes what must not be shown out of a text.
pub type Mask = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// Bytes of the end that are kept in memory.
const TAIL_BYTES: usize = 64 << 10;
/// Bytes of the beginning that go to the file, about; the end follows when the command has ended.
const LOG_BYTES_MAX: usize = 1 << 20;
/// Longest line that is looked at as a whole.
const LINE_BYTES_MAX: usize = 64 << 10;
/// Longest line that is shown.
const LINE_CHARS_MAX: usize = 300;
/// How long the last words of a command are waited for after its end. A process that has left its group may hold the pipe open.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Where the output of a command is kept, and what is taken out of it.
#[derive(Clone)]
pub struct Keep {
    /// The file.
    pub log: PathBuf,
    /// Applied to all that is written or shown.
    pub mask: Mask,
}

impl fmt::Debug for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keep").field("log", &self.log).finish_non_exhaustive()
    }
}

/// The output of one command.
#[derive(Debug)]
pub(super) struct Output {
    keep: Keep,
    shared: Arc<(Mutex<Heard>, Condvar)>,
}

/// What was read so far.
#[derive(Debug, Default)]
struct Heard {
    /// The last bytes; up to twice as many as are kept, so that they are seldom moved.
    tail: Vec<u8>,
    bytes: usize,
    is_over: bool,
}

impl Output {
    /// Reads on a thread of its own until everybody has closed the other end, which is returned.
    pub(super) fn read(keep: Keep) -> Result<(Self, PipeWriter), ServiceError> {
        let (reader, writer) = io::pipe()?;
        let file = File::create(&keep.log).map_err(|source| ServiceError::Log { path: keep.log.clone(), source })?;
        let shared = Arc::<(Mutex<Heard>, Condvar)>::default();
        let (log, of_thread) = (Log { file, mask: Arc::clone(&keep.mask), line: Vec::new(), bytes: 0 }, Arc::clone(&shared));
        thread::Builder::new().name("output".to_owned()).spawn(move || listen(reader, log, &of_thread))?;
        Ok((Self { keep, shared }, writer))
    }

    /// The last lines, masked and fit for a terminal, once the command has said all; call it after its end.
    pub(super) fn last_lines(&self, count: usize) -> Vec<String> {
        let heard = self.finished(LAST_WORDS);
        let text = last_text(&heard, TAIL_BYTES);
        let masked = (self.keep.mask)(&text);
        let lines: Vec<&str> = masked.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(count)..].iter().map(|line| shown(line)).collect()
    }

    /// What was read, once all is, or when patience is at its end.
    fn finished(&self, patience: Duration) -> MutexGuard<'_, Heard> {
        let (heard, over) = &*self.shared;
        let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = over.wait_timeout_while(heard, patience, |heard| !heard.is_over);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    pub(super) fn log(&self) -> &PathBuf {
        &self.keep.log
    }
}

fn listen(mut reader: PipeReader, mut log: Log, shared: &(Mutex<Heard>, Condvar)) {
    let (heard, over) = shared;
    let lock = || heard.lock().unwrap_or_else(PoisonError::into_inner);
    let mut chunk = vec![0; 16 << 10];
    loop {
        match reader.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => break,
            Ok(length) => {
                lock().take(&chunk[..length]);
                log.take(&chunk[..length]);
            }
        }
    }
    let mut heard = lock();
    log.end(&heard);
    heard.is_over = true;
    over.notify_all();
}

impl Heard {
    fn take(&mut self, chunk: &[u8]) {
        self.bytes += chunk.len();
        self.tail.extend_from_slice(chunk);
        if self.tail.len() > 2 * TAIL_BYTES {
            self.tail.drain(..self.tail.len() - TAIL_BYTES);
        }
    }
}

/// The last bytes as text. Where something stood before them, the first line is not whole and is left out: half a secret could
/// not be told.
fn last_text(heard: &Heard, bytes: usize) -> String {
    let bytes = &heard.tail[heard.tail.len().saturating_sub(bytes)..];
    let whole = if heard.bytes > bytes.len() {
        bytes.iter().position(|byte| *byte == b'\n').map_or(&[][..], |end| &bytes[end + 1..])
    } else {
        bytes
    };
    String::from_utf8_lossy(whole).into_owned()
}

/// A line for a terminal: no character of it moves the cursor, colours anything or turns the reading direction around.
fn shown(line: &str) -> String {
    let mut shown = String::new();
    for (n, c) in line.trim_end().chars().enumerate() {
        match c {
            _ if n >= LINE_CHARS_MAX => {
                shown.push_str("..");
                break;
            }
            '\t' => shown.push(' '),
            _ if c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                shown.extend(c.escape_default());
            }
            _ => shown.push(c),
        }
    }
    shown
}

/// The file. A disk that is full must not end the run: what can't be written is lost, and the end is in memory all the same.
struct Log {
    file: File,
    mask: Mask,
    /// A line that is not complete yet.
    line: Vec<u8>,
    /// What was taken, up to the limit and one chunk.
    bytes: usize,
}

impl Log {
    fn take(&mut self, chunk: &[u8]) {
        if self.bytes > LOG_BYTES_MAX {
            return;
        }
        self.bytes += chunk.len();
        self.line.extend_from_slice(chunk);
        if let Some(end) = self.line.iter().rposition(|byte| *byte == b'\n') {
            let rest = self.line.split_off(end + 1);
            let complete = std::mem::replace(&mut self.line, rest);
            self.write(&complete);
        }
        // The rest of a line beyond all measure is left out: cut anywhere, it could begin with half a secret.
        self.line.truncate(LINE_BYTES_MAX);
    }

    fn end(&mut self, heard: &Heard) {
        let line = std::mem::take(&mut self.line);
        if self.bytes <= LOG_BYTES_MAX {
            return self.write(&line);
        }
        let text = last_text(heard, TAIL_BYTES.min(heard.bytes.saturating_sub(self.bytes)));
        let left_out = heard.bytes.saturating_sub(self.bytes).saturating_sub(text.len()) + line.len();
        self.write(format!("\n.. {left_out} bytes are left out ..\n{text}").as_bytes());
    }

    fn write(&mut self, text: &[u8]) {
        if !text.is_empty() {
            let _ = self.file.write_all((self.mask)(&String::from_utf8_lossy(text)).as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "hunter2-and-more";

    /// What is kept of an output.
    fn heard(write: impl FnOnce(&mut PipeWriter)) -> (Vec<String>, String) {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("service.log");
        let mask: Mask = Arc::new(|text| crate::mask::mask(text, [SECRET].into_iter()));
        let (output, mut writer) = Output::read(Keep { log: log.clone(), mask }).unwrap();
        write(&mut writer);
        drop(writer);
        assert!(output.finished(Duration::from_secs(600)).is_over);
        (output.last_lines(3), std::fs::read_to_string(log).unwrap())
    }

    #[test]
    fn the_last_lines_are_kept_and_all_of_them_go_to_the_file() {
        let (lines, log) = heard(|to| to.write_all(b"one\ntwo\n\nthree\r\nfour").unwrap());
        assert_eq!(lines, ["two", "three", "four"]);
        assert_eq!(log, "one\ntwo\n\nthree\r\nfour");
    }

    #[test]
    fn secrets_are_masked_wherever_chunks_end() {
        let (lines, log) = heard(|to| {
            for byte in format!("token {SECRET} is used\n").bytes() {
                to.write_all(&[byte]).unwrap();
            }
        });
        assert_eq!((lines[0].as_str(), log.as_str()), ("token *** is used", "token *** is used\n"));
    }

    #[test]
    fn what_would_steer_a_terminal_is_escaped() {
        let (lines, _) = heard(|to| to.write_all("\u{1b}[31mred\u{7}\ta\u{202e}b\n".as_bytes()).unwrap());
        assert_eq!(lines, [r"\u{1b}[31mred\u{7} a\u{202e}b"]);
    }

    #[test]
    fn a_flood_is_read_to_its_end_and_neither_memory_nor_file_grow_with_it() {
        let (lines, log) = heard(|to| {
            let line = format!("{SECRET} {}\n", "x".repeat(1000));
            (0..20_000).for_each(|_| to.write_all(line.as_bytes()).unwrap());
            to.write_all(b"the end\n").unwrap();
        });
        assert_eq!(lines[2], "the end");
        assert!(lines[1].starts_with("*** xxx") && lines[1].ends_with("..") && lines[1].len() < 400, "{}", lines[1]);
        assert!(log.len() < LOG_BYTES_MAX + 4 * TAIL_BYTES, "{}", log.len());
        assert!(log.contains(" bytes are left out ..\n*** x") && log.ends_with("the end\n"));
        assert!(!log.contains(SECRET) && !log.contains(&SECRET[..8]));
    }

    #[test]
    fn bytes_that_are_no_text_and_lines_without_end_do_no_harm() {
        let (lines, log) = heard(|to| to.write_all(&[&[0xff, 0xfe][..], &vec![b'a'; 500_000]].concat()).unwrap());
        assert!(lines.is_empty(), "a line that is not whole may hide half a secret");
        assert_eq!(log.len(), LINE_BYTES_MAX - 2 + 2 * "\u{fffd}".len());
    }
}
