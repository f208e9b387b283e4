"""Processes as the kernel counts them: processor time, memory, and what else the machine was doing meanwhile."""

import os
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def wait_until(true, seconds, what, every=0.002):
    """Polls; a bench that waits blindly measures its own patience."""
    end = time.monotonic() + seconds
    while True:
        value = true()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(every)


def _stat(pid):
    """The words of /proc/PID/stat after the name, which may hold blanks."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def family(pid):
    """A process and its children: nginx's workers answer, not its master."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _stat(entry.name)):
            parents.setdefault(int(stat[1]), []).append(int(entry.name))
    pids = [pid]
    for one in pids:
        pids.extend(parents.get(one, []))
    return pids


def cpu_seconds(pids):
    """User and system time, all threads."""
    return sum((int(stat[11]) + int(stat[12])) / TICK for pid in pids if (stat := _stat(pid)))


def resident_mib(pid, peak=False):
    name = "VmHWM:" if peak else "VmRSS:"
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def busy_seconds():
    """Processor time of everything on this machine, and what the hypervisor gave to others."""
    user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq) / TICK, steal / TICK


class Noise:
    """How many cores something else used while the bench measured."""

    def __init__(self):
        self.seconds = self.other = 0.0

    def add(self, seconds, busy, own):
        self.seconds += seconds
        self.other += max(0.0, busy - own)

    def cores(self):
        return self.other / self.seconds if self.seconds else 0.0
