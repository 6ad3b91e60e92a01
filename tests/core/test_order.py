"""Orders of strokes: greedy by what each adds, a short way of the pen, the outline first; and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
import torch
from torch import Tensor

from clipasso_core import order as order_module
from clipasso_core.errors import ShapeError
from clipasso_core.order import (
    importance_order,
    outline_first,
    pen_order,
    prefix_losses,
    put_in_order,
)
from clipasso_core.rasterizer import rasterize
from clipasso_core.strokes import Strokes

SIZE = (48, 48)


def lines(*ends: tuple[float, float, float, float], alive: list[bool] | None = None) -> Strokes:
    """One sketch of straight lines from (x, y) to (x, y)."""
    flat = torch.tensor(ends, dtype=torch.float32).view(-1, 2, 2)
    t = torch.tensor([0, 1 / 3, 2 / 3, 1])[:, None]
    points = torch.lerp(flat[:, :1], flat[:, 1:], t)
    return Strokes.black(points[None], SIZE, 2.0, None if alive is None else torch.tensor([alive]))


def darkness(drawings: Tensor) -> Tensor:
    """The more ink the better."""
    return drawings.mean(dim=(1, 2, 3))


def random_lines(count: int, seed: int = 0) -> Strokes:
    ends = 48 * torch.rand(count, 4, generator=torch.Generator().manual_seed(seed))
    return lines(*[tuple(row) for row in ends.tolist()])  # type: ignore[misc]


def way(strokes: Strokes) -> float:
    """What the pen travels without drawing, from the upper left corner on."""
    points = strokes.control_points[0][strokes.alive[0]]
    stops = torch.cat([torch.zeros(1, 2), points[:, -1]])[:-1]
    return float(torch.linalg.vector_norm(points[:, 0] - stops, dim=-1).sum())


def test_losses_of_prefixes_are_those_of_the_drawings_cut_there() -> None:
    strokes = replace(random_lines(20), alive=(torch.arange(20) != 3)[None])
    found = prefix_losses(strokes, darkness)
    kept = [index for index in range(20) if index != 3]
    for count in (1, 7, 19):
        first = kept[:count]
        cut = Strokes.black(strokes.control_points[:, first], SIZE, 2.0)
        assert float(found[count - 1]) == pytest.approx(float(darkness(rasterize(cut))[0]), abs=1e-6)
    assert len(found) == 19


def test_the_first_stroke_is_the_best_alone_and_each_next_adds_most() -> None:
    """A long line over which a nearly as long one lies adds nothing, and comes behind a short one elsewhere."""
    strokes = lines((5, 10, 25, 10), (5, 40, 45, 40), (6, 40, 44, 40))
    assert importance_order(strokes, darkness).tolist() == [1, 0, 2]


def test_the_greedy_order_is_the_obvious_one() -> None:
    """The oracle draws every candidate anew and tries all that are left; the loss is one that strokes can raise."""
    strokes = random_lines(6, seed=3)
    target = rasterize(random_lines(5, seed=4))

    def apart(drawings: Tensor) -> Tensor:
        return (drawings - target).square().mean(dim=(1, 2, 3))

    left, order = list(range(6)), []
    while left:
        losses = [float(apart(rasterize(_only(strokes, [*order, one])))) for one in left]
        order.append(left.pop(losses.index(min(losses))))
    assert importance_order(strokes, apart).tolist() == order


def _only(strokes: Strokes, index: list[int]) -> Strokes:
    return Strokes.black(strokes.control_points[:, index], SIZE, 2.0)


def test_only_promising_strokes_are_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    strokes, seen = random_lines(12), []

    def counted(drawings: Tensor) -> Tensor:
        seen.append(len(drawings))
        return darkness(drawings)

    monkeypatch.setattr(order_module, "MOST_TRIED", 3)
    order = importance_order(strokes, counted)
    assert sorted(order.tolist()) == list(range(12))
    assert sum(seen) == 1 + 12 + 9 * 3 + 2 + 1  # white, all, three each, the rest


def test_dead_strokes_come_last_and_a_loss_that_is_no_number_is_the_worst() -> None:
    strokes = lines((5, 5, 9, 5), (5, 10, 40, 10), (5, 20, 20, 20), alive=[True, False, True])
    assert importance_order(strokes, darkness).tolist() == [2, 0, 1]

    def fails_with_much_ink(drawings: Tensor) -> Tensor:
        return torch.where(darkness(drawings) < 0.987, torch.nan, darkness(drawings))

    assert importance_order(strokes, fails_with_much_ink).tolist() == [0, 2, 1]
    with pytest.raises(ShapeError, match="One sketch is ordered at a time, got 2"):
        importance_order(strokes.select([0, 0]), darkness)


def test_colours_lie_over_each_other_as_they_are_drawn() -> None:
    """White over black takes ink away: it is drawn under it where ink is wanted, over it where light is."""
    both = lines((5, 20, 40, 20), (5, 20, 40, 20))
    color = torch.tensor([[[0.0, 0, 0, 1], [1, 1, 1, 1]]])
    both = replace(both, color=color)
    assert importance_order(both, darkness).tolist() == [0, 1]
    assert importance_order(both, lambda drawings: -darkness(drawings)).tolist() == [1, 0]


def test_the_pens_way_is_hardly_longer_than_the_shortest_there_is() -> None:
    longer = []
    for seed in range(10):
        strokes = random_lines(4, seed)
        ways = [
            way(_turned(strokes.in_order(torch.tensor([order])), [bool(turns >> k & 1) for k in range(4)]))
            for order in permutations(range(4))
            for turns in range(16)
        ]
        found = way(pen_order(strokes))
        assert found <= way(strokes)
        longer.append(found / min(ways))
    assert sum(longer) / len(longer) < 1.1
    assert way(pen_order(random_lines(60))) < 0.35 * way(random_lines(60))


def _turned(strokes: Strokes, turned: list[bool]) -> Strokes:
    backwards = torch.tensor(turned)[None, :, None, None]
    return strokes.with_points(torch.where(backwards, strokes.control_points.flip(2), strokes.control_points))


def test_the_pen_draws_the_same_picture() -> None:
    strokes = replace(random_lines(9), alive=(torch.arange(9) % 4 != 1)[None])
    placed = pen_order(strokes)
    torch.testing.assert_close(rasterize(placed), rasterize(strokes), atol=1e-4, rtol=0)
    assert placed.alive.tolist() == [[True] * 7 + [False] * 2]


def test_the_outline_comes_first_each_in_its_order() -> None:
    inside = torch.zeros(1, *SIZE, dtype=torch.bool)
    inside[:, 8:40, 8:40] = True
    inner, left, outer, top = (24, 24, 30, 30), (8, 12, 8, 36), (1, 24, 1, 30), (12, 8, 36, 8)
    placed = outline_first(lines(inner, left, outer, top), inside)
    starts = [tuple(point) for point in placed.control_points[0, :, 0].tolist()]
    assert starts == [(8, 12), (12, 8), (24, 24), (1, 24)]
    with pytest.raises(ShapeError, match=r"inside must be \[1, 48, 48\]"):
        outline_first(placed, inside[:, :20])


def test_an_object_that_fills_the_canvas_has_no_outline() -> None:
    strokes = random_lines(5)
    placed = outline_first(strokes, torch.ones(1, *SIZE, dtype=torch.bool))
    assert torch.equal(placed.control_points, strokes.control_points)


def test_every_order_is_of_the_same_strokes() -> None:
    strokes, inside = random_lines(7), torch.zeros(1, *SIZE, dtype=torch.bool)
    inside[:, 10:30, 10:30] = True
    for order in order_module.ORDERS:
        placed = put_in_order(strokes, order, [darkness], inside)
        middles = sorted(placed.control_points.mean(dim=2)[0].round(decimals=3).tolist())
        assert middles == sorted(strokes.control_points.mean(dim=2)[0].round(decimals=3).tolist())
    assert put_in_order(strokes, "drawn", [darkness], inside) is strokes


def test_an_order_that_is_better_over_all_prefixes_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    strokes, inside = lines((5, 10, 45, 10), (5, 20, 25, 20), (5, 30, 10, 30)), torch.ones(1, *SIZE, dtype=torch.bool)
    monkeypatch.setattr(order_module, "importance_order", lambda *_: torch.tensor([2, 1, 0]))
    assert torch.equal(put_in_order(strokes, "importance", [darkness], inside).control_points, strokes.control_points)
    worse = strokes.in_order(torch.tensor([[2, 1, 0]]))
    better = put_in_order(worse, "importance", [darkness], inside)
    assert torch.equal(better.control_points, strokes.control_points)


def test_each_sketch_has_its_own_order() -> None:
    two = lines((5, 10, 10, 10), (5, 20, 45, 20)).control_points, lines((5, 10, 45, 10), (5, 20, 10, 20)).control_points
    strokes = Strokes.black(torch.cat(two), SIZE, 2.0)
    placed = put_in_order(strokes, "importance", [darkness, darkness], torch.ones(2, *SIZE, dtype=torch.bool))
    assert placed.control_points[:, 0, 0].tolist() == [[5.0, 20.0], [5.0, 10.0]]


def test_given_strokes_come_first_as_they_are_in_every_order() -> None:
    mine = replace(random_lines(6), num_given=2)
    inside = torch.zeros(1, *SIZE, dtype=torch.bool)
    inside[:, 30:, 30:] = True
    for order in ("importance", "pen", "outline"):
        placed = put_in_order(mine, order, [darkness], inside)
        assert torch.equal(placed.control_points[:, :2], mine.control_points[:, :2]), order
        assert placed.num_given == 2
        assert not torch.equal(placed.control_points, mine.control_points), order
