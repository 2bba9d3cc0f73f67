//! What templates can call.

use minijinja::{Environment, Error, ErrorKind, State, Value, value::ValueKind};

use super::Scope;

/// Names of the functions of our own; beside them are those every template engine of this kind has (`range`, `dict`, ..).
pub(in crate::plan) const NAMES: [&str; 4] = ["rand", "uuid", "pick", "now"];

pub(super) fn add_to(environment: &mut Environment<'static>) {
    environment.add_function("rand", rand);
    environment.add_function("uuid", uuid);
    environment.add_function("pick", pick);
    environment.add_function("now", now);
}

/// Whether an error is one of our functions' own, which name the call.
pub(super) fn is_of_call(detail: Option<&str>) -> bool {
    detail.is_some_and(|detail| NAMES.iter().any(|name| detail.strip_prefix(name).is_some_and(|rest| rest.starts_with('('))))
}

/// Refuses an argument that is not there.
fn known(function: &str, arguments: &[&Value]) -> Result<(), Error> {
    if arguments.iter().any(|argument| argument.is_undefined()) {
        return Err(Error::new(ErrorKind::UndefinedError, format!("what {function}() is given is undefined")));
    }
    Ok(())
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

/// `rand(1, 20)`: a whole number, both ends included; with a fraction in either, any number between them.
#[expect(clippy::needless_pass_by_value, reason = "the signature the engine asks for")]
fn rand(state: &State<'_, '_>, from: Value, to: Value) -> Result<Value, Error> {
    known("rand", &[&from, &to])?;
    let not_numbers = || wrong(format!("rand({from}, {to}): both must be numbers"));
    if !from.is_number() || !to.is_number() {
        return Err(not_numbers());
    }
    let draw = Scope::of(state, Scope::draw)?;
    if from.is_integer() && to.is_integer() {
        let ends = (i64::try_from(from.clone()), i64::try_from(to.clone()));
        let (Ok(from), Ok(to)) = ends else { return Err(not_numbers()) };
        let span = u64::try_from(i128::from(to) - i128::from(from))
            .map_err(|_| wrong(format!("rand({from}, {to}): the first is the larger one")))?;
        let step = (u128::from(draw) * (u128::from(span) + 1)) >> 64;
        return Ok(Value::from(from.wrapping_add(step as i64)));
    }
    let (low, high) = (f64::try_from(from.clone())?, f64::try_from(to.clone())?);
    if low > high || !(high - low).is_finite() {
        return Err(wrong(format!("rand({from}, {to}): the first is the larger one")));
    }
    Ok(Value::from(low + (high - low) * ((draw >> 11) as f64 / (1_u64 << 53) as f64)))
}

/// A random UUID (version 4).
fn uuid(state: &State<'_, '_>) -> Result<String, Error> {
    let bytes = Scope::of(state, |scope| (u128::from(scope.draw()) << 64) | u128::from(scope.draw()))?;
    Ok(::uuid::Builder::from_random_bytes(bytes.to_be_bytes()).into_uuid().to_string())
}

/// One entry of a list or a feeder, at random.
#[expect(clippy::needless_pass_by_value, reason = "the signature the engine asks for")]
fn pick(state: &State<'_, '_>, list: Value) -> Result<Value, Error> {
    known("pick", &[&list])?;
    let is_list = matches!(list.kind(), ValueKind::Seq | ValueKind::Iterable);
    let Some(length) = list.len().filter(|_| is_list) else {
        return Err(wrong(format!("pick() takes a list or a feeder, and this is {}", list.kind())));
    };
    if length == 0 {
        return Err(wrong("pick() from an empty list"));
    }
    let draw = Scope::of(state, Scope::draw)?;
    list.get_item_by_index(((u128::from(draw) * length as u128) >> 64) as usize)
}

/// Milliseconds since 1970; `now('rfc3339')` as a text.
fn now(state: &State<'_, '_>, format: Option<&str>) -> Result<Value, Error> {
    let now = Scope::of(state, |scope| scope.now)?;
    match format {
        None => Ok(Value::from(now.as_millisecond())),
        Some("rfc3339") => Ok(Value::from(now.to_string())),
        Some(other) => Err(wrong(format!("now('{other}'): write now() or now('rfc3339')"))),
    }
}
