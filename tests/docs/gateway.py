"""A gateway in front of a simulated provider, in a folder of its own, for the commands of one page."""

import os
import re
import socket
import subprocess
import tempfile
import time
from pathlib import Path

# How long a process may take to say where it listens, in seconds.
PATIENCE = 20
# Where the pages say that the gateway and the simulated providers are.
GATEWAY, PROVIDERS = "127.0.0.1:8000", r"127\.0\.0\.1:900\d"


class Gateway:
    """Started on entering, stopped on leaving."""

    def __init__(self, modelport, settings, file):
        self._processes = []
        self._modelport = modelport
        self._settings = settings
        self._file = file

    def __enter__(self):
        self._home = tempfile.TemporaryDirectory()
        self.folder = self._home.name
        os.mkdir(f"{self.folder}/bin")
        os.symlink(self._modelport, f"{self.folder}/bin/modelport")
        # An answer with an error's status makes a command fail, so that pages need not say so each time.
        Path(self.folder, ".curlrc").write_text("fail-with-body\n", encoding="utf-8")
        try:
            self._begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _begin(self):
        self._provider = self._start("sim", ["sim", "--port", "0"], {})
        self.environment = {
            "HOME": self.folder,
            "PORT": _free_port(),
            "OLLAMA_ENABLED": "false",
            "OPENAI_COMPATIBLE_BASE_URL": f"http://{self._provider}/v1",
            "OPENAI_COMPATIBLE_DEFAULT_MODEL": "sim-smart",
            "MODELPORT_DATA_DIR": f"{self.folder}/data",
            **self._settings,
        }
        if self._file:
            Path(self.folder, "modelport.toml").write_text(self.placed(self._file), encoding="utf-8")
        self._address = self._start("gateway", ["serve"], self.environment)

    def __exit__(self, *_):
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            process.wait(timeout=PATIENCE)
        self._home.cleanup()

    def placed(self, text):
        """The text with the addresses of this gateway and its provider in place of those that the pages have."""
        text = re.sub(PROVIDERS, self._provider, text)
        return text.replace(GATEWAY, getattr(self, "_address", GATEWAY))

    def _start(self, name, words, environment):
        log = Path(self.folder, f"{name}.log")
        with log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                [self._modelport, *words], cwd=self.folder, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        self._processes.append(process)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and process.poll() is None:
            said = log.read_text(encoding="utf-8")
            found = re.search(r"^modelport.*listens on http://([\d.:]+)", said, re.MULTILINE)
            if found:
                return found[1]
            time.sleep(0.02)
        raise RuntimeError(f"the {name} did not start:\n{log.read_text(encoding='utf-8')}")


def _free_port():
    # Commands find the gateway by its configuration, so its port has to be known before it starts.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return str(taken.getsockname()[1])
