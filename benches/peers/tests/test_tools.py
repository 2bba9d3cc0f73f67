"""What is read out of each tool's output, and what each is asked for."""

import json
import unittest
from pathlib import Path

from load import Load
from targets import parse_status
from tools import TOOLS, h2load, k6, loadgate, oha, wrk

WRK = """Running 2s test @ http://127.0.0.1:59053/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   170.62us  103.66us   2.98ms   89.45%
    Req/Sec   211.62k     3.65k  216.68k    76.19%
  Latency Distribution
     50%  146.00us
     75%  158.00us
     90%  277.00us
     99%    1.33s
  441643 requests in 2.10s, 62.76MB read
  Socket errors: connect 1, read 20, write 0, timeout 300
  Non-2xx or 3xx responses: 4000
Requests/sec: 210507.38
"""

H2LOAD = """finished in 2.00s, 196637.50 req/s, 27.94MB/s
requests: 393275 total, 393339 started, 393275 done, 393268 succeeded, 7 failed, 2 errored, 1 timeout
status codes: 393268 2xx, 0 3xx, 4 4xx, 0 5xx
"""

OHA = {
    "summary": {"slowest": 0.01036658},
    "latencyPercentiles": {"p10": 0.0001, "p50": 0.0005, "p90": 0.0006, "p95": 0.0007, "p99": 0.002, "p99.9": None},
    "statusCodeDistribution": {"200": 30000, "503": 5},
    "errorDistribution": {"aborted due to deadline": 64, "connection refused": 3},
}

K6 = {
    "http_req_duration": {"values": {"p(50)": 5.1, "p(99)": 20.5, "p(99.9)": 33.0, "max": 40.0}},
    "http_req_failed": {"values": {"rate": 0.1, "passes": 12, "fails": 108}},
    "dropped_iterations": {"values": {"count": 859, "rate": 50.0}},
}

SUMMARY = {
    "total": {"errors": 2, "dropped": 1, "response_time_us": {"p50": 5130, "p90": None, "p99": 5720, "max": 8700, "mean": 5200.5}},
}


class Output(unittest.TestCase):
    def test_wrk(self):
        reported = wrk.parse(WRK)
        self.assertEqual(reported.latency_ms, {"p50": 0.146, "p75": 0.158, "p90": 0.277, "p99": 1330.0, "max": 2.98})
        self.assertEqual(reported.errors, 4321)

    def test_h2load(self):
        self.assertEqual(h2load.count_errors(H2LOAD), 7)
        log = "".join(f"1700000000000000\t200\t{us}\n" for us in range(1000, 0, -1)) + "1700000000000000\t-1\t99999\n"
        latency = h2load.read_log(log)
        self.assertEqual((latency["p50"], latency["p99"], latency["max"]), (0.5, 0.99, 1.0))
        self.assertEqual(h2load.read_log(""), {})

    def test_oha_is_not_blamed_for_requests_cut_off_at_the_end(self):
        reported = oha.parse(json.dumps(OHA))
        self.assertEqual(reported.errors, 8)
        self.assertAlmostEqual(reported.latency_ms["p99"], 2.0)
        self.assertNotIn("p999", reported.latency_ms)

    def test_k6(self):
        reported = k6.parse(json.dumps(K6))
        self.assertEqual((reported.errors, reported.dropped, reported.says), (12, 859, "859 iterations dropped"))
        self.assertEqual(reported.latency_ms, {"p50": 5.1, "p99": 20.5, "p999": 33.0, "max": 40.0})

    def test_loadgate(self):
        reported = loadgate.parse_summary(json.dumps(SUMMARY))
        self.assertEqual((reported.errors, reported.dropped), (2, 1))
        self.assertEqual(reported.latency_ms, {"p50": 5.13, "p99": 5.72, "max": 8.7})

    def test_loadgate_says_so_when_a_run_is_invalid(self):
        checks = [{"ok": True, "reason": "all well"}, {"ok": False, "reason": "the load generator was late"}]
        say = lambda verdict: loadgate.parse_verdict(json.dumps({"verdict": verdict, "validity": checks}))
        self.assertEqual((say("invalid"), say("warn")), ("invalid: the load generator was late", ""))


    def test_nginx_tells_open_connections_and_requests(self):
        text = "Active connections: 65 \nserver accepts handled requests\n 66 66 441708 \nReading: 0 Writing: 65 Waiting: 0 \n"
        self.assertEqual(parse_status(text), (65, 441708))


class Commands(unittest.TestCase):
    def test_loads_are_told_in_the_language_of_loadgate(self):
        write = lambda **load: loadgate.configuration(Load(**load), Path("/out")).splitlines()
        paced = write(url="http://127.0.0.1:1/", seconds=16, rate=2000)
        self.assertIn("load: { max_in_flight: 10000, stages: [ { rate: 2000/s, duration: 16s } ] }", paced)
        http2 = write(url="https://127.0.0.1:1/", seconds=10, http2=True, connections=8, streams=8)
        self.assertIn("target: { base_url: 'https://127.0.0.1:1/', protocol: auto, tls: { insecure: true } }", http2)
        self.assertIn("http: { connections: { max: 8, streams: 8 } }", http2)
        self.assertIn("load: { model: closed, stages: [ { vus: 64, duration: 10s } ] }", http2)

    def test_only_tools_that_can_make_a_load_are_given_it(self):
        able = lambda **load: [kind.name for kind in TOOLS if kind("x").supports(Load(seconds=1, **load))]
        everyone = ["loadgate", "wrk", "oha", "h2load", "k6"]
        self.assertEqual(able(url="http://x/"), everyone)
        self.assertEqual(able(url="http://x/", rate=2000), ["loadgate", "oha", "h2load", "k6"])
        self.assertEqual(able(url="https://x/", http2=True), ["loadgate", "oha", "h2load", "k6"])
        self.assertEqual(able(url="http://x/", http2=True), ["loadgate", "oha", "h2load"])


if __name__ == "__main__":
    unittest.main()
