"""Stages of a run: a share of the strokes after another comes to life, and those before it are frozen."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Stages:
    """Share iterations and strokes among the stages of a run.

    Args:
        count: of stages; 1 moves all strokes all the time.
        num_iterations: of the whole run.

    >>> stages = Stages(2, num_iterations=100)
    >>> stages.at(49), stages.at(50), stages.within(60)
    (0, 1, (10, 50))
    """

    count: int
    num_iterations: int

    def at(self, iteration: int) -> int:
        """Return the stage of an iteration, both counted from 0."""
        return iteration * self.count // self.num_iterations

    def begins(self, iteration: int) -> bool:
        """Whether a stage begins with this iteration; never, where there is only one."""
        return self.count > 1 and self.within(iteration)[0] == 0

    def within(self, iteration: int) -> tuple[int, int]:
        """Return how many iterations of its stage are done before this one, and how many the stage has."""
        first, after = self._first(self.at(iteration)), self._first(self.at(iteration) + 1)
        return iteration - first, after - first

    def all_evaluated(self, every: int) -> bool:
        """Whether each stage is evaluated after its first iteration, so that what it draws can be its best.

        Args:
            every: iterations from one evaluation to the next; the last one of the run has one as well.

        >>> Stages(2, 8).all_evaluated(2), Stages(2, 8).all_evaluated(4)  # only its first, 0, of the iterations 0 to 3
        (True, False)
        """
        firsts = [self._first(stage) for stage in range(self.count + 1)]
        lasts = [*((after - 1) // every * every for after in firsts[1:-1]), self.num_iterations - 1]
        return all(last > first for first, last in zip(firsts, lasts, strict=False))

    def of_strokes(self, alive: Tensor) -> Tensor:
        """Return the stage of each stroke [B, N], equal shares of each sketch's living ones; alive: [B, N] bool.

        >>> import torch
        >>> Stages(2, 100).of_strokes(torch.tensor([[True, False, True, True, True]])).tolist()
        [[0, 0, 0, 1, 1]]
        """
        number = alive.long().cumsum(dim=1) - alive.long()
        return number * self.count // alive.sum(dim=1, keepdim=True)

    def _first(self, stage: int) -> int:
        return -(-stage * self.num_iterations // self.count)
