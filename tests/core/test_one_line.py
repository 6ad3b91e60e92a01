"""One line: a short tour through all lines, a smooth curve along it, and a drawing that is a single stroke."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor

from clipasso_core.bezier import curve_points, segments_of
from clipasso_core.errors import ConfigError
from clipasso_core.one_line import one_line, short_tour
from clipasso_core.presets import as_one_line, sketch_preset
from clipasso_core.stroke_init import StrokeInitConfig, init_strokes


def travelled(ends: np.ndarray, tour: list[tuple[int, bool]]) -> float:
    """How far the pen goes between the lines of a tour, px."""
    turned = [ends[index][::-1] if back else ends[index] for index, back in tour]
    return float(sum(np.linalg.norm(b[0] - a[1]) for a, b in itertools.pairwise(turned)))


def some_ends(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 224, (count, 2, 2))


def farthest(points: Tensor, curve: Tensor) -> float:
    """How far the farthest of some points [T, 2] lies from a stroke [K, 2], px."""
    on = curve_points(segments_of(curve), torch.linspace(0, 1, 60)).flatten(0, 1)
    return float(torch.cdist(points, on).amin(dim=1).max())


def turns(curve: Tensor) -> Tensor:
    """The cosines of the turns [S - 1] at the joints of a stroke [K, 2]; 1 where it goes straight on."""
    handles = curve.diff(dim=0)
    return torch.cosine_similarity(handles[2:-1:3], handles[3::3], dim=-1)


# --- the tour ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_a_tour_takes_each_line_once_and_is_not_much_longer_than_the_shortest(seed: int) -> None:
    ends = some_ends(5, seed)
    tour = short_tour(ends)
    assert sorted(index for index, _ in tour) == list(range(5))
    every = (
        list(zip(order, turned, strict=True))
        for order in itertools.permutations(range(5))
        for turned in itertools.product((False, True), repeat=5)
    )
    assert travelled(ends, tour) <= 1.35 * min(travelled(ends, one) for one in every)


def test_no_part_of_a_tour_is_better_turned_round() -> None:
    ends = some_ends(30, 7)
    tour = short_tour(ends)
    length = travelled(ends, tour)
    for first, last in itertools.combinations(range(31), 2):
        part = [(index, not back) for index, back in tour[first:last][::-1]]
        assert travelled(ends, tour[:first] + part + tour[last:]) >= length - 1e-6
    assert length < 0.4 * travelled(ends, [(index, False) for index in range(30)])


def test_many_lines_take_little_time_and_one_line_is_a_tour() -> None:
    assert len(short_tour(some_ends(256, 0))) == 256
    assert short_tour(np.array([[[1.0, 1.0], [1.0, 1.0]]])) == [(0, False)]


# --- the curve ---------------------------------------------------------------------------------------------------


def test_a_line_lies_on_the_lines_that_it_joins_and_is_smooth() -> None:
    t = torch.linspace(0, 3.1, 80)[:, None]
    arcs = [torch.cat([60 * t.cos() + x, 60 * t.sin() + 80], dim=1) for x in (70.0, 150.0)]
    curve = one_line(arcs, 12)
    assert curve.shape == (37, 2)
    assert max(farthest(arc, curve) for arc in arcs) < 2.0
    assert float(turns(curve).min()) > 0.999


def test_segments_are_spent_where_a_line_bends() -> None:
    straight = torch.stack([torch.linspace(0, 150, 150), torch.full((150,), 20.0)], dim=1)
    t = torch.linspace(0, 12, 150)[:, None]
    curl = torch.cat([170 + 20 * t.cos(), 40 + 5 * t + 20 * t.sin()], dim=1)
    joints = one_line([straight, curl], 8)[::3]
    assert int((joints[:, 0] < 140).sum()) < int((joints[:, 0] >= 140).sum()) - 2


@pytest.mark.parametrize("points", [1, 2, 5])
def test_lines_of_few_points_give_finite_curves(points: int) -> None:
    for lines in (
        [torch.full((points, 2), 9.0)],
        [torch.arange(2.0 * points).view(points, 2) + 30 * k for k in (0, 1)],
    ):
        curve = one_line(lines, 6)
        assert curve.shape == (19, 2)
        assert bool(curve.isfinite().all())
        assert farthest(torch.cat(lines)[[0, -1]], curve) < 1e-3


# --- first strokes -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rings() -> Tensor:
    """A map [1, 224, 224] of two rings apart."""
    y, x = torch.meshgrid(torch.arange(224.0), torch.arange(224.0), indexing="ij")
    found = [((x - cx).square() + (y - 112).square()).sqrt() for cx in (62, 162)]
    return torch.stack([(radius - 40).abs() < 1.5 for radius in found]).any(dim=0).float()[None]


def test_first_strokes_are_one_line_that_reaches_all(rings: Tensor) -> None:
    config = StrokeInitConfig(num_strokes=8, num_segments=2, num_sketches=2, one_line=True, seed=3)
    strokes = init_strokes(rings, config)
    assert strokes.control_points.shape == (2, 1, 49, 2)
    for curve in strokes.control_points[:, 0]:
        assert float(turns(curve).min()) > 0.99
        middle = curve_points(segments_of(curve), torch.linspace(0, 1, 20)).flatten(0, 1)
        for cx in (62.0, 162.0):  # of each ring most is drawn
            angle = torch.linspace(0, 6.2, 36)[:, None]
            ring = torch.cat([cx + 40 * angle.cos(), 112 + 40 * angle.sin()], dim=1)
            assert int((torch.cdist(ring, middle).amin(dim=1) < 6).sum()) >= 24
    assert torch.equal(init_strokes(rings, config).control_points, strokes.control_points)
    assert not torch.equal(strokes.control_points[0], strokes.control_points[1])


@pytest.mark.parametrize("follow", [0.0, 0.5])
def test_a_spot_gives_a_line_that_can_move(follow: float) -> None:
    """All starts lie in a pixel or two: the points wander, or no gradient could tell them apart."""
    saliency = torch.zeros(1, 224, 224)
    saliency[:, 100, 100:102] = 1
    config = StrokeInitConfig(num_strokes=3, num_segments=1, num_sketches=1, one_line=True, follow=follow)
    (curve,) = init_strokes(saliency, config).control_points[0]
    assert curve.shape == (10, 2)
    assert float(curve.diff(dim=0).norm(dim=-1).min()) > 0.01


def test_too_many_segments_are_refused() -> None:
    assert StrokeInitConfig(num_strokes=256, num_segments=2, one_line=True).shape == (1, 512)
    assert StrokeInitConfig(num_strokes=256, num_segments=3, spare=0.0).shape == (256, 3)
    with pytest.raises(
        ConfigError, match=r"at most 512 segments, and num_strokes \(257\) x num_segments \(2\) are 514"
    ):
        StrokeInitConfig(num_strokes=257, num_segments=2, one_line=True)


def test_a_preset_as_one_line_differs_in_what_one_line_needs_only() -> None:
    preset, changed = sketch_preset("best"), as_one_line(sketch_preset("best"))
    init, optimize = vars(preset.init), vars(preset.optimize)
    assert vars(changed.init) == {**init, "one_line": True, "num_segments": 2}
    assert vars(changed.optimize) == {**optimize, "smooth": True, "tidy": 1.0}
