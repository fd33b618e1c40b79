"""Callers: chat requests at a fixed rate over kept-alive connections, and what became of each.
Compares nothing and prints nothing."""

import http.client
import itertools
import json
import multiprocessing
import re
import threading
import time
from dataclasses import dataclass

PROCESSES = 2
# Longer than anything that is shown takes, in seconds.
PATIENCE = 30

OUTPUT = re.compile(rb'"content": ?"[^"]')

ANSWERED, UNBEGUN, BROKEN = "answered", "unbegun", "broken"


@dataclass
class Result:
    """One request."""

    due: float  # seconds from the beginning
    streamed: bool
    ending: str
    provider: str = ""
    first_output: float | None = None  # seconds from when it was due
    said: str = ""  # what went wrong, in the words that arrived
    told: bool = False  # whether that was an error of the API


@dataclass
class Load:
    """What is sent: so many requests a second for so many seconds, every second one streamed.
    `headers` maps a request's number to headers of its own. Each connection has a thread."""

    port: int
    model: str
    per_second: int
    seconds: float
    connections: int
    headers: callable = lambda number: {}

    def run(self, begin):
        """All requests, the first one at `begin` of the monotonic clock; the results in order."""
        results = multiprocessing.Queue()
        workers = [multiprocessing.Process(target=self.send_share, args=(share, begin, results),
                                           daemon=True)
                   for share in range(PROCESSES)]
        for worker in workers:
            worker.start()
        found = list(itertools.chain.from_iterable(results.get() for _ in workers))
        for worker in workers:
            worker.join()
        return sorted(found, key=lambda result: result.due)

    def send_share(self, share, begin, results):
        """Every so manieth request, by whichever thread is free."""
        numbers = iter(range(share, int(self.per_second * self.seconds), PROCESSES))
        lock, found = threading.Lock(), []

        def caller():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return connection.close()
                due = number / self.per_second
                time.sleep(max(0.0, begin + due - time.monotonic()))
                found.append(self.send(connection, number, due, begin))

        threads = [threading.Thread(target=caller) for _ in range(self.connections // PROCESSES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        results.put(found)

    def send(self, connection, number, due, begin):
        """One request. Time counts from when it was due, so that a late start is no excuse."""
        # Neighbours go to different processes, so it is pairs that take turns.
        result = Result(due, number // PROCESSES % 2 == 0, UNBEGUN)
        body = json.dumps({"model": self.model, "stream": result.streamed,
                           "messages": [{"role": "user", "content": "Hello!"}]})
        headers = {"content-type": "application/json"} | self.headers(number)
        text = b""
        try:
            connection.request("POST", "/v1/chat/completions", body, headers)
            response = connection.getresponse()
            result.provider = response.headers.get("x-modelport-provider", "")
            while piece := response.read1(65536):
                text += piece
                if response.status == 200 and result.first_output is None and OUTPUT.search(text):
                    result.first_output = time.monotonic() - begin - due
            # Only this notices the end of a body whose length was known, and frees the connection.
            response.read()
            whole = b"data: [DONE]" in text if result.streamed else text.endswith(b"}")
            if result.first_output is not None:
                result.ending = ANSWERED if whole and b'"error":' not in text else BROKEN
        except (OSError, http.client.HTTPException) as fault:
            connection.close()
            text += repr(fault).encode()
            if result.first_output is not None:
                result.ending = BROKEN
        if result.ending != ANSWERED:
            result.said, result.told = what_was_said(text), b'{"error"' in text
        return result


def what_was_said(text):
    """The message of an error, as an answer or the last event of a stream; else whatever arrived."""
    text = text[max(text.rfind(b'{"error"'), 0):].decode(errors="replace").strip()
    try:
        return json.loads(text)["error"]["message"]
    except (ValueError, LookupError, TypeError):
        return text[:400]


def percentile(values, percent):
    """The nearest-rank percentile; None of nothing."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else None
