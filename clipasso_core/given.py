"""Given strokes: lines that a person drew, which stay as they are while a sketch goes on from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from scipy import ndimage
from torch import Tensor

from .bezier import last_points, points_along
from .errors import ConfigError, MaskError, ShapeError
from .framing import Frame
from .layering import join_strokes
from .pixels import check_same_aspect, fit_map, same_aspect
from .rasterizer import ink
from .stroke_init import StrokeInitConfig, init_strokes
from .strokes import CANVAS, Strokes

COVERED = 6.0
"""px of a 224 px canvas from a given stroke's ink: lines that are nearer count as drawn already."""

LEAST_WIDTH = 2.0
"""px of a 224 px canvas: as thick as this a stroke covers lines, however thin it is."""

SAME_ASPECT = 0.01
"""How far the aspects of two pages may lie apart that count as the same."""

ON_CURVE = 33
"""Points of a cubic that tell whether it lies on the canvas."""


def place_given(given: Strokes, frames: Sequence[Frame] | None, canvas_size: tuple[int, int]) -> Strokes:
    """Bring given strokes to the canvas of a sketch.

    A page of the photo's size lies over the photo, one of the canvas's size is the canvas (as in the files that we
    write). Any other one lies over the photo if it has the photo's aspect, and else is the canvas if it has the
    canvas's.

    Args:
        given: [1 or P, G, K, 2] on their own page.
        frames: one per photo; None where only the canvas is known.
        canvas_size: (height, width) px.

    Returns:
        [P, G, K, 2] on the canvas, all of them marked as given; P is 1 or that of the given strokes without frames.

    Raises:
        ShapeError: the page is neither the photo's nor the canvas's, a stroke lies off the canvas, or there are
            neither one nor P sketches.

    >>> line = Strokes.black(torch.full((1, 1, 4, 2), 150.0), (480, 640))
    >>> place_given(line, [Frame((480, 640), (100, 100, 324, 324))], (224, 224)).control_points[0, 0, 0].tolist()
    [50.0, 50.0]
    """
    count = given.batch_size if frames is None else len(frames)
    if given.batch_size not in (1, count):
        raise ShapeError(f"{given.batch_size} given drawings do not fit {count} photos; give one, or one each.")
    placed = [
        _placed(given.select([index % given.batch_size]), frames[index] if frames else None, canvas_size)
        for index in range(count)
    ]
    on_canvas = Strokes.joined(placed)
    _check_on_canvas(on_canvas)
    return replace(on_canvas, num_given=given.num_strokes)


def is_over_photo(page: tuple[int, int], photo_size: tuple[int, int], canvas_size: tuple[int, int]) -> bool:
    """Whether a drawing on a page lies over the whole photo; False where its page is the canvas; all (height, width).

    Raises:
        ShapeError: the page is neither.

    >>> is_over_photo((240, 320), (480, 640), (224, 224)), is_over_photo((224, 224), (480, 640), (224, 224))
    (True, False)
    """
    if page in (photo_size, canvas_size):
        return page == photo_size
    if not same_aspect(page, photo_size, SAME_ASPECT) and not same_aspect(page, canvas_size, SAME_ASPECT):
        raise ShapeError(
            f"The given drawing's page is {page[1]} x {page[0]} px, but the photo is {photo_size[1]} x "
            f"{photo_size[0]}. Draw over the photo, on a page of its size."
        )
    return same_aspect(page, photo_size, SAME_ASPECT)


def uncovered(saliency: Tensor, given: Strokes) -> Tensor:
    """Take from saliency maps what given strokes have drawn already.

    Args:
        saliency: [P, S, S] in 0-1.
        given: [P or 1, G, K, 2] on the canvas.

    Returns:
        [P, 224, 224], 0 where a given stroke is near.

    Raises:
        MaskError: nothing is left.

    >>> line = torch.tensor([[[[0.0, 56.0], [80.0, 56.0], [150.0, 56.0], [224.0, 56.0]]]])
    >>> left = uncovered(torch.ones(1, 224, 224), Strokes.black(line, (224, 224)))
    >>> left[0, [56, 62, 70], 112].tolist()
    [0.0, 0.0, 1.0]
    """
    check_same_aspect(saliency, CANVAS, "saliency")
    maps = fit_map(saliency.detach().float().cpu(), CANVAS)
    given = given.to("cpu").scaled_to(CANVAS)
    thick = replace(given, stroke_width=given.stroke_width.clamp(min=LEAST_WIDTH), color=torch.ones_like(given.color))
    with torch.no_grad():
        free = [torch.from_numpy(ndimage.distance_transform_edt(one < 0.5)) > COVERED for one in ink(thick).numpy()]
    left = maps * torch.stack(free)
    for index, (before, after) in enumerate(zip(maps, left, strict=True)):
        if float(before.max()) > 0 and float(after.max()) <= 0:
            raise MaskError(
                f"The given strokes cover all salient lines of photo {index}: no new stroke can start anywhere. "
                "Leave some of them out, or paint the saliency."
            )
    return left


def continue_strokes(saliency: Tensor, given: Strokes, config: StrokeInitConfig | None = None) -> Strokes:
    """Draw the first strokes beside given ones: where the salient lines are not drawn yet.

    Args:
        saliency: [P, S, S] in 0-1.
        given: [P, G, K, 2] on the canvas, as ``place_given`` returns them.
        config: as ``init_strokes`` takes it; ``num_strokes`` counts the given ones, too. None for the defaults.

    Returns:
        Strokes [P * num_sketches, N, ...], photo by photo, the given ones first.

    Raises:
        ConfigError: there are as many given strokes as there may be strokes, or more.
        ShapeError, MaskError: as ``init_strokes`` does, or the given strokes cover everything salient.

    >>> line = torch.tensor([[[[0.0, 56.0], [80.0, 56.0], [150.0, 56.0], [224.0, 56.0]]]])
    >>> given = place_given(Strokes.black(line, (224, 224)), None, (224, 224))
    >>> saliency = torch.zeros(1, 224, 224)
    >>> saliency[:, [56, 160], 20:200] = 1
    >>> strokes = continue_strokes(saliency, given, StrokeInitConfig(num_strokes=8))
    >>> strokes.control_points.shape, strokes.num_given, strokes.num_wanted  # twice as many new ones as are wanted
    (torch.Size([3, 15, 7, 2]), 1, 8)
    """
    config = config or StrokeInitConfig()
    wanted = config.num_strokes - given.num_strokes
    if wanted < 1:
        raise ConfigError(
            f"{given.num_strokes} strokes are given, and num_strokes, which counts them too, is {config.num_strokes}: "
            "no new stroke is left to draw. Ask for more."
        )
    new = init_strokes(uncovered(saliency, given), replace(config, num_strokes=wanted))
    return join_given(given, new).with_provenance(given=given.num_strokes)


def join_given(given: Strokes, new: Strokes) -> Strokes:
    """Put given strokes [P, G, ...] in front of the strokes [P * k, N, ...] that go on from them, on one canvas.

    Shorter strokes are padded at their end with segments of no length.

    >>> given, new = Strokes.black(torch.rand(1, 1, 7, 2), (9, 9)), Strokes.black(torch.rand(2, 5, 4, 2), (9, 9))
    >>> both = join_given(given, new)
    >>> both.control_points.shape, both.num_given
    (torch.Size([2, 6, 7, 2]), 1)
    """
    first = given.to(new.control_points.device, new.control_points.dtype)
    if new.batch_size != given.batch_size:
        first = first.select(torch.arange(given.batch_size).repeat_interleave(new.batch_size // given.batch_size))
    return replace(join_strokes(first, new), num_given=given.num_strokes, path_texts=given.path_texts)


def part_given(strokes: Strokes) -> tuple[Strokes | None, Strokes]:
    """Take the given strokes apart from those that go on from them; the inverse of ``join_given``.

    >>> given, new = Strokes.black(torch.rand(1, 1, 7, 2), (9, 9)), Strokes.black(torch.rand(1, 5, 4, 2), (9, 9))
    >>> first, others = part_given(join_given(given, new))
    >>> first.num_given, others.num_given, others.control_points.shape
    (1, 0, torch.Size([1, 5, 4, 2]))
    """
    count = strokes.num_given
    if count == 0:
        return None, strokes
    others = _slots(strokes, range(count, strokes.num_strokes))
    return _slots(strokes, range(count)), replace(others, path_texts=())


def _placed(given: Strokes, frame: Frame | None, canvas_size: tuple[int, int]) -> Strokes:
    if frame is not None and is_over_photo(given.canvas_size, frame.photo_size, canvas_size):
        return frame.to_canvas(given.scaled_to(frame.photo_size), canvas_size)
    if not same_aspect(given.canvas_size, canvas_size, SAME_ASPECT):
        height, width = given.canvas_size
        raise ShapeError(
            f"The given drawing's page is {width} x {height} px, but the canvas is square. If it lies over the photo, "
            "connect the frame of CLIPasso Mask."
        )
    return given.scaled_to(canvas_size)


def _check_on_canvas(given: Strokes) -> None:
    """Raise ShapeError where no point of a living stroke lies on the canvas."""
    height, width = given.canvas_size
    x, y = points_along(given.control_points, ON_CURVE).unbind(-1)
    seen = ((x >= 0) & (x <= width) & (y >= 0) & (y <= height)).any(dim=2) | ~given.alive
    for number in (~seen).nonzero()[:1, 1].tolist():
        raise ShapeError(
            f"Given stroke {number + 1} lies outside the part of the photo that the sketch shows. Draw it on the "
            "object, or show the whole photo (fit 'pad')."
        )


def _slots(strokes: Strokes, slots: range) -> Strokes:
    """Return some strokes of each sketch, all of them as long as the longest."""
    few = strokes.slots(slots)
    longest = int(last_points(few.control_points).max()) + 1 if slots else 4
    return few.with_points(few.control_points[:, :, :longest])
