#!/usr/bin/env python3
"""Gates real services against themselves and against versions that do more work, and tallies the verdicts.

Each service has a folder with its loadgate.yml; a change of 10 means a candidate that does 10 % more of one thing (node: the work
of /search; nginx: the size of the file that is compressed). The share of its time that the machine spent on anything else is kept
beside each verdict.

    run.py --loadgate PATH --gates 20 --out results.jsonl            plays every service with every change, in turn
    run.py --add results.jsonl --write ../../docs/STATISTICS.md      writes the table between the markers
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
# What a change of so many percent is, in the variables of the service's configuration.
SERVICES = {
    "node": lambda change: {"CANDIDATE_WORK": f"{1 + change / 100:.2f}"},
    "nginx": lambda change: {"CANDIDATE_LINES": str(round(4000 * (1 + change / 100)))},
}
CHANGED = {"node": "search", "nginx": "catalog"}
CHANGES = [0, 10, 25]
MARKERS = "<!-- services -->", "<!-- /services -->"
OUTCOMES = ["pass", "warn", "inconclusive", "fail", "invalid"]


def gate(loadgate, service, change, measured):
    """One gate; the row that is kept of it."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {**SERVICES[service](change), "MEASURED": measured}
        flags = [flag for name, value in variables.items() for flag in ("-e", f"{name}={value}")]
        command = [loadgate, "gate", "--quiet", "--no-publish", "--out", folder, *flags]
        before, began = busy_seconds(), time.monotonic()
        ended = subprocess.run(command, cwd=HERE / service, capture_output=True, text=True, check=False)
        wall = time.monotonic() - began
        verdict_file = Path(folder) / "verdict.json"
        verdict = json.loads(verdict_file.read_text()) if verdict_file.exists() else {"verdict": "invalid", "comparisons": []}
    row = {"service": service, "change": change, "measured": measured, "exit": ended.returncode, "wall_s": round(wall, 1)}
    row["busy"] = round((busy_seconds() - before) / (wall * os.cpu_count()), 3)
    row["verdict"] = verdict["verdict"]
    row["replicates"] = verdict.get("replicates")
    row["found"] = [
        {key: comparison.get(key) for key in ("endpoint", "metric", "change", "ci", "mde", "outcome", "level")}
        for comparison in verdict["comparisons"]
    ]
    if verdict["verdict"] == "invalid":
        row["said"] = (ended.stdout + ended.stderr)[-400:]
    return row


def busy_seconds():
    """Processor seconds that the machine has used since it was started, all processors together."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _wait, irq, softirq, steal = map(int, fields[:8])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def is_found(row):
    """Whether the endpoint that does more is called slower, for sure."""
    right = CHANGED[row["service"]]
    return any(c["outcome"] == "regressed" and c["endpoint"] in (right, "*") for c in row["found"])


def false_alarms(row):
    """Endpoints that are called regressed (fail) though nothing changed in them."""
    right = {CHANGED[row["service"]], "*"} if row["change"] else set()
    return [c for c in row["found"] if c["outcome"] == "regressed" and c["level"] == "fail" and c["endpoint"] not in right]


def slower_by(rows):
    """What the change makes of the endpoint's median: the middle of the gates' estimates."""
    right = CHANGED[rows[0]["service"]]
    seen = [c["change"] for row in rows for c in row["found"] if c["endpoint"] == right and c["metric"] == "p50" and c["ci"]]
    return f"{round(100 * median(seen)):+d} %" if seen else "–"


def table(rows):
    head = ["service", "change", "its p50", "measured", "gates", *OUTCOMES, "change found", "false alarms", "replicates used", "busy"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    keys = sorted({(row["service"], row["change"], row["measured"]) for row in rows})
    for service, change, measured in keys:
        own = [row for row in rows if (row["service"], row["change"], row["measured"]) == (service, change, measured)]
        counts = Counter(row["verdict"] for row in own)
        found = f"{sum(map(is_found, own))} of {len(own)}" if change else "–"
        used = [row["replicates"] for row in own if row["replicates"]]
        cells = [service, f"+{change} % in {CHANGED[service]}" if change else "none", slower_by(own), measured, str(len(own))]
        cells += [str(counts[outcome]) for outcome in OUTCOMES]
        cells += [found, str(sum(bool(false_alarms(row)) for row in own))]
        cells += [f"{sum(used) / len(used):.1f}" if used else "–", f"{100 * sum(row['busy'] for row in own) / len(own):.0f} %"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def has_markers(path):
    """Whether there is a place for the table: asked before hours of gates, not after them."""
    begin, end = MARKERS
    _head, found, rest = path.read_text().partition(begin)
    return bool(found) and end in rest


def write(path, text):
    begin, end = MARKERS
    page = path.read_text()
    head, rest = page.split(begin, 1)
    _old, tail = rest.split(end, 1)
    path.write_text(f"{head}{begin}\n\n{text}\n\n{end}{tail}")


def play(args):
    with open(args.out, "a", encoding="utf-8") as out:
        for number in range(args.gates):
            for change in args.changes:
                for service in args.services:
                    row = gate(args.loadgate, service, change, args.measured)
                    out.write(json.dumps(row) + "\n")
                    out.flush()
                    print(f"{number + 1} of {args.gates}: {service} +{change} %: {row['verdict']}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loadgate", default="loadgate")
    parser.add_argument("--gates", type=int, default=20, help="of each service and change")
    parser.add_argument("--services", nargs="+", choices=SERVICES, default=list(SERVICES))
    parser.add_argument("--changes", nargs="+", type=int, default=CHANGES)
    parser.add_argument("--measured", default="120s", help="measured time of each gate, over all replicates")
    parser.add_argument("--out", default="results.jsonl")
    parser.add_argument("--add", nargs="+", type=Path, help="results to make the table of; nothing is played")
    parser.add_argument("--write", type=Path, help="page to write the table to")
    args = parser.parse_args()
    if args.write and not has_markers(args.write):
        parser.error(f"{args.write}: there are no lines {MARKERS[0]} and {MARKERS[1]}, in this order")
    if not args.add:
        play(args)
    files = args.add or [Path(args.out)]
    text = table([json.loads(line) for file in files for line in file.read_text().splitlines()])
    print(text)
    if args.write:
        write(args.write, text)


if __name__ == "__main__":
    main()
