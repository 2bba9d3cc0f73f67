"""What loadgate is to reach, each goal with the figure that is held against it.

Goals on cost are ratios to a peer that ran in the same minute: the same tool differs by 15 to 30 % from one session to the
next on one machine, and by far more between machines. Goals on accuracy and memory are absolute.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from figures import middle, middle_ratio, select, usable, worst_error

US = "loadgate"
TAIL = ("p95", "p99", "p999")


@dataclass(frozen=True)
class Goal:
    phase: str
    what: str
    limit: float
    figure: Callable  # from all rows of the phase; None: not measured
    show: Callable
    aim: bool = False  # welcome, not promised

    def measured(self, rows):
        return self.figure(select(rows, phase=self.phase))

    def meets(self, rows):
        """None when nothing was measured: a missing figure meets no goal, and misses none."""
        figure = self.measured(rows)
        return None if figure is None else figure <= self.limit


def times(value):
    return f"× {value:.2f}"


def in_ms(value):
    return f"{value:.2f} ms"


def percent(value):
    return f"{value:.1%}"


def megabytes(value):
    return f"{value:.1f} MB"


def plain(value):
    return f"{value:.2f}"


def runs_missed(value):
    return "every run flagged" if value == 0 else f"{value:.0%} of the runs not flagged"


def cpu(case, peer):
    """Cpu per request, over the peer's."""
    return lambda rows: middle_ratio(select(rows, case=case), US, peer, "cpu_s_per_million")


def error_ms(case, quantile):
    """How far the reported quantile is from the truth."""

    def figure(rows):
        return middle_of(select(rows, case=case, tool=US), lambda row: distance(row, quantile))

    return figure


def distance(row, quantile):
    said, truth = row["reported"]["latency_ms"].get(quantile), row["truth_ms"].get(quantile)
    return None if said is None or truth is None else abs(said - truth)


def tail_error(case, truth, quantiles):
    """Largest relative error over the quantiles, against one of the two truths of a row."""

    def figure(rows):
        ours = select(rows, case=case, tool=US)
        return middle_of(ours, lambda row: worst_error(row["reported"]["latency_ms"], row.get(truth, {}), quantiles))

    return figure


def middle_of(rows, figure):
    found = [value for value in map(figure, usable(rows)) if value is not None]
    return median(found) if found else None


def ours(case, key):
    return lambda rows: middle(select(rows, case=case, tool=US), key)


def not_flagged(rows):
    runs = usable(select(rows, tool=US))
    return sum(not row["reported"]["says"] for row in runs) / len(runs) if runs else None


def stall_goals(case):
    yield Goal("stall", f"{case}: p95, p99, p99.9 against the arithmetic (100, 180, 198 ms)", 0.03, tail_error(case, "truth_ms", TAIL), percent)
    yield Goal("stall", f"{case}: the same against the target's own clock", 0.03, tail_error(case, "by_target_ms", TAIL), percent)


GOALS = (
    Goal("closed", "nginx: CPU per request ÷ oha", 0.80, cpu("nginx", "oha"), times),
    Goal("closed", "nginx: CPU per request ÷ wrk", 1.0, cpu("nginx", "wrk"), times),
    Goal("closed", "target.c: CPU per request ÷ oha", 0.80, cpu("target.c", "oha"), times),
    Goal("closed", "target.c: CPU per request ÷ wrk", 1.0, cpu("target.c", "wrk"), times),
    Goal("tls", "CPU per request ÷ oha", 1.0, cpu("nginx", "oha"), times),
    Goal("tls", "CPU per request ÷ wrk", 1.0, cpu("nginx", "wrk"), times, aim=True),
    Goal("h2", "TLS 8x8: CPU per request ÷ oha", 1.0, cpu("TLS 8x8", "oha"), times),
    Goal("h2", "TLS 8x8: CPU per request ÷ h2load", 1.1, cpu("TLS 8x8", "h2load"), times, aim=True),
    Goal("paced", "10,000/s: CPU per request ÷ oha", 0.7, cpu("10,000/s", "oha"), times),
    Goal("paced", "2,000/s: error of p50", 0.1, error_ms("2,000/s", "p50"), in_ms),
    Goal("paced", "10,000/s: error of p99", 0.4, error_ms("10,000/s", "p99"), in_ms),
    Goal("paced", "2,000/s: dispersion of arrivals in 10 ms", 0.1, ours("2,000/s", "target_saw.dispersion_10ms"), plain),
    *stall_goals("2,000/s"),
    *stall_goals("10,000/s"),
    Goal("frozen", "p99 and max against the truth", 0.05, tail_error("2,000/s", "truth_ms", ("p99", "max")), percent),
    Goal("frozen", "the run is flagged", 0, not_flagged, runs_missed),
    Goal("memory", "64 connections, after 1 M requests", 20, ours("1,000,000 requests, 64 connections", "peak_rss_mb"), megabytes),
    Goal("memory", "10,000 connections", 200, ours("10,000 connections", "peak_rss_mb"), megabytes),
    Goal("startup", "`--version`", 15, ours("version", "wall_ms"), in_ms),
)
