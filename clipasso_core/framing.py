"""Framing: which square of a photo the canvas shows, and the way back to the photo's own pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

from .errors import ShapeError, check_choice, check_range
from .pixels import resize, resize_map
from .strokes import Strokes

GoingOn = Callable[[Tensor, int], Tensor]
Fit = Literal["pad", "crop", "squash"]
FITS: tuple[Fit, ...] = get_args(Fit)

LEAST_CUT = 0.04
"""Of a border's length: an object that has less of it only touches it."""

BLUR, FADE = 0.04, 0.15
"""Of a border's length: over how many px of it what goes on beyond it is averaged, each way; and within how many px
beyond it that has faded to white."""

GOES_ON = 0.6
"""In masks, where a cut object is taken to go on beyond its photo: it belongs to the object, but nobody has seen it, so
that it has no lines."""


@dataclass(frozen=True)
class Frame:
    """The part of a photo that a square canvas shows.

    Args:
        photo_size: (height, width) px of the photo.
        box: (left, top, right, bottom) in photo px that the canvas shows; may reach beyond the photo.

    >>> on_canvas = Strokes.black(torch.full((1, 1, 4, 2), 112.0), (224, 224))
    >>> on_photo = Frame((480, 640), (100, 50, 324, 274)).to_photo(on_canvas)
    >>> on_photo.canvas_size, on_photo.control_points[0, 0, 0].tolist()
    ((480, 640), [212.0, 162.0])
    """

    photo_size: tuple[int, int]
    box: tuple[int, int, int, int]

    def to_photo(self, strokes: Strokes) -> Strokes:
        """Place strokes of the canvas over the photo: the same drawing, in the photo's pixels."""
        left, top, right, bottom = self.box
        placed = strokes.scaled_to((bottom - top, right - left))
        offset = placed.control_points.new_tensor([left, top])
        return replace(placed, control_points=placed.control_points + offset, canvas_size=self.photo_size)

    def to_canvas(self, strokes: Strokes, canvas_size: tuple[int, int]) -> Strokes:
        """Bring strokes that lie over the photo back to a canvas of (height, width) px: the inverse of ``to_photo``.

        Raises:
            ShapeError: the strokes are not on a page of the photo's size.
        """
        if strokes.canvas_size != self.photo_size:
            raise ShapeError(
                f"The strokes are on a page of (height, width) {strokes.canvas_size}, but the photo's size is "
                f"{self.photo_size}. Scale them to it first."
            )
        left, top, right, bottom = self.box
        offset = strokes.control_points.new_tensor([left, top])
        cut = replace(strokes, control_points=strokes.control_points - offset, canvas_size=(bottom - top, right - left))
        return cut.scaled_to(canvas_size)


def to_photos(strokes: Strokes, frames: tuple[Frame, ...] | None) -> Strokes:
    """Place each sketch of a batch over its photo; without frames the strokes stay on their canvas.

    Args:
        strokes: B sketches.
        frames: B, or one for all.

    Raises:
        ShapeError: there are not as many frames as sketches.

    >>> sketches = Strokes.black(torch.zeros(2, 5, 4, 2), (224, 224))
    >>> to_photos(sketches, (Frame((480, 640), (80, 0, 560, 480)),)).canvas_size
    (480, 640)
    """
    if frames is None:
        return strokes
    frames = frames * strokes.batch_size if len(frames) == 1 else frames
    if len(frames) != strokes.batch_size:
        raise ShapeError(
            f"{len(frames)} frames do not fit {strokes.batch_size} sketches. Take frame and image from the same "
            "CLIPasso Mask, and connect the strokes after CLIPasso Optimize (one sketch a photo)."
        )
    return Strokes.joined([frame.to_photo(strokes.select([index])) for index, frame in enumerate(frames)])


def frame_photo(mask: Tensor, fit: Fit, margin: float = 0.1) -> Frame:
    """Choose the frame of one photo.

    Args:
        mask: [H, W] in 0-1, the object.
        fit: "pad" shows the whole photo and what is beside it, "crop" the object with a margin around it, but none
            where the photo's border cuts the object, "squash" the whole photo stretched to a square (as the paper's
            code does).
        margin: for "crop", white around the object as a fraction of its longer side.

    Raises:
        ConfigError: unknown fit, or a margin outside 0-1.

    >>> frame_photo(torch.ones(60, 100), "pad").box
    (0, -20, 100, 80)
    """
    check_choice("fit", fit, FITS)
    check_range("margin", margin, 0, 1)
    height, width = mask.shape
    if fit == "squash":
        return Frame((height, width), (0, 0, width, height))
    if fit == "pad":
        return Frame((height, width), _square_around(width, height))
    rows, columns = (mask >= 0.5).any(dim=1).nonzero(), (mask >= 0.5).any(dim=0).nonzero()
    spans = [(int(line.min()), int(line.max()) + 1) for line in (columns, rows)]
    cuts = _cuts(mask)
    ends = (cuts[:2], cuts[2:])
    pad = round(margin * max(last - first for first, last in spans))
    padded = [_with_margin(*span, pad, cut) for span, cut in zip(spans, ends, strict=True)]
    longest = max(last - first for first, last in padded)
    (left, right), (top, bottom) = (_widened(*span, longest, cut) for span, cut in zip(padded, ends, strict=True))
    return Frame((height, width), (left, top, right, bottom))


def apply_frame(image: Tensor, mask: Tensor, frame: Frame) -> tuple[Tensor, Tensor]:
    """Cut a photo and its mask to a frame.

    What lies beyond the photo is white, and no object; but beyond a border that cuts the object, the object goes on,
    blurred and fading, so that the cut makes no line, and neither does what is made up.

    Args:
        image: [3, H, W] in 0-1, the object on white.
        mask: [H, W] of zeros and ones.
        frame: made for this photo.

    Returns:
        image [3, S, S] and mask [S, S], of zeros, ones and ``GOES_ON``; S is the box's side (the longer one, for a
        squashed frame).

    >>> photo, mask = torch.ones(3, 40, 60), torch.zeros(40, 60)
    >>> photo[:, 10:, 20:40], mask[10:, 20:40] = 0, 1  # an object that the photo cuts at the bottom
    >>> image, _ = apply_frame(photo, mask, frame_photo(mask, "pad"))
    >>> image.shape, [round(image[0, y, 30].item(), 1) for y in (0, 49, 50, 54, 59)]  # its last row is 49
    (torch.Size([3, 60, 60]), [1.0, 0.0, 0.1, 0.6, 1.0])
    """
    cuts = _cuts(mask)
    image, mask = _framed(image, frame, cuts, 1.0, _fading), _framed(mask[None], frame, cuts, 0.0, _unseen)
    size = (max(image.shape[-2:]),) * 2
    if image.shape[-2:] == size:
        return image, mask[0]
    return resize(image[None], size)[0], (resize_map(mask, size)[0] >= 0.5).to(mask)


def cut_map(values: Tensor, frame: Frame, beyond: float) -> Tensor:
    """Cut a map [H, W] that lies over a photo to a frame; beyond the photo it is ``beyond``.

    Returns:
        [S, S], S as for ``apply_frame``.

    >>> cut_map(torch.ones(40, 60), Frame((40, 60), (0, -10, 60, 50)), 0.5)[[0, 30], 30].tolist()
    [0.5, 1.0]
    """
    cut = _framed(values[None], frame, (False, False, False, False), beyond, _fading)
    side = max(cut.shape[-2:])
    return resize_map(cut, (side, side))[0]


def same_size(images: Sequence[Tensor]) -> Tensor:
    """Stack square images [C, S, S] of several sizes as [B, C, S, S], enlarged to the largest.

    >>> same_size([torch.zeros(3, 20, 20), torch.ones(3, 50, 50)]).shape
    torch.Size([2, 3, 50, 50])
    """
    side = max(image.shape[-1] for image in images)
    return torch.cat([resize(image[None], (side, side)) for image in images])


def _square_around(width: int, height: int) -> tuple[int, int, int, int]:
    side = max(width, height)
    x, y = -((side - width) // 2), -((side - height) // 2)
    return (x, y, x + side, y + side)


def _cuts(mask: Tensor) -> tuple[bool, bool, bool, bool]:
    """Return whether a photo's border cuts its object [H, W] at the left, right, top and bottom: more than touches."""
    borders = (mask[:, 0], mask[:, -1], mask[0], mask[-1])
    left, right, top, bottom = (float((border >= 0.5).float().mean()) >= LEAST_CUT for border in borders)
    return left, right, top, bottom


def _with_margin(first: int, last: int, pad: int, cuts: tuple[bool, bool]) -> tuple[int, int]:
    """Add a margin at the ends where the object is whole."""
    return first - (0 if cuts[0] else pad), last + (0 if cuts[1] else pad)


def _widened(first: int, last: int, wanted: int, cuts: tuple[bool, bool]) -> tuple[int, int]:
    """Widen to ``wanted`` px: away from a cut, or at both ends alike where there is none, or one at each."""
    more = wanted - (last - first)
    ahead = more // 2 if cuts[0] == cuts[1] else 0 if cuts[0] else more
    return first - ahead, last + more - ahead


def _framed(image: Tensor, frame: Frame, cuts: tuple[bool, bool, bool, bool], empty: float, beyond: GoingOn) -> Tensor:
    """Cut an image [C, H, W] to a frame; beyond the photo it is ``empty``, but goes on where a border cuts it.

    What it is there, ``beyond`` makes of the border [C, L] and a number of lines, from the border outwards.
    """
    left, top, right, bottom = frame.box
    height, width = frame.photo_size
    image = image[:, max(top, 0) : bottom, max(left, 0) : right]
    image = _extended(image.transpose(1, 2), (-left, right - width), cuts[:2], empty, beyond).transpose(1, 2)
    return _extended(image, (-top, bottom - height), cuts[2:], empty, beyond)


def _extended(
    image: Tensor, numbers: tuple[int, int], cuts: tuple[bool, bool], empty: float, beyond: GoingOn
) -> Tensor:
    """Add ``numbers`` of lines before the first and after the last of the L lines of an image [C, L, M]."""
    before, after = (
        _strip(image[:, end], max(number, 0), cut, empty, beyond)
        for end, number, cut in zip((0, -1), numbers, cuts, strict=True)
    )
    return torch.cat([before.flip(1), image, after], dim=1)


def _strip(border: Tensor, number: int, cut: bool, empty: float, beyond: GoingOn) -> Tensor:
    """Return ``number`` lines [C, number, L] that lie beyond an image's border [C, L], the nearest first."""
    if cut:
        return beyond(border, number)
    return torch.full_like(border, empty)[:, None].expand(-1, number, -1)


def _fading(border: Tensor, number: int) -> Tensor:
    """Let a photo's border [C, L] go on and fade to white, only its broad shapes: averaged along the border."""
    length = border.shape[-1]
    reach = max(1, round(BLUR * length))
    averaged = F.avg_pool1d(border, 2 * reach + 1, 1, reach, count_include_pad=False)
    left = (1 - torch.arange(1, number + 1).to(border) / max(1.0, FADE * length)).clamp_min(0)
    return 1 - (1 - averaged)[:, None] * left[:, None]


def _unseen(border: Tensor, number: int) -> Tensor:
    """Let a mask's border [1, L] go on as ``GOES_ON`` between its first and its last object: holes make no stripes."""
    spanned = torch.minimum(border.cummax(dim=-1).values, border.flip(-1).cummax(dim=-1).values.flip(-1))
    return (GOES_ON * (spanned > 0).to(border))[:, None].expand(-1, number, -1)
