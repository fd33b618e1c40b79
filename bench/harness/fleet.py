"""Simulated providers and a gateway with routes over them, each a process of its own on a port of
its own. Starts and stops them and asks what the gateway makes of them; sends no load."""

import http.client
import json
import os
import re
import socket
import sys
import time
from pathlib import Path

from harness.machine import Process, quiet_port

# How long a process may take to listen, in seconds.
START_LIMIT = 15.0


class Provider:
    """A simulated provider. It can die and come back on the same port."""

    def __init__(self, binary, folder, name, *options):
        self.name, self.port = name, quiet_port()
        self.command = [binary, "sim", "--port", str(self.port), "--quiet", *options]
        self.log = Path(folder) / f"{name}.log"
        self.process = None

    def start(self):
        self.process = Process(self.command, None, self.log, cwd=self.log.parent, env=plain())
        wait_for(self.port, self.process, self.name)

    def kill(self):
        self.process.kill()

    def calls(self):
        """How many completions it was asked for."""
        seen = ask(self.port, "GET", "/__sim/requests")
        return sum(request["method"] == "POST" for request in seen)


class Gateway:
    """The gateway with one configuration file."""

    def __init__(self, binary, folder, file):
        self.port = quiet_port()
        path = Path(folder) / "modelport.toml"
        path.write_text(file)
        environment = plain() | {"PORT": str(self.port), "LOG_LEVEL": "WARN"}
        self.process = Process([binary, "serve", "--config", path], None,
                               Path(folder) / "gateway.log", cwd=folder, env=environment)
        wait_for(self.port, self.process, "the gateway")

    def explain(self, model):
        """The targets of a route as the gateway sees them now, by their names."""
        body = json.dumps({"model": model, "messages": []})
        explained = ask(self.port, "POST", "/v1/route/explain", body)
        return {target["target"]: target for target in explained["candidates"]}

    def stop(self):
        self.process.stop()


def with_ports(file, ports):
    """A configuration file with other ports in its base URLs: {old: new}."""
    return re.sub(r"(?<=127\.0\.0\.1:)\d+(?=/v1)", lambda port: str(ports[int(port[0])]), file)


def plain():
    """Nothing of the caller's environment or home may change what is shown."""
    return {"PATH": os.environ.get("PATH", "")}


def wait_for(port, process, name):
    begun = time.monotonic()
    while time.monotonic() - begun < START_LIMIT and process.alive():
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.005)
    log = Path(process.log).read_text(errors="replace")[-2000:]
    sys.exit(f"bench: {name} does not listen on port {port}\n{log}")


def ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()
