#!/usr/bin/env python3
"""WebSocket connections: memory of an idle one and CPU of an echoed message, loadgate beside k6 and Python's `websockets`.

The target is `loadgate mock-target`, on a cpu of its own; its counts of connections and messages are what is divided by. Both figures are
differences between two runs of one tool, so that what a tool costs before it has done anything stays out of them: memory between many
connections and few, CPU between connections that send and as many that do not.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import machine
from generator import Generator

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FEW = 10
SCRIPT = "routes: [ { path: /ws, websocket: {} } ]"
CONFIG = """name: peers
target: {target}
scenarios:
  - name: ws
    websocket: /ws
    connections: {{ ramp: {connections}, hold: {seconds}s }}
{steps}"""
STEPS = "    rate: {rate}/s\n    steps: [ {{ send: x }}, {{ expect: {{ name: echo }} }} ]\n"


class Target:
    def __init__(self, program, folder, cpu):
        script = folder / "target.yml"
        script.write_text(SCRIPT)
        with machine.pinned(cpu):
            command = [program, "mock-target", "--listen", "127.0.0.1:0", "--script", str(script)]
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self.process.stdout.readline()
        self.address = line.split("http://", 1)[1].split()[0].rstrip("/,")

    def ask(self, method, path):
        request = urllib.request.Request(f"http://{self.address}{path}", method=method, data=b"" if method == "POST" else None)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def loadgate(programs, address, load, folder):
    connections, seconds, rate = load
    steps = STEPS.format(rate=rate) if rate else ""
    (folder / "loadgate.yml").write_text(
        CONFIG.format(target=f"http://{address}", connections=connections, seconds=seconds, steps=steps)
    )
    return [programs["loadgate"], "run", "--quiet", "-c", str(folder / "loadgate.yml"), "--out", str(folder / "report")]


def k6(programs, address, load, _folder):
    connections, seconds, rate = load
    settings = {"URL": f"ws://{address}/ws", "CONNECTIONS": connections, "DURATION_MS": seconds * 1000, "RATE": rate}
    command = [programs["k6"], "run", "--quiet", "--no-usage-report", "--no-color", "--no-summary"]
    for name, value in settings.items():
        command += ["--env", f"{name}={value}"]
    return [*command, str(HERE / "tools" / "k6_websocket.js")]


def python(programs, address, load, _folder):
    return [programs["python"], str(HERE / "tools" / "python_websocket.py"), f"ws://{address}/ws", *map(str, load)]


TOOLS = {"loadgate": loadgate, "k6": k6, "python": python}


def play(tool, programs, target, load, cpu):
    """One run: connections that were open at a time, messages, CPU seconds and megabytes."""
    target.ask("POST", "/__reset")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generator = Generator(TOOLS[tool](programs, target.address, load, folder), folder, cpu)
        generator.run_until(load[1] * 4 + 60)
        generator.interrupt()
        usage = generator.usage
        if usage.exit_code != 0:
            raise SystemExit(f"{tool} failed: {(folder / 'stderr.txt').read_text()[-500:]}")
    seen = target.ask("GET", "/__stats").get("websocket", {})
    return seen.get("most_open", 0), seen.get("received", 0), usage.cpu_s, usage.peak_rss_mb


def figures(tool, programs, target, options, cpu):
    """Kilobytes of an idle connection, microseconds of CPU of an echoed message."""
    few = play(tool, programs, target, (FEW, options.seconds, 0), cpu)
    many = play(tool, programs, target, (options.idle, options.seconds, 0), cpu)
    still = play(tool, programs, target, (options.talking, options.seconds, 0), cpu)
    talking = play(tool, programs, target, (options.talking, options.seconds, options.rate), cpu)
    if many[0] < options.idle or talking[0] < options.talking or not talking[1]:
        raise SystemExit(f"{tool} did not open all connections: {many[0]} of {options.idle}, {talking[0]} of {options.talking}")
    return (many[3] - few[3]) * 1000 / (many[0] - few[0]), (talking[2] - still[2]) * 1e6 / talking[1], many[3]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loadgate", default=machine.find("loadgate", [ROOT / "target" / "dist"]))
    parser.add_argument("--k6", default=machine.find("k6", [ROOT / "target" / "peers" / "bin"]))
    parser.add_argument("--python", default="/usr/bin/python3", help="one that has the package websockets")
    parser.add_argument("--idle", type=int, default=2000, help="idle connections")
    parser.add_argument("--talking", type=int, default=200, help="connections that send")
    parser.add_argument("--rate", type=int, default=10, help="messages a second of each")
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    machine.raise_open_files_limit()
    programs = {name: getattr(options, name) for name in TOOLS}
    tools = [name for name in TOOLS if programs[name]]
    if "loadgate" not in tools:
        sys.exit("there is no loadgate: cargo build --profile dist, or --loadgate FILE")
    with tempfile.TemporaryDirectory() as folder:
        target = Target(programs["loadgate"], Path(folder), 0)
        try:
            rows = [{tool: figures(tool, programs, target, options, 1) for tool in tools} for _ in range(options.repeat)]
        finally:
            target.stop()
    print("| tool | kB per idle connection | CPU us per echoed message, of k6's | MB with all idle connections |\n|---|---|---|---|")
    for tool in tools:
        idle, message, all_idle = (statistics.median(row[tool][n] for row in rows) for n in range(3))
        ratio = f", {statistics.median(row[tool][1] / row['k6'][1] for row in rows):.2f}" if "k6" in tools else ""
        print(f"| {tool} | {idle:.1f} | {message:.1f}{ratio} | {all_idle:.0f} |")


if __name__ == "__main__":
    main()
