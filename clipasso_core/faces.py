"""Faces: find people's faces in photos, with their eyes, nose and mouth (the embedded MTCNN)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .errors import ShapeError
from .pixels import resize
from .weights.shipped import read_shipped

WEIGHTS = Path(__file__).parent / "data" / "mtcnn.npz"
WEIGHTS_SHA256 = "3dcd295a37a205172f6c05a38b1cd6906e3b64b4dda67de8cbe00e5b8cac37b3"

LEAST_FACE = 20
"""px, the side of the smallest face that is looked for; ``LOOKED_AT`` px is the longer side of what is looked at."""
LOOKED_AT = 448

CELL, STRIDE, SHRINK = 12, 2, 0.709
"""px: the square that the first network looks at, how far it moves on; and from one size of the photo to the next."""

LIKELY = (0.6, 0.7, 0.98)
"""How sure each of the three networks must be; the last one so sure that few animals are taken for people."""

SAME = 0.7
"""Of their area: boxes that share more are of the same face."""

Weights = Mapping[str, Tensor]
Network = Callable[[Tensor], tuple[Tensor, ...]]


@dataclass(frozen=True)
class Face:
    """A face in a picture; everything in its px, (x, y).

    Args:
        box: left, top, right, bottom.
        eyes: the centres of both, the left one in the picture first.
        nose: its tip.
        mouth: its corners, the left one in the picture first.
        sure: 0-1, how sure the network is.
    """

    box: tuple[float, float, float, float]
    eyes: tuple[tuple[float, float], tuple[float, float]]
    nose: tuple[float, float]
    mouth: tuple[tuple[float, float], tuple[float, float]]
    sure: float

    def scaled(self, factor: float) -> Face:
        """Return the same face where the picture is ``factor`` times as large."""
        left, top, right, bottom = (each * factor for each in self.box)
        places = [(x * factor, y * factor) for x, y in (*self.eyes, self.nose, *self.mouth)]
        return Face((left, top, right, bottom), (places[0], places[1]), places[2], (places[3], places[4]), self.sure)


@torch.no_grad()
def find_faces(image: Tensor) -> tuple[Face, ...]:
    """Find the faces of a photo, the surest first.

    Their places are rounded to a tenth of a px of the ``LOOKED_AT`` px: the number of threads does not move them.

    Args:
        image: [3, H, W] in 0-1.

    Raises:
        ShapeError: the image has another shape.
        WeightsError: the networks' file is missing or damaged.

    Source: Zhang, Zhang, Li and Qiao, "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional
    Networks" (IEEE Signal Processing Letters, 2016). Three networks, each looking closer at what the one before let
    through: 12 px squares of the photo at many sizes, 24 px, 48 px with eyes, nose and mouth.

    >>> find_faces(torch.ones(3, 64, 64))
    ()
    """
    if image.ndim != 3 or image.shape[0] != 3:
        raise ShapeError(f"A photo to find faces in must be [3, H, W], got {list(image.shape)}.")
    propose, refine, settle = _networks()
    height, width = image.shape[-2:]
    scale = LOOKED_AT / max(height, width)
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    photo = (resize(image.detach().float().cpu()[None], size) - 127.5 / 255) * (255 / 128)
    seen = _look(photo, _squares(_proposals(photo, propose)), refine, 24, LIKELY[1])
    seen = seen.only(_apart(seen.squares, seen.scores, SAME))
    seen = _look(photo, _squares(_moved(seen.squares, seen.moves)), settle, 48, LIKELY[2])
    seen = seen.only(_apart(_moved(seen.squares, seen.moves), seen.scores, SAME, of_smaller=True))
    boxes, places = (each.round(decimals=1).tolist() for each in (_moved(seen.squares, seen.moves), seen.places()))
    found = (
        Face(tuple(box), (eye, other), nose, (corner, far), sure)
        for box, (eye, other, nose, corner, far), sure in zip(boxes, places, seen.scores.tolist(), strict=True)
    )
    return tuple(face.scaled(1 / scale) for face in found)


class _Seen(NamedTuple):
    """What a network says of squares [M, 4] px.

    How each is to be moved [M, 4], how sure it is of a face [M], and (the last network alone) where eyes, nose and
    mouth are, as shares of the square: five x, then five y [M, 10].
    """

    squares: Tensor
    moves: Tensor
    scores: Tensor
    marks: Tensor

    def only(self, which: Tensor) -> _Seen:
        """Return the same of some squares: bool [M], or which ones."""
        return _Seen(*(each[which] for each in self))

    def places(self) -> Tensor:
        """Return the marks as places (x, y) px: [M, 5, 2]."""
        corner, size = self.squares[:, None, :2], _sizes(self.squares)[:, None]
        return self.marks.view(-1, 2, 5).transpose(1, 2) * size + corner - 1


def _look(photo: Tensor, squares: Tensor, network: Network, side: int, likely: float) -> _Seen:
    """Look at squares [M, 4] px of a photo [1, 3, H, W], each as ``side`` px; keep those that likely hold a face."""
    last = torch.tensor([photo.shape[-1], photo.shape[-2]])
    spans = torch.cat([squares[:, :2].trunc().clamp_min(1), squares[:, 2:].trunc().minimum(last)], dim=1)
    held = (spans[:, 2:] >= spans[:, :2]).all(dim=1)
    squares, spans = squares[held], spans[held].int()
    if not len(squares):
        return _Seen(squares, torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, 10))
    parts = [photo[..., top - 1 : bottom, left - 1 : right] for left, top, right, bottom in spans.tolist()]
    moves, scores, *marks = network(torch.cat([F.interpolate(part, (side, side), mode="area") for part in parts]))
    return _Seen(squares, moves, scores, *(marks or [torch.zeros(len(squares), 10)])).only(scores > likely)


def _proposals(photo: Tensor, propose: Network) -> Tensor:
    """Return boxes [M, 4] px of a photo [1, 3, H, W] that may hold a face."""
    scale, every, sure = CELL / LEAST_FACE, [], []
    while min(photo.shape[-2:]) * scale >= CELL:
        size = (int(photo.shape[-2] * scale + 1), int(photo.shape[-1] * scale + 1))
        moves, scores = propose(F.interpolate(photo, size, mode="area"))
        rows, columns = (scores[0] >= LIKELY[0]).nonzero(as_tuple=True)
        corner = torch.stack([columns, rows], dim=-1) * STRIDE
        cells = torch.cat([((corner + 1) / scale).floor(), ((corner + CELL) / scale).floor()], dim=-1)
        moved = _moved(cells, moves[0, :, rows, columns].T, 0)
        keep = _apart(cells, scores[0, rows, columns], 0.5)
        every.append(moved[keep])
        sure.append(scores[0, rows, columns][keep])
        scale *= SHRINK
    if not every:
        return torch.zeros(0, 4)
    boxes, scores = torch.cat(every), torch.cat(sure)
    return boxes[_apart(boxes, scores, SAME)]


def _moved(boxes: Tensor, moves: Tensor, border: int = 1) -> Tensor:
    """Return boxes [M, 4] with each side moved by so many times the box's own."""
    return boxes + moves * _sizes(boxes, border).repeat(1, 2)


def _sizes(boxes: Tensor, border: int = 1) -> Tensor:
    """Return (width, height) [M, 2] of boxes [M, 4], whose last pixels belong to them."""
    return boxes[:, 2:] - boxes[:, :2] + border


def _squares(boxes: Tensor) -> Tensor:
    """Return squares around boxes [M, 4], of their longer sides."""
    middle, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).amax(dim=-1, keepdim=True) / 2
    return torch.cat([middle - half, middle + half], dim=-1)


def _apart(boxes: Tensor, scores: Tensor, most: float, of_smaller: bool = False) -> Tensor:
    """Return which boxes [M, 4] to keep, the surest first, so that no two share more than ``most`` of their area.

    Of the area of both together; with ``of_smaller`` of that of the smaller one.
    """
    left = torch.sort(scores, descending=True, stable=True).indices
    area = _sizes(boxes).prod(dim=-1)
    keep = []
    while len(left):
        best, left = left[0], left[1:]
        keep.append(best)
        low, high = torch.maximum(boxes[best, :2], boxes[left, :2]), torch.minimum(boxes[best, 2:], boxes[left, 2:])
        shared = (high - low + 1).clamp_min(0).prod(dim=-1)
        whole = torch.minimum(area[best], area[left]) if of_smaller else area[best] + area[left] - shared
        left = left[shared <= most * whole]
    return torch.stack(keep) if keep else torch.zeros(0, dtype=torch.long)


@lru_cache(maxsize=1)
def _networks() -> tuple[Network, Network, Network]:
    """Return the three networks; each gives how the box is to be moved, how sure it is, and the last one the marks."""
    with np.load(BytesIO(read_shipped(WEIGHTS, WEIGHTS_SHA256))) as arrays:
        weights = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    first, second, third = ({name[2:]: each for name, each in weights.items() if name[0] == which} for which in "pro")
    return partial(_propose, first), partial(_refine, second), partial(_settle, third)


def _propose(weights: Weights, x: Tensor) -> tuple[Tensor, ...]:
    """Look at every 12 px square of [1, 3, H, W]."""
    x = F.max_pool2d(_convolved(x, weights, 1), 2, 2, ceil_mode=True)
    x = _convolved(_convolved(x, weights, 2), weights, 3)
    heads = ("conv4_1", "conv4_2")
    scores, moves = (F.conv2d(x, weights[f"{head}.weight"], weights[f"{head}.bias"]) for head in heads)
    return moves, scores.softmax(dim=1)[:, 1]


def _refine(weights: Weights, x: Tensor) -> tuple[Tensor, ...]:
    """Look at [M, 3, 24, 24]."""
    x = F.max_pool2d(_convolved(x, weights, 1), 3, 2, ceil_mode=True)
    x = F.max_pool2d(_convolved(x, weights, 2), 3, 2, ceil_mode=True)
    x = _dense(_convolved(x, weights, 3), weights, 4)
    scores, moves = (_linear(x, weights, head) for head in ("dense5_1", "dense5_2"))
    return moves, scores.softmax(dim=1)[:, 1]


def _settle(weights: Weights, x: Tensor) -> tuple[Tensor, ...]:
    """Look at [M, 3, 48, 48]."""
    x = F.max_pool2d(_convolved(x, weights, 1), 3, 2, ceil_mode=True)
    x = F.max_pool2d(_convolved(x, weights, 2), 3, 2, ceil_mode=True)
    x = F.max_pool2d(_convolved(x, weights, 3), 2, 2, ceil_mode=True)
    x = _dense(_convolved(x, weights, 4), weights, 5)
    scores, moves, marks = (_linear(x, weights, head) for head in ("dense6_1", "dense6_2", "dense6_3"))
    return moves, scores.softmax(dim=1)[:, 1], marks


def _convolved(x: Tensor, weights: Weights, layer: int) -> Tensor:
    x = F.conv2d(x, weights[f"conv{layer}.weight"], weights[f"conv{layer}.bias"])
    return F.prelu(x, weights[f"prelu{layer}.weight"])


def _dense(x: Tensor, weights: Weights, layer: int) -> Tensor:
    """Maps lie transposed, as the networks were trained."""
    x = _linear(x.permute(0, 3, 2, 1).flatten(1), weights, f"dense{layer}")
    return F.prelu(x, weights[f"prelu{layer}.weight"])


def _linear(x: Tensor, weights: Weights, layer: str) -> Tensor:
    return F.linear(x, weights[f"{layer}.weight"], weights[f"{layer}.bias"])
