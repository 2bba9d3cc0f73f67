//! `/__stats`, `/__reset` and `/__config`: asking the server what it saw, and changing what it does.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use serde_json::json;

use super::{
    route::Behaviour,
    script::{SCRIPT_BYTES_MAX, Script, ScriptError},
    server::Server,
};

/// What the paths of control requests begin with.
pub(super) const PREFIX: &str = "/__";

pub(super) async fn answer(server: &Server, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (path, method) = (request.uri().path().to_owned(), request.method().clone());
    match (path.as_str(), method) {
        ("/__stats", Method::GET) => json_text(serde_json::to_vec_pretty(&server.recorder.borrow().stats())),
        ("/__config", Method::GET) => json_text(server.script_json()),
        ("/__reset", Method::POST) => {
            server.reset();
            done()
        }
        ("/__config", Method::POST) => match replace(server, request.into_body()).await {
            Ok(()) => done(),
            Err(error) => refuse(StatusCode::BAD_REQUEST, &error),
        },
        ("/__stats" | "/__config" | "/__reset", method) => refuse(
            StatusCode::METHOD_NOT_ALLOWED,
            &ScriptError::new(format!("{method} {path} is not understood"), "GET /__stats, POST /__reset, GET or POST /__config"),
        ),
        _ => refuse(
            StatusCode::NOT_FOUND,
            &ScriptError::new(format!("no control path {path}"), "GET /__stats, POST /__reset, GET or POST /__config"),
        ),
    }
}

async fn replace(server: &Server, body: Incoming) -> Result<(), ScriptError> {
    let body = Limited::new(body, SCRIPT_BYTES_MAX).collect().await.map_err(|error| {
        ScriptError::new(format!("the script was not received: {error}"), "send at most a mebibyte of YAML or JSON")
    })?;
    let bytes = body.to_bytes();
    let text = std::str::from_utf8(&bytes).map_err(|_| ScriptError::new("the script is not UTF-8", "send YAML or JSON"))?;
    server.play(Behaviour::of(Script::parse(text)?)?);
    Ok(())
}

fn done() -> Response<Full<Bytes>> {
    json(StatusCode::OK, b"{}\n".to_vec())
}

fn refuse(status: StatusCode, error: &ScriptError) -> Response<Full<Bytes>> {
    json(status, json!({"error": error.message, "hint": error.hint}).to_string().into_bytes())
}

fn json_text(written: serde_json::Result<Vec<u8>>) -> Response<Full<Bytes>> {
    match written {
        Ok(text) => json(StatusCode::OK, text),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &ScriptError { message: error.to_string(), hint: None }),
    }
}

fn json(status: StatusCode, text: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
