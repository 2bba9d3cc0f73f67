//! `report.html`: one file without any outside reference, readable without JavaScript.

use minijinja::{AutoEscape, Environment, context, syntax::SyntaxConfig, value::Serde};

use super::view::View;

pub(super) fn render(view: &View) -> Result<String, minijinja::Error> {
    let mut templates = Environment::new();
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.add_template("report.html", include_str!("../../templates/report.html.j2"))?;
    templates
        .get_template("report.html")?
        .render(context! { view => Serde(view), style => include_str!("../../templates/report.css") })
}
