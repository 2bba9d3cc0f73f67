//! A request whose parts are templates, made for one user.

use std::sync::Arc;

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderValue, uri::PathAndQuery};

use crate::{
    plan::{Piece, Rendered, Request, Scope, TemplateError, TemplateId, Templates},
    protocol::Failure,
    record::ErrorClass,
};

/// Most bytes of a rendered body.
const BODY_BYTES_MAX: usize = 8 << 20;

/// Renders a request with what templates see. What can't be rendered or sent is a failure, and nothing is sent.
pub(super) fn render(
    templates: &Templates,
    written: &Request,
    rendered: &Rendered,
    scope: &Arc<Scope>,
) -> Result<Request, Failure> {
    let one = |id: &TemplateId, part: &str| text(part, (templates, scope), id);
    let path = match &rendered.path {
        Some(id) => path(one(id, "path")?)?,
        None => written.path.clone(),
    };
    let mut headers = written.headers.clone();
    for (place, id) in &rendered.headers {
        let (name, value) = &mut headers[*place];
        let text = one(id, name.as_str())?;
        let Ok(mut ready) = HeaderValue::from_bytes(text.as_bytes()) else {
            return Err(told(&format!("header {name}: the value holds a line break or a control character")));
        };
        ready.set_sensitive(value.is_sensitive());
        *value = ready;
    }
    let body = if rendered.body.is_empty() { written.body.clone() } else { pieces("body", (templates, scope), &rendered.body)? };
    Ok(Request { target: written.target, method: written.method.clone(), path, headers, body })
}

fn path(text: String) -> Result<String, Failure> {
    if !text.starts_with('/') {
        let shown: String = text.chars().take(60).collect();
        return Err(told(&format!("path: '{shown}' does not begin with '/'")));
    }
    match text.parse::<PathAndQuery>() {
        Ok(_) => Ok(text),
        Err(error) => Err(told(&format!("path: '{text}' can't be sent: {error}"))),
    }
}

/// What is made of pieces: a body, a message or a value. A failure names it as `part`.
pub(super) fn pieces(part: &str, (templates, scope): (&Templates, &Arc<Scope>), pieces: &[Piece]) -> Result<Bytes, Failure> {
    let mut body = BytesMut::new();
    for piece in pieces {
        let one = |id: &TemplateId| text(part, (templates, scope), id);
        match piece {
            Piece::Fixed(bytes) => body.put_slice(bytes),
            Piece::Rendered(id) => body.put_slice(one(id)?.as_bytes()),
            Piece::JsonString(id) => body.put_slice(serde_json::Value::String(one(id)?).to_string().as_bytes()),
        }
        if body.len() > BODY_BYTES_MAX {
            return Err(told(&format!("{part}: what was rendered is larger than {} MiB", BODY_BYTES_MAX >> 20)));
        }
    }
    Ok(body.freeze())
}

/// What one template becomes.
pub(super) fn text(part: &str, (templates, scope): (&Templates, &Arc<Scope>), id: &TemplateId) -> Result<String, Failure> {
    templates.render(id, scope).map_err(|error| failure(part, &error))
}

fn failure(part: &str, error: &TemplateError) -> Failure {
    told(&format!("{part}: {}", error.message))
}

/// What can't be rendered, in words.
pub(super) fn told(message: &str) -> Failure {
    Failure::told(ErrorClass::Template, message)
}
