"""Processes pinned to a core, and what the kernel says they cost. Starts, reads and stops; knows
nothing of proxies or loads."""

import atexit
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PROXY_CORE = 0
LOAD_CORE = 1
# Both sides of 1,000 proxied streams, the idle pool, and room to spare.
OPEN_FILES = 16384

_running = []


def prepare():
    """Pins this script beside the load, raises the file limit, and promises to clean up."""
    if os.cpu_count() < 2:
        sys.exit("bench: needs two cores, one for the proxy and one for the load")
    os.sched_setaffinity(0, {LOAD_CORE})
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if limit < 4096:
        sys.exit(f"bench: needs 4,096 open files, the hard limit is {hard} (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    clean_up_at_the_end()


def clean_up_at_the_end():
    """No process outlives this script, however it ends."""
    atexit.register(stop_all)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit("bench: interrupted"))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def quiet_port():
    """A free port that the kernel gives to nobody: a server that dies and comes back finds it free,
    and nothing answers on it meanwhile."""
    first, _ = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    while True:
        port = random.randrange(10_000, max(int(first), 11_000))
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Process:
    """A child with everything it starts, pinned to one core unless that is None."""

    def __init__(self, command, core, log, cwd=None, env=None, pipes=False):
        # A child inherits the affinity of this moment; setting it here instead of in the child
        # keeps the start a plain vfork, which the start-up figure needs.
        if core is not None:
            os.sched_setaffinity(0, {core})
        pipe = subprocess.PIPE if pipes else None
        try:
            with open(log, "ab") as out:
                self.child = subprocess.Popen(
                    command, cwd=cwd, env=env, stdin=pipe or subprocess.DEVNULL,
                    stdout=pipe or out, stderr=out, text=pipes, start_new_session=True)
        finally:
            if core is not None:
                os.sched_setaffinity(0, {LOAD_CORE})
        self.log = log
        _running.append(self)

    def pids(self):
        found, left = [], [self.child.pid]
        while left:
            pid = left.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                left += [int(child) for child in task.read_text().split()]
        return found

    def cpu_ns(self):
        """User and system time of all threads that ever ran, from the scheduler's own sums in
        nanoseconds; /proc/PID/stat would round it to ticks of 10 ms."""
        return sum(time.clock_gettime_ns((~pid << 3) | 2) for pid in self.pids())

    def memory_kib(self):
        """Resident and proportional memory, in KiB."""
        sums = {"Rss": 0, "Pss": 0}
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                name, _, value = line.partition(":")
                if name in sums:
                    sums[name] += int(value.split()[0])
        return sums

    def alive(self):
        return self.child.poll() is None

    def kill(self):
        """Ends it without a chance to say goodbye."""
        if self in _running:
            _running.remove(self)
        self.child.kill()
        self.child.wait()

    def stop(self):
        if self in _running:
            _running.remove(self)
        pids = self.pids() if self.alive() else []
        self.child.terminate()
        try:
            self.child.wait(3)
        except subprocess.TimeoutExpired:
            for pid in pids:
                _kill(pid)
            self.child.wait()


def _kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def stop_all():
    for process in list(_running):
        process.stop()


def core_busy_ns(core):
    """Time the core spent on anything, in ticks turned to nanoseconds."""
    for line in Path("/proc/stat").read_text().splitlines():
        fields = line.split()
        if fields[0] == f"cpu{core}":
            user, nice, system, _, _, irq, softirq, steal = map(int, fields[1:9])
            tick = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
            return (user + nice + system + irq + softirq + steal) * tick
    return 0


class Instructions:
    """Instructions of a process while it is measured, where the machine lets perf count them."""

    _works = None

    def __init__(self, process, folder):
        self.counter, self.out = None, Path(folder) / "perf.txt"
        if process and Instructions.work(folder):
            pids = ",".join(map(str, process.pids()))
            self.counter = subprocess.Popen(
                ["perf", "stat", "-x,", "-e", "instructions", "-o", self.out, "-p", pids])
            time.sleep(0.2)

    @classmethod
    def work(cls, folder):
        if cls._works is None:
            out = Path(folder) / "perf-probe.txt"
            try:
                subprocess.run(["perf", "stat", "-x,", "-e", "instructions", "-o", out, "true"],
                               check=True, capture_output=True)
                cls._works = out.read_text().splitlines()[-1].split(",")[0].isdigit()
            except (OSError, subprocess.CalledProcessError, IndexError):
                cls._works = False
        return cls._works

    def count(self):
        if self.counter is None:
            return None
        self.counter.send_signal(signal.SIGINT)
        self.counter.wait(5)
        first = self.out.read_text().splitlines()[-1].split(",")[0]
        return int(first) if first.isdigit() else None
