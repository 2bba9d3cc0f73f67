"""A load generator as a process: started on its cpu, watched, stopped, and charged for what it used."""

import os
import select
import signal
import time
from dataclasses import dataclass

import machine

SAMPLE_S = 0.05  # how often memory is looked at


@dataclass(frozen=True)
class Usage:
    """What a process used, by the kernel's accounting (wait4), start-up included."""

    exit_code: int  # negative: the signal that ended it
    wall_s: float
    user_s: float
    system_s: float
    peak_rss_mb: float

    @property
    def cpu_s(self):
        return self.user_s + self.system_s


class Generator:
    """A running process whose output goes to `stdout.txt` and `stderr.txt` in a folder."""

    def __init__(self, command, folder, cpu):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        outputs = [(os.POSIX_SPAWN_OPEN, fd, str(folder / f"{name}.txt"), flags, 0o644) for fd, name in ((1, "stdout"), (2, "stderr"))]
        with machine.pinned(cpu):
            self.began = time.monotonic()
            self.pid = os.posix_spawn(command[0], command, os.environ, file_actions=outputs)
        self.peak_rss_mb = 0.0
        self.usage = None
        self._ended = os.pidfd_open(self.pid)

    def elapsed(self):
        return time.monotonic() - self.began

    def run_until(self, elapsed_s, done=lambda: False):
        """Watches the process until it has run so long, or `done` says so. Returns whether it still runs."""
        poll = select.poll()
        poll.register(self._ended, select.POLLIN)
        while self.usage is None and not done():
            left = elapsed_s - self.elapsed()
            if left <= 0:
                break
            ended = poll.poll(min(left, SAMPLE_S) * 1000)
            self.peak_rss_mb = max(self.peak_rss_mb, machine.peak_rss_mb(self.pid) or 0.0)
            if ended:
                self._reap()
        return self.usage is None

    def freeze(self, seconds):
        """Stops the process for a while, as a busy host does to its guests. Returns how long it really was."""
        os.kill(self.pid, signal.SIGSTOP)
        began = time.monotonic()
        time.sleep(seconds)
        os.kill(self.pid, signal.SIGCONT)
        return time.monotonic() - began

    def interrupt(self, grace_s=10):
        """Asks the process to end and report, then makes it end: h2load, for one, does not listen."""
        if self.usage is None:
            os.kill(self.pid, signal.SIGINT)
            if self.run_until(self.elapsed() + grace_s):
                self.kill()

    def kill(self):
        if self.usage is None:
            os.kill(self.pid, signal.SIGKILL)
            self._reap()

    def _reap(self):
        _pid, status, used = os.wait4(self.pid, 0)
        self.usage = Usage(os.waitstatus_to_exitcode(status), self.elapsed(), used.ru_utime, used.ru_stime, self.peak_rss_mb)
        os.close(self._ended)
