"""Tidiness: ink on ink beside a plain sum over pixels, and strokes that cross, close or retrace themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from clipasso_core.errors import ShapeError
from clipasso_core.rasterizer import ink
from clipasso_core.strokes import Strokes
from clipasso_lab.tidiness import crosses_itself, tidiness

LINE = torch.tensor([[20.0, 50], [40, 50], [60, 50], [80, 50]])
ACROSS = LINE.flip(-1)
LOOP = torch.tensor([[20.0, 80], [140, 20], [-40, 20], [80, 80]])
ARCH = torch.tensor([[20.0, 80], [20, 20], [80, 20], [80, 80]])
DROP = torch.tensor([[50.0, 80], [-20, 10], [120, 10], [50, 80]])
RING = torch.tensor(
    [[50.0, 20], [70, 20], [80, 40], [80, 50], [80, 70], [50, 90], [30, 70], [10, 50], [30, 20], [50, 20]]
)
EIGHT = torch.tensor([[50.0, 50], [90, 90], [90, 10], [50, 50], [10, 90], [10, 10], [50, 50]])


def drawn(*lines: torch.Tensor, side: int = 224, width: float = 3.0) -> Strokes:
    """Strokes of curves [4, 2] given in hundredths of the canvas."""
    return Strokes.black(torch.stack(lines)[None] * side / 100, (side, side), width)


def overlap_by_pixels(strokes: Strokes) -> float:
    """The definition, pixel by pixel and stroke by stroke."""
    laid = inked = 0.0
    apart = [ink(drawn_alone(strokes, n))[0].tolist() for n in range(strokes.num_strokes)]
    for y in range(strokes.canvas_size[0]):
        for x in range(strokes.canvas_size[1]):
            light = 1.0
            for one in apart:
                laid += one[y][x]
                light *= 1 - one[y][x]
            inked += 1 - light
    return (laid - inked) / laid


def drawn_alone(strokes: Strokes, index: int) -> Strokes:
    alive = torch.zeros_like(strokes.alive)
    alive[0, index] = strokes.alive[0, index]
    return replace(strokes, alive=alive)


def test_overlap_is_the_plain_sum_over_pixels() -> None:
    points = 20 + 184 * torch.rand(1, 7, 4, 2, generator=torch.Generator().manual_seed(0))
    strokes = Strokes.black(points, (224, 224), alive=torch.tensor([[True] * 6 + [False]]))
    found = tidiness(strokes).overlap
    assert 0.005 < found < 0.3
    assert found == pytest.approx(overlap_by_pixels(strokes), abs=1e-6)


def test_many_strokes_are_drawn_in_passes() -> None:
    """A hundred times the same broad line: a hundredth of the ink is not on ink, but for its soft rim."""
    assert tidiness(drawn(*[LINE] * 100, width=40.0)).overlap == pytest.approx(0.99, abs=2e-3)


@pytest.mark.parametrize(("lines", "overlap"), [((LINE,), 0), ((LINE, LINE + 20), 0), ((LINE, LINE), 0.5)])
def test_a_line_beside_or_on_another(lines: tuple[torch.Tensor, ...], overlap: float) -> None:
    assert tidiness(drawn(*lines, width=20.0)).overlap == pytest.approx(overlap, abs=0.02)


def test_two_lines_that_cross_share_a_square() -> None:
    """20 px wide and 134.4 px long with round ends."""
    one = 20 * 134.4 + 3.14159 * 10**2
    found = tidiness(drawn(LINE, ACROSS, width=20.0))
    assert found.overlap == pytest.approx(400 / (2 * one), rel=0.01)
    assert found.ink_share == pytest.approx((2 * one - 400) / 224**2, rel=0.01)


def test_the_page_is_brought_to_the_canvas() -> None:
    small, large = (tidiness(drawn(LINE, ACROSS, side=side, width=side / 14)) for side in (112, 448))
    assert small == pytest.approx(large, abs=1e-3)


@pytest.mark.parametrize(
    ("curve", "crosses"), [(LOOP, True), (EIGHT, True), (ARCH, False), (DROP, False), (RING, False), (LINE, False)]
)
@pytest.mark.parametrize("turn", [0.0, 0.3, 2.0])
def test_what_crosses_itself(curve: torch.Tensor, crosses: bool, turn: float) -> None:
    """However it is turned. The figure of eight starts and ends where it crosses itself."""
    angle = torch.tensor(turn)
    rotation = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()]).reshape(2, 2)
    assert crosses_itself(drawn((curve - 50) @ rotation + 50)).tolist() == [[crosses]]


def test_a_closed_curve_may_miss_its_start_by_less_than_its_width() -> None:
    overshoot = DROP.clone()
    overshoot[3, 0] -= 4
    assert crosses_itself(drawn(overshoot, width=1.0)).tolist() == [[True]]
    assert crosses_itself(drawn(overshoot, width=10.0)).tolist() == [[False]]


def test_a_line_and_a_point_drawn_back_and_forth_do_not_cross() -> None:
    on_line = torch.tensor([[0.2], [1.4], [-0.3], [0.8]]) * torch.tensor([[60.0, 31.3]]) + 10
    dot = torch.full((4, 2), 33.3)
    assert crosses_itself(drawn(on_line, dot)).tolist() == [[False, False]]


@pytest.mark.parametrize("crosses", [False, True])
def test_a_traced_line_of_many_pieces_is_measured_in_time(crosses: bool) -> None:
    """A spiral of 1500 cubics, and one that runs back to its middle."""
    turn = torch.linspace(0, 60, 3 * 1500 + 1)
    spiral = 50 + 0.7 * turn[:, None] * torch.stack([turn.cos(), turn.sin()], dim=1)
    if crosses:
        spiral[-3:] = torch.tensor([[70.0, 50], [60, 50], [50, 51]])
    assert crosses_itself(drawn(spiral, width=1.0)).tolist() == [[crosses]]


def test_only_living_strokes_count() -> None:
    strokes = replace(drawn(LOOP, ARCH, LINE), alive=torch.tensor([[True, True, False]]))
    assert tidiness(strokes).self_crossing == 0.5


def test_what_cannot_be_measured() -> None:
    with pytest.raises(ShapeError, match="one sketch at a time, got 2"):
        tidiness(Strokes.black(torch.zeros(2, 1, 4, 2), (224, 224)))
    for strokes in (drawn(LINE + 500), replace(drawn(LINE), alive=torch.zeros(1, 1, dtype=torch.bool))):
        with pytest.raises(ShapeError, match="no ink"):
            tidiness(strokes)
