"""oha: closed and open loop, HTTP/1.1 and HTTP/2."""

import json

from load import Reported
from tools.tool import Tool

# Requests under way when the time is up; they are no fault of anybody.
CUT_OFF = "aborted due to deadline"


class Oha(Tool):
    name = "oha"

    def command(self, load, folder):
        # One worker, as there is one cpu: with its default of one per core of the machine it answers 5 % fewer requests.
        command = [self.program, "--no-tui", "--output-format", "json", "--worker-threads", "1", "-z", f"{load.seconds}s"]
        command += ["-c", str(load.connections)]
        if load.http2:
            command += ["--http2", "-p", str(load.streams)]
        if load.tls:
            command += ["--insecure"]
        if load.rate:
            command += ["-q", str(load.rate), "--latency-correction"]
        return [*command, load.url]

    def read(self, load, folder):
        return parse((folder / "stdout.txt").read_text())


def parse(text):
    result = json.loads(text)
    shares = result["latencyPercentiles"]
    names = {"p50": "p50", "p90": "p90", "p95": "p95", "p99": "p99", "p99.9": "p999"}
    latency = {ours: shares[theirs] * 1e3 for theirs, ours in names.items() if shares.get(theirs) is not None}
    if result["summary"].get("slowest") is not None:
        latency["max"] = result["summary"]["slowest"] * 1e3
    failed = sum(count for reason, count in result["errorDistribution"].items() if reason != CUT_OFF)
    refused = sum(count for status, count in result["statusCodeDistribution"].items() if not status.startswith("2"))
    return Reported(latency, errors=failed + refused)
