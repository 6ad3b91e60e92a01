"""Summary: the facts about a sketch, as values, as text and as JSON."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .bezier import arc_length, last_points
from .rasterizer import ink
from .strokes import Strokes
from .svg.write import hex_colour
from .transform import ink_bounds

MOST_COLORS = 8
"""Colours that a text names; beyond it, it says how many more there are."""


@dataclass(frozen=True)
class SketchSummary:
    """Hold the facts about one sketch; what is empty or None does not exist or is not known.

    Args:
        num_strokes: living strokes.
        num_given: of these, how many a person gave.
        num_segments: cubics, without those that only pad a stroke.
        canvas_size: (height, width) px.
        length: px of line.
        ink_share: of the canvas that ink covers, 0-1.
        bounds: (left, top, right, bottom) px of the ink.
        widths: (thinnest, widest) px.
        colors: "#rrggbb" of all strokes, in the order of their first use.
        opacities: (least, most), 0-1.
        groups: living strokes of each group, by its name, in the order in which they are first drawn; those of no group
            are not in it.
        loss: of the optimisation.
        seed: that the first strokes were drawn from.
    """

    num_strokes: int
    num_given: int
    num_segments: int
    canvas_size: tuple[int, int]
    length: float
    ink_share: float
    bounds: tuple[float, float, float, float] | None
    widths: tuple[float, float] | None
    colors: tuple[str, ...]
    opacities: tuple[float, float] | None
    groups: Mapping[str, int] = field(default_factory=dict)
    loss: float | None = None
    seed: int | None = None

    def report(self) -> dict[str, object]:
        """Return the facts as JSON values, rounded to thousandths."""
        return {name: _json(value) for name, value in vars(self).items()}

    def text(self) -> str:
        """Return the facts as lines of text."""
        height, width = self.canvas_size
        given = f" ({self.num_given} given)" if self.num_given else ""
        lines = [
            f"strokes: {self.num_strokes}{given}, segments: {self.num_segments}",
            f"canvas: {width} x {height} px",
            f"line: {self.length:.1f} px, ink on {100 * self.ink_share:.1f} % of the canvas",
        ]
        if self.bounds and self.widths and self.opacities:
            left, top, right, bottom = self.bounds
            lines.append(f"ink: from ({left:.1f}, {top:.1f}) to ({right:.1f}, {bottom:.1f}) px")
            lines.append(f"width: {_span(self.widths)} px, opacity: {_span(self.opacities)}")
            more = len(self.colors) - MOST_COLORS
            lines.append(f"colour: {', '.join(self.colors[:MOST_COLORS])}{f' and {more} more' if more > 0 else ''}")
        if self.groups:
            others = self.num_strokes - sum(self.groups.values())
            told = ", ".join(f"{name} {count}" for name, count in self.groups.items())
            lines.append(f"groups: {told}{f'; of none {others}' if others else ''}")
        facts = (("loss", self.loss), ("seed", self.seed))
        return "\n".join(lines + [f"{name}: {value:g}" for name, value in facts if value is not None])


@torch.no_grad()
def summarize(strokes: Strokes) -> tuple[SketchSummary, ...]:
    """Return the facts about each sketch of a batch.

    >>> line = Strokes.black(torch.tensor([[[[10.0, 50], [20, 50], [30, 50], [40, 50]]]]), (100, 100), stroke_width=4)
    >>> print(summarize(line)[0].text())
    strokes: 1, segments: 1
    canvas: 100 x 100 px
    line: 30.0 px, ink on 1.3 % of the canvas
    ink: from (8.0, 48.0) to (42.0, 52.0) px
    width: 4 px, opacity: 1
    colour: #000000
    """
    return tuple(_summary(strokes.select([index]), index) for index in range(strokes.batch_size))


def describe(summaries: Sequence[SketchSummary]) -> str:
    """Return the facts about sketches as one text; where there are several, each under its number.

    >>> line = Strokes.black(torch.zeros(2, 1, 4, 2), (100, 100))
    >>> describe(summarize(line)).splitlines()[0]
    'sketch 1 of 2'
    """
    if len(summaries) == 1:
        return summaries[0].text()
    return "\n\n".join(f"sketch {n} of {len(summaries)}\n{one.text()}" for n, one in enumerate(summaries, start=1))


def _summary(sketch: Strokes, index: int) -> SketchSummary:
    alive = sketch.alive[0]
    points, color = sketch.control_points[:, alive], sketch.color[0, alive]
    left, top, right, bottom = ink_bounds(sketch)[0].tolist()
    drawn = bool(alive.any())
    return SketchSummary(
        num_strokes=int(alive.sum()),
        num_given=int(alive[: sketch.num_given].sum()),
        num_segments=int(last_points(points).sum()) // 3 if drawn else 0,
        canvas_size=sketch.canvas_size,
        length=float(arc_length(points).sum()),
        ink_share=float(ink(sketch).mean()),
        bounds=(left, top, right, bottom) if drawn else None,
        widths=_ends(sketch.stroke_width[0, alive]) if drawn else None,
        colors=tuple(dict.fromkeys(hex_colour(rgba) for rgba in color.clamp(0, 1).tolist())),
        opacities=_ends(color[:, 3]) if drawn else None,
        groups=_groups(sketch),
        loss=_number(sketch.provenance.get("loss"), index),
        seed=_seed(sketch.provenance.get("stroke_init")),
    )


def _groups(sketch: Strokes) -> dict[str, int]:
    living = zip(sketch.names_of(0), sketch.alive[0].tolist(), strict=True)
    return dict(Counter(name for name, alive in living if alive and name is not None))


def _ends(values: Tensor) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _number(value: object, index: int) -> float | None:
    """Return a number, or that of one sketch in a list of them."""
    one = value[index] if isinstance(value, list) and index < len(value) else value
    return float(one) if isinstance(one, (int, float)) and math.isfinite(one) else None


def _seed(drawn: object) -> int | None:
    seed = drawn.get("seed") if isinstance(drawn, dict) else None
    return seed if isinstance(seed, int) else None


def _span(ends: tuple[float, float]) -> str:
    first, last = (f"{end:.3g}" for end in ends)
    return first if first == last else f"{first} to {last}"


def _json(value: object) -> object:
    if isinstance(value, tuple):
        return [_json(one) for one in value]
    return round(value, 3) if isinstance(value, float) else value
