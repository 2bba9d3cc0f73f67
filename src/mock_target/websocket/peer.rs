//! The server's end of one WebSocket connection.

use std::rc::Rc;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite},
    sync::mpsc::{Receiver, Sender},
    task,
    time::{self, Instant as Deadline},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message, Utf8Bytes,
        protocol::{CloseFrame, Role, WebSocketConfig},
    },
};

use super::{Fate, Sockets, room::hand_over, script::AnswerScript, seen::Seen};
use crate::{
    clock::{self, Duration, Instant},
    mock_target::{server::Server, wire::Connection},
};

/// Memory that a connection reads into.
const READ_BUFFER_BYTES: usize = 4096;
/// Code that stands for a close without one.
const NO_CODE: u16 = 1005;

/// Plays a connection to its end.
pub(in crate::mock_target) async fn serve<S>(server: Rc<Server>, sockets: Rc<Sockets>, connection: Rc<Connection>, mut stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let fate = sockets.fate();
    server.note(|seen| {
        seen.opened += 1;
        seen.open += 1;
        seen.most_open = seen.most_open.max(seen.open);
        seen.silent += u64::from(fate.is_silent);
    });
    let killed_at = fate.killed.map(|(after, _)| clock::now() + after);
    let is_killed = if fate.is_silent {
        say_nothing(&mut stream, killed_at).await
    } else {
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES).write_buffer_size(0);
        let stream = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
        let (sender, queue) = sockets.room.enter();
        Peer { server: Rc::clone(&server), sockets, stream, sender, fate }.talk(queue, killed_at, &connection).await
    };
    server.note(|seen| {
        seen.open -= 1;
        seen.killed += u64::from(is_killed);
    });
    if is_killed {
        connection.reset_on_close();
    }
}

/// Takes what comes and answers nothing, until the client has had enough. True when the connection is to be ended before.
async fn say_nothing<S: AsyncRead + Unpin>(stream: &mut S, killed_at: Option<Instant>) -> bool {
    let mut swallowed = [0; 1024];
    loop {
        tokio::select! {
            read = stream.read(&mut swallowed) => if matches!(read, Ok(0) | Err(_)) {
                return false;
            },
            () = moment(killed_at) => return true,
        }
    }
}

async fn moment(at: Option<Instant>) {
    match at {
        Some(at) => time::sleep_until(Deadline::from_std(at)).await,
        None => std::future::pending().await,
    }
}

struct Peer<S> {
    server: Rc<Server>,
    sockets: Rc<Sockets>,
    stream: WebSocketStream<S>,
    /// Where messages for this connection go.
    sender: Sender<Message>,
    fate: Fate,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// Takes and sends messages. True when the connection was ended on purpose.
    async fn talk(mut self, mut queue: Receiver<Message>, killed_at: Option<Instant>, connection: &Connection) -> bool {
        let push = self.sockets.script.push.map(|push| push.every.0);
        let (mut pushed, mut push_at) = (0_u64, push.map(|every| clock::now() + every));
        loop {
            let is_over = tokio::select! {
                incoming = self.stream.next() => self.take(incoming).await,
                Some(message) = queue.recv() => self.send(message).await,
                () = moment(push_at) => {
                    pushed += 1;
                    push_at = push_at.zip(push).map(|(at, every)| at + every);
                    let now = clock::wall().as_microsecond() as f64 / 1e3;
                    self.send(Message::text(format!("{{\"id\": {pushed}, \"sent_at_ms\": {now}}}"))).await
                }
                () = moment(killed_at) => return self.die(connection).await,
            };
            if is_over {
                return false;
            }
        }
    }

    /// Ends the connection: with a code, or without a word.
    async fn die(mut self, connection: &Connection) -> bool {
        if let Some((_, Some(code))) = self.fate.killed {
            let frame = CloseFrame { code: code.into(), reason: Utf8Bytes::default() };
            let _ = self.stream.close(Some(frame)).await;
            let goodbye = async { while let Some(Ok(_)) = self.stream.next().await {} };
            let _ = time::timeout(Duration::from_secs(1), goodbye).await;
        } else {
            connection.reset_on_close();
        }
        true
    }

    /// Takes what came. True when that is the end.
    async fn take(&mut self, incoming: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>) -> bool {
        match incoming {
            Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                self.server.note(|seen| seen.received += 1);
                let is_over = self.answer(message).await;
                if let Some(pause) = self.sockets.script.read_every {
                    time::sleep(pause.0).await;
                }
                is_over
            }
            Some(Ok(Message::Ping(_))) => {
                self.server.note(|seen| seen.pings += 1);
                self.stream.flush().await.is_err()
            }
            Some(Ok(Message::Close(frame))) => {
                let code = frame.map_or(NO_CODE, |frame| frame.code.into());
                self.server.note(|seen| *seen.closed.entry(code).or_default() += 1);
                let _ = self.stream.flush().await;
                true
            }
            Some(Ok(Message::Pong(_) | Message::Frame(_))) => false,
            Some(Err(_)) | None => {
                self.server.note(|seen| seen.broken_off += 1);
                true
            }
        }
    }

    async fn answer(&mut self, message: Message) -> bool {
        let to = match self.sockets.script.answer {
            AnswerScript::Nothing => return false,
            AnswerScript::Echo => match self.sockets.delay() {
                Some(delay) if delay.is_zero() => return self.send(message).await,
                Some(delay) => vec![(self.sender.clone(), delay)],
                None => {
                    self.server.note(|seen| seen.lost += 1);
                    return false;
                }
            },
            AnswerScript::Broadcast => {
                let everybody = self.sockets.room.everybody();
                let drawn: Vec<_> = everybody.into_iter().map(|to| (to, self.sockets.delay())).collect();
                let lost = drawn.iter().filter(|(_, delay)| delay.is_none()).count() as u64;
                self.server.note(|seen| seen.lost += lost);
                drawn.into_iter().filter_map(|(to, delay)| Some((to, delay?))).collect()
            }
        };
        let now = clock::now();
        for (to, delay) in to {
            let (server, message) = (Rc::clone(&self.server), message.clone());
            if delay.is_zero() {
                pass_on(&server, &to, message);
            } else {
                task::spawn_local(async move {
                    server.wait_until(now + delay).await;
                    pass_on(&server, &to, message);
                });
            }
        }
        false
    }

    async fn send(&mut self, message: Message) -> bool {
        let is_over = self.stream.send(message).await.is_err();
        self.server.note(|seen| seen.sent += u64::from(!is_over));
        is_over
    }
}

fn pass_on(server: &Server, to: &Sender<Message>, message: Message) {
    if !hand_over(to, message) {
        server.note(|seen: &mut Seen| seen.dropped += 1);
    }
}
