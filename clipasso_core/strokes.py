"""Strokes: the one data type that flows through everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import Tensor

from .errors import ShapeError
from .stroke_groups import NO_GROUP, check_group, check_group_names, renumber

CANVAS_SIDE = 224
"""px, the side of the paper's canvas. Lengths that are given in px without another unit (stroke widths, learning rates,
the width of lines in saliency) are px of this canvas, and scale with any other."""

CANVAS = (CANVAS_SIDE, CANVAS_SIDE)
"""Its (height, width)."""

MAX_STROKES = 4096
"""Most strokes one sketch may have; beyond it a sketch is a hatching, and memory explodes."""


class PathText(NamedTuple):
    """A stroke in the words of the SVG that it was read from.

    Args:
        data: its path data, in px of the page.
        width: px of the page, the full width.
    """

    data: str
    width: float


@dataclass(frozen=True, eq=False)
class Strokes:
    """Hold a batch of sketches, each made of N Bézier strokes.

    Pixel (0, 0) covers [0, 1) x [0, 1); x points right, y down. B is photos x seeds and lines
    up with ComfyUI's IMAGE batch. N is padded: ``alive`` says which strokes count. Along N strokes lie in drawing
    order: the first is drawn first, lies undermost, and comes first in an SVG. ``order`` finds orders in which every
    beginning is a drawing, too.

    Args:
        control_points: [B, N, K, 2] px (x, y), K = 3 * segments + 1, segments joined end to start.
        stroke_width: [B, N] px, the full width.
        color: [B, N, 4] straight (not premultiplied) RGBA in 0-1.
        alive: [B, N] bool.
        canvas_size: (height, width) px.
        provenance: how the strokes came to be (JSON values only); written into the SVG's metadata.
        num_given: the first so many strokes of each sketch were given by a person: they stay as they are.
        path_texts: of the first strokes, how the SVG that they were read from puts them, or None where no path of it
            does. ``to_svg`` puts given strokes that way again wherever it still says where they are.
        group: [B, N] int64, of each stroke the index of its group in ``group_names``, or ``NO_GROUP`` (-1); None where
            there are no groups. See ``with_groups``.
        group_names: of the groups, the same for the whole batch.

    Raises:
        ShapeError: shapes do not agree, K is not 3 * segments + 1, the canvas is empty, more strokes are given than
            there are, or groups come without names or names without groups.

    >>> points = torch.tensor([[[[20.0, 60.0], [40.0, 20.0], [60.0, 20.0], [80.0, 60.0]]]])
    >>> arch = Strokes.black(points, (100, 100), stroke_width=4)
    >>> arch.batch_size, arch.num_strokes, arch.num_segments
    (1, 1, 1)
    """

    control_points: Tensor
    stroke_width: Tensor
    color: Tensor
    alive: Tensor
    canvas_size: tuple[int, int]
    provenance: Mapping[str, object] = field(default_factory=dict)
    num_given: int = 0
    path_texts: tuple[PathText | None, ...] = ()
    group: Tensor | None = None
    group_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = tuple(self.control_points.shape)
        if len(shape) != 4 or shape[3] != 2:
            raise ShapeError(f"control_points must be [B, N, K, 2], got {list(shape)}.")
        if shape[2] < 4 or shape[2] % 3 != 1:
            raise ShapeError(
                f"control_points must have K = 3 * segments + 1 points per stroke (4, 7, 10, ...), got {shape[2]}."
            )
        wanted = {
            "stroke_width": (self.stroke_width, shape[:2]),
            "color": (self.color, (*shape[:2], 4)),
            "alive": (self.alive, shape[:2]),
            **({} if self.group is None else {"group": (self.group, shape[:2])}),
        }
        for name, (tensor, expected) in wanted.items():
            if tuple(tensor.shape) != expected:
                raise ShapeError(f"{name} must be {list(expected)} to fit control_points, got {list(tensor.shape)}.")
        if min(self.canvas_size) < 1:
            raise ShapeError(f"canvas_size must be (height, width) of at least 1 px, got {self.canvas_size}.")
        if not 0 <= self.num_given <= shape[1]:
            raise ShapeError(f"num_given must be 0 to the number of strokes ({shape[1]}), got {self.num_given}.")
        if (self.group is None) == bool(self.group_names):
            raise ShapeError("group and group_names must be given together, or both left out. Use with_groups.")

    @classmethod
    def black(
        cls,
        control_points: Tensor,
        canvas_size: tuple[int, int],
        stroke_width: float = 3.0,
        alive: Tensor | None = None,
    ) -> Strokes:
        """Make opaque black strokes of one width, all alive unless said otherwise.

        Args:
            control_points: [B, N, K, 2] px.
            canvas_size: (height, width) px.
            stroke_width: px, the full width. The paper's is 3 px at 224 px.
            alive: [B, N] bool, or None for all.

        >>> Strokes.black(torch.zeros(2, 16, 4, 2), (224, 224)).is_opaque_black()
        True
        """
        batch, count = control_points.shape[:2]
        color = control_points.new_zeros(batch, count, 4)
        color[..., 3] = 1
        if alive is None:
            alive = torch.ones(batch, count, dtype=torch.bool, device=control_points.device)
        width = control_points.new_full((batch, count), float(stroke_width))
        return cls(control_points, width, color, alive, canvas_size)

    @property
    def batch_size(self) -> int:
        """Number of sketches, B."""
        return self.control_points.shape[0]

    @property
    def num_strokes(self) -> int:
        """Number of stroke slots, N (dead ones counted)."""
        return self.control_points.shape[1]

    @property
    def num_segments(self) -> int:
        """Cubic segments per stroke."""
        return (self.control_points.shape[2] - 1) // 3

    def with_points(self, control_points: Tensor) -> Strokes:
        """Return the same strokes along other curves; control_points: [B, N, K, 2] px.

        >>> lines = Strokes.black(torch.zeros(1, 2, 4, 2), (32, 32))
        >>> lines.with_points(lines.control_points + 5).control_points[0, 0, 0].tolist()
        [5.0, 5.0]
        """
        return replace(self, control_points=control_points)

    def with_provenance(self, **facts: object) -> Strokes:
        """Return the same strokes that remember more of how they came to be (JSON values).

        >>> Strokes.black(torch.zeros(1, 2, 4, 2), (32, 32)).with_provenance(seed=7).provenance
        {'seed': 7}
        """
        return replace(self, provenance={**self.provenance, **facts})

    def with_groups(self, group: Tensor, names: Sequence[str]) -> Strokes:
        """Return the same strokes, each of which is of a group: of an object of a scene, say.

        Args:
            group: [B, N] whole numbers, indices into ``names``; ``NO_GROUP`` (-1) for strokes of no group.
            names: of the groups, printable, and each another one; () for strokes without groups.

        Raises:
            ConfigError: one is not a name or stands there twice.
            ShapeError: another shape, or an index out of range.

        >>> three = Strokes.black(torch.zeros(1, 3, 4, 2), (32, 32))
        >>> three.with_groups(torch.tensor([[1, 0, -1]]), ["background", "object-1"]).names_of(0)
        ['object-1', 'background', None]
        """
        indices = check_group(group, len(names)).to(self.control_points.device)
        return replace(self, group=indices if names else None, group_names=check_group_names(names))

    def names_of(self, index: int) -> list[str | None]:
        """Return the names of the groups that the N strokes of one sketch are of, None for those of none.

        >>> Strokes.black(torch.zeros(1, 2, 4, 2), (32, 32)).names_of(0)
        [None, None]
        """
        if self.group is None:
            return [None] * self.num_strokes
        named = (*self.group_names, None)  # NO_GROUP is the last one
        return [named[number] for number in self.group[index].tolist()]

    def select(self, index: list[int] | Tensor) -> Strokes:
        """Return the sketches at ``index`` along the batch, in that order.

        >>> Strokes.black(torch.zeros(5, 2, 4, 2), (32, 32)).select([3, 0]).batch_size
        2
        """
        chosen = torch.as_tensor(index, device=self.control_points.device)
        return self._map(lambda tensor: tensor[chosen])

    def each_alone(self, index: Sequence[int] | Tensor) -> Strokes:
        """Return some strokes of one sketch (B = 1) as sketches [len(index), 1, K, 2] of one stroke each.

        Args:
            index: which, or a mask [N] bool.

        >>> three = Strokes.black(torch.rand(1, 3, 4, 2), (32, 32))
        >>> three.each_alone([2, 0]).control_points.shape
        torch.Size([2, 1, 4, 2])
        """
        chosen = torch.as_tensor(index, device=self.control_points.device)
        return replace(self, num_given=0, path_texts=())._map(lambda tensor: tensor[0, chosen][:, None])

    @staticmethod
    def joined(batches: Sequence[Strokes]) -> Strokes:
        """Join sketches of equally many strokes into one batch; groups of one name are one group.

        What else no tensor says is as in the last one.

        >>> one, two = (Strokes.black(torch.rand(batch, 3, 4, 2), (32, 32)) for batch in (1, 2))
        >>> Strokes.joined([one, two]).batch_size
        3
        """
        return concatenate(batches, dim=0)

    def slots(self, kept: Sequence[int]) -> Strokes:
        """Return only some of the N strokes of every sketch, in that order.

        >>> three = Strokes.black(torch.rand(2, 3, 4, 2), (32, 32))
        >>> three.slots([0, 2]).control_points.shape
        torch.Size([2, 2, 4, 2])
        """
        texts = (*self.path_texts, *[None] * self.num_strokes)
        kept_texts = tuple(texts[slot] for slot in kept) if self.path_texts else ()
        few = replace(self, num_given=0, path_texts=kept_texts)._map(lambda tensor: tensor[:, list(kept)])
        return replace(few, num_given=sum(slot < self.num_given for slot in kept))

    def in_order(self, order: Tensor) -> Strokes:
        """Return the same strokes in another drawing order; order: [B, N] the index of the first one, and so on.

        >>> two = Strokes.black(torch.arange(16.0).view(1, 2, 4, 2), (32, 32))
        >>> two.in_order(torch.tensor([[1, 0]])).control_points[0, :, 0].tolist()
        [[8.0, 9.0], [0.0, 1.0]]
        """
        return self._map(lambda tensor: in_order(tensor, order))

    def prefix(self, count: int | Tensor) -> Strokes:
        """Return the drawings after their first ``count`` living strokes; the others are not alive.

        Args:
            count: one number, or a tensor that broadcasts to [B, 1].

        >>> alive = torch.tensor([[True, False, True, True]])
        >>> Strokes.black(torch.zeros(1, 4, 4, 2), (32, 32), alive=alive).prefix(2).alive.tolist()
        [[True, False, True, False]]
        """
        number = self.alive.long().cumsum(dim=1)
        return replace(self, alive=self.alive & (number <= count))

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Strokes:
        """Return the strokes on another device or in another floating type.

        >>> Strokes.black(torch.zeros(1, 2, 4, 2), (32, 32)).to(dtype=torch.float64).stroke_width.dtype
        torch.float64
        """
        return self._map(lambda tensor: tensor.to(device=device, dtype=dtype if tensor.is_floating_point() else None))

    def detach(self) -> Strokes:
        """Return a copy that no gradient flows through and that shares no memory with this one.

        >>> moving = Strokes.black(torch.zeros(1, 2, 4, 2, requires_grad=True), (32, 32))
        >>> moving.detach().control_points.requires_grad
        False
        """
        return self._map(lambda tensor: tensor.detach().clone())

    def _map(self, change: Callable[[Tensor], Tensor]) -> Strokes:
        return replace(
            self,
            control_points=change(self.control_points),
            stroke_width=change(self.stroke_width),
            color=change(self.color),
            alive=change(self.alive),
            group=None if self.group is None else change(self.group),
        )

    def scaled_to(self, size: tuple[int, int]) -> Strokes:
        """Return the drawing on a canvas of another size (height, width), geometry and widths scaled.

        The two axes scale apart; the width scales by the geometric mean of both. The canvas's own size gives these
        strokes themselves.

        >>> small = Strokes.black(torch.full((1, 1, 4, 2), 10.0), (100, 100), stroke_width=2)
        >>> large = small.scaled_to((400, 100))
        >>> large.control_points[0, 0, 0].tolist(), large.stroke_width.item()
        ([10.0, 40.0], 4.0)
        """
        if size == self.canvas_size:
            return self
        scale_y, scale_x = size[0] / self.canvas_size[0], size[1] / self.canvas_size[1]
        factor = self.control_points.new_tensor([scale_x, scale_y])
        return replace(
            self,
            control_points=self.control_points * factor,
            stroke_width=self.stroke_width * (scale_x * scale_y) ** 0.5,
            canvas_size=size,
        )

    def size_for(self, longest_side: int) -> tuple[int, int]:
        """Return the (height, width) px of this canvas's aspect whose longer side is as given.

        >>> Strokes.black(torch.zeros(1, 1, 4, 2), (100, 200)).size_for(1024)
        (512, 1024)
        """
        scale = longest_side / max(self.canvas_size)
        return max(1, round(self.canvas_size[0] * scale)), max(1, round(self.canvas_size[1] * scale))

    @property
    def is_given(self) -> Tensor:
        """[N] bool, the strokes that a person gave."""
        return torch.arange(self.num_strokes, device=self.alive.device) < self.num_given

    def is_opaque_black(self) -> bool:
        """Whether every living stroke is opaque black, so that painter's order does not matter.

        >>> black = Strokes.black(torch.zeros(1, 1, 4, 2), (32, 32))
        >>> black.is_opaque_black(), replace(black, color=black.color * 0.5).is_opaque_black()
        (True, False)
        """
        color = self.color.detach()
        other = (color[..., :3] != 0).any(-1).logical_or_(color[..., 3] != 1)
        return not bool(other.logical_and_(self.alive).any())


def in_order(tensor: Tensor, order: Tensor) -> Tensor:
    """Return what belongs to strokes, [B, N, ...], in the drawing order [B, N] of each sketch.

    >>> in_order(torch.tensor([[10, 20, 30]]), torch.tensor([[2, 0, 1]])).tolist()
    [[30, 10, 20]]
    """
    index = order.to(tensor.device).view(*order.shape, *[1] * (tensor.ndim - 2))
    return tensor.gather(1, index.expand_as(tensor))


def concatenate(batches: Sequence[Strokes], dim: int) -> Strokes:
    """Put sketches side by side (``dim`` 0) or their strokes behind each other (1); groups of one name are one group.

    Tensors take the device and type of the last batch, and what else no tensor says is as in that one.

    >>> tree, house = (Strokes.black(torch.zeros(1, n, 4, 2), (32, 32)) for n in (1, 2))
    >>> both = [tree.with_groups(torch.zeros(1, 1).long(), ["tree"]), house]
    >>> concatenate(both, dim=1).names_of(0)
    ['tree', None, None]
    """
    alike = with_same_names(batches)
    last = alike[-1]

    def together(name: str) -> Tensor:
        return torch.cat([getattr(one, name).to(getattr(last, name)) for one in alike], dim)

    return replace(
        last,
        control_points=together("control_points"),
        stroke_width=together("stroke_width"),
        color=together("color"),
        alive=together("alive"),
        group=None if last.group is None else together("group"),
    )


def with_same_names(batches: Sequence[Strokes]) -> list[Strokes]:
    """Return batches that have the groups of all of them, by name, in the order in which they first come.

    >>> one = Strokes.black(torch.zeros(1, 1, 4, 2), (32, 32))
    >>> alike = with_same_names([one.with_groups(torch.zeros(1, 1).long(), [name]) for name in ("tree", "house")])
    >>> alike[1].group.item(), alike[1].group_names
    (1, ('tree', 'house'))
    """
    names = tuple(dict.fromkeys(name for one in batches for name in one.group_names))
    if all(one.group_names == names for one in batches):
        return list(batches)
    return [replace(one, group=renumber(_indices(one), one.group_names, names), group_names=names) for one in batches]


def _indices(strokes: Strokes) -> Tensor:
    """Return the groups' indices [B, N], those of no group where there are none."""
    none = torch.full_like(strokes.alive, NO_GROUP, dtype=torch.int64)
    return none if strokes.group is None else strokes.group
