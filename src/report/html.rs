//! `report.html`: one file without any outside reference, readable without JavaScript.

use minijinja::{AutoEscape, Environment, context};

use super::view::View;

pub(super) fn render(view: &View) -> Result<String, minijinja::Error> {
    let mut templates = Environment::new();
    templates.set_trim_blocks(true);
    templates.set_lstrip_blocks(true);
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.add_template("report.html", include_str!("../../templates/report.html.j2"))?;
    templates.get_template("report.html")?.render(context! { view, style => include_str!("../../templates/report.css") })
}
