//! Latency histograms: HdrHistogram with three significant digits over whole microseconds.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Deserializer, Serializer as _, V2DeflateSerializer},
};
use serde::{Deserialize, Serialize};

/// Significant decimal digits kept: a value is known to 0.1 %.
const DIGITS: u8 = 3;
/// Longest latency kept apart, a day in microseconds; anything longer counts as this.
const LONGEST_US: u64 = 86_400_000_000;
/// Largest encoded histogram read back from a file; real ones are a few kilobytes.
const ENCODED_BYTES_MAX: usize = 1 << 20;

/// Latencies in microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        let mut histogram = Histogram::new(DIGITS).expect("three digits are valid");
        histogram.auto(true);
        Self(histogram)
    }
}

impl Latencies {
    /// Counts one latency. Zero counts as one microsecond, as a histogram of latencies has no zero.
    pub fn record(&mut self, us: u64) {
        // Not `saturating_record`, which would clamp to the range so far instead of growing it.
        self.0.record(us.clamp(1, LONGEST_US)).expect("an auto-resizing histogram grows to a day");
    }

    /// Adds another histogram; exact.
    pub fn add(&mut self, other: &Self) {
        if !other.is_empty() {
            self.0.add(&other.0).expect("auto-resizing histograms take any value");
        }
    }

    /// Number of latencies counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The smallest latency with at least `q` of all at or below it, in microseconds; `None` when nothing was counted.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<u64> {
        (!self.is_empty()).then(|| self.0.value_at_quantile(q))
    }

    /// Latencies above `us`, where `us` is a value [`Self::quantile`] gave.
    #[must_use]
    pub fn count_above(&self, us: u64) -> u64 {
        let beyond = self.0.highest_equivalent(us).saturating_add(1);
        if beyond > self.0.max() { 0 } else { self.0.count_between(beyond, self.0.max()) }
    }

    /// Arithmetic mean in microseconds.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.0.mean())
    }

    /// Largest latency (to three digits).
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        (!self.is_empty()).then(|| self.0.max())
    }

    /// Smallest latency (to three digits).
    #[must_use]
    pub fn min(&self) -> Option<u64> {
        (!self.is_empty()).then(|| self.0.min())
    }

    /// Width of the bucket a latency falls into, in microseconds.
    #[must_use]
    pub fn bucket_width(&self, us: u64) -> u64 {
        self.0.highest_equivalent(us) - self.0.lowest_equivalent(us) + 1
    }

    /// Every non-empty bucket as (highest latency in it, count), ascending.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter_recorded().map(|bucket| (bucket.value_iterated_to(), bucket.count_at_value()))
    }
}

/// A histogram as it is kept and written: HdrHistogram V2 with deflate, base64 in files, empty for no latencies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Encoded(Vec<u8>);

impl Encoded {
    /// Whether it holds no latencies.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its length in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    /// The histogram again.
    #[must_use]
    pub fn decode(&self) -> Latencies {
        decode(&self.0).expect("checked when it was made")
    }
}

impl From<&Latencies> for Encoded {
    fn from(latencies: &Latencies) -> Self {
        let mut bytes = Vec::new();
        if !latencies.is_empty() {
            V2DeflateSerializer::new().serialize(&latencies.0, &mut bytes).expect("a vector takes every byte");
        }
        Self(bytes)
    }
}

impl From<Encoded> for String {
    fn from(encoded: Encoded) -> Self {
        STANDARD.encode(encoded.0)
    }
}

impl TryFrom<String> for Encoded {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bytes = STANDARD.decode(text).map_err(|error| format!("a histogram is not base64: {error}"))?;
        decode(&bytes)?;
        Ok(Self(bytes))
    }
}

fn decode(bytes: &[u8]) -> Result<Latencies, String> {
    if bytes.is_empty() {
        return Ok(Latencies::default());
    }
    if bytes.len() > ENCODED_BYTES_MAX {
        return Err(format!("a histogram of {} bytes is larger than any of ours", bytes.len()));
    }
    let mut histogram: Histogram<u64> =
        Deserializer::new().deserialize(&mut &bytes[..]).map_err(|error| format!("a histogram can't be read: {error}"))?;
    if histogram.sigfig() != DIGITS || histogram.max() > LONGEST_US * 2 {
        return Err("a histogram is not one of latencies in microseconds with three digits".to_owned());
    }
    // None of ours has a zero, and no logarithmic axis has a place for one.
    if !histogram.is_empty() && histogram.min() == 0 {
        return Err("a histogram counts latencies of 0 microseconds".to_owned());
    }
    histogram.auto(true);
    Ok(Latencies(histogram))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn encoding_and_decoding_changes_nothing(values in prop::collection::vec(1_u64..10_000_000, 0..200)) {
            let mut latencies = Latencies::default();
            for value in &values {
                latencies.record(*value);
            }
            let text = String::from(Encoded::from(&latencies));
            let again = Encoded::try_from(text).unwrap().decode();
            prop_assert_eq!(again.buckets().collect::<Vec<_>>(), latencies.buckets().collect::<Vec<_>>());
        }

        #[test]
        fn adding_is_the_same_as_recording_all(a in prop::collection::vec(1_u64..10_000_000, 0..99), b in prop::collection::vec(1_u64..10_000_000, 0..99)) {
            let record = |values: &[u64]| { let mut l = Latencies::default(); for v in values { l.record(*v); } l };
            let mut sum = record(&a);
            sum.add(&record(&b));
            let all = record(&[a, b].concat());
            prop_assert_eq!(sum.buckets().collect::<Vec<_>>(), all.buckets().collect::<Vec<_>>());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Encoded::try_from(STANDARD.encode(bytes));
        }
    }

    #[test]
    fn a_histogram_with_a_zero_is_refused() {
        let mut foreign = Latencies::default();
        foreign.0.record(0).unwrap();
        foreign.record(5);
        let refused = Encoded::try_from(String::from(Encoded::from(&foreign)));
        assert_eq!(refused.map(|_| ()), Err("a histogram counts latencies of 0 microseconds".to_owned()));
    }

    #[test]
    fn latencies_of_any_length_are_kept_apart() {
        let mut latencies = Latencies::default();
        for us in [0, 5, 5_000, 5_000_000, u64::MAX] {
            latencies.record(us);
        }
        let kept: Vec<u64> = latencies.buckets().map(|(us, _)| us).collect();
        assert_eq!(kept[..2], [1, 5]);
        for (kept, exact) in kept[2..].iter().zip([5_000, 5_000_000, LONGEST_US]) {
            assert!(kept.abs_diff(exact) <= exact / 1000, "{kept} for {exact}");
        }
    }

    #[test]
    fn a_quantile_has_exactly_the_rest_above_it() {
        let mut latencies = Latencies::default();
        (1..=1000).for_each(|us| latencies.record(us));
        assert_eq!(latencies.quantile(0.95), Some(950));
        assert_eq!(latencies.count_above(950), 50);
        assert_eq!(Latencies::default().quantile(0.5), None);
    }
}
