//! The reference values the tests of this module are held against (computed with scipy 1.17.1).

use serde_json::Value;

/// One section of `tests/data/reference-values.json`.
pub(super) fn section(name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../../tests/data/reference-values.json")).unwrap();
    all[name].clone()
}

/// A list of numbers.
pub(super) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// The rows of a section.
pub(super) fn rows(name: &str) -> Vec<Value> {
    section(name).as_array().unwrap().clone()
}

/// One number of a row.
pub(super) fn number(row: &Value, name: &str) -> f64 {
    row[name].as_f64().unwrap_or_else(|| panic!("no number '{name}' in {row}"))
}

/// Fails unless both agree to a billionth.
pub(super) fn assert_close(actual: f64, expected: f64, what: impl std::fmt::Display) {
    let difference = (actual - expected).abs();
    assert!(difference <= 1e-9 * expected.abs(), "{what}: {actual} is not {expected}");
}
