"""Arithmetic on rows."""

import tempfile
import unittest
from pathlib import Path

import figures
import machine
from phases import frozen_truth, stall_truth


def row(tool, repeat, cpu, foreign=0.0, **more):
    return {"case": "nginx", "tool": tool, "repeat": repeat, "cpu": cpu, "foreign_cpu": foreign, **more}


class Medians(unittest.TestCase):
    def test_a_disturbed_run_counts_only_where_there_is_no_quiet_one(self):
        rows = [row("a", 0, 1.0), row("a", 1, 9.0, foreign=0.3)]
        self.assertEqual(figures.middle(rows, "cpu"), 1.0)
        self.assertEqual(figures.middle(rows[1:], "cpu"), 9.0)

    def test_a_failed_run_never_counts(self):
        self.assertIsNone(figures.middle([row("a", 0, 1.0, failed="exit code 2")], "cpu"))

    def test_a_missing_figure_is_not_zero(self):
        self.assertIsNone(figures.middle([row("a", 0, 1.0)], "reported.latency_ms.p99"))


class Ratios(unittest.TestCase):
    def test_ratios_are_taken_within_a_repetition(self):
        # The machine was twice as slow in the second one; the ratio is the same.
        rows = [row("a", 0, 1.0), row("b", 0, 2.0), row("a", 1, 2.0), row("b", 1, 4.0)]
        self.assertEqual(figures.ratios(rows, "a", "b", "cpu"), [0.5, 0.5])

    def test_a_pair_is_disturbed_when_one_of_it_is(self):
        rows = [row("a", 0, 1.0), row("b", 0, 9.0, foreign=0.9), row("a", 1, 2.0), row("b", 1, 4.0)]
        self.assertEqual(figures.ratios(rows, "a", "b", "cpu"), [0.5])
        self.assertEqual(figures.ratios(rows[:2], "a", "b", "cpu"), [1 / 9])

    def test_a_repetition_without_the_peer_has_no_ratio(self):
        rows = [row("a", 0, 1.0), row("b", 1, 2.0), row("b", 0, 2.0, failed="exit code 1")]
        self.assertEqual(figures.ratios(rows, "a", "b", "cpu"), [])
        self.assertIsNone(figures.middle_ratio(rows, "a", "b", "cpu"))


class Truth(unittest.TestCase):
    def test_a_quantile_has_the_share_at_or_below_it(self):
        values = list(range(1, 101))
        self.assertEqual([figures.quantile(values, q) for q in (0.5, 0.99, 0.999, 1.0)], [50, 99, 100, 100])
        self.assertEqual(figures.quantile([7], 0.5), 7)

    def test_a_stall_of_200_ms_in_2_s_has_known_percentiles(self):
        truth = stall_truth()
        for name, expected in {"p95": 100, "p99": 180, "p999": 198, "max": 200}.items():
            self.assertAlmostEqual(truth[name], expected)
        self.assertNotIn("p50", truth)

    def test_a_freeze_of_500_ms_in_16_s_has_known_percentiles(self):
        truth = frozen_truth(0.5, 16)
        self.assertAlmostEqual(truth["p99"], 340)
        self.assertAlmostEqual(truth["max"], 500)
        self.assertNotIn("p95", truth)

    def test_the_worst_error_is_relative_and_needs_every_quantile(self):
        truth = {"p95": 100.0, "p99": 180.0}
        self.assertAlmostEqual(figures.worst_error({"p95": 102.0, "p99": 171.0}, truth, ("p95", "p99")), 0.05)
        self.assertIsNone(figures.worst_error({"p95": 102.0}, truth, ("p95", "p99")))


class Machine(unittest.TestCase):
    def test_used_time_is_that_of_all_processes_their_dead_children_and_the_host(self):
        with tempfile.TemporaryDirectory() as folder:
            proc = Path(folder)
            (proc / "stat").write_text("cpu  100 10 200 700 50 5 15 70 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n")
            for pid, times in {"1": "1 2 3 4", "22": "10 20 30 40"}.items():
                (proc / pid).mkdir()
                (proc / pid / "stat").write_text(f"{pid} (a (b) c) S 1 1 1 0 -1 4194560 1 2 3 4 {times} 20 0 1 0 9\n")
            self.assertEqual(machine.used_seconds(proc), (70 + 10 + 100) / machine.TICKS_PER_S)


if __name__ == "__main__":
    unittest.main()
