use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;

use super::*;
use crate::plan::{JsonPath, Place, Rule, Schema};

fn reply(status: u16, body: &'static str) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json; charset=utf-8"));
    Reply {
        status: StatusCode::from_u16(status).unwrap(),
        headers,
        body: Bytes::from_static(body.as_bytes()),
        bytes: body.len() as u64,
    }
}

fn judged(check: &Check, body: &'static str) -> Option<(ErrorClass, String)> {
    let reply = reply(200, body);
    Answer::new(&reply).judge(check).map(|failure| (failure.class, failure.message.into_owned()))
}

fn failed(message: &str) -> Option<(ErrorClass, String)> {
    Some((ErrorClass::CheckFailed, message.to_owned()))
}

fn rule(written: &serde_json::Value) -> Rule {
    Rule::parse(written).unwrap()
}

#[test]
fn a_status_is_judged_by_the_check_where_there_is_one() {
    let class = |expected: &[u16], status| {
        let status_check = expected.iter().map(|&code| StatusCode::from_u16(code).unwrap()).collect();
        let check = Check { status: status_check, ..Check::default() };
        Answer::new(&reply(status, "")).judge(&check).map(|failure| failure.class)
    };
    assert_eq!(class(&[], 204), None);
    assert_eq!(class(&[], 302), None);
    assert_eq!(class(&[], 404), Some(ErrorClass::Status4xx));
    assert_eq!(class(&[404], 404), None);
    assert_eq!(class(&[200, 201], 503), Some(ErrorClass::Status5xx));
    assert_eq!(class(&[201], 200), Some(ErrorClass::CheckFailed));
}

#[test]
fn a_broken_promise_says_what_was_expected_and_what_was_found() {
    let header = |name: &'static str, value: &str| Check {
        headers: vec![(http::HeaderName::from_static(name), rule(&json!(value)))],
        ..Check::default()
    };
    assert_eq!(judged(&header("content-type", "~ application/json"), ""), None);
    assert_eq!(
        judged(&header("content-type", "text/html"), ""),
        failed("header content-type: expected text/html, found application/json; charset=utf-8")
    );
    assert_eq!(judged(&header("etag", "~ ."), ""), failed("header etag: expected ~ ., and it is not there"));
    let size = Check { bytes_max: Some(3), ..Check::default() };
    assert_eq!((judged(&size, "abc"), judged(&size, "abcd")), (None, failed("body: expected at most 3 bytes, found 4")));
    let contains = Check { body: Some(BodyRule::Contains("ok".to_owned())), ..Check::default() };
    assert_eq!(
        (judged(&contains, "it is ok"), judged(&contains, "no\n")),
        (None, failed("body: expected 'ok' in it, found no "))
    );
    let matches = Check { body: Some(BodyRule::Matches(regex::Regex::new("^a+$").unwrap())), ..Check::default() };
    assert_eq!((judged(&matches, "aaa"), judged(&matches, "")), (None, failed("body: expected ~ ^a+$, found nothing")));
}

#[test]
fn values_of_a_json_body_are_judged_one_by_one() {
    let check = |path: &str, expected: serde_json::Value| Check {
        json: vec![(JsonPath::parse(path).unwrap(), rule(&expected))],
        ..Check::default()
    };
    const BODY: &str = r#"{"items":[{"ok":true},{"ok":false}],"n":0}"#;
    assert_eq!(judged(&check("$.items.length()", json!("> 0")), BODY), None);
    assert_eq!(judged(&check("$.n", json!("> 0")), BODY), failed("$.n: expected > 0, found 0"));
    assert_eq!(judged(&check("$.items[*].ok", json!(true)), BODY), failed("$.items[*].ok: expected true, found false"));
    assert_eq!(judged(&check("$.none", json!(1)), BODY), failed("$.none: expected 1, found nothing there"));
    let (class, message) = judged(&check("$.n", json!(1)), "<html>").unwrap();
    assert_eq!(class, ErrorClass::CheckFailed);
    assert!(message.starts_with("body: expected JSON, found <html> ("), "{message}");
}

#[test]
fn a_schema_says_which_part_of_the_body_breaks_it() {
    let text = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] });
    let validator = Arc::new(jsonschema::options().offline().build(&text).unwrap());
    let schema = Schema { file: "item.json".to_owned(), text: text.to_string(), validator };
    let check = Check { schema: Some(schema), ..Check::default() };
    assert_eq!(judged(&check, r#"{"n":1}"#), None);
    assert_eq!(judged(&check, r#"{"n":"x"}"#), failed(r#"item.json: /n: "x" is not of type "integer""#));
    assert_eq!(judged(&check, "{}"), failed(r#"item.json: the body: "n" is a required property"#));
}

#[test]
fn values_are_taken_with_their_types_and_what_is_missing_is_told() {
    let extract = |place, default| Extract { name: "id".into(), place, default };
    let json = |path| extract(Place::Json(JsonPath::parse(path).unwrap()), None);
    let taken = |extract: Extract, body| {
        let reply = reply(200, body);
        let taken = Answer::new(&reply).extract(&[extract]);
        taken.map(|values| values[0].1.clone()).map_err(|failure| (failure.class, failure.message.into_owned()))
    };
    let missing = |message: &str| Err((ErrorClass::ExtractFailed, message.to_owned()));
    assert_eq!(taken(json("$.items[0].id"), r#"{"items":[{"id":7}]}"#), Ok(Value::from(7)));
    assert_eq!(taken(json("$.items[0].id"), r#"{"items":[]}"#), missing(r#"id: nothing at $.items[0].id, found {"items":[]}"#));
    assert_eq!(taken(json("$.id"), "oops"), missing("id: nothing at $.id, found oops"));
    let regex = |pattern| extract(Place::Regex(regex::Regex::new(pattern).unwrap()), None);
    assert_eq!(taken(regex("value=\"([^\"]+)\""), r#"<input value="c5">"#), Ok(Value::from("c5")));
    assert_eq!(taken(regex("c[0-9]"), "a c5 b"), Ok(Value::from("c5")), "without a group the whole match");
    assert_eq!(taken(regex("x+"), "abc"), missing("id: nothing at /x+/, found abc"));
    let header = |name| extract(Place::Header(http::HeaderName::from_static(name)), None);
    assert_eq!(taken(header("content-type"), ""), Ok(Value::from("application/json; charset=utf-8")));
    assert_eq!(taken(header("location"), ""), missing("id: nothing at header location, found the headers content-type"));
    let default = extract(Place::Json(JsonPath::parse("$.id").unwrap()), Some(Value::from(0)));
    assert_eq!(taken(default, "{}"), Ok(Value::from(0)));
}
