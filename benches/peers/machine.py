"""The machine: which cpu does what, and who used how much of it."""

import os
import platform
import resource
from contextlib import contextmanager
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@contextmanager
def pinned(cpu):
    """Processes started inside run on this cpu only, with all their threads."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def used_seconds(proc=Path("/proc")):
    """Cpu time that all processes have used, those that have ended included, and time taken by the machine's host.

    A process that ended was either waited for, so that its time is among that of its parent's children, or is still there.
    The busy fields of `/proc/stat` won't do: many kernels count them in ticks, and overlook or overrate work that timers start,
    which is what paced load is.
    """
    ticks = int((proc / "stat").read_text().split()[8])  # stolen
    for process in proc.glob("[0-9]*/stat"):
        try:
            ticks += sum(cpu_ticks(process.read_text()))
        except OSError:
            pass  # ended between the look at the folder and this
    return ticks / TICKS_PER_S


def process_seconds(pid):
    """Cpu time a process that still runs has used."""
    user, system, _children_user, _children_system = cpu_ticks(Path(f"/proc/{pid}/stat").read_text())
    return (user + system) / TICKS_PER_S


def cpu_ticks(stat):
    """Of a process, its own and that of children it waited for: user and system each."""
    # The name in parentheses may hold spaces.
    return [int(field) for field in stat.rpartition(")")[2].split()[11:15]]


def peak_rss_mb(pid):
    """Largest resident memory the program has had; None once it has ended.

    `ru_maxrss` won't do: it begins with the memory of the process that started the program.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1000 * 1.024 for line in lines if line.startswith("VmHWM:")), None)


def raise_open_files_limit():
    """Every connection is a file; what is started from here inherits the limit."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def describe():
    """The machine in one line."""
    models = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory_kb = int(Path("/proc/meminfo").read_text().split()[1])
    model = models[0] if models else platform.machine()
    kernel = platform.release().split("-")[0]
    return f"{os.cpu_count()} cpus ({model}), {memory_kb / 1e6:.0f} GB, {platform.system()} {kernel}"


def find(program, folders=()):
    """The full path of a program in these folders or on the PATH."""
    for folder in [*folders, *os.environ.get("PATH", "").split(os.pathsep)]:
        path = Path(folder) / program
        if folder and path.is_file() and os.access(path, os.X_OK):
            return str(path.absolute())
    return None
