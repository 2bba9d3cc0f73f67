//! `regression.accept`: the gate asks whether people said of a regression that it is meant to be, before it is reported.

use super::{
    Failure, places, provenance,
    replicates::{self, Made, Session},
};
use crate::{
    plan::Resolved,
    policy::Accept,
    publish::github::{Answer, LabelRule, Labelled, Patience, Surroundings, ask_for_label},
    record::Acceptance,
    report::View,
    verdict::{self, Verdict},
};

/// A verdict after people were asked.
pub(super) struct Asked {
    pub(super) verdict: Verdict,
    /// Why a label that is there, or might be, does not count.
    refused: Option<String>,
}

/// Asks where nothing but a regression fails the build, and the configuration lets people accept one.
pub(super) fn ask(verdict: Verdict, resolved: &Resolved) -> Asked {
    let rules = &resolved.policy.regression;
    let answer = match &rules.accept {
        Some(rule) if verdict::is_acceptable(&verdict, rules) => answer(rule, resolved),
        _ => Answer::NotSaid,
    };
    match answer {
        Answer::Accepted(Labelled { reason, by, at }) => {
            // Whoever wrote the description may have put anything there.
            let acceptance = Acceptance { reason: resolved.secrets.mask(&reason), by: Some(by), at };
            Asked { verdict: verdict::accepted(verdict, acceptance, rules), refused: None }
        }
        Answer::Refused(why) => Asked { verdict: verdict::not_accepted(verdict, &why), refused: Some(why) },
        Answer::NotSaid => Asked { verdict, refused: None },
    }
}

/// What GitHub says; elsewhere there are no labels.
fn answer(rule: &Accept, resolved: &Resolved) -> Answer {
    let Some(surroundings) = Surroundings::detect() else { return Answer::NotSaid };
    let config = places::in_repository(&resolved.config);
    let branch = &resolved.baseline.branch;
    let is_of_branch = provenance::is_of_branch(&provenance::detect(String::new()), branch);
    let rule = LabelRule {
        label: &rule.label,
        requires_reason: rule.requires_reason,
        config: config.as_deref(),
        branch: is_of_branch.then_some(branch.as_str()),
    };
    ask_for_label(&surroundings, &rule, Patience::USUAL)
}

impl Asked {
    /// Keeps in the records of the candidate that it was accepted, so that a run that is stored begins another level. They are written
    /// again, as they were.
    ///
    /// # Errors
    /// The report folder can't be written any more.
    pub(super) fn keep(&self, made: &mut [Made], session: &Session<'_>) -> Result<(), Failure> {
        let Some(accepted) = &self.verdict.accepted else { return Ok(()) };
        made.iter_mut().for_each(|made| made.candidate.provenance.accepted = Some(accepted.clone()));
        replicates::save(made, session.replication, session.report)
    }

    /// The view with what to do where the regression is meant to be.
    pub(super) fn advise(&self, view: View, resolved: &Resolved) -> View {
        let rules = &resolved.policy.regression;
        match &rules.accept {
            Some(rule) if verdict::is_acceptable(&self.verdict, rules) => view.acceptable_by(rule, self.refused.as_deref()),
            _ => view,
        }
    }
}
