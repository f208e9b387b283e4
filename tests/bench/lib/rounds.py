"""Rounds of two sides in turn, A B A B …, and the ratio between them."""

from dataclasses import dataclass, field
from statistics import median


@dataclass
class Rounds:
    a: list = field(default_factory=list)
    b: list = field(default_factory=list)

    def of(self, side, name):
        return median(getattr(sample, name) for sample in getattr(self, side))

    def ratios(self, name="rate"):
        """Of neighbours in time: the noise of a shared machine lasts longer than one round."""
        return [getattr(x, name) / getattr(y, name) for x, y in zip(self.a, self.b) if getattr(y, name)]

    def ratio(self, name="rate"):
        return median(self.ratios(name))

    def errors(self):
        return sum(sample.errors for sample in self.a + self.b)

    def first_error(self):
        return next((sample.error for sample in self.a + self.b if sample.error), None)


def interleave(a, b, rounds, seconds, warm_up):
    """`a` and `b` take a number of seconds and give a sample."""
    if warm_up:
        a(warm_up)
        b(warm_up)
    seen = Rounds()
    for _ in range(rounds):
        seen.a.append(a(seconds))
        seen.b.append(b(seconds))
    return seen
