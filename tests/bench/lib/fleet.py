"""So many phones: half of them Yealink T54W, half Avaya J179, one line each, all with the same 4 KiB of settings.

Their proofs are learned as a phone learns them: each fetches its first file at the LAN-wide URL inside its first-contact
window, then comes back with what that file told it.
"""

import base64
import random
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent.parent
NOBODY = 0x805EC0800000
KEYS = {"yealink": 14, "avaya": 28}


@dataclass
class Kind:
    """One vendor's phones: `{1}` is the MAC, `{2}` the MAC in the User-Agent, `{3}` the proof."""

    vendor: str
    model: str
    first_mac: int
    agent: str
    file: str
    name: str
    # What stands before the proof in its first file, and how the proof is shown.
    marker: str
    path: str
    proof: str = ""

    def request(self, path=None, proof=True):
        """The head that it sends; the last empty line is the generator's."""
        login = f"\\r\\n{self.proof}" if proof and self.proof else ""
        return f"GET {path or self.path} HTTP/1.1\\r\\nHost: phonebox\\r\\nUser-Agent: {self.agent}{login}"


YEALINK = Kind(
    "yealink", "T54W", 0x805EC0000001, "Yealink SIP-T54W 96.86.0.100 {2}", "{1}.cfg", "`<mac>.cfg` (Yealink T54W)",
    "/p/", "/p/{3}/{1}.cfg",
)  # fmt: skip
AVAYA = Kind(
    "avaya", "J179", 0xC81FEA000001, "Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/J179-4.1.3.0.6 (MAC:{1})",
    "46xxsettings.txt", "`46xxsettings.txt` (Avaya J179)",
    "FORCE_HTTP_AUTH_PASSWORD ", "/46xxsettings.txt", "Authorization: Basic {3}",
)  # fmt: skip


def colons(mac):
    return ":".join(mac[i : i + 2] for i in range(0, 12, 2))


class Fleet:
    def __init__(self, box, count, directory):
        self.box, self.count, self.dir = box, count, Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.csv = self.dir / "devices.csv"
        self.learned = {}

    def macs(self, kind, count=None):
        return (f"{kind.first_mac + n:012x}" for n in range((count or self.count) // 2))

    def write_csv(self):
        with self.csv.open("w") as out:
            out.write("mac,vendor,model,name,active,line1_user,line1_password,line1_display_name\n")
            for kind in (YEALINK, AVAYA):
                for n, mac in enumerate(self.macs(kind)):
                    user = f"{1 if kind is YEALINK else 2}{n:06}"
                    out.write(f"{mac},{kind.vendor},{kind.model},Desk {user},true,{user},pw-{mac},Desk {user}\n")

    def load(self):
        """Imports everything into an empty box; seconds."""
        self.write_csv()
        # A command refuses a data directory that no box has made.
        self.box.start().stop()
        start = time.monotonic()
        self.box.command("device", "import", self.csv)
        return time.monotonic() - start

    def configure(self):
        """The settings that all of them share."""
        pairs = (HERE / "settings.txt").read_text().split("\n")
        self.box.command("layer", "set", "--global", *filter(None, pairs))
        for kind in (YEALINK, AVAYA):
            keys = range(1, KEYS[kind.vendor] + 1)
            words = [f"key.{n}.{word}={text}" for n in keys for word, text in self._key(n)]
            self.box.command("layer", "set", "--model", f"{kind.vendor}/{kind.model}", *words)

    @staticmethod
    def _key(n):
        return ("type", "blf"), ("value", f"{200 + n}"), ("label", f"Colleague {n}")

    def enrol(self, load, count=None):
        """The phones' first day: the window, then the proof for the first time. Seconds, errors and what went wrong.
        `count`: of so many only."""
        seconds, errors, error = 0.0, 0, None
        for kind in (YEALINK, AVAYA):
            first, learned = self.dir / f"{kind.vendor}.macs", self.dir / f"{kind.vendor}.learned"
            first.write_text("".join(f"{mac}\t{colons(mac)}\n" for mac in self.macs(kind, count)))
            window = load(
                self.box, kind.request("/" + kind.file, proof=False), first, capture=kind.marker, into=learned,
            )  # fmt: skip
            self._shuffle(kind, learned)
            proven = load(self.box, kind.request(), self.learned[kind.vendor])
            for sample in (window, proven):
                seconds, errors, error = seconds + sample.seconds, errors + sample.errors, error or sample.error
        return seconds, errors, error

    def _shuffle(self, kind, learned):
        lines = [line.split("\t") for line in learned.read_text().splitlines()]
        if kind.proof:
            login = lambda mac, word: base64.b64encode(f"{mac}:{word}".encode()).decode()
            lines = [[mac, shown, login(mac, word)] for mac, shown, word in lines]
        random.Random(7).shuffle(lines)
        values = self.dir / f"{kind.vendor}.values"
        values.write_text("".join("\t".join(line) + "\n" for line in lines))
        self.learned[kind.vendor] = values

    def one(self, kind):
        """The first phone's own file, as bytes."""
        words = self.learned[kind.vendor].open().readline().split()
        fill = lambda text: text.replace("{1}", words[0]).replace("{2}", words[1]).replace("{3}", words[2])
        headers = {"User-Agent": fill(kind.agent)}
        if kind.proof:
            headers["Authorization"] = fill(kind.proof).partition(": ")[2]
        return self.box.get(fill(kind.path), **headers)

    def nobody(self, count):
        """MACs that no device has, for the scanner."""
        values = self.dir / "nobody.values"
        numbers = range(NOBODY, NOBODY + count)
        values.write_text("".join(f"{n:012x}\t{colons(f'{n:012x}')}\n" for n in numbers))
        return values
