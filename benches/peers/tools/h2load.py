"""h2load (nghttp2): closed loop and paced per connection, HTTP/1.1 and HTTP/2."""

import re

from figures import quantile
from load import Reported
from tools.tool import Tool


class H2load(Tool):
    name = "h2load"

    def command(self, load, folder):
        command = [self.program, "-t", "1", "-c", str(load.connections), "-m", str(load.streams)]
        if not load.http2:
            command += ["--h1"]
        if load.rate:
            # It tells no percentiles; the log, which costs it something, has every request.
            command += ["-n", str(load.rate * load.seconds), "--rps", f"{load.rate / load.connections:g}"]
            command += ["--log-file", str(folder / "h2load.log")]
        else:
            command += ["-D", str(load.seconds)]
        return [*command, load.url]

    def read(self, load, folder):
        log = folder / "h2load.log"
        reported = Reported(read_log(log.read_text()) if load.rate else {})
        reported.errors = count_errors((folder / "stdout.txt").read_text())
        log.unlink(missing_ok=True)
        return reported


def read_log(text):
    """Lines of start, status (-1: failed), microseconds."""
    rows = [line.split("\t") for line in text.splitlines()]
    times_ms = sorted(int(row[2]) / 1e3 for row in rows if row[1] != "-1")
    if not times_ms:
        return {}
    shares = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999, "max": 1.0}
    return {name: quantile(times_ms, q) for name, q in shares.items()}


def count_errors(text):
    """`failed` holds everything that went wrong: errors, timeouts, statuses of 400 and above."""
    failed = re.search(r"(\d+) failed, ", text)
    return int(failed.group(1)) if failed else 0
