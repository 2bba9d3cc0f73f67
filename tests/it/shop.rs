//! A scripted service that notes what it was asked, and configurations played against it without the command line.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    sync::{Arc, Mutex},
};

use loadgate::{
    config::{Overrides, load},
    engine::{Observed, Stop, run},
    plan::{Resolved, resolve},
    protocol::{Origins, http::HttpDriver},
    record::{ErrorClass, Errors},
};

use crate::scripted::{read_request, server};

/// One request, as the service saw it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// `GET`.
    pub(crate) method: String,
    pub(crate) path: String,
    /// By names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// A service that is asked for things and answers as told.
pub(crate) struct Shop {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Shop {
    /// `answer` is given the request and how many there were before it with the same method and path.
    pub(crate) fn open(answer: impl Fn(&Seen, usize) -> String + Clone + Send + 'static) -> Self {
        let seen = Arc::new(Mutex::new(Vec::<Seen>::new()));
        let noted = Arc::clone(&seen);
        let port = server(move |mut stream| {
            while let Some(head) = read_request(&mut stream) {
                let mut request = parsed(&head);
                let length = request.headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
                let mut body = vec![0; length];
                if stream.read_exact(&mut body).is_err() {
                    return;
                }
                request.body = String::from_utf8(body).unwrap();
                let before = {
                    let mut noted = noted.lock().unwrap();
                    let alike = |known: &&Seen| known.method == request.method && known.path == request.path;
                    let before = noted.iter().filter(alike).count();
                    noted.push(request.clone());
                    before
                };
                if stream.write_all(answer(&request, before).as_bytes()).is_err() {
                    return;
                }
            }
        });
        Self { port, seen }
    }

    /// Everything it was asked, in the order it came.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// `GET /path`, in the order it came.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect()
    }

    /// The requests to a path.
    pub(crate) fn asked(&self, path: &str) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.path == path).collect()
    }

    /// A configuration of the service with these sections, in a folder with these files.
    pub(crate) fn resolved(&self, sections: &str, files: &[(&str, &str)]) -> Resolved {
        let folder = tempfile::tempdir().unwrap();
        files.iter().for_each(|(name, text)| std::fs::write(folder.path().join(name), text).unwrap());
        let path = folder.path().join("loadgate.yml");
        std::fs::write(&path, format!("target: http://127.0.0.1:{}\n{sections}\n", self.port)).unwrap();
        let loaded = load(&path, &Overrides::default());
        loaded.and_then(|loaded| resolve(&loaded)).unwrap_or_else(|error| panic!("error: {error}"))
    }

    /// Plays a configuration to its end.
    pub(crate) fn play(&self, sections: &str, files: &[(&str, &str)]) -> Observed {
        let plan = self.resolved(sections, files).plan;
        let origins = Origins::of(&plan).unwrap();
        run(&plan, |share| HttpDriver::new(&plan, &origins, share), &Stop::default(), |_| {}).unwrap()
    }
}

fn parsed(head: &str) -> Seen {
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ').map(str::to_owned);
    let header = |line: &str| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
    let headers = lines.filter_map(header).collect();
    Seen { method: first.next().unwrap(), path: first.next().unwrap(), headers, body: String::new() }
}

/// A complete answer.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

/// Requests, retries and errors of an endpoint.
pub(crate) fn counts(observed: &Observed, endpoint: &str) -> (u64, u64, Errors) {
    let series = observed.measured.endpoints.iter().find(|series| series.name == endpoint);
    series.map(|series| series.total()).map(|total| (total.requests, total.retries, total.errors)).unwrap_or_default()
}

/// The first failure of a class, in words.
pub(crate) fn said(observed: &Observed, class: ErrorClass) -> String {
    let found = observed.measured.failures.iter().find(|failure| failure.class == class);
    found.map_or_else(|| format!("no {class} in {:?}", observed.measured.failures), |failure| failure.message.clone())
}
