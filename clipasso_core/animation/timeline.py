"""Which part of every stroke is drawn at a moment: the pen moves at one speed, along one stroke after another."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..bezier import curve_points, first_part, segments_of
from ..strokes import Strokes

STEPS = 64
"""Chords per cubic by which arc length is measured. The curve itself is cut exactly, whatever they are."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """Hold when each stroke is drawn; moments are shares of the whole time, 0 to 1.

    A sketch's strokes follow each other in their order, without pause, and each takes time in proportion to its arc
    length; a dot takes the time of a line as long as it is wide. Dead strokes take none.

    Args:
        strokes: B finished sketches.
        begin: [B, N] the moment when each stroke's first point is drawn.
        end: [B, N] the moment when its last one is.
        travelled: [B, N, S * STEPS] px from a stroke's start to the end of each chord.

    >>> short_and_long = torch.tensor([[[[0.0, 5], [1, 5], [2, 5], [3, 5]], [[0, 9], [3, 9], [6, 9], [9, 9]]]])
    >>> timeline = Timeline.of(Strokes.black(short_and_long, (16, 16), stroke_width=1))
    >>> timeline.begin.tolist(), timeline.end.tolist()
    ([[0.0, 0.25]], [[0.25, 1.0]])
    >>> halfway = timeline.at(0.5)
    >>> [round(x, 4) for x in halfway.control_points[0, 1, :, 0].tolist()]  # a third of the second stroke
    [0.0, 1.0, 2.0, 3.0]
    """

    strokes: Strokes
    begin: Tensor
    end: Tensor
    travelled: Tensor

    @classmethod
    def of(cls, strokes: Strokes) -> Timeline:
        """Return the timeline of strokes, on the CPU (not every device has float64); no gradient flows through it.

        >>> dot = Strokes.black(torch.full((1, 1, 4, 2), 8.0), (16, 16))
        >>> Timeline.of(dot).end.item()
        1.0
        """
        strokes = strokes.detach().to("cpu")
        travelled = _travelled(strokes.control_points)
        lasts = torch.maximum(travelled[..., -1], strokes.stroke_width.to(travelled)) * strokes.alive
        end = lasts.cumsum(dim=1)
        whole = end[:, -1:].clamp(min=torch.finfo(end.dtype).tiny)
        return cls(strokes, (end - lasts) / whole, end / whole, travelled)

    def at(self, moment: float) -> Strokes:
        """Return what is drawn at a moment (0-1): strokes not begun are dead, the one in work is cut at the pen.

        At 1 these are the finished strokes themselves.

        >>> lines = Strokes.black(torch.rand(1, 3, 4, 2) * 16, (16, 16))
        >>> timeline = Timeline.of(lines)
        >>> timeline.at(0).alive.any().item(), torch.equal(timeline.at(1).control_points, lines.control_points)
        (False, True)
        """
        if moment >= 1:
            return self.strokes
        done = (moment - self.begin) / (self.end - self.begin)
        share = torch.where(self.end <= moment, 1.0, done.clamp(0, 1))
        whole = self.strokes.control_points
        points = torch.where((share >= 1)[..., None, None], whole, self._cut(share).to(whole.dtype))
        return replace(self.strokes, control_points=points, alive=self.strokes.alive & (share > 0))

    def pen_times(self, seconds: float, index: int = 0) -> list[tuple[float, float]]:
        """Return when each living stroke of a sketch begins, and how long it takes, s: what ``to_svg`` takes.

        Args:
            seconds: what the whole drawing takes.
            index: which sketch of the batch.

        >>> lines = Strokes.black(torch.tensor([[[0.0, 5], [3, 5], [6, 5], [9, 5]]]).expand(1, 2, -1, -1), (16, 16))
        >>> Timeline.of(lines).pen_times(4)
        [(0.0, 2.0), (2.0, 2.0)]
        """
        alive = self.strokes.alive[index]
        begin, end = (times[index][alive] * seconds for times in (self.begin, self.end))
        return list(zip(begin.tolist(), (end - begin).tolist(), strict=True))

    def _cut(self, share: Tensor) -> Tensor:
        """Return each stroke [B, N, K, 2] up to a share [B, N] of its arc length, padded at its end."""
        target = (share * self.travelled[..., -1])[..., None]
        chord = torch.searchsorted(self.travelled, target).clamp(max=self.travelled.shape[-1] - 1)
        after = self.travelled.gather(-1, chord)
        before = torch.where(chord > 0, self.travelled.gather(-1, (chord - 1).clamp(min=0)), 0.0)
        within = ((target - before) / (after - before)).nan_to_num(0.0).clamp(0, 1)
        cubics = segments_of(self.strokes.control_points.double())
        parameter = (chord + within) / STEPS - torch.arange(cubics.shape[-3], device=chord.device)
        parts = first_part(cubics, parameter.clamp(0, 1))
        tip = parts.gather(-3, (chord // STEPS)[..., None, None].expand(-1, -1, 1, 4, 2))[..., -1:, :]
        parts = torch.where((parameter > 0)[..., None, None], parts, tip)
        return torch.cat([cubics[..., 0, :1, :], parts[..., 1:, :].flatten(-3, -2)], dim=-2)


def _travelled(control_points: Tensor) -> Tensor:
    """Return the px [B, N, S * STEPS] from each stroke's start to the end of each chord, float64."""
    t = torch.linspace(0, 1, STEPS + 1, dtype=torch.float64, device=control_points.device)
    chords = curve_points(segments_of(control_points.double()), t).diff(dim=-2)
    return chords.square().sum(dim=-1).sqrt().flatten(-2).cumsum(dim=-1)
