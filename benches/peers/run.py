#!/usr/bin/env python3
"""Measures loadgate beside other load generators on one machine, interleaved. See README.md; `run.py --help`."""

import argparse
import datetime
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import machine
import tables
from bench import Bench
from figures import is_quiet, select
from phases import PHASES
from targets import TargetError
from tools import TOOLS

ROOT = Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- peers -->", "<!-- /peers -->"
REPETITIONS_MIN = 3


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    names = [phase.name for phase in PHASES]
    parser.add_argument("phases", nargs="*", metavar="PHASE", help=f"what to measure, of {', '.join(names)}; all without any")
    parser.add_argument("--loadgate", type=Path, default=ROOT / "target/dist/loadgate", help="the binary")
    parser.add_argument("--bin", type=Path, default=ROOT / "target/peers/bin", help="where peers are looked for before the PATH")
    parser.add_argument("--tools", default=",".join(tool.name for tool in TOOLS), help="which tools to run")
    parser.add_argument("--seconds", type=int, help="length of a run instead of the phase's own")
    parser.add_argument("--repeat", type=int, help="repetitions instead of the phase's own")
    parser.add_argument("--target-cpu", type=int, default=0)
    parser.add_argument("--generator-cpu", type=int, default=1)
    parser.add_argument("--out", type=Path, help="folder for raw rows and outputs (default: target/peers/TIME)")
    parser.add_argument("--add", type=Path, action="append", default=[], metavar="RESULTS", help="show rows of an earlier results.jsonl too")
    parser.add_argument("--no-run", action="store_true", help="measure nothing, only show what --add has")
    parser.add_argument("--write", type=Path, metavar="FILE", help=f"also put the tables between {BEGIN} and {END} of a file")
    given = parser.parse_args()
    if wrong := [name for name in given.phases if name not in names]:
        parser.error(f"no phase '{wrong[0]}'; there are {', '.join(names)}")
    if unknown := set(given.tools.split(",")) - {tool.name for tool in TOOLS}:
        parser.error(f"no tool '{unknown.pop()}'")
    if given.no_run and not given.add:
        parser.error("--no-run needs --add")
    if given.write and not (given.write.is_file() and markers(given.write.read_text())):
        parser.error(f"{given.write}: no such file, or no line '{BEGIN}' with a line '{END}' behind it")
    cpus = {given.target_cpu, given.generator_cpu}
    if not given.no_run and (len(cpus) < 2 or not cpus <= os.sched_getaffinity(0)):
        parser.error("target and generator need a cpu each; see --target-cpu, --generator-cpu")
    return given


def find_tools(given):
    """The tools that are installed; the others are named."""
    wanted = given.tools.split(",")
    found = []
    for kind in TOOLS:
        if kind.name not in wanted:
            continue
        tool = kind(str(given.loadgate.absolute())) if kind.name == "loadgate" else kind.found(given.bin)
        if tool is None or not Path(tool.program).is_file():
            print(f"{kind.name} is not there and left out; see install.sh, --loadgate", file=sys.stderr)
        else:
            found.append(tool)
    return found


def circumstances(given, tools, phases):
    """What the figures depend on: machine, versions, command."""
    return {
        "measured_at": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine.describe(),
        "versions": {tool.name: first_line([tool.program, "--version"]) for tool in tools},
        "commit": first_line(["git", "-C", str(ROOT), "describe", "--always", "--dirty"]),
        "command": shlex.join(["benches/peers/run.py", *without_paths(sys.argv[1:])]),
        "phases": [phase.name for phase in phases],
    }


def without_paths(words):
    """The command line without the places of files, which mean nothing elsewhere."""
    named = {"--loadgate", "--bin", "--out", "--add", "--write"}
    return [word for before, word in zip(["", *words], words) if word.split("=")[0] not in named and before not in named]


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except OSError:
        return "unknown"
    return ((done.stdout + done.stderr).strip().splitlines() or ["unknown"])[0].strip()


def measure(given, folder, phases):
    """Makes all runs. Each row is written as soon as it is there."""
    machine.raise_open_files_limit()
    os.sched_setaffinity(0, {given.target_cpu})  # this script too stays away from the generator
    tools = find_tools(given)
    meta, rows = circumstances(given, tools, phases), []
    with (folder / "results.jsonl").open("w") as results:

        def tell(row):
            rows.append(row)
            results.write(json.dumps(row) + "\n")
            results.flush()
            print(progress(row), file=sys.stderr)

        results.write(json.dumps({"meta": meta}) + "\n")
        for phase in phases:
            repeat = given.repeat or phase.repeat
            bench = Bench(tools, folder, given.target_cpu, given.generator_cpu, repeat, tell, phase.name)
            try:
                phase.run(bench, given.seconds or phase.seconds)
            except TargetError as error:
                print(f"{phase.name}: {error}", file=sys.stderr)
    return meta, rows


def progress(row):
    name = f"{row['phase']}  {row['case']}  {row['tool']}  #{row['repeat'] + 1}"
    if "failed" in row:
        return f"{name}  FAILED  {row['failed']}"
    if "wall_ms" in row:
        return f"{name}  {row['wall_ms']:.1f} ms"
    mark = "" if is_quiet(row) else "  DISTURBED"
    figures = f"{row['requests_per_s']:,.0f}/s  {row['cpu_s_per_million']:.2f} CPU-s/1M  {row['peak_rss_mb']:.1f} MB"
    return f"{name}  {figures}  foreign {row['foreign_cpu']:.2f}{mark}"


def load(path):
    """Circumstances and rows of a results.jsonl."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return lines[0]["meta"], lines[1:]


def document(measured):
    """All tables, from one or more (circumstances, rows)."""
    rows = [row for _meta, own in measured for row in own]
    parts = []
    for meta, _rows in measured:
        versions = "; ".join(f"{name}: {version}" for name, version in meta["versions"].items())
        parts.append(f"Measured {meta['measured_at']} ({', '.join(meta['phases'])}) at {meta['commit']} on {meta['machine']}.\n")
        parts.append(f"{versions}. Command: `{meta['command']}`\n")
    disturbed = sum("failed" not in row and not is_quiet(row) for row in rows)
    parts += [f"**Warning: {doubt}**\n" for doubt in doubts(measured)]
    if disturbed:
        parts.append(f"In {disturbed} of {len(rows)} runs something else used more than a quarter of a cpu. They count only where there is no quiet run (!).\n")
    parts += ["### Goals\n", tables.goals(rows)]
    for phase in PHASES:
        own = select(rows, phase=phase.name)
        if own:
            parts += [f"### {phase.title}\n", tables.TABLES[phase.name](own)]
    return "\n".join(parts)


def doubts(measured):
    """Why the figures are worth less than they look, in sentences."""
    for meta, _rows in measured:
        if meta["commit"].endswith("-dirty"):
            yield f"{', '.join(meta['phases'])}: measured at {meta['commit']}, a source that no commit has, so nobody can measure it again."
    for phase in PHASES:
        made = sum(len({row["repeat"] for row in select(rows, phase=phase.name)}) for _meta, rows in measured)
        if 0 < made < REPETITIONS_MIN:
            yield f"{phase.name}: medians of {made} instead of {REPETITIONS_MIN} repetitions or more."


def markers(text):
    """What stands before the figures, and what behind; None without the two marks."""
    found = re.fullmatch(f"(.*^{BEGIN}\n).*?(^{END}$.*)", text, re.DOTALL | re.MULTILINE)
    return found.groups() if found else None


def main():
    # A request to end unwinds as an error does, so that no target is left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    given = arguments()
    measured = [load(path) for path in given.add]
    if not given.no_run:
        folder = given.out or ROOT / "target/peers" / datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
        folder = folder.absolute()
        folder.mkdir(parents=True, exist_ok=True)
        chosen = [phase for phase in PHASES if not given.phases or phase.name in given.phases]
        measured.append(measure(given, folder, chosen))
        print(f"raw rows: {folder / 'results.jsonl'}", file=sys.stderr)
    text = document(measured)
    print(text)
    if given.write:
        before, behind = markers(given.write.read_text())
        given.write.write_text(f"{before}\n{text}\n{behind}")


if __name__ == "__main__":
    main()
