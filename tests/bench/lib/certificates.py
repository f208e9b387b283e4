"""Certificates a second: by SCEP from a request over the phones' HTTP door, and with keys made in the box over the API."""

import json
import subprocess
import threading

from . import ledger

CA_CERTIFICATES = "/scep?operation=GetCACert"


class Certificates:
    """A box of its own: phones that have nothing but their challenge."""

    def __init__(self, box, load, program, directory, count):
        self.box, self.load, self.program, self.dir, self.count = box, load, program, directory, count
        self.dir.mkdir(parents=True, exist_ok=True)
        self.macs = [f"805ec0{n:06x}" for n in range(1, count + 1)]

    def prepare(self):
        csv = self.dir / "phones.csv"
        csv.write_text("mac,vendor,model,active\n" + "".join(f"{mac},Yealink,T54W,true\n" for mac in self.macs))
        self.box.start().stop()
        self.box.command("device", "import", csv)
        self.box.start()
        challenge = lambda mac: json.loads(self.box.command("enrollment", "challenge", mac, "--json"))["challenge"]
        lines = "".join(f"{mac}\t{challenge(mac)}\n" for mac in self.macs)
        chain, ra = self.dir / "chain.p7", self.dir / "ra.der"
        chain.write_bytes(self.box.get(CA_CERTIFICATES))
        pem = subprocess.run(
            ["openssl", "pkcs7", "-inform", "DER", "-in", chain, "-print_certs"], capture_output=True, check=True
        ).stdout
        # The first one is whom messages are for.
        subprocess.run(["openssl", "x509", "-outform", "DER", "-out", ra], input=pem, check=True)
        made = subprocess.run([self.program, ra], input=lines, capture_output=True, text=True, check=True).stdout
        self.messages = self.dir / "messages"
        self.messages.write_text(made)

    def issued(self, door):
        return self.box.rows("SELECT count(*) FROM certificate WHERE door = ?", door)[0][0]

    def by_scep(self, report):
        # Nameless clients get one answer a connection.
        request = (
            "GET /scep?operation=PKIOperation&message={1} HTTP/1.1\\r\\n"
            f"Host: {self.box.address()}\\r\\nUser-Agent: Yealink SIP-T54W 96.86.0.74\\r\\n"
        )
        sample = self.load(self.box, request, self.messages, connections=16)
        issued = self.issued("scep")
        if sample.errors or issued != self.count:
            report.fail(f"SCEP: {issued} of {self.count} certificates, {sample.errors} errors: {sample.error}")
        what = f"Certificates by SCEP from a CSR, {self.count} different keys, RSA-2048 CA, per second"
        shown = f"{sample.rate:,.0f}/s, p99 {sample.p99 / 1000:.0f} ms"
        report.row(what, shown, "", sample.rate, 200, 600)
        ledger.settle(self.box, report, what)

    def settings_meanwhile(self, report, seconds):
        """T89: what a phone waits for its settings while keys are made, over what it waits while nobody asks for one."""
        values = self.dir / "served"
        values.write_text("".join(f"{mac}\n" for mac in self.macs))
        head = f"Host: {self.box.address()}\\r\\nUser-Agent: Yealink SIP-T54W 96.86.0.74\\r\\n"
        request = "GET /{1}.cfg HTTP/1.1\\r\\n" + head
        # Few at once: what each of them waits is measured, not how many the machine can do.
        served = lambda: self.load(self.box, request, values, seconds=seconds, connections=2)
        served()
        idle, answers = served(), self.box.answers
        keys = threading.Thread(target=self.make_keys, kwargs={"seconds": seconds + 1})
        keys.start()
        busy = served()
        keys.join()
        # A person's request is no check-in.
        self.box.answers = answers + busy.requests
        if idle.errors or busy.errors:
            report.fail(f"settings while keys are made: {idle.errors}, {busy.errors} errors: {idle.error or busy.error}")
        side = lambda sample: f"p99 {sample.p99 / 1000:.2f} ms"
        what = "Settings served while RSA-2048 keys are made, p99 over idle"
        report.row(what, side(busy), side(idle), busy.p99 / max(1, idle.p99), 3, 3, least=False)
        ledger.settle(self.box, report, what)

    def make_keys(self, count=None, seconds=None):
        """Certificate files over the API: for so many devices, or for so long."""
        token = json.loads(self.box.command("token", "rotate", "--json"))["token"]
        values = self.dir / "macs"
        values.write_text("".join(f"{mac}\n" for mac in self.macs[:count]))
        request = (
            "POST /api/v1/devices/{1}/certificate-file HTTP/1.1\\r\\n"
            f"Host: {self.box.address('admin')}\\r\\nAuthorization: Bearer {token}\\r\\nContent-Length: 0\\r\\n"
        )
        more = {"listener": "admin", "ca": self.box.ca()}
        return self.load(self.box, request, values, seconds=seconds, connections=4, **more)

    def with_own_keys(self, report):
        count = max(4, self.count // 4)
        answers = self.box.answers
        sample = self.make_keys(count)
        # A person's request is no check-in.
        self.box.answers = answers
        issued = self.issued("file")
        if sample.errors or issued != count:
            report.fail(f"own keys: {issued} of {count} certificates, {sample.errors} errors: {sample.error}")
        report.row("Certificates with RSA-2048 keys made in the box, per second", f"{sample.rate:,.1f}/s", "", sample.rate, None, None)
