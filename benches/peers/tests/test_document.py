"""From rows to tables, goals and the page they are written into."""

import unittest

import run
import tables
from goals import GOALS
from phases import PHASES


def saturated(tool, cpu, foreign=0.0):
    figures = {"requests_per_s": 1e5, "cpu_s_per_million": cpu, "user_s_per_million": 1.0, "system_s_per_million": cpu - 1}
    figures |= {"generator_cpu": 1.0, "target_cpu_s_per_million": 5.0, "peak_rss_mb": 9.0, "foreign_cpu": foreign}
    reported = {"latency_ms": {"p50": 0.3, "p99": 0.7}, "errors": 0, "dropped": 0, "says": ""}
    return {"phase": "closed", "case": "nginx", "tool": tool, "repeat": 0, "reported": reported, **figures}


def goal(rows, what):
    return next(line for line in tables.goals(rows).splitlines() if what in line)


class Goals(unittest.TestCase):
    def test_a_goal_stands_beside_its_figure(self):
        rows = [saturated("loadgate", 9.0), saturated("oha", 12.0), saturated("wrk", 8.0)]
        self.assertIn("| ≤ × 0.80 | × 0.75 | meets |", goal(rows, "nginx: CPU per request ÷ oha"))
        self.assertIn("| ≤ × 1.00 | × 1.12 | falls short |", goal(rows, "nginx: CPU per request ÷ wrk"))

    def test_what_was_not_measured_is_neither_met_nor_missed(self):
        failed = {"phase": "closed", "case": "nginx", "tool": "loadgate", "repeat": 0, "failed": "exit code 2"}
        self.assertIn("| – | not measured |", goal([failed, saturated("oha", 12.0)], "nginx: CPU per request ÷ oha"))

    def test_a_figure_of_disturbed_runs_is_marked(self):
        rows = [saturated("loadgate", 9.0, foreign=0.9), saturated("oha", 12.0)]
        self.assertIn("× 0.75 (!)", goal(rows, "nginx: CPU per request ÷ oha"))

    def test_every_goal_and_table_belongs_to_a_phase(self):
        names = [phase.name for phase in PHASES]
        self.assertEqual(sorted(names), sorted(tables.TABLES))
        self.assertEqual({goal.phase for goal in GOALS}, set(names))

    def test_goals_of_other_phases_are_left_out(self):
        self.assertNotIn("memory", tables.goals([saturated("loadgate", 9.0)]))


class Tables(unittest.TestCase):
    def test_a_tool_that_failed_says_why(self):
        failed = {"phase": "closed", "case": "nginx", "tool": "loadgate", "repeat": 0, "failed": "exit code 2: no | such"}
        self.assertIn("exit code 2: no \\| such", tables.saturated([failed, saturated("oha", 12.0)]))

    def test_every_line_of_a_table_has_as_many_cells(self):
        failed = {**saturated("k6", 60.0), "failed": "exit code 1"}
        text = tables.saturated([saturated("loadgate", 9.0), saturated("oha", 12.0), failed]).split("\n\n")[0]
        self.assertEqual(len({line.count("|") for line in text.strip().splitlines()}), 1)

    def test_ratios_are_shown_to_every_peer(self):
        text = tables.against_peers([saturated("loadgate", 9.0), saturated("oha", 12.0)])
        self.assertIn("| nginx | loadgate ÷ oha | 0.75 (0.75–0.75) | 1.00 (1.00–1.00) | 1 |", text)


class Page(unittest.TestCase):
    def test_only_what_stands_between_the_marks_is_replaced(self):
        page = "before\n<!-- peers -->\nold\n<!-- /peers -->\nbehind\n"
        self.assertEqual(run.markers(page), ("before\n<!-- peers -->\n", "<!-- /peers -->\nbehind\n"))

    def test_a_page_without_marks_is_left_alone(self):
        self.assertIsNone(run.markers("no marks\n"))
        self.assertIsNone(run.markers("<!-- /peers -->\n<!-- peers -->\n"))

    def test_places_of_files_do_not_get_into_the_page(self):
        words = ["closed", "--out", "/home/me/out", "--seconds", "5", "--bin=/opt"]
        self.assertEqual(run.without_paths(words), ["closed", "--seconds", "5"])

    def test_a_document_has_circumstances_goals_and_the_tables_of_its_phases(self):
        meta = {"measured_at": "T", "machine": "M", "versions": {"oha": "1"}, "commit": "C", "command": "run.py", "phases": ["closed"]}
        text = run.document([(meta, [saturated("loadgate", 9.0), saturated("oha", 12.0, foreign=0.3)])])
        self.assertIn("Measured T (closed) at C on M.", text)
        self.assertIn("In 1 of 2 runs something else", text)
        headings = [line for line in text.splitlines() if line.startswith("### ")]
        self.assertEqual(headings, ["### Goals", "### HTTP/1.1, closed loop, 64 connections"])

    def test_a_document_warns_of_a_source_without_commit_and_of_too_few_repetitions(self):
        def warnings(commit, repetitions):
            meta = {"measured_at": "T", "machine": "M", "versions": {}, "commit": commit, "command": "run.py", "phases": ["closed"]}
            rows = [{**saturated(tool, 9.0), "repeat": n} for n in range(repetitions) for tool in ("loadgate", "oha")]
            return [line for line in run.document([(meta, rows)]).splitlines() if line.startswith("**Warning")]

        self.assertEqual(warnings("9d796f2", 3), [])
        dirty, few = warnings("9d796f2-dirty", 2)
        self.assertIn("closed: measured at 9d796f2-dirty", dirty)
        self.assertIn("closed: medians of 2 instead of 3 repetitions", few)


if __name__ == "__main__":
    unittest.main()
