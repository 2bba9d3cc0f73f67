"""loadgate: what this is all about."""

import json

from load import Reported
from tools.tool import Tool

EXIT_INVALID = 3  # src/exit.rs


class Loadgate(Tool):
    name = "loadgate"

    def command(self, load, folder):
        (folder / "loadgate.yml").write_text(configuration(load, folder))
        flags = ["-c", str(folder / "loadgate.yml"), "--out", str(folder / "out"), "-q"]
        if load.judged:
            return [self.program, "gate", *flags, "--no-publish"]
        return [self.program, "run", *flags, "--json"]

    def read(self, load, folder):
        reported = parse_summary((folder / "out/summary.json").read_text())
        if load.judged:
            reported.says = parse_verdict((folder / "out/verdict.json").read_text())
        return reported

    def went_well(self, exit_code):
        # An invalid run was made as asked for; that it is not to be trusted is its verdict.
        return exit_code in (0, EXIT_INVALID)


def configuration(load, folder):
    """The load as loadgate's language has it."""
    protocol = ("auto" if load.tls else "h2c") if load.http2 else "http1"
    tls = ", tls: { insecure: true }" if load.tls else ""
    lines = ["version: 1", "name: peers", f"target: {{ base_url: '{load.url}', protocol: {protocol}{tls} }}"]
    if load.rate:
        lines += [f"load: {{ max_in_flight: 10000, stages: [ {{ rate: {load.rate}/s, duration: {load.seconds}s }} ] }}"]
    else:
        streams = f", streams: {load.streams}" if load.http2 else ""
        lines += [f"http: {{ connections: {{ max: {load.connections}{streams} }} }}"]
        lines += [f"load: {{ model: closed, stages: [ {{ vus: {load.in_flight}, duration: {load.seconds}s }} ] }}"]
    lines += ["scenarios: [ { name: get, get: / } ]", f"baseline: {{ dir: '{folder}/baselines' }}"]
    lines += ["report: { formats: [json] }"]
    return "\n".join(lines) + "\n"


def parse_summary(text):
    total = json.loads(text)["total"]
    latency = {name: us / 1e3 for name, us in total["response_time_us"].items() if us is not None and name != "mean"}
    return Reported(latency, total["errors"], total["dropped"])


def parse_verdict(text):
    verdict = json.loads(text)
    if verdict["verdict"] != "invalid":
        return ""
    return "invalid: " + "; ".join(check["reason"] for check in verdict["validity"] if not check["ok"])
