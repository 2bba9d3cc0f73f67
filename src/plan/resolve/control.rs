//! `load` and `safety` -> how the load is steered while it is made.

use super::Problems;
use crate::{
    config::{Loaded, Path},
    plan::{Arrivals, Control},
};

pub(super) fn resolve(loaded: &Loaded, problems: &Problems<'_>) -> Control {
    let load = &loaded.document.load;
    let at = Path::root().key("load");
    let known = [("uniform", Arrivals::Uniform), ("poisson", Arrivals::Poisson)];
    let arrivals = problems.choice(load.arrivals.as_deref(), &at.key("arrivals"), &known, &[]).unwrap_or_default();
    Control { arrivals, ..Control::default() }
}
