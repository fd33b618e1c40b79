"""What is measured: nginx as a plain reverse proxy, and builds of the gateway. Each can be started
afresh at any time, so that memory and start-up are read from a process that did nothing else."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from harness.machine import OPEN_FILES, PROXY_CORE, Process, free_port

# How long a proxy may take to answer its first request.
START_LIMIT = 15.0
BODY = b'{"messages":[{"role":"user","content":"hi"}],"model":"bench-model"}'

# Request bodies stay in memory and go upstream once complete, as in a gateway that has to read the
# model; nginx's default would put 1 MB into a temporary file, which costs more.
NGINX_CONF = """
daemon off;
{user}
worker_processes 1;
worker_rlimit_nofile {files};
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    tcp_nodelay on;
    keepalive_requests 100000000;
    keepalive_timeout 600s;
    client_max_body_size 64m;
    client_body_buffer_size {body_buffer};
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream provider {{
        server 127.0.0.1:{upstream};
        keepalive 1024;
        keepalive_requests 100000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://provider;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_request_buffering {request_buffering};
        }}
    }}
}}
"""


class Proxy:
    """One column of the table. `start` gives a new process; its port stays the same."""

    def __init__(self, label, upstream, folder):
        self.label = label
        self.upstream = upstream
        self.folder = Path(folder) / label
        self.folder.mkdir(parents=True)
        self.port = free_port()
        self.process = None

    def start(self):
        """Starts the process and says how long it took to answer a first request, in seconds."""
        begun = time.monotonic()
        self.process = self.launch()
        while time.monotonic() - begun < START_LIMIT and self.process.alive():
            if self.answers():
                return time.monotonic() - begun
            time.sleep(0.0005)
        log = Path(self.process.log).read_text(errors="replace")[-2000:]
        sys.exit(f"bench: {self.label} does not answer on port {self.port}\n{log}")

    def answers(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("POST", "/v1/chat/completions", BODY,
                               {"content-type": "application/json"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None


class Nginx(Proxy):
    def __init__(self, label, upstream, folder, body="memory"):
        super().__init__(label, upstream, folder)
        self.body = body

    def launch(self):
        conf = self.folder / "nginx.conf"
        conf.write_text(NGINX_CONF.format(
            user="user root;" if os.geteuid() == 0 else "", files=OPEN_FILES, folder=self.folder,
            body_buffer="16k" if self.body == "file" else "2m",
            request_buffering="off" if self.body == "stream" else "on",
            upstream=self.upstream, port=self.port))
        command = [nginx_binary(), "-p", self.folder, "-c", conf, "-e", self.folder / "error.log"]
        return Process(command, PROXY_CORE, self.folder / "output.log")


class Gateway(Proxy):
    def __init__(self, label, upstream, folder, binary):
        super().__init__(label, upstream, folder)
        self.binary = binary

    def launch(self):
        settings = {
            "OPENAI_COMPATIBLE_BASE_URL": f"http://127.0.0.1:{self.upstream}/v1",
            "OPENAI_COMPATIBLE_API_KEY": "bench-key",
            "OLLAMA_ENABLED": "false",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "MODELPORT_WORKERS": "1",
            "LOG_LEVEL": "INFO",
        }
        # Nothing of the caller's environment, home or `.env` may change what is measured.
        kept = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.folder)}
        return Process([self.binary, "serve"], PROXY_CORE, self.folder / "output.log",
                       cwd=self.folder, env=kept | settings)


def nginx_binary():
    """Where nginx is; installs Debian's package if it is missing and we may."""
    places = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    found = shutil.which("nginx", path=places)
    if not found and os.geteuid() == 0 and shutil.which("apt-get"):
        print("bench: installing nginx", file=sys.stderr)
        install_nginx()
        found = shutil.which("nginx", path=places)
    return found or sys.exit("bench: needs nginx (on Debian: apt-get install nginx)")


def install_nginx():
    """Installs the package without letting it start a server of its own on port 80."""
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", "nginx"],
                       check=True, stdout=subprocess.DEVNULL,
                       env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})
    finally:
        if ours:
            policy.unlink()


class Upstream:
    """The load tool's own upstream, on the load's core."""

    def __init__(self, load, core, folder):
        self.port = free_port()
        self.process = Process([load, "upstream", "--port", str(self.port)], core,
                               Path(folder) / "upstream.log")
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        sys.exit("bench: the upstream does not start")
