"""What is loaded: nginx, and target.c. Each counts the requests it served."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import machine

HERE = Path(__file__).parent
START_S = 10  # longest time a target may take until it listens


class TargetError(Exception):
    """A target can't be had, with the reason."""


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def ask(port, path):
    """The body that a GET is answered with."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


class Target:
    """A server process on its cpu, from `with` to the end of the block."""

    def __init__(self, folder, cpu):
        self.folder, self.cpu, self.process = folder, cpu, None

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        command, port = self.prepare()
        with machine.pinned(self.cpu), open(self.folder / "target.log", "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return self
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.__exit__()
                    raise TargetError(f"{command[0]} did not start: {(self.folder / 'target.log').read_text().strip() or error}") from error
                time.sleep(0.02)

    def __exit__(self, *_error):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()

    def cpu_seconds(self):
        return machine.process_seconds(self.process.pid)


class Nginx(Target):
    """nginx with one process: HTTP/1.1, TLS and h2c on three ports."""

    name = "nginx"

    def prepare(self):
        program = machine.find("nginx", ["/usr/sbin", "/usr/local/sbin"])
        if program is None:
            raise TargetError("nginx is not installed; see install.sh")
        make_certificate(self.folder)
        names = ("PLAIN_PORT", "TLS_PORT", "H2C_PORT", "STATUS_PORT")
        self.ports = {name: free_port() for name in names}
        text = (HERE / "nginx.conf").read_text()
        for name, value in {**self.ports, "FOLDER": self.folder}.items():
            text = text.replace(name, str(value))
        (self.folder / "nginx.conf").write_text(text)
        self.asked = 0
        return [program, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")], self.ports["STATUS_PORT"]

    def url(self, tls=False, http2=False):
        port = self.ports["TLS_PORT" if tls else "H2C_PORT" if http2 else "PLAIN_PORT"]
        return f"{'https' if tls else 'http'}://127.0.0.1:{port}/"

    def reset(self):
        self.asked = 0
        self.before = self._status()[1]

    def requests(self):
        """Requests served since the reset, those that ask for numbers not counted."""
        self.asked += 1
        return self._status()[1] - self.before - self.asked

    def connections(self):
        """Connections that are open now, the asking one not counted."""
        self.asked += 1
        return self._status()[0] - 1

    def _status(self):
        """Open connections and requests so far, this one included."""
        return parse_status(ask(self.ports["STATUS_PORT"], "/").decode())


def parse_status(text):
    """`Active connections: N` in the first line; accepted, handled, requests in the third."""
    lines = text.splitlines()
    return int(lines[0].split()[2]), int(lines[2].split()[2])


class OwnTarget(Target):
    """target.c; `behaviour` is its arguments behind the port."""

    name = "target.c"

    def __init__(self, folder, cpu, *behaviour):
        super().__init__(folder, cpu)
        self.behaviour = [str(word) for word in behaviour]

    def prepare(self):
        self.port = free_port()
        return [str(build_target(self.folder)), str(self.port), *self.behaviour], self.port

    def url(self, tls=False, http2=False):
        assert not tls and not http2, "target.c speaks HTTP/1.1 only"
        return f"http://127.0.0.1:{self.port}/"

    def reset(self):
        ask(self.port, "/__reset")

    def requests(self):
        return self.stats()["requests"]

    def stats(self, rate=None):
        return json.loads(ask(self.port, "/__stats" + (f"?rate={rate}" if rate else "")))


def build_target(folder):
    """The compiled target.c."""
    program = folder / "target"
    if not program.exists():
        compiler = machine.find(os.environ.get("CC", "cc"))
        if compiler is None:
            raise TargetError("no C compiler; see install.sh")
        built = subprocess.run([compiler, "-O2", "-o", program, HERE / "target.c"], capture_output=True, text=True, check=False)
        if built.returncode != 0:
            raise TargetError(f"target.c does not compile: {built.stderr.strip()}")
    return program


def make_certificate(folder):
    """A self-signed RSA-2048 certificate for 127.0.0.1."""
    if (folder / "cert.pem").exists():
        return
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise TargetError(f"openssl can't make a certificate: {error}") from error
