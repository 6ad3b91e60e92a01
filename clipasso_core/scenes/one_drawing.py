"""One drawing: the sketches of a scene's regions are laid where they belong, as one."""

from __future__ import annotations

from dataclasses import replace

import torch

from ..layering import one_after_another
from ..optimize import SketchResult
from ..pipeline import Sketch
from ..stroke_init import StrokeInitConfig
from ..strokes import Strokes
from .clip_strokes import clip_strokes
from .regions import Regions


def compose(result: SketchResult, regions: Regions) -> Sketch:
    """Make one sketch of those of R regions.

    Args:
        result: of R sketches, each on its region's canvas.
        regions: of one photo.

    Returns:
        One sketch on the scene's canvas. Its loss is the mean of the regions'; where there is one number for a photo,
        it is that of the first region.
    """
    strokes = compose_strokes(result.strokes, regions)
    facts = {name: round(loss, 6) for name, loss in zip(regions.names, result.loss, strict=True)}
    return Sketch(
        replace(
            result,
            strokes=strokes.with_provenance(region_losses=facts),
            loss=(_mean(result.loss),),
            chosen=result.chosen[:1],
            best_iteration=result.best_iteration[:1],
            candidate_losses=(tuple(_mean(each) for each in zip(*result.candidate_losses, strict=True)),),
            history=tuple((_mean(row),) for row in result.history),
            setbacks=(sum(result.setbacks),),
        ),
        (regions.frame,),
    )


def compose_strokes(strokes: Strokes, regions: Regions) -> Strokes:
    """Lay the sketches of R regions over their photo, as one, each cut to where its lines may lie.

    Args:
        strokes: [R, N, K, 2], each on its region's canvas; dead ones are left out.
        regions: of one photo.

    Returns:
        [1, M, K, 2] on the scene's canvas, in groups: what lies behind first.

    Raises:
        ShapeError: there are not R sketches.
    """
    regions.check_one_each(strokes.batch_size, "sketches")
    allowed = regions.allowed(asked_width(strokes))
    pen, placed = regions.pen(asked_width(strokes)), []
    for index in reversed(range(len(regions.names))):
        over_photo = regions.frames[index].to_photo(strokes.select([index]))
        same_pen = replace(over_photo, stroke_width=torch.full_like(over_photo.stroke_width, pen))
        clipped = clip_strokes(same_pen, allowed[index])
        placed.append(clipped.with_groups(torch.zeros_like(clipped.alive, dtype=torch.long), [regions.names[index]]))
    return regions.frame.to_canvas(one_after_another(placed), strokes.canvas_size)


def asked_width(strokes: Strokes) -> float:
    """Return the width that first strokes were asked to have, px of a 224 px canvas of the whole scene.

    >>> drawn = Strokes.black(torch.zeros(1, 1, 4, 2), (224, 224))
    >>> asked_width(drawn.with_provenance(stroke_init={"stroke_width": 2.0}))
    2.0
    """
    drawn = strokes.provenance.get("stroke_init")
    return float(drawn["stroke_width"]) if isinstance(drawn, dict) else StrokeInitConfig.stroke_width


def _mean(values: tuple[float, ...]) -> float:
    return sum(values) / len(values)
