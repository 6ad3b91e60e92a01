"""Edits: what a person changed on strokes, as a list of operations in JSON that can be made again on other strokes.

The form is version 1 of "clipasso-edits":

* ``made_for``: of the strokes that were edited, ``num_strokes`` (N), ``num_points`` (K) and ``canvas_size`` ([height,
  width] px).
* ``operations``: made one after another. Strokes are meant by their number in the input, 0 to N - 1, dead ones counted;
  strokes that are added to a sketch follow from N on. ``sketch`` says which of the batch, 0 if left out.

  - ``{"do": "delete", "strokes": [3, 5]}``
  - ``{"do": "move", "strokes": [2], "points": [[[x, y], ...]]}``: K new control points, px, for each.
  - ``{"do": "add", "points": [[x, y], ...], "width": 3, "color": [0, 0, 0, 1]}``: one stroke of K points, drawn last;
    where strokes have groups, of the group of the stroke that it lies nearest to.
  - ``{"do": "place", "strokes": [4], "before": 0}``: in the drawing order before another one, or last (null).

Edits fit other strokes than those that they were made for (another seed, say) if these have as many strokes and points,
a canvas of the same aspect (points and widths are scaled to it), and every stroke that is named is alive. Strokes that
were given by a person stay first in the order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch

from .bezier import points_along
from .errors import EditError, JsonError
from .given import SAME_ASPECT
from .json_values import (
    Points,
    as_color,
    as_list,
    as_number,
    as_object,
    as_points,
    as_size,
    as_whole,
    check_head,
    parse_json,
)
from .layering import with_room
from .pixels import same_aspect
from .strokes import MAX_STROKES, Strokes

FORMAT, VERSION = "clipasso-edits", 1
OPERATIONS = ("delete", "move", "add", "place")
MAX_OPERATIONS = 100_000

ALONG = 9
"""Points of a cubic that tell how near strokes lie to each other."""

MOST_ALONG = 512
"""Points of a whole stroke beyond which every second, third, ... one is enough."""


class Operation(NamedTuple):
    """One change of one sketch.

    Args:
        do: one of ``OPERATIONS``.
        sketch: which of the batch.
        strokes: the numbers of the strokes that are meant; of an added one none.
        points: px, K for each stroke that is moved or added.
        width: px, of an added stroke.
        color: straight RGBA in 0-1, of an added stroke.
        before: the stroke that placed ones come before; None for last.
    """

    do: str
    sketch: int
    strokes: tuple[int, ...] = ()
    points: tuple[Points, ...] = ()
    width: float = 0.0
    color: tuple[float, ...] = (0.0, 0.0, 0.0, 1.0)
    before: int | None = None


@dataclass(frozen=True)
class Edits:
    """Hold edits and what they were made for.

    Args:
        operations: in their order.
        num_strokes: N, strokes of a sketch, dead ones counted.
        num_points: K, control points of a stroke.
        canvas_size: (height, width) px.
    """

    operations: tuple[Operation, ...] = ()
    num_strokes: int = 0
    num_points: int = 4
    canvas_size: tuple[int, int] = (1, 1)


def parse_edits(text: str) -> Edits:
    """Read edits from JSON; an empty text holds none.

    Raises:
        JsonError: it is no JSON, of another format or version, or a value is missing or out of its range.

    >>> made_for = '"made_for": {"num_strokes": 2, "num_points": 4, "canvas_size": [32, 32]}'
    >>> operations = '"operations": [{"do": "delete", "strokes": [1]}]'
    >>> parse_edits(f'{{"format": "clipasso-edits", "version": 1, {made_for}, {operations}}}').operations[0].strokes
    (1,)
    >>> parse_edits("").operations
    ()
    """
    if not text.strip():
        return Edits()
    values = parse_json(text, "edits")
    check_head(values, FORMAT, VERSION)
    listed = as_list(values.get("operations"), "operations", MAX_OPERATIONS)
    made_for = as_object(values.get("made_for"), "made_for")
    num_points = as_whole(made_for.get("num_points"), "made_for.num_points", 4, 3 * MAX_STROKES + 1)
    return Edits(
        tuple(_read_operation(one, f"operations[{index}]", num_points) for index, one in enumerate(listed)),
        as_whole(made_for.get("num_strokes"), "made_for.num_strokes", 0, MAX_STROKES),
        num_points,
        as_size(made_for.get("canvas_size"), "made_for.canvas_size"),
    )


def apply_edits(strokes: Strokes, edits: Edits) -> Strokes:
    """Make edits on strokes; what no operation names stays as it is.

    Args:
        strokes: B sketches.
        edits: what to change; they must fit (see the module).

    Returns:
        Strokes [B, N + A, K, 2], A the most that were added to one sketch. Deleted strokes are not alive. Without
        operations the strokes themselves; else provenance tells how many of each kind there were.

    Raises:
        EditError: the edits do not fit the strokes.

    >>> two = Strokes.black(torch.rand(1, 2, 4, 2) * 32, (32, 32))
    >>> edits = Edits((Operation("delete", 0, (0,)), Operation("place", 0, (0,))), 2, 4, (32, 32))
    >>> apply_edits(two, edits)
    Traceback (most recent call last):
    clipasso_core.errors.EditError: Edit 1 (place) names stroke 0 of sketch 0, which is deleted. Clear the edits.
    >>> apply_edits(two, Edits(edits.operations[:1], 2, 4, (32, 32))).alive.tolist()
    [[False, True]]
    """
    if not edits.operations:
        return strokes
    _check_fit(strokes, edits)
    work = _Work(strokes, edits)
    for index, operation in enumerate(edits.operations):
        work.check(index, operation)
        getattr(work, operation.do)(operation)
    made = {do: sum(one.do == do for one in edits.operations) for do in OPERATIONS}
    return work.result().with_provenance(edits={do: count for do, count in made.items() if count})


class _Work:
    """The strokes while they are edited: tensors that hold room for all that is added, and each sketch's order."""

    def __init__(self, strokes: Strokes, edits: Edits) -> None:
        sketches = range(strokes.batch_size)
        added = [sum(one.do == "add" and one.sketch == sketch for one in edits.operations) for sketch in sketches]
        room = strokes.num_strokes + max(added, default=0)
        if room > MAX_STROKES:
            raise EditError(f"With the added strokes a sketch has {room}; at most {MAX_STROKES} are possible.")
        self.given, self.first_added = strokes.num_given, strokes.num_strokes
        self.strokes = with_room(strokes.detach(), room, strokes.control_points.shape[2])
        self.orders = [list(range(room)) for _ in sketches]
        self.unused = [strokes.num_strokes for _ in sketches]
        height, width = (now / then for now, then in zip(strokes.canvas_size, edits.canvas_size, strict=True))
        self.scale, self.width_scale = (width, height), (width * height) ** 0.5

    def check(self, index: int, operation: Operation) -> None:
        """Raise EditError unless all that an operation names is there."""
        said, remedy = f"Edit {index} ({operation.do})", "Clear the edits."
        if operation.sketch >= self.strokes.batch_size:
            raise EditError(f"{said} is of sketch {operation.sketch}; there are {self.strokes.batch_size}. {remedy}")
        named = (*operation.strokes, *(() if operation.before is None else (operation.before,)))
        for stroke in named:
            named_so = f"{said} names stroke {stroke} of sketch {operation.sketch}, which"
            if stroke >= self.unused[operation.sketch]:
                raise EditError(f"{named_so} does not exist. {remedy}")
            if not bool(self.strokes.alive[operation.sketch, stroke]):
                raise EditError(f"{named_so} is deleted. {remedy}")
            if operation.do == "place" and stroke < self.given:
                raise EditError(f"{named_so} was given: given strokes stay first in the order. {remedy}")

    def delete(self, operation: Operation) -> None:
        """Let strokes be dead."""
        self.strokes.alive[operation.sketch, list(operation.strokes)] = False

    def move(self, operation: Operation) -> None:
        """Put strokes along other curves."""
        for stroke, points in zip(operation.strokes, operation.points, strict=True):
            self._put(operation.sketch, stroke, points)

    def add(self, operation: Operation) -> None:
        """Draw one more stroke, after all others."""
        sketch, stroke = operation.sketch, self.unused[operation.sketch]
        self.unused[sketch] += 1
        self._put(sketch, stroke, operation.points[0])
        if self.strokes.group is not None:
            self.strokes.group[sketch, stroke] = self.strokes.group[sketch, self._nearest(sketch, stroke)]
        self.strokes.stroke_width[sketch, stroke] = operation.width * self.width_scale
        self.strokes.color[sketch, stroke] = self.strokes.color.new_tensor(operation.color)
        self.strokes.alive[sketch, stroke] = True

    def place(self, operation: Operation) -> None:
        """Draw strokes earlier or later."""
        order = [stroke for stroke in self.orders[operation.sketch] if stroke not in operation.strokes]
        before = operation.before
        unused = self.unused[operation.sketch]
        at = next((i for i, stroke in enumerate(order) if stroke == before or stroke >= unused), len(order))
        self.orders[operation.sketch] = [*order[:at], *operation.strokes, *order[at:]]

    def result(self) -> Strokes:
        """Return the strokes in their orders."""
        return self.strokes.in_order(torch.tensor(self.orders))

    def _nearest(self, sketch: int, stroke: int) -> int:
        """Return the living stroke that a new one is nearest to, over its whole length; itself if there is none."""
        living = self.strokes.alive[sketch].nonzero()[:, 0]
        if not len(living):
            return stroke
        points = points_along(self.strokes.control_points[sketch], ALONG)
        points = points[:, :: max(1, points.shape[1] // MOST_ALONG)]
        away = [torch.cdist(points[stroke], other).amin(dim=1).mean() for other in points[living]]
        return int(living[torch.stack(away).argmin()])

    def _put(self, sketch: int, stroke: int, points: Points) -> None:
        target = self.strokes.control_points
        target[sketch, stroke] = target.new_tensor(points) * target.new_tensor(self.scale)


def _check_fit(strokes: Strokes, edits: Edits) -> None:
    """Raise EditError unless strokes are like those that edits were made for."""
    now, then = (strokes.num_strokes, strokes.control_points.shape[2]), (edits.num_strokes, edits.num_points)
    if now != then:
        raise EditError(
            f"The edits were made for sketches of {then[0]} strokes with {then[1]} points each; now there are {now[0]} "
            f"strokes with {now[1]} points. Clear the edits, or connect strokes like those."
        )
    if not same_aspect(strokes.canvas_size, edits.canvas_size, SAME_ASPECT):
        shown = " and ".join(f"{width} x {height} px" for height, width in (edits.canvas_size, strokes.canvas_size))
        raise EditError(f"The canvases that were edited and that came differ in aspect: {shown}. Clear the edits.")


def _read_operation(value: object, where: str, num_points: int) -> Operation:
    operation = as_object(value, where)
    do = operation.get("do")
    if do not in OPERATIONS:
        raise JsonError(f"{where}.do must be one of {', '.join(OPERATIONS)}.")
    sketch = as_whole(operation.get("sketch", 0), f"{where}.sketch", 0, MAX_OPERATIONS)
    if do == "add":
        points = (_read_points(operation.get("points"), f"{where}.points", num_points),)
        width = as_number(operation.get("width"), f"{where}.width", low=0)
        color = as_color(operation.get("color", [0, 0, 0, 1]), f"{where}.color")
        return Operation("add", sketch, (), points, width, color)
    listed = as_list(operation.get("strokes"), f"{where}.strokes", MAX_STROKES)
    strokes = tuple(as_whole(one, f"{where}.strokes[{index}]", 0, MAX_STROKES) for index, one in enumerate(listed))
    if len(set(strokes)) < len(strokes):
        raise JsonError(f"{where}.strokes names a stroke twice. Name each once.")
    if do == "move":
        return Operation("move", sketch, strokes, _read_moves(operation, where, len(strokes), num_points))
    before = operation.get("before")
    at = None if before is None else as_whole(before, f"{where}.before", 0, MAX_STROKES)
    if do == "place" and at in strokes:
        raise JsonError(f"{where}.before names stroke {at}, which is placed itself.")
    return Operation(str(do), sketch, strokes, before=at if do == "place" else None)


def _read_moves(operation: dict[str, object], where: str, count: int, num_points: int) -> tuple[Points, ...]:
    listed = as_list(operation.get("points"), f"{where}.points")
    if len(listed) != count:
        raise JsonError(f"{where}.points must hold points for each of {count} strokes, got {len(listed)}.")
    return tuple(_read_points(one, f"{where}.points[{index}]", num_points) for index, one in enumerate(listed))


def _read_points(value: object, where: str, num_points: int) -> Points:
    points = as_points(value, where)
    if len(points) != num_points:
        raise JsonError(f"{where} must hold {num_points} points as made_for says, got {len(points)}.")
    return points
