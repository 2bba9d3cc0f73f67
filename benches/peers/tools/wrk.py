"""wrk: closed loop, HTTP/1.1."""

import re

from load import Reported
from tools.tool import Tool

SCALE_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


class Wrk(Tool):
    name = "wrk"

    def supports(self, load):
        return load.rate is None and not load.http2

    def command(self, load, folder):
        return [self.program, "-t", "1", "-c", str(load.connections), "-d", f"{load.seconds}s", "--latency", load.url]

    def read(self, load, folder):
        return parse((folder / "stdout.txt").read_text())


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * SCALE_MS[unit]


def parse(text):
    reported = Reported()
    for share, time in re.findall(r"^ +(\d+)% +(\S+)$", text, re.MULTILINE):
        reported.latency_ms[f"p{share}"] = milliseconds(time)
    longest = re.search(r"^ +Latency +\S+ +\S+ +(\S+)", text, re.MULTILINE)
    if longest:
        reported.latency_ms["max"] = milliseconds(longest.group(1))
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    statuses = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    reported.errors = sum(int(count) for found in (sockets, statuses) if found for count in found.groups())
    return reported
