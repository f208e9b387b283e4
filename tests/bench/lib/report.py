"""What was measured: a Markdown table that the README quotes, and the same on the screen while it runs."""

import platform
import subprocess
from datetime import date
from pathlib import Path


class Report:
    def __init__(self, short):
        self.short, self.rows, self.notes, self.failures = short, [], [], []

    def row(self, what, box, peer, ratio, bar, goal, least=True):
        """`ratio` against the bar and the goal; `least`: more is better."""
        beats = lambda limit: limit is None or (ratio >= limit if least else ratio <= limit)
        verdict = "" if bar is None and goal is None else ("goal" if beats(goal) else "bar" if beats(bar) else "below")
        limit = lambda value: "" if value is None else f"{'≥' if least else '≤'} {value:g}"
        shown = f"{ratio:.2f}" if ratio < 100 else f"{ratio:,.0f}"
        self.rows.append((what, box, peer, shown, limit(bar), limit(goal), "" if self.short else verdict))
        print(f"{what}: {box} / {peer} = {shown}  {verdict}", flush=True)

    def compare(self, what, seen, bar, goal, peer):
        """Two sides of interleaved rounds."""
        spread = seen.ratios()
        side = lambda s: (
            f"{seen.of(s, 'rate'):,.0f}/s, p50/p99 {seen.of(s, 'p50') / 1000:.2f}/{seen.of(s, 'p99') / 1000:.2f} ms, "
            f"{seen.of(s, 'cpu_us'):.1f} µs CPU"
        )
        if seen.errors():
            self.fail(f"{what}: {seen.errors()} errors, the first: {seen.first_error() or 'a wrong status'}")
        self.row(f"{what}, over {peer}", side("a"), side("b"), seen.ratio(), bar, goal)
        cpu = seen.ratio("cpu_us")
        self.note(f"{what}: ratios {min(spread):.2f}–{max(spread):.2f}; CPU per request {cpu:.1f} × {peer}")

    def note(self, text):
        self.notes.append(text)
        print(f"  {text}", flush=True)

    def fail(self, text):
        self.failures.append(text)
        print(f"  FAILED {text}", flush=True)

    def markdown(self, noise, command):
        head = "| case | Phonebox | peer | ratio or figure | bar | goal | reached |\n|---|---|---|---|---|---|---|\n"
        table = head + "".join("| " + " | ".join(row) + " |\n" for row in self.rows)
        cores = subprocess.run(["nproc"], capture_output=True, text=True).stdout.strip()
        where = (
            f"{date.today()}, {cores} cores, {platform.system()} {platform.release()}, loopback; clients on the same cores. "
            f"Other programs used {noise:.2f} cores meanwhile.\n"
        )
        notes = "".join(f"- {note}\n" for note in self.notes + [f"FAILED {text}" for text in self.failures])
        return f"# Measured\n\n`{command}`, {where}\n{table}\n{notes}"

    def write(self, path, noise, command):
        Path(path).write_text(self.markdown(noise, command))
