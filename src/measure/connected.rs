//! How many connections of a thread are open, so that each window knows for how long they were.

use std::time::Duration;

use super::open_windows::OpenWindows;
use crate::{plan::EndpointId, record::Errors};

/// What became of connections that were opened in one window. That is known long after the window is closed, so it is kept beside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lives {
    /// How many there were.
    pub begun: u64,
    /// Those of them that were lost, by class.
    pub lost: Errors,
}

/// The connections of one thread, by the endpoint that they are counted at.
#[derive(Debug, Default)]
pub(super) struct Connected(Vec<Gauge>);

#[derive(Debug)]
struct Gauge {
    endpoint: EndpointId,
    /// How many are open.
    open: u64,
    /// Up to which moment of the run that is written down.
    since: Duration,
}

impl Connected {
    /// A connection is open from a moment of the run on.
    pub(super) fn opened(&mut self, endpoint: EndpointId, moment: Duration, windows: &mut OpenWindows) {
        self.settle(moment, windows);
        match self.0.iter_mut().find(|gauge| gauge.endpoint == endpoint) {
            Some(gauge) => gauge.open += 1,
            None => self.0.push(Gauge { endpoint, open: 1, since: moment }),
        }
    }

    /// A connection is no more.
    pub(super) fn gone(&mut self, endpoint: EndpointId, moment: Duration, windows: &mut OpenWindows) {
        self.settle(moment, windows);
        if let Some(gauge) = self.0.iter_mut().find(|gauge| gauge.endpoint == endpoint) {
            gauge.open = gauge.open.saturating_sub(1);
        }
    }

    /// Writes down what is known up to a moment: windows that are over by then have all of it.
    pub(super) fn settle(&mut self, moment: Duration, windows: &mut OpenWindows) {
        for gauge in self.0.iter_mut().filter(|gauge| gauge.since < moment) {
            if gauge.open > 0 {
                windows.add_connected(gauge.endpoint, gauge.open, &(gauge.since..moment));
            }
            gauge.since = moment;
        }
    }
}
