"""The cases, each against its line in the table of targets. A case loads, measures both sides in turn and settles."""

import random
import subprocess
import time

from . import ledger
from .fleet import AVAYA, HERE, YEALINK
from .load import wrk
from .rounds import interleave

PREBUILT = 20_000
# Failed look-ups that a source may have in a minute are 30 in the shipped configuration.
PER_SOURCE = 25


class Bench:
    def __init__(self, report, nginx, load, rounds, seconds, warm_up, short):
        self.report, self.nginx, self.load, self.short = report, nginx, load, short
        self.rounds, self.seconds, self.warm_up = rounds, seconds, warm_up
        self.accepted = set()

    def interleave(self, a, b):
        return interleave(a, b, self.rounds, self.seconds, self.warm_up)

    def static(self, name, content):
        """The peer's file, and the same request for it: same generator, same head."""
        self.nginx.put(name, content)
        return lambda kind: kind.request(f"/{name}")

    def over_nginx(self, fleet, kind, lines, what, bar, goal, listener="http"):
        """A device's own rendered file over keep-alive connections."""
        values = fleet.learned[kind.vendor]
        content = fleet.one(kind)
        request = self.static(f"{kind.vendor}.{'cfg' if kind is YEALINK else 'txt'}", content)
        lines = min(lines, fleet.count // 2)
        seen = self.interleave(
            lambda s: wrk(fleet.box, kind.request(), values, lines, s, listener=listener),
            lambda s: wrk(self.nginx, request(kind), values, lines, s, listener=listener),
        )
        name = f"{kind.name}, {len(content):,} bytes, {listener.upper()} keep-alive, {what}"
        self.report.compare(name, seen, bar, goal, "nginx static")
        self.peak(fleet)
        ledger.settle(fleet.box, self.report, name)
        return seen

    def peak(self, fleet):
        fleet.peak = max(getattr(fleet, "peak", 0), fleet.box.resident(peak=True))

    def big_over_small(self, big, small):
        """Two boxes that differ in their number of devices; the requests are as many different ones on both sides."""
        lines = small.count // 2
        side = lambda fleet: lambda s: wrk(fleet.box, YEALINK.request(), fleet.learned["yealink"], lines, s)
        seen = self.interleave(side(big), side(small))
        self.report.compare(f"`<mac>.cfg` with {big.count:,} devices", seen, 0.85, 0.95, f"with {small.count:,}")
        everyone = lambda fleet: lambda s: wrk(
            fleet.box, YEALINK.request(), fleet.learned["yealink"], fleet.count // 2, s
        )
        seen = self.interleave(everyone(big), side(small))
        what = f"`<mac>.cfg` with {big.count:,} devices, every request a different one"
        self.report.compare(what, seen, None, None, f"with {small.count:,}")
        for fleet in (big, small):
            self.peak(fleet)
            ledger.settle(fleet.box, self.report, what)

    def new_sessions(self, fleet):
        """A TLS 1.3 handshake for every request, no resumption, the same kind of key on both sides."""
        values = fleet.learned["yealink"]
        request = self.static("yealink.cfg", fleet.one(YEALINK))
        options = dict(connections=16, listener="https", per_connection=1)
        seen = self.interleave(
            lambda s: self.load(fleet.box, YEALINK.request(), values, s, ca=fleet.box.ca(), **options),
            lambda s: self.load(self.nginx, request(YEALINK), values, s, ca=self.nginx.ca(), **options),
        )
        self.report.compare("New TLS 1.3 session per request, `<mac>.cfg`", seen, None, None, "nginx")
        ledger.settle(fleet.box, self.report, "new TLS sessions")

    def certified(self, fleet, kind):
        """One phone and its certificate, below a CA that the box accepts."""
        line = fleet.learned["yealink"].open().readline()
        values = fleet.dir / "one.values"
        values.write_text(line)
        if (fleet, kind) not in self.accepted:
            accepted = self.nginx.dir / f"clients-{kind}.pem"
            fleet.box.command("ca", "accept", "add", f"bench-{kind}", "--file", accepted)
            self.accepted.add((fleet, kind))
        return values, self.nginx.client(kind, line.split()[0])

    def mutual(self, fleet, kind, what, bar, goal):
        """A new session with a client certificate for every request: chain, revocation and MAC are checked."""
        values, cert = self.certified(fleet, kind)
        path = "/" + YEALINK.file
        own = self.static("yealink.cfg", fleet.one(YEALINK))
        options = dict(connections=16, per_connection=1, cert=cert, tls12=kind == "rsa")
        box, nginx = fleet.box.ca(), self.nginx.ca(kind)
        ask = YEALINK.request(path, proof=False)
        seen = self.interleave(
            lambda s: self.load(fleet.box, ask, values, s, listener="https", ca=box, **options),
            lambda s: self.load(self.nginx, own(YEALINK), values, s, listener=kind, ca=nginx, **options),
        )
        self.report.compare(f"New session with client certificate per request, {what}", seen, bar, goal, "nginx")
        ledger.settle(fleet.box, self.report, f"client certificates, {kind}")

    def scanner(self, fleet):
        """Unknown MACs from all over 127.0.0.0/8 against served phones from all over it, limits as shipped."""
        values = fleet.nobody(1_000 if self.short else 4_000_000)
        served = fleet.learned["yealink"]
        options = dict(per_connection=PER_SOURCE, spread=True)
        path = "/" + YEALINK.file
        seen = self.interleave(
            lambda s: self.load(fleet.box, YEALINK.request(path, proof=False), values, s, expect=404, **options),
            lambda s: self.load(fleet.box, YEALINK.request(), served, s, **options),
        )
        self.report.compare("Unknown MAC refused", seen, 1.0, 1.5, "served, same clients")
        ledger.settle(fleet.box, self.report, "refusals")

    def together(self, fleet, count):
        """So many connections at one moment, then one request on each."""
        all_of = fleet.learned["yealink"], None
        one, cert = self.certified(fleet, "ec")
        # The generator asks once for each line.
        same = fleet.dir / "same.values"
        same.write_text(one.read_text() * min(count, fleet.count // 2))
        cases = [
            ("HTTP", "http", all_of, True, 5, 1),
            ("HTTPS", "https", all_of, True, 15, 3),
            ("HTTPS, one client certificate (EC),", "https", (same, cert), False, 30, 6),
        ]
        for name, listener, (values, cert), proof, bar, goal in cases:
            ca = fleet.box.ca() if listener == "https" else None
            ask = YEALINK.request() if proof else YEALINK.request("/" + YEALINK.file, proof=False)
            options = dict(connections=count, listener=listener, together=True, ca=ca, cert=cert)
            start = time.monotonic()
            sample = self.load(fleet.box, ask, values, **options)
            took = time.monotonic() - start
            if sample.errors or sample.requests != min(count, fleet.count // 2):
                self.report.fail(f"{count} connections, {name}: {sample.errors} errors: {sample.error}")
            what = f"{count:,} {name} connections at once, opened and served, seconds"
            self.report.row(what, f"{took:.2f} s, p99 {sample.p99 / 1000:.0f} ms", "", took, bar, goal, least=False)
        ledger.settle(fleet.box, self.report, "connections at once")

    def firmware(self, fleet, clients=50):
        """20 MiB from the file store to many phones at once."""
        content = random.Random(1).randbytes((1 if self.short else 20) << 20)
        (fleet.dir / "bench.rom").write_bytes(content)
        fleet.box.command("file", "add", fleet.dir / "bench.rom", "--kind", "firmware")
        request = self.static("bench.rom", content)
        values = fleet.learned["yealink"]
        seen = self.interleave(
            lambda s: wrk(fleet.box, YEALINK.request("/bench.rom"), values, 64, s, connections=clients),
            lambda s: wrk(self.nginx, request(YEALINK), values, 64, s, connections=clients),
        )
        side = lambda s: f"{seen.of(s, 'throughput') / 1e9:.2f} GB/s"
        what = f"Firmware of {len(content) >> 20} MiB, {clients} clients, over nginx sendfile"
        self.report.row(what, side("a"), side("b"), seen.ratio("throughput"), 0.8, 1.0)
        if seen.errors():
            self.report.fail(f"{what}: {seen.errors()} errors")
        # Those that were cut off in the middle are check-ins too, and there is one for each client and round.
        ledger.settle(fleet.box, self.report, what)

    def identify(self, program):
        """`phonebox identify` on the requests of the identification cases, one core."""
        cases = (HERE.parent / "fixtures/identification/cases.jsonl").read_bytes()
        text = cases * (1 if self.short else 4_000)
        lines = text.count(b"\n")
        start = time.monotonic()
        done = subprocess.run([program, "identify"], input=text, capture_output=True, check=True)
        took = time.monotonic() - start
        answers = done.stdout.count(b"\n")
        if answers != lines:
            self.report.fail(f"identify answered {answers} of {lines} lines")
        self.report.row("`phonebox identify`, lines/s", f"{lines / took:,.0f}", "", lines / took, 200_000, 1_000_000)

    def import_over_sqlite(self, fleet, seconds):
        def sqlite():
            (fleet.dir / "peer.db").unlink(missing_ok=True)
            words = [str(fleet.dir / "peer.db"), ".mode csv", f".import {fleet.csv} device"]
            start = time.monotonic()
            subprocess.run(["sqlite3", *words], check=True)
            return time.monotonic() - start

        peer = min(sqlite() for _ in range(3))
        what = f"Import of {fleet.count:,} devices (CSV) over `sqlite3 .import` of the same file"
        self.report.row(what, f"{seconds:.2f} s", f"{peer:.2f} s", seconds / peer, 12, 4, least=False)

    def cold_start(self, fleet):
        """From the start of the process to the first answer; the box is left running, its memory untouched."""
        times = []
        for _ in range(1 if self.short else 5):
            fleet.box.stop()
            times.append(fleet.box.start().ready_ms)
        times.sort()
        took = times[len(times) // 2]
        what = f"Cold start with {fleet.count:,} devices until the first answer, ms"
        self.report.row(what, f"{took:.0f} ms", "", took, 300, 80, least=False)

    def memory(self, medium, big):
        for what, fleet, bar, goal in (
            (f"Resident memory under load, {medium.count:,} devices, peak, MiB", medium, 120, 64),
            (f"Resident memory under load, {big.count:,} devices, peak, MiB", big, 400, 200),
        ):
            self.report.row(what, f"{fleet.peak:.0f} MiB", "", fleet.peak, bar, goal, least=False)

    def idle_memory(self, fleet):
        time.sleep(0 if self.short else 3)
        mib = fleet.box.resident()
        what = f"Resident memory idle, {fleet.count:,} devices, MiB"
        self.report.row(what, f"{mib:.0f} MiB", "", mib, 40, 20, least=False)

    def one_setting(self, fleet, phones=20):
        """One global setting changed by a console command until phones get the new file."""
        values = fleet.learned["yealink"].open()
        lines = [values.readline().split() for _ in range(phones)]
        took = []
        for number in range(1 if self.short else 5):
            server = f"ntp{number}.example.net"
            start = time.monotonic()
            fleet.box.command("layer", "set", "--global", f"time.ntp={server}")
            for mac, shown, proof in lines:
                path = YEALINK.path.replace("{3}", proof).replace("{1}", mac)
                text = fleet.box.get(path, **{"User-Agent": YEALINK.agent.replace("{2}", shown)})
                if server.encode() not in text:
                    self.report.fail(f"{mac} still gets its old file after a change")
            took.append((time.monotonic() - start) * 1000)
        middle = sorted(took)[len(took) // 2]
        what = f"One global setting changed with {fleet.count:,} devices until {phones} phones got the new file, ms"
        self.report.row(what, f"{middle:.0f} ms", "", middle, 1000, 50, least=False)
        ledger.settle(fleet.box, self.report, what)
