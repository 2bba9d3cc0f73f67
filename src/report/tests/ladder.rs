//! How a comment becomes shorter, and that it stays whole whatever names it holds.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{
    comment::regression,
    fixture::{HOSTILE, failing, hostile, inconclusive, invalid, passing, without_baseline},
};
use crate::report::{
    View, WebAddress,
    comment::{Around, COMMENT_BYTES_MAX, Comment, Leg, Rung, marker},
};

/// Names that try to end a cell, a code span, a link or a comment.
const NAMES: [&str; 16] = [
    HOSTILE,
    "a|b",
    "a\\|b",
    "a\\\\|b\\",
    "`|`",
    "``` | ```",
    "[x](https://evil.example)",
    "![x](https://evil.example/p.png)",
    "<!-- loadgate:report key=\"staging\" v=1 -->",
    "</details>",
    "<img src=x onerror=alert(1)>",
    "https://evil.example www.evil.example a@evil.example GH-12",
    "\u{202e}txet\u{200b}\u{feff}\u{2066}",
    "@everyone #12 $x$ **b** __i__ ~~s~~",
    "a\r\n\r\n| b | c |\n# head",
    "日本語 🦀 ä",
];

/// A failing view in which every endpoint, threshold and sentence has that name.
fn named(name: &str) -> View {
    let mut view = regression();
    let compared = view.judged.compared.as_mut().unwrap();
    let plain = crate::report::escape::plain(name);
    for row in compared.rows.iter_mut().filter(|row| !row.service) {
        row.name.clone_from(&plain);
    }
    compared.vanished = vec![plain.clone()];
    compared.notes = vec![plain.clone()];
    for threshold in &mut view.judged.thresholds {
        (threshold.expr, threshold.scope, threshold.whole) = (plain.clone(), plain.clone(), false);
    }
    view.judged.headline.clone_from(&plain);
    view.file.suite = name.to_owned();
    view
}

fn around() -> Around {
    Around { report: WebAddress::new("https://ci.example/report"), ..Around::default() }
}

/// Cells of every row of every table, and the addresses of all links, as GitHub's dialect reads them.
fn read(text: &str) -> (Vec<usize>, Vec<String>) {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_GFM;
    let (mut rows, mut links) = (Vec::new(), Vec::new());
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(Tag::TableHead | Tag::TableRow) => rows.push(0),
            Event::End(TagEnd::TableCell) => *rows.last_mut().unwrap() += 1,
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => links.push(dest_url.to_string()),
            _ => {}
        }
    }
    (rows, links)
}

/// Lines that look like a row of a table, delimiter lines left out: each must have been read as one.
fn rows_written(text: &str) -> usize {
    text.lines().filter(|line| line.starts_with("| ")).count()
}

#[test]
fn no_name_breaks_a_table_or_makes_a_link() {
    for name in NAMES {
        let view = named(name);
        let around = around();
        for rung in Rung::ALL {
            let text = Comment::of(&view, &around).at(rung).unwrap();
            let (rows, links) = read(&text);
            assert_eq!(rows.len(), rows_written(&text), "{name:?} at {rung:?}:\n{text}");
            assert!(rows.iter().all(|cells| (3..=5).contains(cells)), "{name:?} {rows:?}:\n{text}");
            let own = |link: &String| link == "https://ci.example/report" || link.starts_with("https://github.com/acme/");
            assert!(links.iter().all(own), "{name:?} {links:?}");
        }
    }
}

#[test]
fn every_row_has_all_cells_in_the_tables_seen_first() {
    for view in [failing(), hostile(), inconclusive(), regression()] {
        let text = Comment::of(&view, &around()).at(Rung::Short).unwrap();
        let (rows, _) = read(&text);
        assert!(!rows.is_empty() && rows.iter().all(|cells| *cells == 5), "{rows:?}:\n{text}");
        // A row that has more bars than cells would lose some silently.
        let bars = |line: &str| line.replace("\\\\", "").replace("\\|", "").matches('|').count();
        assert!(text.lines().filter(|line| line.starts_with('|')).all(|line| bars(line) == 6), "{text}");
    }
}

#[test]
fn nothing_of_a_name_is_markup() {
    for name in NAMES {
        let text = Comment::of(&named(name), &around()).at(Rung::Short).unwrap();
        let allowed = ["<code>", "</code>", "<!-- loadgate:state", "<!-- loadgate:report"];
        for event in Parser::new_ext(&text, Options::ENABLE_TABLES | Options::ENABLE_GFM) {
            if let Event::Html(html) | Event::InlineHtml(html) = event {
                assert!(allowed.iter().any(|tag| html.starts_with(tag)), "{name:?}: {html}");
            }
        }
        assert!(!text.contains(['\u{202e}', '\u{200b}', '\u{feff}', '\u{2066}', '\u{1b}']), "{name:?}");
        assert_eq!(text.matches("<!--").count(), 2, "{text}");
    }
}

#[test]
fn each_rung_is_shorter_and_still_has_verdict_link_state_and_marker() {
    for view in [failing(), passing(), inconclusive(), invalid(), without_baseline(), hostile()] {
        let around = around();
        let comment = Comment::of(&view, &around);
        let texts = Rung::ALL.map(|rung| comment.at(rung).unwrap());
        assert!(texts.windows(2).all(|pair| pair[0].len() >= pair[1].len()), "{texts:#?}");
        for text in texts {
            let lines: Vec<&str> = text.lines().collect();
            assert!(lines[0].starts_with("### ") && text.contains("(https://ci.example/report)"), "{text}");
            assert!(lines[lines.len() - 2].starts_with("<!-- loadgate:state {") && lines[lines.len() - 2].ends_with("} -->"));
            assert_eq!(lines[lines.len() - 1], marker(&view.file.suite));
        }
    }
    assert_eq!([Rung::Full.below(), Rung::Verdict.below()], [Some(Rung::Short), None]);
}

/// A view with so many failing rows.
fn many(rows: usize, name: &str) -> View {
    let mut view = regression();
    let compared = view.judged.compared.as_mut().unwrap();
    let failing = compared.rows.iter().find(|row| row.class == "fail").unwrap().clone();
    compared.rows = (0..rows).map(|n| crate::report::ChangeRow { name: format!("{n} {name}"), ..failing.clone() }).collect();
    view
}

#[test]
fn what_does_not_fit_goes_in_the_order_of_its_use() {
    let around = around();
    let fitted = |view: &View, bytes: usize| Comment::of(view, &around).fitting(bytes).unwrap();
    let thousand = many(1_000, "GET /items/{id}");
    let (rung, text) = fitted(&thousand, COMMENT_BYTES_MAX);
    assert_eq!(rung, Rung::Short);
    assert!(text.contains("… and 981 more that do not pass.") && !text.contains("<details>"), "{text}");
    let (rung, text) = fitted(&thousand, 2_200);
    assert_eq!(rung, Rung::Rows);
    assert!(text.len() <= 2_200 && text.contains("more that do not pass.") && !text.contains("How sure"), "{text}");
    let (rung, text) = fitted(&thousand, 700);
    assert_eq!(rung, Rung::Verdict);
    assert!(!text.contains("\n| ") && text.contains("(https://ci.example/report)"), "{text}");
    assert_eq!(fitted(&passing(), COMMENT_BYTES_MAX).0, Rung::Full);
}

#[test]
fn the_longest_names_of_many_bytes_still_fit() {
    let around = around();
    for name in ["🦀|".repeat(200), "@#<".repeat(100), "`*_[".repeat(80)] {
        let views: Vec<View> = (0..8).map(|_| many(500, &name)).collect();
        let legs: Vec<Leg<'_>> = views.iter().map(|view| Leg { name: &name, view }).collect();
        for comment in [Comment::of(&views[0], &around), Comment::merged(&legs, &around)] {
            let (rung, text) = comment.fitting(COMMENT_BYTES_MAX).unwrap();
            assert!(text.len() <= COMMENT_BYTES_MAX && rung < Rung::Verdict, "{rung:?} {}", text.len());
            let (rows, _) = read(&text);
            assert_eq!(rows.len(), rows_written(&text));
        }
    }
}
