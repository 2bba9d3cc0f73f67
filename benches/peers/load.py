"""What a tool is asked to do, and what it says about it afterwards."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Load:
    """The same load, whichever tool makes it."""

    url: str
    seconds: int
    http2: bool = False
    connections: int = 64
    streams: int = 1  # requests at a time on each connection
    rate: int | None = None  # requests per second; None: as many as the answers allow (closed loop)
    judged: bool = False  # let the tool say whether its own run can be trusted, if it can

    @property
    def tls(self):
        return self.url.startswith("https:")

    @property
    def in_flight(self):
        return self.connections * self.streams


@dataclass
class Reported:
    """What a tool says."""

    latency_ms: dict = field(default_factory=dict)  # p50 p90 p95 p99 p999 max, as far as it tells them
    errors: int = 0
    dropped: int = 0
    says: str = ""  # about trouble of its own
