"""One run of one tool against one target, and the order in which such runs are made."""

import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import machine
from generator import Generator
from load import Load
from targets import Nginx, OwnTarget

SETTLE_S = 0.5  # between two runs, for sockets to close
OVERTIME_S = 90  # how long a tool may go on after its time before it is made to end


@dataclass(frozen=True)
class Case:
    """A load on a target that every tool of a phase is given."""

    name: str
    target: Any
    load: Load
    # What is done to the running generator, and noted in its row; without it, it is left alone until it ends.
    meanwhile: Callable | None = None
    # Figures that the target alone can add to the row.
    afterwards: Callable | None = None
    # Whether `meanwhile` ends the run early, so that its exit code says nothing.
    cut_short: bool = False


@dataclass
class Bench:
    """Where and with what is measured, and where the rows go."""

    tools: list
    folder: Path
    target_cpu: int
    generator_cpu: int
    repeat: int
    tell: Callable
    phase: str = ""

    def nginx(self):
        return Nginx(self.folder / "nginx", self.target_cpu)

    def own_target(self, *behaviour):
        return OwnTarget(self.folder / "target.c", self.target_cpu, *behaviour)

    def rounds(self, cases):
        """All tools on all cases, then all again: A B C A B C, so that the drift of the machine meets all alike."""
        for repeat in range(self.repeat):
            for case in cases:
                for tool in self.tools:
                    if tool.supports(case.load):
                        self.tell(self.run(case, tool, repeat))
                        time.sleep(SETTLE_S)

    def row(self, case_name, tool, repeat):
        """The beginning of a row of results."""
        return {"phase": self.phase, "case": case_name, "tool": tool.name, "repeat": repeat}

    def run(self, case, tool, repeat):
        """One run as a row of results."""
        row = self.row(case.name, tool, repeat)
        folder = self.folder / "runs" / re.sub(r"[^\w.]+", "-", f"{self.phase}-{case.name}-{repeat}-{tool.name}")
        folder.mkdir(parents=True, exist_ok=True)
        case.target.reset()
        usage = self._watched(row, case, tool.command(case.load, folder), folder)
        row["requests"] = case.target.requests()
        if not case.cut_short or row["requests"] == 0:
            row.update(reported(tool, case.load, usage.exit_code, folder))
        if row["requests"] == 0:
            row.setdefault("failed", "the target saw no request")
        if "failed" not in row:
            row.update(per_request(row))
            if case.afterwards:
                row.update(case.afterwards(row))
        return row

    def _watched(self, row, case, command, folder):
        """Runs the command and charges everybody for what they used meanwhile."""
        began, everybody = time.monotonic(), machine.used_seconds()
        target, own = case.target.cpu_seconds(), time.process_time()
        generator = Generator(command, folder, self.generator_cpu)
        try:
            if case.meanwhile:
                row.update(case.meanwhile(generator) or {})
            generator.run_until(case.load.seconds + OVERTIME_S)
        finally:
            generator.kill()
        usage = generator.usage
        row.update(asdict(usage), cpu_s=usage.cpu_s, target_cpu_s=case.target.cpu_seconds() - target)
        known = row["cpu_s"] + row["target_cpu_s"] + time.process_time() - own
        row["foreign_cpu"] = (machine.used_seconds() - everybody - known) / (time.monotonic() - began)
        return usage


def per_request(row):
    """Figures that follow from a run's sums."""
    million = row["requests"] / 1e6
    return {
        "requests_per_s": row["requests"] / row["wall_s"],
        "generator_cpu": row["cpu_s"] / row["wall_s"],
        "cpu_s_per_million": row["cpu_s"] / million,
        "user_s_per_million": row["user_s"] / million,
        "system_s_per_million": row["system_s"] / million,
        "target_cpu_s_per_million": row["target_cpu_s"] / million,
    }


def reported(tool, load, exit_code, folder):
    """What the tool says of its run; `failed` where it could not make it."""
    if not tool.went_well(exit_code):
        lines = (folder / "stderr.txt").read_text(errors="replace").strip().splitlines() or ["no message"]
        return {"failed": f"exit code {exit_code}: {lines[0].replace(f'{folder}/', '')[:200]}"}
    try:
        return {"reported": asdict(tool.read(load, folder))}
    except (OSError, ValueError, LookupError, AttributeError) as error:
        return {"failed": f"its output was not understood: {error!r}"}
