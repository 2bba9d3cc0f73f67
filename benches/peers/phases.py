"""The phases: which load is made on which target, and what the truth is."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from bench import Case
from generator import Generator
from load import Load

PACED_RATES = (2_000, 10_000)
PACED_CONNECTIONS = 100
DELAY_US = 5_000
NETWORK_MS = 0.05  # loopback there and back, and the wake-ups on both sides
STALL_PERIOD_MS, STALL_MS = 2_000, 200
FREEZE_AT_S, FREEZE_S, FREEZE_RATE = 6, 0.5, 2_000
MEMORY_REQUESTS = 1_000_000
MEMORY_MARKS = (MEMORY_REQUESTS // 10, MEMORY_REQUESTS)
MEMORY_LIMIT_S = 300  # a tool that has not made the requests by then is measured as far as it came
MANY_CONNECTIONS = 10_000
CONNECTIONS_EVERY_S = 0.5
QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999, "max": 1.0}
# Beyond this deviation of the number of requests the target's own clock can't say what was due when.
COMPLETE_WITHIN = 0.005


@dataclass(frozen=True)
class Phase:
    name: str
    title: str
    seconds: int
    repeat: int
    run: Callable


def closed(bench, seconds):
    with bench.nginx() as nginx, bench.own_target("fast") as own:
        bench.rounds([Case(target.name, target, Load(target.url(), seconds)) for target in (nginx, own)])


def tls(bench, seconds):
    with bench.nginx() as nginx:
        bench.rounds([Case("nginx", nginx, Load(nginx.url(tls=True), seconds))])


def http2(bench, seconds):
    with bench.nginx() as nginx:
        urls = {"TLS 8x8": nginx.url(tls=True), "h2c 8x8": nginx.url(http2=True)}
        bench.rounds([Case(name, nginx, Load(url, seconds, http2=True, connections=8, streams=8)) for name, url in urls.items()])


def paced(bench, seconds):
    with bench.own_target("delay", DELAY_US) as own:
        bench.rounds([paced_case(own, rate, seconds, lambda row: delay_truth(row["target_saw"])) for rate in PACED_RATES])


def stall(bench, seconds):
    # Whole periods only: the share of requests that fall into a stall is then exact.
    seconds = math.ceil(seconds / (STALL_PERIOD_MS / 1e3)) * STALL_PERIOD_MS // 1000
    with bench.own_target("stall", STALL_PERIOD_MS, STALL_MS) as own:
        bench.rounds([paced_case(own, rate, seconds, lambda _row: stall_truth()) for rate in PACED_RATES])


def frozen(bench, seconds):
    at_s = min(FREEZE_AT_S, seconds / 2)

    def freeze(generator):
        generator.run_until(at_s)
        return {"frozen_s": generator.freeze(FREEZE_S)} if generator.usage is None else {}

    with bench.own_target("fast") as own:
        truth = lambda row: frozen_truth(row.get("frozen_s", 0), seconds)
        bench.rounds([paced_case(own, FREEZE_RATE, seconds, truth, meanwhile=freeze, judged=True)])


def paced_case(target, rate, seconds, truth, meanwhile=None, judged=False):
    """A paced load whose row gets what the target saw, and the truth about its latencies."""
    load = Load(target.url(), seconds, connections=PACED_CONNECTIONS, rate=rate, judged=judged)

    def afterwards(row):
        row["target_saw"] = saw = target.stats(rate)
        complete = abs(saw["requests"] / (rate * seconds) - 1) <= COMPLETE_WITHIN
        by_target = {"by_target_ms": in_ms(saw["from_due_us"])} if complete else {}
        return {"truth_ms": truth(row), **by_target}

    return Case(f"{rate:,}/s", target, load, meanwhile, afterwards)


def in_ms(quantiles_us):
    return {name: us / 1e3 for name, us in quantiles_us.items()}


def delay_truth(saw):
    """The target's own service time, its lateness included, and the way there and back."""
    return {name: ms + NETWORK_MS for name, ms in in_ms(saw["service_us"]).items()}


def stall_truth():
    """A share s of the time is stalled, each stall S long: requests due in it wait for 0..S evenly, so the quantile q is
    S (1 - (1 - q) / s). Quantiles below the stalled share are those of an idle target: left out."""
    share = STALL_MS / STALL_PERIOD_MS
    waits = {name: STALL_MS * (1 - (1 - q) / share) for name, q in QUANTILES.items()}
    return {name: wait for name, wait in waits.items() if wait > 0}


def frozen_truth(frozen_s, seconds):
    """The same with one stall in the whole run, on the generator's side: F - (1 - q) T."""
    waits = {name: 1e3 * (frozen_s - (1 - q) * seconds) for name, q in QUANTILES.items()}
    return {name: wait for name, wait in waits.items() if wait > 0}


def memory(bench, seconds):
    with bench.nginx() as nginx:

        def until_served(generator):
            marks = {}
            for mark in MEMORY_MARKS:
                # Asking costs the target a request each twentieth of a second.
                generator.run_until(MEMORY_LIMIT_S, lambda: nginx.requests() >= mark)
                marks[f"at_{mark}"] = generator.peak_rss_mb
            open_now = nginx.connections()
            generator.interrupt()
            return {"rss_mb": marks, "connections": open_now}

        def count_connections(generator):
            most = 0
            while generator.elapsed() < seconds and generator.run_until(generator.elapsed() + CONNECTIONS_EVERY_S):
                most = max(most, nginx.connections())
            return {"connections": most}

        endless = Load(nginx.url(), MEMORY_LIMIT_S)
        many = Load(nginx.url(), seconds, connections=MANY_CONNECTIONS)
        bench.rounds(
            [
                Case(f"{MEMORY_REQUESTS:,} requests, 64 connections", nginx, endless, until_served, cut_short=True),
                Case(f"{MANY_CONNECTIONS:,} connections", nginx, many, count_connections),
            ]
        )


def startup(bench, _seconds):
    for repeat in range(bench.repeat):
        for tool in bench.tools:
            folder = bench.folder / "runs" / f"startup-{tool.name}"
            folder.mkdir(parents=True, exist_ok=True)
            generator = Generator([tool.program, "--version"], folder, bench.generator_cpu)
            generator.run_until(10)
            generator.kill()
            row = bench.row("version", tool, repeat)
            bench.tell({**row, "wall_ms": generator.usage.wall_s * 1e3, "cpu_ms": generator.usage.cpu_s * 1e3})


PHASES = (
    Phase("closed", "HTTP/1.1, closed loop, 64 connections", 10, 3, closed),
    Phase("tls", "HTTP/1.1 over TLS, closed loop, 64 connections", 10, 3, tls),
    Phase("h2", "HTTP/2, closed loop, 8 connections with 8 streams each", 10, 3, http2),
    Phase("paced", "Paced load, answers after 5 ms", 16, 3, paced),
    Phase("stall", "Paced load, the target stalls for 200 ms in every 2 s", 16, 3, stall),
    Phase("frozen", "Paced load, the generator itself is stopped for 500 ms", 16, 3, frozen),
    Phase("memory", "Memory", 10, 3, memory),
    Phase("startup", "Start-up (`--version`)", 0, 20, startup),
)
