//! Which runs belong together when both versions were live at the same time.

/// Fewest replicates whose spread says anything: of two, one number would have to stand for it.
pub(super) const REPLICATES_MIN: usize = 3;

/// Why runs make no comparison side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairingError {
    /// A side has more runs than the other.
    #[error("runs are compared in pairs, but there are {baseline} of the baseline and {candidate} of the candidate")]
    Unequal {
        /// Baseline runs.
        baseline: usize,
        /// Candidate runs.
        candidate: usize,
    },
    /// Two replicates are too many for one pair and too few for a spread.
    #[error("2 replicates can't be compared: how much replicates differ can't be told from two")]
    Two,
    /// There is none.
    #[error("there is no pair of runs to compare")]
    None,
}

impl PairingError {
    /// What to do about it.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Unequal { .. } => "give one run of the baseline for each of the candidate, in the same order",
            Self::Two => "give one pair, or at least 3 replicates (6 are usual)",
            Self::None => "give at least one run of each version",
        }
    }
}

/// Whether so many runs can be compared side by side: one pair, or at least three replicates.
///
/// # Errors
/// Why they can't.
pub fn check_pairs(baseline: usize, candidate: usize) -> Result<(), PairingError> {
    match (baseline, candidate) {
        (baseline, candidate) if baseline != candidate => Err(PairingError::Unequal { baseline, candidate }),
        (0, _) => Err(PairingError::None),
        (2, _) => Err(PairingError::Two),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pair_or_at_least_three_replicates() {
        for pairs in [1, 3, 6, 20] {
            assert_eq!(check_pairs(pairs, pairs), Ok(()));
        }
        assert_eq!(check_pairs(0, 0), Err(PairingError::None));
        assert_eq!(check_pairs(2, 2), Err(PairingError::Two));
        assert_eq!(check_pairs(6, 5), Err(PairingError::Unequal { baseline: 6, candidate: 5 }));
    }
}
