//! From a host name to addresses: looked up before the load, and never on a thread that makes load.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use tokio::sync::watch;

use super::Failure;
use crate::{
    clock::{self, Instant},
    record::ErrorClass,
};

/// While a name has no address at all, each new connection would ask for it: only one in this time does.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What looks names up; blocks.
type Resolver = Arc<dyn Fn(&str, u16) -> Result<Vec<SocketAddr>, String> + Send + Sync>;

/// The addresses of one host, shared by all threads.
pub(super) struct Addresses {
    host: String,
    port: u16,
    resolver: Resolver,
    known: RwLock<Arc<[SocketAddr]>>,
    /// Connections begun, for going round.
    begun: AtomicUsize,
    missed: Mutex<Option<Missed>>,
    /// The look-up that connections wait for, while there is one.
    late: Mutex<Option<watch::Receiver<Option<Found>>>>,
}

/// What came of a look-up: addresses, or why there is none.
type Found = Result<Arc<[SocketAddr]>, String>;

/// Look-ups that gave nothing.
struct Missed {
    times: u64,
    last: Instant,
    /// What the resolver said the last time.
    reason: String,
}

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Addresses").field("host", &self.host).field("known", &self.known()).finish_non_exhaustive()
    }
}

impl Addresses {
    /// Asks the system's resolver; blocks. A name that does not resolve is no error yet: it may while we wait for the target.
    pub(super) fn look_up(host: &str, port: u16) -> Self {
        Self::by(host, port, Arc::new(resolve))
    }

    fn by(host: &str, port: u16, resolver: Resolver) -> Self {
        let addresses = Self {
            host: host.to_owned(),
            port,
            resolver,
            known: RwLock::new(Arc::from([])),
            begun: AtomicUsize::new(0),
            missed: Mutex::new(None),
            late: Mutex::new(None),
        };
        addresses.refresh();
        addresses
    }

    /// Whether this is a name, which may come to mean something else.
    pub(super) fn is_name(&self) -> bool {
        self.host.parse::<IpAddr>().is_err()
    }

    /// All addresses, beginning with the one whose turn it is, so that connections spread over them; and whether the name had
    /// to be looked up for it.
    ///
    /// # Errors
    /// The name has never had an address, and still has none.
    pub(super) async fn in_turn(self: &Arc<Self>) -> Result<(Vec<SocketAddr>, bool), Failure> {
        let mut known = self.known();
        let is_late = known.is_empty();
        if is_late {
            known = self.look_up_late().await?;
        }
        let first = self.begun.fetch_add(1, Ordering::Relaxed) % known.len();
        Ok((known[first..].iter().chain(&known[..first]).copied().collect(), is_late))
    }

    /// Asks again; blocks. Where nothing comes back, the addresses known before are kept.
    fn refresh(&self) {
        // What went wrong is kept, and told by those who want an address, or at the end.
        let _ = self.take_in((self.resolver)(&self.host, self.port));
    }

    /// What there is to tell of look-ups that gave nothing while there were addresses to go on with.
    pub(super) fn trouble(&self) -> Option<String> {
        let missed = self.missed();
        let missed = missed.as_ref().filter(|_| !self.known().is_empty())?;
        let times = if missed.times == 1 { "once".to_owned() } else { format!("{} times", missed.times) };
        let Missed { reason, .. } = missed;
        Some(format!("looking up '{}' again failed {times} ({reason}); the addresses known before were used", self.host))
    }

    fn known(&self) -> Arc<[SocketAddr]> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for a look-up that is under way; where there is none, begins one on a thread of its own, which nobody waits for when
    /// the run ends. However many connections want an address of a slow resolver, it is asked once at a time.
    async fn look_up_late(self: &Arc<Self>) -> Result<Arc<[SocketAddr]>, Failure> {
        let mut found = self.begin_or_join().map_err(|reason| self.failure(&reason))?;
        let found = found.wait_for(Option::is_some).await.ok().and_then(|found| found.clone());
        found.unwrap_or_else(|| Err("the look-up was given up".to_owned())).map_err(|reason| self.failure(&reason))
    }

    fn begin_or_join(self: &Arc<Self>) -> Result<watch::Receiver<Option<Found>>, String> {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = late.as_ref() {
            return Ok(found.clone());
        }
        if let Some(missed) = self.missed().as_ref().filter(|missed| clock::now() - missed.last < RETRY_AFTER) {
            return Err(missed.reason.clone());
        }
        let (sender, found) = watch::channel(None);
        let asking = Asking { addresses: Arc::clone(self), sender };
        let spawned = thread::Builder::new().name("dns".to_owned()).spawn(move || asking.ask());
        spawned.map_err(|error| error.to_string())?;
        *late = Some(found.clone());
        Ok(found)
    }

    fn take_in(&self, found: Result<Vec<SocketAddr>, String>) -> Found {
        match found {
            Ok(found) => {
                let found: Arc<[SocketAddr]> = found.into();
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&found);
                Ok(found)
            }
            Err(reason) => {
                let mut missed = self.missed();
                let times = missed.as_ref().map_or(0, |missed| missed.times) + 1;
                *missed = Some(Missed { times, last: clock::now(), reason: reason.clone() });
                Err(reason)
            }
        }
    }

    fn missed(&self) -> MutexGuard<'_, Option<Missed>> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failure(&self, reason: &str) -> Failure {
        Failure { class: ErrorClass::Dns, message: format!("'{}' has no address: {reason}", self.host).into() }
    }
}

/// A look-up that connections wait for.
struct Asking {
    addresses: Arc<Addresses>,
    sender: watch::Sender<Option<Found>>,
}

impl Asking {
    fn ask(self) {
        let Addresses { host, port, resolver, .. } = &*self.addresses;
        let found = self.addresses.take_in(resolver(host, *port));
        // Who comes now finds what came of it, and begins none of their own.
        self.sender.send_replace(Some(found));
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        *self.addresses.late.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Looks names up again and again on a thread of its own, until this is dropped.
#[derive(Debug)]
pub(super) struct Refresher {
    _alive: mpsc::Sender<()>,
}

impl Refresher {
    /// Begins. Addresses that are no names are left alone.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(addresses: impl Iterator<Item = Arc<Addresses>>, every: Duration) -> io::Result<Self> {
        let names: Vec<Arc<Addresses>> = addresses.filter(|addresses| addresses.is_name()).collect();
        let (alive, dropped) = mpsc::channel::<()>();
        if !names.is_empty() {
            thread::Builder::new().name("dns".to_owned()).spawn(move || {
                while dropped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                    names.iter().for_each(|addresses| addresses.refresh());
                }
            })?;
        }
        Ok(Self { _alive: alive })
    }
}

fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let found: io::Result<Vec<SocketAddr>> = (host, port).to_socket_addrs().map(Iterator::collect);
    match found {
        Ok(found) if found.is_empty() => Err("the resolver knows the name, but no address of it".to_owned()),
        Ok(found) => Ok(found),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: &str = "nowhere to be found";

    /// Answers with one answer after the other, and with the last one for ever; tells of each.
    fn scripted(answers: &[&[&str]]) -> (Resolver, mpsc::Receiver<()>) {
        let answers: Vec<Vec<SocketAddr>> =
            answers.iter().map(|answer| answer.iter().map(|address| address.parse().unwrap()).collect()).collect();
        let (asked, (told, heard)) = (AtomicUsize::new(0), mpsc::channel());
        let resolver = move |_: &str, _: u16| {
            let answer = &answers[asked.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1)];
            let _ = told.send(());
            if answer.is_empty() { Err(NOWHERE.to_owned()) } else { Ok(answer.clone()) }
        };
        (Arc::new(resolver), heard)
    }

    fn in_turn(addresses: &Arc<Addresses>) -> Result<(Vec<String>, bool), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (found, is_late) = runtime.block_on(addresses.in_turn())?;
        Ok((found.iter().map(ToString::to_string).collect(), is_late))
    }

    #[test]
    fn connections_begin_with_one_address_after_the_other() {
        let addresses = Arc::new(Addresses::by("shop", 80, scripted(&[&["10.0.0.1:80", "10.0.0.2:80"]]).0));
        assert_eq!(in_turn(&addresses).unwrap(), (vec!["10.0.0.1:80".to_owned(), "10.0.0.2:80".to_owned()], false));
        assert_eq!(in_turn(&addresses).unwrap().0, ["10.0.0.2:80", "10.0.0.1:80"]);
        assert_eq!(in_turn(&addresses).unwrap().0, ["10.0.0.1:80", "10.0.0.2:80"]);
    }

    #[test]
    fn a_name_is_looked_up_again_in_the_background_and_keeps_its_addresses_when_that_fails() {
        let (resolver, heard) = scripted(&[&["10.0.0.1:80"], &["10.0.0.2:80"], &[]]);
        let addresses = Arc::new(Addresses::by("shop", 80, resolver));
        assert_eq!(in_turn(&addresses).unwrap().0, ["10.0.0.1:80"]);
        assert_eq!(addresses.trouble(), None);
        let refresher = Refresher::start([Arc::clone(&addresses)].into_iter(), Duration::from_millis(1)).unwrap();
        // The fifth look-up begins when the fourth, which is the second that fails, is taken in.
        (0..5).for_each(|_| heard.recv().unwrap());
        assert_eq!(in_turn(&addresses).unwrap().0, ["10.0.0.2:80"]);
        let trouble = addresses.trouble().unwrap();
        assert!(trouble.contains("looking up 'shop' again failed") && trouble.contains(NOWHERE), "{trouble}");
        drop(refresher);
        drop(addresses);
        while heard.recv().is_ok() {}
    }

    #[test]
    fn an_address_is_not_looked_up_again() {
        let (resolver, heard) = scripted(&[&["10.0.0.1:80"]]);
        let addresses = Arc::new(Addresses::by("10.0.0.1", 80, resolver));
        heard.recv().unwrap();
        let refresher = Refresher::start([addresses].into_iter(), Duration::from_millis(1)).unwrap();
        assert!(heard.recv().is_err(), "nobody is left who could ask");
        drop(refresher);
    }

    #[test]
    fn a_name_without_an_address_fails_in_words_until_it_has_one() {
        let (resolver, _heard) = scripted(&[&[], &["10.0.0.1:80"]]);
        let addresses = Arc::new(Addresses::by("shop", 80, resolver));
        let failure = in_turn(&addresses).unwrap_err();
        assert_eq!((failure.class, failure.message.as_ref()), (ErrorClass::Dns, "'shop' has no address: nowhere to be found"));
        addresses.missed().as_mut().unwrap().last -= RETRY_AFTER;
        assert_eq!(in_turn(&addresses).unwrap(), (vec!["10.0.0.1:80".to_owned()], true));
        assert!(!in_turn(&addresses).unwrap().1);
    }
    #[test]
    fn a_slow_resolver_is_asked_once_at_a_time_however_many_wait() {
        let (asked, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(None::<mpsc::Receiver<()>>)));
        let (count, wait) = (Arc::clone(&asked), Arc::clone(&answer));
        let resolver = move |_: &str, _: u16| {
            count.fetch_add(1, Ordering::SeqCst);
            match &*wait.lock().unwrap() {
                None => Err(NOWHERE.to_owned()),
                Some(go) => go.recv().map(|()| vec!["10.0.0.1:80".parse().unwrap()]).map_err(|error| error.to_string()),
            }
        };
        let addresses = Arc::new(Addresses::by("shop", 80, Arc::new(resolver)));
        addresses.missed().as_mut().unwrap().last -= RETRY_AFTER;
        let (go, receiver) = mpsc::channel();
        *answer.lock().unwrap() = Some(receiver);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let found = runtime.block_on(async {
            let joined = tokio::task::LocalSet::new();
            joined
                .run_until(async {
                    let one = || {
                        let addresses = Arc::clone(&addresses);
                        tokio::task::spawn_local(async move { addresses.in_turn().await })
                    };
                    // Who goes away does not take the look-up along.
                    let impatient = one();
                    let waiting: Vec<_> = (0..20).map(|_| one()).collect();
                    tokio::task::yield_now().await;
                    impatient.abort();
                    go.send(()).unwrap();
                    let mut found = Vec::new();
                    for one in waiting {
                        found.push(one.await.unwrap().is_ok());
                    }
                    found
                })
                .await
        });
        assert_eq!(found, [true; 20]);
        assert_eq!(asked.load(Ordering::SeqCst), 2, "when it began, and once for all who waited");
    }
}
