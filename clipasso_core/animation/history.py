"""The history of a run: what the sketches looked like at moments that are spread over it."""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor

from ..errors import check_range
from ..layering import with_room
from ..optimize import SketchResult, SketchStep
from ..strokes import Strokes

NUM_MOMENTS = 48


class _Moment(NamedTuple):
    strokes: Strokes
    photo_index: Tensor
    candidate: Tensor


class History:
    """Record a run: give ``record`` every step, then ask for the sketch that won.

    It keeps every sketch that still competes at a moment (nobody knows yet which one wins), on the run's device, and
    waits for nothing.

    Args:
        num_moments: most moments that are kept, besides the first and the end; spread evenly over the iterations.

    Raises:
        ConfigError: num_moments is below 1.

    >>> import torch
    >>> from clipasso_core.encoders import get_encoder
    >>> from clipasso_core.optimize import OptimizeConfig, SketchRun
    >>> photo = torch.linspace(0, 1, 224 * 224).view(1, 1, 224, 224).expand(1, 3, -1, -1)
    >>> first = Strokes.black(torch.rand(2, 4, 4, 2) * 224, (224, 224))  # two sketches of four strokes
    >>> run, history = SketchRun(photo, first, get_encoder(), OptimizeConfig(num_iterations=2)), History()
    >>> for step in run:
    ...     history.record(step)
    >>> history.of(run.result()).batch_size  # both iterations, and the best strokes found
    3
    """

    def __init__(self, num_moments: int = NUM_MOMENTS) -> None:
        check_range("num_moments", num_moments, 1, math.inf)
        self.num_moments = num_moments
        self._moments: list[_Moment] = []

    def record(self, step: SketchStep) -> None:
        """Keep a step's sketches, if its turn has come; the first step's always."""
        before, now = ((i * self.num_moments) // step.num_iterations for i in (step.iteration - 1, step.iteration))
        if step.iteration == 1 or now > before:
            self._moments.append(_Moment(step.strokes.detach(), step.photo_index.clone(), step.candidate.clone()))

    def of(self, result: SketchResult, photo: int = 0) -> Strokes:
        """Return the winning sketch of a photo at T moments [T, ...], the last one the result itself.

        Args:
            result: of the run that was recorded.
            photo: which one.
        """
        winner = result.chosen[photo]
        kept = [
            moment.strokes.select(((moment.photo_index == photo) & (moment.candidate == winner)).nonzero().flatten())
            for moment in self._moments
        ]
        slots = max(one.num_strokes for one in (*kept, result.strokes))
        last = with_room(result.strokes.select([photo]), slots, result.strokes.control_points.shape[2])
        return Strokes.joined([*kept, last])
