//! What goes wrong, ordered beforehand.

use super::Asked;

const SECONDARY: &str = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";

/// Requests that go wrong.
pub(crate) struct Fault {
    method: &'static str,
    part: &'static str,
    times: usize,
    pub(super) then: Then,
}

/// How they go wrong.
#[derive(Clone, Debug)]
pub(crate) enum Then {
    /// Nothing is done.
    Answer(u16, Vec<(String, String)>, String),
    /// It is done, and the answer says it is not.
    DoAndAnswer(u16),
    /// It is done, and the connection breaks.
    DoAndReset,
    /// The connection breaks.
    Reset,
    /// No answer comes.
    Silence,
}

impl Then {
    pub(crate) fn read_only() -> Self {
        Self::Answer(403, Vec::new(), "Resource not accessible by integration".to_owned())
    }

    pub(crate) fn secondary(status: u16, retry_after: Option<u64>) -> Self {
        let headers = retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string()));
        Self::Answer(status, headers.into_iter().collect(), SECONDARY.to_owned())
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new(), "Server Error".to_owned())
    }
}

impl Fault {
    /// The first requests of a method whose address has a part.
    pub(crate) fn first(times: usize, method: &'static str, part: &'static str, then: Then) -> Self {
        Self { method, part, times, then }
    }

    pub(crate) fn always(method: &'static str, part: &'static str, then: Then) -> Self {
        Self::first(usize::MAX, method, part, then)
    }

    pub(super) fn strikes(&mut self, asked: &Asked) -> bool {
        let strikes = self.times > 0 && asked.method == self.method && asked.path.contains(self.part);
        if strikes {
            self.times -= 1;
        }
        strikes
    }
}
