"""The loads, and one measurement of one load at one proxy. Returns plain figures; compares
nothing."""

import json
import statistics
import subprocess
import threading
import time

from harness.machine import LOAD_CORE, PROXY_CORE, Instructions, Process, core_busy_ns

# Beyond its own length a load may take this long before it is killed, in seconds.
LOAD_LIMIT = 60
EVENT_BYTES = 300


class Loads:
    """The lengths of a run, and how each load is asked of the load tool."""

    def __init__(self, quick):
        self.rounds = 2 if quick else 7
        self.tries = 1 if quick else 3
        self.millis = 1000 if quick else 2500
        self.starts = 3 if quick else 9
        self.open_rounds = 1 if quick else 2

    def small_at_rate(self):
        return ["requests", "--connections", "16", "--rate", "2000", "--millis", str(self.millis)]

    def small_at_most(self):
        return ["requests", "--connections", "64", "--millis", str(self.millis)]

    def large(self):
        return ["requests", "--connections", "8", "--rate", "200", "--body-bytes", str(1 << 20),
                "--millis", str(self.millis)]

    def chunks(self):
        return streams(50, self.millis // 5, 5_000, 0)

    def many_streams(self):
        """1,000 streams, opened over two seconds; all are open from the second to the sixth."""
        return streams(1000, 30, 200_000, 2000)


def streams(count, events, interval_us, ramp_millis):
    return ["streams", "--streams", str(count), "--events", str(events), "--interval-us",
            str(interval_us), "--event-bytes", str(EVENT_BYTES), "--ramp-millis", str(ramp_millis)]


class Bench:
    """The load tool and where its files go."""

    def __init__(self, load, upstream, folder):
        self.load, self.upstream, self.folder = load, upstream, folder

    def measure(self, proxy, arguments, watch_memory=False):
        """Runs a load through `proxy` (straight to the upstream if None)."""
        port = proxy.port if proxy else self.upstream.port
        command = [self.load, *arguments, "--target", f"127.0.0.1:{port}"]
        load = Process(command, LOAD_CORE, self.folder / "load.log", pipes=True)
        timer = threading.Timer(LOAD_LIMIT, load.child.kill)
        timer.start()
        try:
            first = load.child.stdout.readline()
            if first.strip() != "ready":
                warm_up = json.loads(first or "{}")
                return failed(warm_up.get("first_fault") or "the load tool ended")
            instructions = Instructions(proxy and proxy.process, self.folder)
            before = self.clocks(proxy)
            load.child.stdin.write("\n")
            load.child.stdin.flush()
            memory = peak_memory(proxy, load) if watch_memory else None
            last = load.child.stdout.readline()
            # What the proxy does right after its last answer belongs to it.
            time.sleep(0.05)
            after = self.clocks(proxy)
            report = json.loads(last or "null") or failed("the load tool ended early")
        except (OSError, subprocess.SubprocessError, ValueError) as fault:
            return failed(str(fault))
        finally:
            timer.cancel()
            load.stop()
        report["instructions"] = instructions.count()
        report["memory_kib"] = memory
        return report | figures(report, {name: after[name] - before[name] for name in before})

    def clocks(self, proxy):
        return {
            "wall": time.monotonic_ns(),
            "proxy": proxy.process.cpu_ns() if proxy else 0,
            "upstream": self.upstream.process.cpu_ns(),
            "core": core_busy_ns(PROXY_CORE),
        }


def failed(fault):
    return {"completed": 0, "chunks": 0, "reads": 0, "seconds": 0, "faults": 1,
            "first_fault": fault.strip()[:300], "latency_us": {}, "instructions": None}


def figures(report, spent):
    """Derives costs per unit: chunks if there were any, else requests."""
    units = report["chunks"] or report["completed"]
    if not units or report["faults"]:
        return {}
    wall = spent["wall"]
    counted = report["instructions"]
    return {
        "units": units,
        "cpu_us": spent["proxy"] / 1000 / units,
        "per_second": units / report["seconds"],
        "proxy_busy": spent["proxy"] / wall,
        "upstream_busy": spent["upstream"] / wall,
        # What others ran on the proxy's core; it blurs every figure.
        "foreign_busy": max(0.0, (spent["core"] - spent["proxy"]) / wall),
        "instructions_each": counted / units if counted else None,
        "chunks_per_read": report["chunks"] / report["reads"] if report["reads"] else None,
    }


def peak_memory(proxy, load):
    """The highest proportional memory while the load runs, in KiB."""
    peak = 0
    while load.alive() and proxy.process.alive():
        peak = max(peak, proxy.process.memory_kib()["Pss"])
        time.sleep(0.25)
    return peak


def settled_memory(proxy):
    """Memory after a second of rest."""
    time.sleep(1)
    return proxy.process.memory_kib()


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None
