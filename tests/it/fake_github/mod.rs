//! A stand-in for GitHub that remembers: comments, check runs, statuses, pull requests of one repository. Its answers have the fields
//! that GitHub's own description asks for. Faults are ordered beforehand.

mod answer;
mod faults;
mod state;
mod wire;

use std::{
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

use loadgate::publish::github::Server;
use serde_json::Value;

pub(crate) use faults::{Fault, Then};
pub(crate) use state::{Comment, State};
use wire::Exchange;

pub(crate) const REPOSITORY: &str = "acme/shop";
pub(crate) const TOKEN: &str = "ghs_a1b2c3d4e5f6g7h8i9j0";
pub(crate) const HEAD: &str = "1111111111111111111111111111111111111111";
/// Who comments are from that this token writes.
pub(crate) const LOGIN: &str = "github-actions[bot]";
/// The pull request that is there, with [`HEAD`].
pub(crate) const PULL: u64 = 12;

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub method: String,
    pub path: String,
    pub authorization: Option<String>,
    pub body: Value,
}

/// A running stand-in.
pub(crate) struct FakeGithub {
    port: u16,
    prefix: &'static str,
    shared: Arc<Mutex<State>>,
}

impl FakeGithub {
    pub(crate) fn start() -> Self {
        Self::below("")
    }

    /// All addresses begin with a prefix, as on an enterprise server.
    pub(crate) fn below(prefix: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Mutex::new(State::new()));
        let state = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                thread::spawn(move || serve(stream, &state, prefix));
            }
        });
        Self { port, prefix, shared }
    }

    pub(crate) fn api(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.port, self.prefix)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn graphql(&self) -> String {
        format!("http://127.0.0.1:{}{}/graphql", self.port, self.prefix.strip_suffix("/v3").unwrap_or(self.prefix))
    }

    pub(crate) fn server(&self) -> Server {
        Server { api: self.api(), graphql: self.graphql(), token: TOKEN.to_owned() }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap()
    }

    pub(crate) fn fail(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// Texts of all comments.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.state().comments.iter().map(|comment| comment.body.clone()).collect()
    }

    /// How often something was asked for.
    pub(crate) fn count(&self, method: &str, part: &str) -> usize {
        self.state().asked.iter().filter(|asked| asked.method == method && asked.path.contains(part)).count()
    }

    /// Requests that change something.
    pub(crate) fn writes(&self) -> usize {
        let is_write = |asked: &&Asked| asked.method != "GET" && !asked.path.ends_with("/graphql");
        self.state().asked.iter().filter(is_write).count()
    }
}

fn serve(mut stream: TcpStream, shared: &Mutex<State>, prefix: &str) {
    let Some(asked) = wire::read(&mut stream) else { return };
    let fault = {
        let mut state = shared.lock().unwrap();
        state.asked.push(asked.clone());
        state.faults.iter_mut().find_map(|fault| fault.strikes(&asked).then(|| fault.then.clone()))
    };
    let answer = || answer::answer(&mut shared.lock().unwrap(), &asked, prefix);
    match fault {
        None => wire::write(&mut stream, &answer()),
        Some(Then::Answer(status, headers, message)) => wire::write(&mut stream, &Exchange::error(status, &headers, &message)),
        Some(Then::DoAndAnswer(status)) => {
            answer();
            wire::write(&mut stream, &Exchange::error(status, &[], "Bad Gateway"));
        }
        Some(Then::DoAndReset) => {
            answer();
        }
        Some(Then::Reset) => {}
        // Until the other side has had enough.
        Some(Then::Silence) => {
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
    }
}
