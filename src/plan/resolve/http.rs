//! `http` -> how requests are made.

use super::Problems;
use crate::{
    config::{Loaded, Path},
    plan::{HttpSettings, Timeouts},
};

pub(super) fn resolve(loaded: &Loaded, problems: &Problems<'_>) -> HttpSettings {
    let (written, default) = (&loaded.document.http.timeouts, Timeouts::default());
    let at = Path::root().key("http").key("timeouts");
    let timeouts = Timeouts {
        connect: problems.time_or(written.connect.as_ref(), &at.key("connect"), default.connect),
        request: problems.time_or(written.request.as_ref(), &at.key("request"), default.request),
        ..default
    };
    HttpSettings { timeouts, ..HttpSettings::default() }
}
