//! Random numbers: one stream for each thing that is random in a case, so that a change of one thing leaves the others alone.

use rand::{SeedableRng as _, rngs::StdRng};

/// What a stream is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stream {
    /// The runner and its weather.
    Machine,
    /// When requests come, which, and to which version.
    Arrivals,
    /// The processes of the baseline, and the time of each of its requests.
    Baseline,
    /// The same of the candidate.
    Candidate,
}

/// The stream of a run, or of a replicate, of a case.
pub(super) fn stream(seed: u64, run: usize, what: Stream) -> StdRng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&(run as u64).to_le_bytes());
    key[16] = what as u8;
    StdRng::from_seed(key)
}
