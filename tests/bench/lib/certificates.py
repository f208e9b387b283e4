"""Certificates a second: by SCEP from a request over the phones' HTTP door, and with keys made in the box over the API."""

import json
import subprocess

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

    def with_own_keys(self, report):
        token = json.loads(self.box.command("token", "rotate", "--json"))["token"]
        values = self.dir / "macs"
        few = self.macs[: max(4, self.count // 4)]
        values.write_text("".join(f"{mac}\n" for mac in few))
        request = (
            "POST /api/v1/devices/{1}/certificate-file HTTP/1.1\\r\\n"
            f"Host: {self.box.address('admin')}\\r\\nAuthorization: Bearer {token}\\r\\nContent-Length: 0\\r\\n"
        )
        answers = self.box.answers
        sample = self.load(self.box, request, values, connections=4, listener="admin", ca=self.box.ca())
        # A person's request is no check-in.
        self.box.answers = answers
        issued = self.issued("file")
        if sample.errors or issued != len(few):
            report.fail(f"own keys: {issued} of {len(few)} certificates, {sample.errors} errors: {sample.error}")
        report.row("Certificates with RSA-2048 keys made in the box, per second", f"{sample.rate:,.1f}/s", "", sample.rate, None, None)
