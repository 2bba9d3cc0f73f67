//! WebSocket connections: each scenario has its own, which come and go as it says, whatever arrivals or users there are beside them.
//!
//! `connection_set.rs` lets the connections of one thread come, and go when the run ends. `life.rs` is one of them from its first attempt to its
//! last, over as many sockets as that takes, `probation.rs` whether a new one ends a loss; `conversation.rs` one socket, which waits for messages, pings and ends all at once;
//! `play.rs` the steps on it, `wanted.rs` which message a step waits for, `rhythm.rs` when they and the pings are due. `broadcast.rs` is what publishers and receivers do instead; `board.rs` is what a publisher has sent,
//! `receipts.rs` what a receiver has got of it. What is measured goes through `notes.rs` into the thread's shard, so that everything behind it sees
//! endpoints like any other.

mod board;
mod broadcast;
mod connection_set;
mod conversation;
mod heart;
mod life;
mod notes;
mod one_way;
mod play;
mod probation;
mod receipts;
mod rhythm;
mod wanted;

pub(super) use board::Board;
pub(super) use connection_set::ConnectionSet;
