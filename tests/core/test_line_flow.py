"""Following lines: direction, length, ends, even spacing, and curves through points."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from clipasso_core.bezier import curve_points, segments_of
from clipasso_core.line_flow import MOST_TURN, curve_through, follow, line_flow, place_evenly

SIDE = 96
Y, X = torch.meshgrid(torch.arange(SIDE) + 0.5, torch.arange(SIDE) + 0.5, indexing="ij")


def straight(degrees: float, half_width: float = 1.2) -> Tensor:
    """A line through the middle."""
    angle = math.radians(degrees)
    off = (X - SIDE / 2) * -math.sin(angle) + (Y - SIDE / 2) * math.cos(angle)
    return (off.abs() < half_width).float()


def circle(radius: float = 30.0) -> Tensor:
    return (((X - SIDE / 2).square() + (Y - SIDE / 2).square()).sqrt().sub(radius).abs() < 1.2).float()


@pytest.mark.parametrize("degrees", [0.0, 30.0, 45.0, 90.0, 140.0])
def test_paths_run_along_a_straight_line(degrees: float) -> None:
    path = follow(line_flow(straight(degrees)), torch.tensor([[SIDE / 2, SIDE / 2]]), 40.0).points[0]
    along = torch.tensor([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])
    span = path[-1] - path[0]
    assert float(torch.linalg.vector_norm(span)) == pytest.approx(40, abs=0.5)
    assert abs(float(span @ along)) == pytest.approx(40, abs=0.5)
    torch.testing.assert_close(path[20], torch.tensor([SIDE / 2, SIDE / 2]))  # the start is the middle


def test_paths_bend_with_a_circle() -> None:
    path = follow(line_flow(circle()), torch.tensor([[SIDE / 2 + 30.0, SIDE / 2]]), 60.0).points[0]
    apart = torch.linalg.vector_norm(path - SIDE / 2, dim=-1)
    assert float((apart - 30).abs().max()) < 1.5
    turned = torch.atan2(path[:, 1] - SIDE / 2, path[:, 0] - SIDE / 2)
    assert abs(float(turned[-1] - turned[0])) == pytest.approx(2.0, abs=0.1)  # 60 px of a radius of 30


@pytest.mark.parametrize("quarter", range(4))
def test_a_thin_circle_is_followed_from_everywhere(quarter: int) -> None:
    """A ring two pixels wide: its pixels are off its middle by up to one, and a path must not slide off it."""
    ring = circle(40.0)
    y, x = (ring > 0).nonzero().float().add(0.5).unbind(1)
    here = ((x > SIDE / 2) * 2 + (y > SIDE / 2)) == quarter
    paths = follow(line_flow(ring), torch.stack([x, y], dim=1)[here], 60.0)
    assert float(paths.reached.float().mean()) > 0.99
    apart = torch.linalg.vector_norm(paths.points - SIDE / 2, dim=-1)
    assert float((apart - 40).abs().max()) < 2.5


def test_a_path_ends_where_it_has_turned_enough() -> None:
    paths = follow(line_flow(circle(12.0)), torch.tensor([[SIDE / 2 + 12.0, SIDE / 2]]), 80.0)
    assert int(paths.reached.sum()) == pytest.approx(2 * MOST_TURN * 12, abs=4)  # as far each way
    assert not torch.allclose(paths.points[0, 0], paths.points[0, -1], atol=8)


def test_a_path_ends_with_its_line() -> None:
    lines = straight(0.0)
    lines[:, :40] = 0
    lines[:, 70:] = 0
    path = follow(line_flow(lines), torch.tensor([[50.0, SIDE / 2]]), 80.0).points[0]
    ends = sorted([float(path[0, 0]), float(path[-1, 0])])
    assert ends == [pytest.approx(39, abs=2.5), pytest.approx(71, abs=2.5)]


def test_paths_stay_on_the_canvas() -> None:
    for start in ([0.5, SIDE / 2], [SIDE - 0.5, SIDE / 2]):
        path = follow(line_flow(torch.ones(SIDE, SIDE)), torch.tensor([start]), 300.0).points
        assert bool(((path >= 0) & (path <= SIDE)).all())


def test_points_lie_evenly() -> None:
    path = torch.tensor([[0.0, 0], [0, 0], [3, 0], [3, 1], [3, 6], [3, 6]])[None]
    placed = place_evenly(path, 4)[0]
    torch.testing.assert_close(placed, torch.tensor([[0.0, 0], [3, 0], [3, 3], [3, 6]]))


def test_a_path_of_no_length_is_a_point() -> None:
    path = torch.full((1, 5, 2), 7.5)
    assert torch.equal(place_evenly(path, 4), torch.full((1, 4, 2), 7.5))


@pytest.mark.parametrize("segments", [1, 3])
def test_curves_pass_through_their_points(segments: int) -> None:
    points = torch.rand(5, 3 * segments + 1, 2, generator=torch.Generator().manual_seed(0)) * 50
    control = curve_through(points)
    assert control.shape == points.shape
    on = curve_points(segments_of(control), torch.tensor([0.0, 1 / 3, 2 / 3, 1.0]))  # [5, S, 4, 2]
    for s in range(segments):
        torch.testing.assert_close(on[:, s], points[:, 3 * s : 3 * s + 4], atol=1e-4, rtol=1e-5)


def test_nothing_but_lines_counts() -> None:
    """How bright a line is does not change where it runs; a map without lines has no strength."""
    flow, faint = line_flow(circle()), line_flow(circle() * 0.01)
    assert torch.equal(flow.direction, faint.direction)
    assert float(line_flow(torch.zeros(SIDE, SIDE)).strength.max()) == 0
