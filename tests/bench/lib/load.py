"""The two load generators: wrk for keep-alive, tests/bench/http_load.rs for the rest. Both say what they saw as JSON."""

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .machine import Noise, busy_seconds, cpu_seconds, family

HERE = Path(__file__).parent.parent
THREADS = 2
CONNECTIONS = 64
NOISE = Noise()


@dataclass
class Sample:
    """One run of one side."""

    requests: int
    seconds: float
    errors: int
    p50: float
    p99: float
    cpu_us: float
    bytes: int = 0
    error: str | None = None

    @property
    def rate(self):
        return self.requests / self.seconds

    @property
    def throughput(self):
        return self.bytes / self.seconds


def _run(command, server, seconds, unseen):
    """Runs a generator and charges the server's processor time to the requests that it counted. `unseen`: answers that may
    have left the server without being counted."""
    pids = family(server.pid)
    before, busy, mine, start = cpu_seconds(pids), busy_seconds()[0], os.times(), time.monotonic()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=seconds + 600)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command[:2]))}: {done.stderr.strip() or done.stdout.strip()}")
    spent, now = cpu_seconds(pids) - before, os.times()
    generator = now.children_user + now.children_system - mine.children_user - mine.children_system
    NOISE.add(time.monotonic() - start, busy_seconds()[0] - busy, spent + generator)
    seen = json.loads(done.stdout.strip().splitlines()[-1])
    per_request = spent / max(1, seen["requests"]) * 1e6
    server.answered(seen["requests"], unseen)
    return Sample(
        seen["requests"], seen["seconds"], seen["errors"], seen["p50"], seen["p99"], per_request,
        seen.get("bytes", 0), seen.get("error"),
    )  # fmt: skip


def wrk(server, request, values, lines, seconds, connections=CONNECTIONS, listener="http"):
    """Keep-alive; `lines` of the values in turn."""
    url = f"{listener}://{server.address(listener)}/"
    command = ["wrk", f"-t{THREADS}", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "-s", HERE / "wrk.lua"]
    # wrk cuts its connections off at the end, whatever was under way on them.
    return _run([*command, url, "--", request, values, lines, THREADS], server, seconds, unseen=connections)


class HttpLoad:
    """The program http_load, wherever cargo put it."""

    def __init__(self, program):
        self.program = program

    def __call__(self, server, request, values, seconds=None, connections=CONNECTIONS, listener="http", **more):
        command = [self.program, "--to", server.address(listener), "--request", request, "--values", values, "--connections", connections]
        if seconds is not None:
            command += ["--seconds", seconds]
        for name, value in more.items():
            flag = "--" + name.replace("_", "-")
            command += [flag] if value is True else [] if value in (None, False) else [flag, value]
        return _run(command, server, seconds or 600, unseen=0)
