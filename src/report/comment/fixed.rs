//! What failed in the comment before this one, and what became of it.

use serde::Serialize;

use super::{Failing, FailingWhat};
use crate::{
    compare::ComparedMetric,
    policy::Threshold,
    report::{
        View,
        escape::{capped, plain},
    },
};

/// Something that failed before and does not any more.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Fixed {
    /// Endpoint or threshold; nothing for the service as a whole.
    pub name: Option<String>,
    /// `p99 +31% → now +2% (-3 … +7)`
    pub text: String,
}

/// What failed before and does not fail now, as far as the figures of now tell of it.
pub(super) fn of(view: &View, before: &[Failing]) -> Vec<Fixed> {
    before.iter().filter_map(|failing| now(view, &failing.what)).collect()
}

fn now(view: &View, before: &FailingWhat) -> Option<Fixed> {
    match before {
        FailingWhat::Row { endpoint, metric, change } => {
            let compared = view.judged.compared.as_ref()?;
            let row = compared.rows.iter().find(|row| row.endpoint == *endpoint && row.metric == *metric)?;
            let is_accepted = view.file.accepted.is_some() && row.outcome == "regressed";
            if row.class == "fail" || is_accepted {
                return None;
            }
            let open = if row.class == "open" { ", which can't be told apart yet" } else { "" };
            let was = ComparedMetric::named(metric)?.display_change(*change);
            let text = format!("{} {was} → now {} ({}){open}", row.metric_name, row.text.change, row.text.span);
            Some(Fixed { name: (!row.service).then(|| row.name.clone()), text: plain(&text) })
        }
        FailingWhat::Threshold { threshold, actual } => {
            let index = view.file.thresholds.iter().position(|row| capped(&row.expr) == *threshold)?;
            let (row, text) = (view.file.thresholds.get(index)?, &view.judged.thresholds.get(index)?.actual);
            if row.outcome == "fail" || row.actual.is_none() {
                return None;
            }
            let was = Threshold::parse(threshold).ok()?.display(*actual);
            Some(Fixed { name: Some(threshold.clone()), text: format!("{was} → now {text}") })
        }
    }
}
