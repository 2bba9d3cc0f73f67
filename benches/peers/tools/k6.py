"""k6: closed and open loop; HTTP/2 over TLS only, and with one connection per user."""

import json
from pathlib import Path

import machine
from load import Reported
from tools.tool import Tool

SCRIPT = Path(__file__).with_name("k6.js")


class K6(Tool):
    name = "k6"

    def supports(self, load):
        return load.tls or not load.http2

    def command(self, load, folder):
        settings = {"URL": load.url, "DURATION": f"{load.seconds}s", "VUS": load.in_flight, "SUMMARY": folder / "k6.json"}
        if load.rate:
            settings["RATE"] = load.rate
        command = [self.program, "run", "--quiet", "--no-usage-report", "--no-color"]
        if load.tls and not load.http2:
            # It takes HTTP/2 wherever it is offered; this is how its manual turns that off.
            command = [machine.find("env"), "GODEBUG=http2client=0", *command]
        for name, value in settings.items():
            command += ["--env", f"{name}={value}"]
        return [*command, str(SCRIPT)]

    def read(self, load, folder):
        return parse((folder / "k6.json").read_text())


def parse(text):
    metrics = json.loads(text)
    count = lambda metric, value: int(metrics.get(metric, {}).get("values", {}).get(value, 0))
    times = metrics["http_req_duration"]["values"]
    names = {"p(50)": "p50", "p(90)": "p90", "p(95)": "p95", "p(99)": "p99", "p(99.9)": "p999", "max": "max"}
    # A rate metric counts as passes the requests for which "failed" is true.
    reported = Reported({ours: times[theirs] for theirs, ours in names.items() if theirs in times}, count("http_req_failed", "passes"))
    reported.dropped = count("dropped_iterations", "count")
    if reported.dropped:
        reported.says = f"{reported.dropped} iterations dropped"
    return reported
