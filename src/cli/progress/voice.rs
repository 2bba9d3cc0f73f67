//! Says what a display has to tell on a thread of its own: a reader of stderr who does not read must not hold up who steers the load.

use std::{
    sync::mpsc::{self, Receiver, SyncSender},
    thread,
};

use crate::clock::Duration;

/// How long the end waits for what is just being said.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Says one thing after another, in the order they came.
pub(super) struct Voice<T> {
    /// Has room for one thing while another is being said; none when all is said.
    next: Option<SyncSender<T>>,
    /// Ends when the thread does.
    ended: Receiver<()>,
}

impl<T: Send + 'static> Voice<T> {
    /// A voice that says each thing with `say`. `None` where the system gives no thread: it gives none for load either, and the engine
    /// says so.
    pub(super) fn new(mut say: impl FnMut(T) + Send + 'static) -> Option<Self> {
        let (next, things) = mpsc::sync_channel::<T>(1);
        let (end, ended) = mpsc::channel::<()>();
        let speak = move || {
            for thing in things {
                say(thing);
            }
            // What `say` holds is put away before anybody goes on.
            drop(say);
            drop(end);
        };
        thread::Builder::new().name("progress".to_owned()).spawn(speak).ok()?;
        Some(Self { next: Some(next), ended })
    }

    /// Says a thing, or leaves it out where two others are still to be said: what comes later is newer.
    pub(super) fn say(&self, thing: T) {
        if let Some(next) = &self.next {
            let _ = next.try_send(thing);
        }
    }
}

impl<T> Drop for Voice<T> {
    fn drop(&mut self) {
        self.next = None;
        // Who still does not read then is not waited for: the record is to be written.
        let _ = self.ended.recv_timeout(LAST_WORDS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_listen_holds_up_nobody_and_hears_what_was_first() {
        let (says, heard) = mpsc::channel();
        let (listens, waits) = mpsc::channel::<()>();
        let speak = move |n: u32| {
            let _ = waits.recv();
            let _ = says.send(n);
        };
        let voice = Voice::new(speak).unwrap();
        (0..10).for_each(|n| voice.say(n));
        drop(listens);
        drop(voice);
        let heard: Vec<u32> = heard.iter().collect();
        assert!(heard.first() == Some(&0) && heard.len() <= 2, "one was being said, another one waited: {heard:?}");
    }

    #[test]
    fn all_is_said_in_its_order_before_it_ends() {
        let (says, heard) = mpsc::channel();
        let voice = Voice::new(move |n: u32| says.send(n).unwrap()).unwrap();
        let mut told = Vec::new();
        for n in 0..3 {
            voice.say(n);
            told.push(heard.recv().unwrap());
        }
        drop(voice);
        assert_eq!(told, [0, 1, 2]);
        assert!(heard.recv().is_err(), "the thread has ended");
    }
}
