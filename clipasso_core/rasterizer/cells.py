"""Cells: which pixels lie inside a stroke or on its edge, sorted by the work they need.

A cell is a pixel as one stroke sees it. Lines with their reach are cut by rows of pixels into spans; the
union of a stroke's spans are its cells; a cell on an edge becomes one quad of 2 x 2 squares, or four quads
of the scene twice as large. Nothing is ever dense in strokes x pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .scene import HALF_DIAGONAL, TOLERANCE, Lines, Scene, expand

BAND = HALF_DIAGONAL + TOLERANCE
"""px from an edge, as the lines have it, to the farthest centre of a pixel that it may cross."""

SPREAD = 2 * HALF_DIAGONAL * 0.75
"""px that the nearest line of a square of 1/4 px can be farther than that of its pixel's centre."""

FINE_RADIUS = 2.0
"""px; the ends of strokes up to this radius get finer squares."""

CELLS_AT_ONCE = 2**16
"""About how many cells are looked for at once: what bounds the memory."""

QUAD_SIDE = 2
"""Squares per side of a quad."""

QUADS = 4
"""Quads per fine cell."""


@dataclass(frozen=True)
class Cells:
    """Hold P cells; int32 [P] each.

    Args:
        stroke: the stroke.
        column: pixel column.
        row: pixel row.
        pixel: index into the flat canvas [B * H * W].
    """

    stroke: Tensor
    column: Tensor
    row: Tensor
    pixel: Tensor

    def select(self, index: Tensor) -> Cells:
        """Return the cells at index [P']."""
        fields = (self.stroke, self.column, self.row, self.pixel)
        return Cells(*(field.index_select(0, index) for field in fields))

    @staticmethod
    def join(parts: list[Cells]) -> Cells:
        """Return the cells of all parts."""
        if len(parts) == 1:
            return parts[0]
        fields = zip(*((p.stroke, p.column, p.row, p.pixel) for p in parts), strict=True)
        return Cells(*(torch.cat(field) for field in fields))


@dataclass(frozen=True)
class Quads:
    """Hold T quads of 2 x 2 squares: first one per coarse cell, then four per fine cell.

    Args:
        coarse: the E coarse cells.
        fine: the E' fine cells, in the order of their quads; T = E + 4 E'.
        stroke: [T] the stroke; of the scene twice as large for the quads of fine cells.
        corner: [2, T] px at that scale, upper left corner.
        offset: [2, 4] px from a quad's corner to the centres of its squares.
        line: [M] a line that may matter to a quad, at that scale.
        quad: [M] that quad.
    """

    coarse: Cells
    fine: Cells
    stroke: Tensor
    corner: Tensor
    offset: Tensor
    line: Tensor
    quad: Tensor


@dataclass(frozen=True)
class SortedCells:
    """Hold the cells of a scene by the work they need, over a flat canvas of Q pixels.

    Args:
        inside: cells wholly inside their stroke (none if only light matters).
        coarse: cells on an edge, cut into 2 x 2 squares.
        fine: cells on an edge that need 4 x 4: in pixels with several edges, where a thin stroke ends,
            or where a stroke meets itself.
        quads: the squares of both, part by part.
        edges: [Q] int16, edges in each pixel.
    """

    inside: Cells
    coarse: Cells
    fine: Cells
    quads: list[Quads]
    edges: Tensor


@dataclass(frozen=True)
class NearbyLines:
    """Hold P cells of some strokes and M lines near them.

    Args:
        cells: in order of stroke, then row, then column.
        nearest: [P] px from the pixel's centre to the nearest line.
        line: [M] int32, number of a line.
        cell: [M] int32, number of a cell that it may matter to.
        distance: [M] px between the line and the pixel's centre.
    """

    cells: Cells
    nearest: Tensor
    line: Tensor
    cell: Tensor
    distance: Tensor

    def select(self, chosen: Tensor, slack: float) -> NearbyLines:
        """Return the ``chosen`` cells ([P] bool) with the lines that come within ``slack`` px of the nearest."""
        index = chosen.nonzero().squeeze(1)
        limit = (self.nearest + slack).masked_fill_(~chosen, -1).index_select(0, self.cell)
        pair = (self.distance <= limit).nonzero().squeeze(1)
        number = chosen.cumsum(0, dtype=torch.int32).sub_(1)
        line, cell, distance = (f.index_select(0, pair) for f in (self.line, self.cell, self.distance))
        nearest = self.nearest.index_select(0, index)
        return NearbyLines(self.cells.select(index), nearest, line, number.index_select(0, cell), distance)


@dataclass(frozen=True)
class Spans:
    """Hold R spans: pixels side by side whose centres are within reach of one line; int32 [R] each.

    Args:
        line: number of the line.
        row: pixel row.
        left: first pixel column.
        right: last pixel column; left - 1: no pixel.
    """

    line: Tensor
    row: Tensor
    left: Tensor
    right: Tensor


@dataclass(frozen=True)
class Union:
    """Hold U runs of cells, in order of stroke, then row, then column, that overlap nowhere.

    Args:
        first: [R] int32, number of each span's first cell.
        span: [U] the span that each run starts with.
        counts: [U] int32, cells.
    """

    first: Tensor
    span: Tensor
    counts: Tensor


def sort_cells(scene: Scene, light: Tensor, opaque: bool) -> SortedCells:
    """Find and sort all cells.

    Args:
        scene: the strokes.
        light: [Q] 1 for each pixel of the whole batch; made 0 inside strokes.
        opaque: leave out the edges that an opaque stroke covers in an order-free product.
    """
    edges, inside = _part_edges(scene, light, opaque)
    count = torch.zeros_like(light, dtype=torch.int16)
    for part in edges:
        count.scatter_add_(0, part.cells.pixel.long(), torch.ones_like(part.cells.pixel, dtype=count.dtype))
    quads = [_make_quads(scene, part, _needs_finer(scene, part, count)) for part in edges]
    coarse, fine = Cells.join([q.coarse for q in quads]), Cells.join([q.fine for q in quads])
    return SortedCells(Cells.join(inside), coarse, fine, quads, count)


def _part_edges(scene: Scene, light: Tensor, opaque: bool) -> tuple[list[NearbyLines], list[Cells]]:
    """Return, part by part, the cells on an edge and those inside (not if opaque), and put out their ``light``."""
    limit = scene.radius - BAND
    reach = (scene.radius + BAND).index_select(0, scene.lines.stroke)
    edges, inside = [], []
    for part in _parts(scene, reach):
        found = _find_cells(scene, part, reach[part])
        within = found.nearest < limit.index_select(0, found.cells.stroke)
        index = within.nonzero().squeeze(1)
        light.index_fill_(0, found.cells.pixel.index_select(0, index).long(), 0)
        inside.append(found.cells.select(index[:0] if opaque else index))
        edges.append(found if opaque else found.select(~within, SPREAD))
    if opaque:
        edges = [part.select(light.index_select(0, part.cells.pixel) > 0, SPREAD) for part in edges]
    return edges, inside


def _parts(scene: Scene, reach: Tensor) -> list[slice]:
    """Cut the lines [L] of whole strokes into parts with about CELLS_AT_ONCE cells within reach [L] px of them."""
    lines = scene.lines
    work = ((lines.length + 1) * (2 * reach + 1)).cumsum(0)
    count = work.shape[0]
    if count == 0 or float(work[-1]) <= CELLS_AT_ONCE:
        return [slice(0, count)]
    strokes = torch.arange(scene.sketch.shape[0], device=reach.device, dtype=lines.stroke.dtype)
    first = torch.searchsorted(lines.stroke, strokes)
    number = work.index_select(0, first).div_(CELLS_AT_ONCE).floor_()
    begin = first[1:][number[1:] != number[:-1]].tolist()
    return [slice(a, b) for a, b in zip([0, *begin], [*begin, count], strict=True)]


def _find_cells(scene: Scene, part: slice, reach: Tensor) -> NearbyLines:
    """Find every cell whose centre is within reach [L'] px of the lines in ``part``."""
    spans = _find_spans(scene.lines, part, reach, scene.size)
    union = _unite(spans, scene.lines.stroke, scene.size)
    cells = _cells_of_runs(scene, spans, union)
    span, cell, column = expand((spans.right - spans.left).add_(1), union.first, spans.left)
    distance = _centre_distance(scene.lines, spans, span, column)
    nearest = _least_distance(distance, cell, cells.stroke.shape[0])
    return NearbyLines(cells, nearest, spans.line.index_select(0, span), cell, distance)


def _find_spans(lines: Lines, part: slice, reach: Tensor, size: tuple[int, int]) -> Spans:
    """Find the pixels whose centres are within reach [L'] px of the lines in ``part``; outside ``size`` are none."""
    step, start = lines.table[:4, part].view(2, 2, -1)
    line, row = _rows(start[1], step[1], reach, size[0])
    left, right = _columns(_capsules(start, step, lines.length[part], reach), line, row, size[1])
    return Spans(line.add_(part.start), row, left, torch.maximum(right, left - 1))


def _rows(start: Tensor, step: Tensor, reach: Tensor, height: int) -> tuple[Tensor, Tensor]:
    """Return the (line, row) pairs [R] whose row of pixel centres is within reach of the line from y start [L]."""
    top = step.clamp(max=0).add_(start).sub_(reach)
    bottom = step.clamp(min=0).add_(start).add_(reach)
    first = top.sub_(0.5).ceil_().clamp_(0, height).int()
    last = bottom.sub_(0.5).floor_().clamp_(-1, height - 1).int()
    line, row = expand((last - first).add_(1).clamp_(min=0), first)
    return line, row


def _capsules(start: Tensor, step: Tensor, length: Tensor, reach: Tensor) -> Tensor:
    """Return of each line with reach [7, L]: start x y, step x y, 1 / step y, reach, and the next.

    The last is how far in y the straight side touches the cap from the cap's centre.
    """
    flat = step[1].abs().clamp_(min=1e-9).copysign_(step[1])
    side = (step[0] / length.clamp(min=1e-12)).mul_(reach).mul_(flat.sign())
    return torch.cat([start, step, torch.stack([flat.reciprocal_(), reach, side])])


def _columns(capsules: Tensor, line: Tensor, row: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Return first and last column [R] within reach of a line on each row; first > last: none.

    A line with reach is a capsule, and its cut by a row of pixel centres is one interval. Its
    right end is the largest x(u) + sqrt(reach^2 - (y(u) - y)^2), concave in u, so that clamping
    the free optimum (where the row meets the capsule's straight side) gives the true one.
    """
    x, y, dx, dy, inverse, reach, side = capsules.index_select(1, line).unbind(0)
    offset = row.to(x.dtype).add_(0.5).sub_(y)
    sign = torch.arange(-1, 2, 2, device=x.device, dtype=x.dtype)[:, None]
    ends = torch.addcmul(offset, sign, reach).mul_(inverse).clamp_(0, 1)
    u = torch.addcmul(offset, sign, side).mul_(inverse)
    u = torch.minimum(torch.maximum(u, torch.minimum(*ends)), torch.maximum(*ends))
    half = torch.addcmul(offset, u, dy, value=-1).square_().neg_().addcmul_(reach, reach).clamp_(min=0).sqrt_()
    left, right = torch.addcmul(x, u, dx).addcmul_(sign, half).sub_(0.5)
    return left.ceil_().clamp_(0, width).int(), right.floor_().clamp_(-1, width - 1).int()


def _unite(spans: Spans, stroke: Tensor, size: tuple[int, int]) -> Union:
    """Unite the spans of each stroke (of each line: stroke [L]) on each row; unions may be of no cells."""
    key = stroke.index_select(0, spans.line).long().mul_(size[0]).add_(spans.row).mul_(size[1] + 1)
    left, order = torch.sort(key + spans.left, stable=True)
    reached = torch.cummax(key.add_(spans.right).index_select(0, order), 0).values
    opens = torch.ones_like(left, dtype=torch.bool)
    torch.gt(left[1:], reached[:-1], out=opens[1:])
    begin = opens.nonzero().squeeze(1)
    begins = left.index_select(0, begin)
    last = torch.cat([begin[1:], begin.new_full((1,), left.shape[0])]).sub_(1)[: begin.shape[0]]
    counts = reached.index_select(0, last).sub_(begins).add_(1)
    shift = counts.cumsum(0).sub_(counts).sub_(begins)
    cell = left.add_(shift.index_select(0, opens.cumsum(0).sub_(1))).int()
    return Union(torch.empty_like(cell).scatter_(0, order, cell), order.index_select(0, begin), counts.int())


def _cells_of_runs(scene: Scene, spans: Spans, union: Union) -> Cells:
    """Return the cells of all runs."""
    line, row, left = (f.index_select(0, union.span) for f in (spans.line, spans.row, spans.left))
    stroke = scene.lines.stroke.index_select(0, line)
    start = (scene.sketch.index_select(0, stroke) * scene.size[0]).add_(row).mul_(scene.size[1]).add_(left)
    run, column, pixel = expand(union.counts, left, start.int())
    return Cells(stroke.index_select(0, run), column, row.index_select(0, run), pixel)


def _centre_distance(lines: Lines, spans: Spans, span: Tensor, column: Tensor) -> Tensor:
    """Return the distance [M] px between the line of each span [M] and the centre of a pixel in it."""
    row = lines.table[:6].index_select(1, spans.line)
    row[3].sub_(spans.row).sub_(0.5).neg_()
    row[5].mul_(row[3])
    dx, dy, x, y, ux, part = row.index_select(1, span).unbind(0)
    x = column.to(x.dtype).add_(0.5).sub_(x)
    u = part.addcmul_(x, ux).clamp_(0, 1)
    x, y = x.addcmul_(u, dx, value=-1), y.addcmul_(u, dy, value=-1)
    return x.square_().addcmul_(y, y).sqrt_()


def _least_distance(distance: Tensor, cell: Tensor, count: int) -> Tensor:
    """Return the least distance in each cell; the bits of what is never negative order as it does, and faster."""
    bits = distance.view(torch.int64 if distance.dtype == torch.float64 else torch.int32)
    least = bits.new_full((count,), torch.iinfo(bits.dtype).max).scatter_reduce_(0, cell.long(), bits, "amin")
    return least.view(distance.dtype)


def _needs_finer(scene: Scene, edges: NearbyLines, count: Tensor) -> Tensor:
    """Say which cells [P] need 4 x 4 squares; ``count`` [Q]: edges in each pixel."""
    crowded = count.index_select(0, edges.cells.pixel) > 1
    return crowded.logical_or_(_at_ends(scene, edges.cells)).logical_or_(_folded(scene, edges))


def _at_ends(scene: Scene, cells: Cells) -> Tensor:
    """Say which cells [P] lie where a thin stroke ends."""
    radius = scene.radius
    limit = (radius + 1).mul_(radius < FINE_RADIUS).square_().index_select(0, cells.stroke)
    ends = scene.ends.index_select(1, cells.stroke).view(2, 2, -1)
    centre = torch.stack([cells.column, cells.row]).to(ends.dtype).add_(0.5)
    x, y = ends.sub_(centre).square_().unbind(1)
    return torch.minimum(*x.add_(y)) < limit


def _folded(scene: Scene, edges: NearbyLines) -> Tensor:
    """Say which cells [P] a stroke passes more than once.

    Those are the ones whose nearby lines lie farther apart along the stroke than the lines of a
    straight stroke could, whatever the lines' length.
    """
    arc = scene.lines.length.cumsum(0)
    cell = edges.cell.long()
    last = torch.zeros_like(edges.cells.stroke).scatter_reduce_(0, cell, edges.line, "amax")
    first = torch.full_like(last, arc.shape[0] - 1).scatter_reduce_(0, cell, edges.line, "amin")
    apart = (arc - scene.lines.length).index_select(0, last) - arc.index_select(0, first)
    limit = (SPREAD * (2 * (scene.radius + HALF_DIAGONAL) + SPREAD)).sqrt_().mul_(2).add_(0.5)
    return apart > limit.index_select(0, edges.cells.stroke)


def _make_quads(scene: Scene, edges: NearbyLines, fine: Tensor) -> Quads:
    """Cut the cells ``edges`` into quads; ``fine`` [P] says which are fine."""
    plain, odd = (~fine).nonzero().squeeze(1), fine.nonzero().squeeze(1)
    coarse, quartered = edges.cells.select(plain), edges.cells.select(odd)
    count, device = plain.shape[0], fine.device
    total = count + QUADS * odd.shape[0]
    number = torch.empty_like(edges.cells.stroke)
    number.index_copy_(0, plain, torch.arange(count, device=device, dtype=torch.int32))
    number.index_copy_(0, odd, torch.arange(count, total, QUADS, device=device, dtype=torch.int32))
    line, quad = _pairs(edges, number, count, scene.lines.length.shape[0])
    stroke = (quartered.stroke + scene.sketch.shape[0]).repeat_interleave(QUADS)
    four = _two_by_two(scene.radius)
    quarters = (2 * _corner(quartered, four.dtype)[:, :, None] + four[:, None]).view(2, -1)
    return Quads(
        coarse=coarse,
        fine=quartered,
        stroke=torch.cat([coarse.stroke, stroke]),
        corner=torch.cat([_corner(coarse, four.dtype), quarters], 1),
        offset=(four + 0.5) / QUAD_SIDE,
        line=line,
        quad=quad,
    )


def _pairs(edges: NearbyLines, number: Tensor, count: int, lines: int) -> tuple[Tensor, Tensor]:
    """Pair lines with quads; each cell's (first) quad is ``number`` [P], from ``count`` on of the larger scene."""
    quad = number.index_select(0, edges.cell)
    large = quad >= count
    line = torch.add(edges.line, large, alpha=lines)
    far = large.nonzero().squeeze(1)
    step = torch.arange(1, QUADS, device=quad.device, dtype=torch.int32)[:, None]
    others = (quad.index_select(0, far) + step).view(-1)
    more = line.index_select(0, far).expand(QUADS - 1, -1).reshape(-1)
    return torch.cat([line, more]), torch.cat([quad, others])


def _corner(cells: Cells, dtype: torch.dtype) -> Tensor:
    """Return the upper left corners [2, P] px of cells."""
    return torch.stack([cells.column, cells.row]).to(dtype)


def _two_by_two(like: Tensor) -> Tensor:
    """Return the corners [2, 4] of four unit squares that make one of 2 x 2, row by row."""
    number = torch.arange(4, device=like.device, dtype=like.dtype)
    down = (number / 2).floor_()
    return torch.stack([torch.sub(number, down, alpha=2), down])
