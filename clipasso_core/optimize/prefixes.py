"""Prefixes: which beginning of each drawing the random views see, from when to when, and when all else is dropped."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from .config import OptimizeConfig

LEAST = 4
"""Strokes of the shortest prefix."""

WHOLE = 0.2
"""Share of the iterations that see the whole drawing nevertheless."""

SKEW = 2.5
"""How much more often few strokes are seen than many: lengths are even on a logarithmic scale where it is 1. Four
strokes have the most to learn, for they must be longer than a whole drawing needs them to be."""

PREFIX_WEIGHT = 3.0
"""Of what the random views see while prefixes are trained: the whole drawing can spare that, and they need it."""

FROM, UNTIL = 0.1, 0.9
"""Between these fractions of the run. At the first the order is found, early enough for strokes to become as long as
drawings of a few need them; after the second the whole drawing is finished."""

COUNTED = 0.55
"""The fraction of the run at which strokes are dropped, where their number is found on the way."""

SETTLED = 0.4
"""The fraction of the run at which strokes have found what they draw, soon after one sketch of each photo is left:
spare ones are dropped, and contours without ink begin to count."""


@dataclass(frozen=True)
class Prefixes:
    """Say which iterations train a prefix, and how long it is (nested dropout).

    The views at random see the prefix and the identity always sees the whole drawing, which is what is compared and
    kept.

    Args:
        num_strokes: living strokes of a sketch; of the one that has most.
        first: the iteration before which the order is found, and which is the first to see a prefix.
        after: the iteration after the last one that does; where it is not beyond ``first``, none does.
        dropped: the iteration before which strokes are dropped, spare ones or those that do not pay; -1 for none.

    Source: Rippel, Gelbart and Adams, "Learning ordered representations with nested dropout" (2014). Differs: lengths
    are drawn on a logarithmic scale, and few more often than many, because the first strokes tell more than the last.

    >>> some = Prefixes(num_strokes=16, first=50, after=180)
    >>> some.begins(50), some.trains(49), some.trains(179), some.trains(180)
    (True, False, True, False)
    >>> generator = torch.Generator().manual_seed(2)
    >>> [some.length(generator) for _ in range(6)]
    [4, 5, 5, 16, 4, 16]
    """

    num_strokes: int
    first: int
    after: int
    dropped: int = -1

    @classmethod
    def of_run(cls, config: OptimizeConfig, num_strokes: int, *, spare: bool = False) -> Prefixes:
        """Return those of a run; none where the config or the strokes say so.

        Args:
            config: of the run.
            num_strokes: as above.
            spare: whether there are more strokes than are wanted.

        >>> Prefixes.of_run(OptimizeConfig(), num_strokes=16).trains(100)
        False
        """
        iterations, dropped = config.num_iterations, -1
        if spare or config.auto_detail is not None:
            dropped = evaluated_iteration(config, SETTLED if spare else COUNTED)
        if num_strokes <= LEAST or (not config.prefixes and config.auto_detail is None):
            return cls(num_strokes, 0, 0, dropped)
        last = math.floor(UNTIL * iterations)  # and down to an evaluation, so that short runs have a last part, too
        after = last - last % config.evaluation_interval if config.prefixes else dropped
        return cls(num_strokes, math.ceil(FROM * iterations), after, dropped)

    def begins(self, iteration: int) -> bool:
        """Whether the order is to be found before this iteration."""
        return iteration == self.first < self.after

    def drops(self, iteration: int) -> bool:
        """Whether strokes are to be dropped before this iteration."""
        return iteration == self.dropped

    def trains(self, iteration: int) -> bool:
        """Whether this iteration is one of those that may see a prefix."""
        return self.first <= iteration < self.after

    def length(self, generator: torch.Generator) -> int:
        """Draw how many strokes are seen: all of them, or fewer."""
        kind, share = torch.rand(2, generator=generator, dtype=torch.float64).tolist()
        return self.num_strokes if kind < WHOLE else int(LEAST * (self.num_strokes / LEAST) ** share**SKEW)


def evaluated_iteration(config: OptimizeConfig, share: float) -> int:
    """Return the first iteration after a share of the run that is evaluated, so that a best state is known after it.

    >>> evaluated_iteration(OptimizeConfig(num_iterations=100, evaluation_interval=8), 0.4)
    40
    """
    return math.ceil(share * config.num_iterations / config.evaluation_interval) * config.evaluation_interval
