//! What can be shown in the place of a verdict that nobody has.

use super::{Advice, View};
use crate::{
    exit::Exit,
    report::escape::capped,
    verdict::{Reference, Verdict, VerdictKind},
};

/// In the place of `pass` and the other kinds of verdicts.
const MISSING: &str = "missing";

impl View {
    /// In the place of a verdict that is not there or was refused, and why. It counts as worse than any verdict.
    #[must_use]
    pub fn without_verdict(suite: &str, commit: Option<&str>, reason: &str) -> Self {
        let verdict = Verdict {
            kind: VerdictKind::Invalid,
            exit: Exit::Invalid,
            headline: capped(reason),
            reasons: Vec::new(),
            thresholds: Vec::new(),
            validity: Vec::new(),
            set_aside: Vec::new(),
            accepted: None,
            reference: Reference::NoBaseline,
        };
        let mut view = Self::new(&verdict, &[], &[]);
        (view.judged.kind, view.judged.word) = (MISSING, "without a verdict");
        view.judged.next =
            vec![Advice { text: "See the log of its job: it tells how the gate ended.".to_owned(), command: None }];
        view.file.suite = suite.to_owned();
        view.file.candidate.commit = commit.map(str::to_owned);
        view
    }

    /// Whether there is a verdict at all.
    #[must_use]
    pub fn has_verdict(&self) -> bool {
        self.judged.kind != MISSING
    }
}
