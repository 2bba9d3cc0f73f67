//! Feeders: rows of data that users take one by one.

use std::{collections::BTreeSet, sync::Arc};

use minijinja::{
    Value,
    value::{Enumerator, Object, ObjectRepr},
};

use super::workload::split_mix;

/// Index into [`super::Workload::feeders`].
pub type FeederId = usize;

/// A feeder that a scenario takes rows of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Which.
    pub feeder: FeederId,
    /// Whether a user takes one row and keeps it; else each iteration takes the next.
    pub per_user: bool,
}

/// Rows under a name.
#[derive(Clone, Debug)]
pub struct Feeder {
    /// Its name under `data:`, by which templates call it.
    pub name: Arc<str>,
    /// What it holds; at least one row.
    pub rows: Rows,
    /// Which row comes next.
    pub order: Order,
    /// Whether it ends after the last row; else it begins anew.
    pub ends: bool,
    /// The rows in the order they are taken, where that is not the order of the file.
    pub shuffled: Option<Arc<[u32]>>,
    /// SHA-256 of what was read, in hexadecimal.
    pub sha256: String,
}

/// What a feeder holds.
#[derive(Clone, Debug)]
pub enum Rows {
    /// Rows of a CSV file.
    Table(Arc<Table>),
    /// Values as they stand in the configuration.
    Values(Arc<Vec<Value>>),
}

/// A CSV file.
#[derive(Debug, Default)]
pub struct Table {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Each as long as `columns`.
    pub records: Vec<csv::StringRecord>,
}

/// Which row comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As they stand.
    #[default]
    Sequential,
    /// Any, each time anew.
    Random,
    /// All of them in an order that is drawn once.
    Shuffle,
}

impl Feeder {
    /// The row that taking number `n` of a run gives; `None` when there is no more. The same for equal seeds, whatever thread asks.
    #[must_use]
    pub fn row(&self, n: u64, seed: u64) -> Option<Value> {
        let length = self.rows.len() as u64;
        if self.ends && n >= length {
            return None;
        }
        let index = match (self.order, &self.shuffled) {
            (Order::Random, _) => ((u128::from(split_mix(split_mix(seed) ^ n)) * u128::from(length)) >> 64) as u64,
            (Order::Shuffle, Some(places)) => u64::from(places[(n % length) as usize]),
            (Order::Sequential | Order::Shuffle, _) => n % length,
        };
        self.rows.get(index as usize)
    }

    /// All rows as one value, for `pick(..)`.
    #[must_use]
    pub fn as_value(&self) -> Value {
        match &self.rows {
            Rows::Table(table) => Value::from_object(Column(Arc::clone(table))),
            Rows::Values(values) => Value::from_object(Listed(Arc::clone(values))),
        }
    }
}

/// An order of `length` places, drawn from a seed (Fisher and Yates).
#[must_use]
pub(super) fn shuffled(length: u32, seed: u64) -> Arc<[u32]> {
    let mut places: Vec<u32> = (0..length).collect();
    for last in (1..places.len()).rev() {
        let other = (u128::from(split_mix(seed ^ split_mix(last as u64))) * (last as u128 + 1)) >> 64;
        places.swap(last, other as usize);
    }
    places.into()
}

impl Rows {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Table(table) => table.records.len(),
            Self::Values(values) => values.len(),
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn get(&self, index: usize) -> Option<Value> {
        match self {
            Self::Table(table) => {
                (index < table.records.len()).then(|| Value::from_object(Row { table: Arc::clone(table), index }))
            }
            Self::Values(values) => values.get(index).cloned(),
        }
    }

    /// The names that rows have columns by; empty for plain values.
    #[must_use]
    pub fn columns(&self) -> BTreeSet<String> {
        match self {
            Self::Table(table) => table.columns.iter().cloned().collect(),
            Self::Values(values) => {
                let maps = values.iter().filter(|value| value.kind() == minijinja::value::ValueKind::Map);
                maps.filter_map(|map| map.try_iter().ok()).flatten().filter_map(|key| key.as_str().map(str::to_owned)).collect()
            }
        }
    }
}

/// One row of a table.
#[derive(Debug)]
struct Row {
    table: Arc<Table>,
    index: usize,
}

impl Object for Row {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let column = self.table.columns.iter().position(|column| Some(column.as_str()) == key.as_str())?;
        self.table.records[self.index].get(column).map(Value::from)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.table.columns.iter().map(|column| Value::from(column.as_str())).collect())
    }
}

/// All rows of a table.
#[derive(Debug)]
struct Column(Arc<Table>);

impl Object for Column {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let index = key.as_usize().filter(|index| *index < self.0.records.len())?;
        Some(Value::from_object(Row { table: Arc::clone(&self.0), index }))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.records.len())
    }
}

/// All values of an inline feeder.
#[derive(Debug)]
struct Listed(Arc<Vec<Value>>);

impl Object for Listed {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_usize()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feeder(length: u32, order: Order, ends: bool) -> Feeder {
        let values = (0..length).map(Value::from).collect();
        let shuffled = (order == Order::Shuffle).then(|| shuffled(length, 42));
        Feeder { name: "n".into(), rows: Rows::Values(Arc::new(values)), order, ends, shuffled, sha256: String::new() }
    }

    fn taken(feeder: &Feeder, count: u64) -> Vec<Option<u64>> {
        (0..count).map(|n| feeder.row(n, 42).and_then(|row| u64::try_from(row).ok())).collect()
    }

    #[test]
    fn rows_come_in_order_and_begin_anew_or_end() {
        assert_eq!(taken(&feeder(2, Order::Sequential, false), 5), [0, 1, 0, 1, 0].map(Some));
        assert_eq!(taken(&feeder(2, Order::Sequential, true), 3), [Some(0), Some(1), None]);
    }

    #[test]
    fn a_shuffled_feeder_gives_each_row_once_per_pass() {
        let rows = taken(&feeder(100, Order::Shuffle, false), 200);
        let (mut first, second) = (rows[..100].to_vec(), &rows[100..]);
        assert_eq!(first, second);
        assert_ne!(first, (0..100).map(Some).collect::<Vec<_>>());
        first.sort_unstable();
        assert_eq!(first, (0..100).map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn random_rows_are_spread_over_all() {
        let rows = taken(&feeder(10, Order::Random, false), 2000);
        let counts: Vec<usize> = (0..10).map(|row| rows.iter().filter(|taken| **taken == Some(row)).count()).collect();
        assert!(counts.iter().all(|count| (140..260).contains(count)), "{counts:?}");
        assert_eq!(rows, taken(&feeder(10, Order::Random, false), 2000), "equal seeds, equal rows");
    }
}
