"""The lists of the administrators' page at a million devices, while phones check in: how long one page takes.

Asked through the console's socket: what TLS and a key's rate cost is not what is measured. Every kind of list is asked
for many times with other values, in turn, so that no answer is a repeat.
"""

import http.client
import json
import random
import socket
import sqlite3
import subprocess
import time
from urllib.parse import quote

from .fleet import YEALINK

PHONES_PER_SECOND = 500
# A page by equality or prefix, and one by "contains"; milliseconds at the 99th percentile.
PAGE = (100, 25)
CONTAINS = (1_000, 100)
AUDIT_ACTIONS = ("device.add", "device.set", "device.remove", "site.set", "profile.set", "session.login")


class Console(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("console", timeout=60)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)

    def ask(self, path):
        """Milliseconds and the answer."""
        start = time.perf_counter()
        self.request("GET", f"/api/v1{path}")
        answer = self.getresponse()
        body = answer.read()
        took = (time.perf_counter() - start) * 1000
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:200]}")
        return took, json.loads(body)


def write_rows(box, count):
    """Check-ins and audit entries of years, as the tables have them. The box is stopped: nobody else writes."""
    chance = random.Random(3)
    day = lambda n: 1_700_000_000_000 + n * 10_000
    entries = (
        (day(n), f"user{chance.randrange(200)}", chance.choice(AUDIT_ACTIONS), f"{n:012x}", f"name=Desk {n}",
         f"192.0.2.{n % 250}")
        for n in range(count)
    )  # fmt: skip
    # One of a thousand was refused.
    asked = (
        (day(n), day(n), YEALINK.first_mac + chance.randrange(count // 2), f"192.0.2.{n % 250}",
         "refused" if n % 1000 == 7 else "served", "unknown-device" if n % 1000 == 7 else "token",
         404 if n % 1000 == 7 else 200)
        for n in range(count)
    )  # fmt: skip
    with sqlite3.connect(box.data / "phonebox.db") as db:
        db.executemany(
            "INSERT INTO audit (account_id, at, actor, action, object, detail, ip, process, result)"
            " VALUES (1, ?, ?, ?, ?, ?, ?, 'api', 'success')",
            entries,
        )
        db.executemany(
            "INSERT INTO check_in (account_id, at, last_at, count, transport, mac, peer, method, file, evidence, decision,"
            " reason, status, bytes, micros) VALUES (1, ?, ?, 1, 'http', ?, ?, 'GET', 'x.cfg', 'path', ?, ?, ?, 4096, 50)",
            asked,
        )


def kinds(count, newest_check_in, newest_audit):
    """(what, a maker of paths, bar and goal)"""
    chance = random.Random(5)
    mac = lambda: f"{YEALINK.first_mac + chance.randrange(count // 2):012x}"
    number = lambda: chance.randrange(count // 2)
    name = lambda: quote(f"{mac()}~desk 1{number():06}")
    row = lambda newest: chance.randrange(1, newest + 1)
    return [
        ("Devices, first page by MAC", lambda: "/devices?limit=50", PAGE),
        ("Devices, first page by name", lambda: "/devices?sort=name", PAGE),
        ("Devices, by name, deep inside", lambda: f"/devices?sort=name&after={name()}", PAGE),
        ("Devices, by name downwards, deep inside", lambda: f"/devices?sort=-name&after={name()}", PAGE),
        ("Devices of a vendor by name", lambda: "/devices?vendor=yealink&sort=name", PAGE),
        ("Devices of a vendor by name, deep inside", lambda: f"/devices?vendor=avaya&sort=name&after={name()}", PAGE),
        ("Devices of a model downwards by MAC", lambda: "/devices?model=T54W&sort=-mac", PAGE),
        ("Devices of a model that nobody has, by name", lambda: "/devices?model=T99&sort=name", PAGE),
        ("Devices of a site by name", lambda: "/devices?site=default&sort=name", PAGE),
        ("Devices of a site by name, deep inside", lambda: f"/devices?site=default&sort=name&after={name()}", PAGE),
        ("Active devices by name", lambda: "/devices?state=active&sort=name", PAGE),
        ("Devices not yet activated, by name", lambda: "/devices?state=known&sort=name", PAGE),
        ("Devices that came without their proof", lambda: "/devices?reset_suspected=true&sort=name", PAGE),
        ("Devices by the first digits of the MAC", lambda: f"/devices?search={mac()[:9]}&sort=name", PAGE),
        ("Devices by a whole MAC", lambda: f"/devices?search={mac()}", PAGE),
        ("Devices whose name contains …, one", lambda: f"/devices?search=esk+1{number():06}&sort=name", CONTAINS),
        ("Devices by the last digits of the MAC", lambda: f"/devices?search={mac()[-5:]}&sort=name", CONTAINS),
        ("Devices that contain …, none", lambda: f"/devices?search=nobody{number()}&sort=-name", CONTAINS),
        ("Devices that contain …, all", lambda: "/devices?search=esk&sort=name", CONTAINS),
        ("Devices of a vendor that contain …", lambda: f"/devices?vendor=avaya&search=sk+2{number() % 1000:03}", CONTAINS),
        ("Overview with its counts", lambda: "/overview", PAGE),
        ("Check-ins, first page", lambda: "/check-ins", PAGE),
        ("Check-ins, deep inside", lambda: f"/check-ins?after={row(newest_check_in)}", PAGE),
        ("Check-ins of one phone", lambda: f"/check-ins?mac={mac()}", PAGE),
        ("Check-ins that were refused", lambda: "/check-ins?decision=refused", PAGE),
        ("Check-ins that were stored, none", lambda: "/check-ins?decision=stored", PAGE),
        ("Audit log, first page", lambda: "/audit", PAGE),
        ("Audit log, deep inside", lambda: f"/audit?after={row(newest_audit)}", PAGE),
        ("Audit log of one user", lambda: f"/audit?actor=user{chance.randrange(200)}", PAGE),
        ("Audit log of a user who did nothing", lambda: f"/audit?actor=nobody{number()}", PAGE),
        ("Audit log of one action", lambda: "/audit?action=site", PAGE),
        ("Audit log of one object", lambda: f"/audit?object={number():012x}", PAGE),
        ("Audit log of one day", lambda: day(chance, count), PAGE),
        ("Audit log, contains …, one", lambda: f"/audit?text=Desk+{number()}%25", CONTAINS),
    ]  # fmt: skip


def day(chance, count):
    start = 1_700_000_000_000 + chance.randrange(count) * 10_000
    return f"/audit?from={start}&to={start + 86_400_000}"


def percentile(times, part):
    times = sorted(times)
    return times[min(len(times) - 1, int(len(times) * part))]


def lists(bench, fleet, rounds):
    box = fleet.box
    newest = lambda table: box.rows(f"SELECT coalesce(max(id), 1) FROM {table}")[0][0]
    all_kinds = kinds(fleet.count, newest("check_in"), newest("audit"))
    # Longer than the lists take; ended when they are done.
    command = [bench.load.program, "--to", box.address(), "--request", YEALINK.request(), "--values",
               fleet.learned["yealink"], "--connections", "64", "--rate", str(PHONES_PER_SECOND), "--seconds", "600"]  # fmt: skip
    before = box.stored()[0]
    phones = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    console = Console(box.data / "console.sock")
    started = time.monotonic()
    try:
        seen = {what: [] for what, _, _ in all_kinds}
        for _ in range(rounds):
            for what, path, _ in all_kinds:
                seen[what].append(console.ask(path())[0])
        took = time.monotonic() - started
        if phones.poll() is not None:
            bench.report.fail(f"the phones of the lists ended: {phones.stderr.read().decode()[-300:]}")
    finally:
        phones.terminate()
        phones.wait()
    time.sleep(1)
    asked = box.stored()[0] - before
    # What a cut off generator saw is not known.
    box.answered(asked)
    bench.report.note(f"lists: {asked / took:,.0f} phones/s checked in meanwhile; each kind was asked for {rounds} times")
    for what, _, (bar, goal) in all_kinds:
        p50, p99 = percentile(seen[what], 0.5), percentile(seen[what], 0.99)
        shown = f"p50/p99 {p50:.1f}/{p99:.1f} ms"
        bench.report.row(f"{what}, {fleet.count:,} devices, p99 in ms", shown, "", p99, bar, goal, least=False)
