"""A Phonebox: its commands, its process, its data directory."""

import json
import re
import signal
import sqlite3
import subprocess
import time
import urllib.request
from pathlib import Path

from .machine import cpu_seconds, family, resident_mib, wait_until

# Nothing may be pruned before it is counted.
KEEP = "100000000"


class Box:
    def __init__(self, program, data):
        self.program, self.data, self.process = program, Path(data), None
        self.log = self.data.with_suffix(".log")
        self.ready_ms = None
        # Answers that a client saw, and those it may not have seen.
        self.answers = self.unseen = 0

    def command(self, *words, stdin=None, timeout=1800):
        """A console command on this box's data; says its words when it fails."""
        line = [self.program, *map(str, words), "--data", str(self.data)]
        done = subprocess.run(line, input=stdin, capture_output=True, text=True, timeout=timeout)
        if done.returncode != 0:
            raise RuntimeError(f"phonebox {' '.join(map(str, words))}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def start(self):
        """Serves until `stop`. Ready is when the first request on the phones' port is answered."""
        run = self.data / "run.json"
        run.unlink(missing_ok=True)
        line = [self.program, "serve", "--data", str(self.data), "--checkins-rows", KEEP]
        for listener in ("admin", "http", "https", "tftp"):
            line += [f"--{listener}", "0.0.0.0:0"]
        with self.log.open("a") as log:
            start = time.monotonic()
            self.process = subprocess.Popen(line, stdout=log, stderr=log)
        wait_until(lambda: run.exists() or self.process.poll() is not None, 60, f"{self.data.name} starts", every=0.0005)
        if self.process.poll() is not None:
            raise RuntimeError(f"serve ended: {self.log.read_text()[-2000:]}")
        addresses = json.loads(run.read_text())
        self.ports = {name: address.rpartition(":")[2] for name, address in addresses.items()}
        self.get("/phonebox-ca.pem")
        self.ready_ms = (time.monotonic() - start) * 1000
        return self

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
            self.process = None

    @property
    def pid(self):
        return self.process.pid

    def address(self, listener="http", host="127.0.0.1"):
        return f"{host}:{self.ports[listener]}"

    def get(self, path, **headers):
        request = urllib.request.Request(f"http://{self.address()}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            self.answered(1)
            return answer.read()

    def answered(self, requests, unseen=0):
        self.answers += requests
        self.unseen += unseen

    def ca(self):
        return self.data / "phonebox-ca.pem"

    def resident(self, peak=False):
        return resident_mib(self.pid, peak)

    def cpu(self):
        return cpu_seconds(family(self.pid))

    def rows(self, sql, *values):
        """Reads the database beside the running box."""
        with sqlite3.connect(f"file:{self.data}/phonebox.db?mode=ro", uri=True, timeout=30) as db:
            return db.execute(sql, values).fetchall()

    def stored(self):
        """Answers that have a check-in, and the rows they are folded into."""
        return self.rows("SELECT coalesce(sum(count), 0), count(*) FROM check_in")[0]

    def dropped(self):
        """The highest number of dropped check-ins that the box told of."""
        told = re.findall(r"dropped=(\d+)", re.sub(r"\x1b\[[0-9;]*m", "", self.log.read_text(errors="replace")))
        return max(map(int, told), default=0)
