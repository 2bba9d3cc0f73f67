//! Micro-benchmarks of what happens once per request, and once per endpoint and window: `cargo bench`.
//!
//! They are for comparing two states of the code on one machine. What a whole request costs, beside other load generators, is
//! measured by `benches/peers`.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on says so by panicking")]

use std::{
    hint::black_box,
    sync::{Arc, mpsc::channel},
    time::Duration,
};

use divan::Bencher;
use loadgate::{
    config::{self, Overrides},
    measure::{Finished, LiveShard, Shard, Timeline},
    plan::{self, Load, Plan, Schedule as _},
    record::{Encoded, Latencies},
};

fn main() {
    divan::main();
}

/// The plan of a configuration with these stages; through YAML, so that a new field of a plan breaks no benchmark.
fn plan(stages: &str, scenarios: usize) -> Plan {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loadgate.yml");
    let scenarios: String = (1..=scenarios).map(|n| format!("  - {{ name: s{n}, weight: {n}, get: /{n} }}\n")).collect();
    let text = format!("target: http://127.0.0.1:8080\nstages: [ {stages} ]\nscenarios:\n{scenarios}");
    std::fs::write(&path, text).unwrap();
    let loaded = config::load(&path, &Overrides::default()).unwrap_or_else(|error| panic!("{error}"));
    plan::resolve(&loaded).unwrap_or_else(|error| panic!("{error}")).plan
}

/// The latency of request `n`: spread over a factor of eight, as those of a service under load are.
fn latency(n: u64) -> Duration {
    Duration::from_micros(1_000 + n.wrapping_mul(2_654_435_761) % 7_000)
}

/// From falling due to its outcome: all that is noted of one successful request. The first one makes the window, so the size of a
/// sample is given: divan would conclude from that one that all are slow.
#[divan::bench(sample_size = 1000)]
fn record_a_request(bencher: Bencher<'_, '_>) {
    let plan = plan("{ rate: 1000/s, duration: 60s }", 1);
    let timeline = Arc::new(Timeline::new(&plan.stages, plan.window));
    let (sink, _source) = channel();
    let mut shard = Shard::new(timeline, 1, sink, Arc::new(LiveShard::default()));
    let due = Duration::from_millis(10);
    let mut numbers = 0..;
    bencher.bench_local(|| {
        let n = numbers.next().unwrap();
        let window = shard.arrival_started(0, due, Some(0));
        shard.arrival_sent(0, due, Duration::from_micros(n % 64));
        let response = black_box(latency(n));
        shard.finish(window, 0, Finished { response, service: response, bytes: 2, ..Finished::default() });
        shard.arrival_finished(0);
    });
}

/// One histogram of a window that closes, by the number of latencies in it.
#[divan::bench(args = [200, 2_000, 10_000])]
fn encode_a_window(bencher: Bencher<'_, '_>, requests: u64) {
    let mut latencies = Latencies::default();
    for n in 0..requests {
        latencies.record(u64::try_from(latency(n).as_micros()).unwrap());
    }
    bencher.bench_local(|| Encoded::from(black_box(&latencies)));
}

/// When an arrival is due, by the shape of the stage.
#[divan::bench(args = ["rate: 1000/s", "ramp: 10/s..2000/s"])]
fn due(bencher: Bencher<'_, '_>, shape: &str) {
    let plan = plan(&format!("{{ {shape}, duration: 60s }}"), 1);
    let Load::Arrivals(shape) = plan.stages[0].load else { panic!("{plan:?}") };
    let schedule = shape.schedule(plan.stages[0].duration);
    let mut numbers = (0..schedule.count()).cycle();
    bencher.bench_local(|| schedule.due(black_box(numbers.next().unwrap() as f64)));
}

/// Which scenario an arrival plays, by their number.
#[divan::bench(args = [1, 8])]
fn pick_a_scenario(bencher: Bencher<'_, '_>, scenarios: usize) {
    let plan = plan("{ rate: 1000/s, duration: 60s }", scenarios);
    let mut numbers = 0..;
    bencher.bench_local(|| plan.workload.scenario_of(plan.seed, black_box(numbers.next().unwrap())));
}
