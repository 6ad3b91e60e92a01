"""The losses: by hand on small maps, zero for the same, with right gradients."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from clipasso_core.bezier import parts_between
from clipasso_core.crossings import self_crossings
from clipasso_core.encoders import FeatureRecipe, Features
from clipasso_core.encoders.base import DISTANCES, Distance
from clipasso_core.losses import (
    PIECES,
    bend_loss,
    comparable,
    geometric_loss,
    knot_loss,
    map_distance,
    overlap_loss,
    semantic_loss,
    uncovered_loss,
)
from clipasso_core.rasterizer import ink
from clipasso_core.strokes import Strokes
from clipasso_lab.tidiness import crosses_itself


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + 0.1


def test_map_distance_by_hand() -> None:
    drawing = torch.tensor([[[[1.0, 2.0]], [[0.0, 0.0]]]])  # [1, 2, 1, 2]
    photo = torch.tensor([[[[0.0, 0.0]], [[2.0, 1.0]]]])
    # squares 1, 4 and 4, 1: their sum is 10, over 4 values or 2 positions
    assert map_distance(drawing, photo, normalized=False).tolist() == [2.5]
    assert map_distance(drawing, photo, normalized=True).tolist() == [5.0]
    # differences 1, 2 and 2, 1
    assert map_distance(drawing, photo, False, "l1").tolist() == [1.5]
    assert map_distance(drawing, photo, True, "l1").tolist() == [3.0]


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize(("angle", "distance"), [(0, 0.0), (90, 1.0), (180, 2.0), (60, 0.5)])
def test_the_cosine_sees_directions_only(angle: float, distance: float, normalize: bool) -> None:
    """Half of the positions agree, half are turned; lengths differ everywhere."""
    recipe = FeatureRecipe({"a": 1.0}, normalize, distances={"a": "cosine"})
    turned = torch.tensor([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    along = torch.tensor([1.0, 0.0])
    drawing = torch.stack([along, along], dim=-1).view(1, 2, 1, 2) * 7
    photo = torch.stack([along, turned], dim=-1).view(1, 2, 1, 2) * 0.02
    found = geometric_loss(*(comparable(Features({"a": m}, None), recipe) for m in (drawing, photo)), recipe)
    assert found.tolist() == pytest.approx([distance / 2], abs=1e-5)


@pytest.mark.parametrize(("angle", "distance"), [(0, 0.0), (90, 2.0), (180, 4.0), (60, 1.0)])
def test_normalised_maps_lie_between_0_and_4(angle: float, distance: float) -> None:
    recipe = FeatureRecipe({"a": 1.0}, normalize_channels=True)
    turned = torch.tensor([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    maps = [torch.tensor([7.0, 0.0]), turned * 0.02]
    drawing, photo = (comparable(Features({"a": m.view(1, 2, 1, 1).expand(1, 2, 3, 5)}, None), recipe) for m in maps)
    assert geometric_loss(drawing, photo, recipe).tolist() == pytest.approx([distance], abs=1e-5)


def test_prepare_scales_every_position_to_length_1() -> None:
    maps, embedding = {"a": random(2, 5, 3, 4)}, random(2, 6)
    maps["a"][0, :, 0, 0] = 0
    prepared = comparable(Features(maps, embedding), FeatureRecipe({"a": 1.0}, normalize_channels=True))
    lengths = prepared.maps["a"].norm(dim=1)
    assert float(lengths[0, 0, 0]) == 0
    assert lengths.flatten()[1:].tolist() == pytest.approx([1.0] * 23)
    assert prepared.embedding is embedding


def test_prepare_leaves_maps_alone_without_normalising() -> None:
    features = Features({"a": random(1, 2, 3, 3)}, None)
    assert comparable(features, FeatureRecipe({"a": 1.0})) is features


def test_geometric_loss_weighs_the_recipes_layers() -> None:
    drawing = Features({"a": random(2, 3, 4, 4), "b": random(2, 5, 2, 2), "unused": random(2, 1, 1, 1)}, None)
    photo = Features({"a": random(2, 3, 4, 4, seed=1), "b": random(2, 5, 2, 2, seed=1)}, None)
    found = geometric_loss(drawing, photo, FeatureRecipe({"a": 2.0, "b": 0.5}))
    expected = [
        2.0 * sum((x - y) ** 2 for x, y in pairs(drawing, photo, "a", i)) / 48
        + 0.5 * sum((x - y) ** 2 for x, y in pairs(drawing, photo, "b", i)) / 20
        for i in range(2)
    ]
    assert found.tolist() == pytest.approx(expected)


def test_each_layer_has_its_own_distance() -> None:
    drawing = Features({"a": random(2, 3, 4, 4), "b": random(2, 5, 2, 2)}, None)
    photo = Features({"a": random(2, 3, 4, 4, seed=1), "b": random(2, 5, 2, 2, seed=1)}, None)
    found = geometric_loss(drawing, photo, FeatureRecipe({"a": 2.0, "b": 0.5}, distances={"b": "l1"}))
    expected = [
        2.0 * sum((x - y) ** 2 for x, y in pairs(drawing, photo, "a", i)) / 48
        + 0.5 * sum(abs(x - y) for x, y in pairs(drawing, photo, "b", i)) / 20
        for i in range(2)
    ]
    assert found.tolist() == pytest.approx(expected)


def pairs(drawing: Features, photo: Features, name: str, index: int) -> list[tuple[float, float]]:
    both = (features.maps[name][index].flatten().tolist() for features in (drawing, photo))
    return list(zip(*both, strict=True))


@pytest.mark.parametrize(
    ("drawing", "photo", "loss"),
    [([1.0, 0.0], [5.0, 0.0], 0.0), ([1.0, 0.0], [0.0, 3.0], 1.0), ([1.0, 1.0], [-2.0, -2.0], 2.0)],
)
def test_semantic_loss_by_hand(drawing: list[float], photo: list[float], loss: float) -> None:
    assert semantic_loss(torch.tensor([drawing]), torch.tensor([photo])).tolist() == pytest.approx([loss])


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("normalize", [False, True])
def test_the_same_features_have_no_loss(normalize: bool, distance: Distance) -> None:
    recipe = FeatureRecipe({"a": 1.0}, normalize, distances={"a": distance})
    features = comparable(Features({"a": random(3, 4, 5, 5)}, random(3, 7)), recipe)
    assert geometric_loss(features, features, recipe).tolist() == pytest.approx([0.0] * 3, abs=1e-9)
    assert features.embedding is not None
    assert semantic_loss(features.embedding, features.embedding).tolist() == pytest.approx([0.0] * 3, abs=1e-9)


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("normalize", [False, True])
def test_gradients(normalize: bool, distance: Distance) -> None:
    recipe = FeatureRecipe({"a": 0.7}, normalize, distances={"a": distance})
    photo = comparable(Features({"a": random(2, 3, 2, 2, seed=1)}, None), recipe)

    def loss(maps: Tensor) -> Tensor:
        return geometric_loss(comparable(Features({"a": maps}, None), recipe), photo, recipe)

    assert torch.autograd.gradcheck(loss, (random(2, 3, 2, 2).requires_grad_(),))
    target = random(2, 4, seed=2)
    assert torch.autograd.gradcheck(lambda e: semantic_loss(e, target), (random(2, 4).requires_grad_(),))


LINE = [[8.0, 16], [24, 16], [40, 16], [56, 16]]
ACROSS = [[32.0, 4], [32, 12], [32, 20], [32, 28]]
LOOP = [[8.0, 50], [70, 10], [-6, 10], [56, 50]]
"""A cubic that crosses itself once."""


def hidden(*strokes: list[list[float]], width: float = 3.0) -> float:
    """Return the hidden ink of strokes on a canvas of 64 px, in px."""
    sketch = Strokes.black(torch.tensor([list(strokes)]), (64, 64), width)
    return float(overlap_loss(sketch, ink(sketch))[0]) * 64 * 64


def test_no_ink_is_hidden_where_strokes_lie_apart() -> None:
    lower = [[x, y + 20] for x, y in LINE]
    assert hidden(LINE, lower) == pytest.approx(0, abs=0.7)


def test_a_crossing_hides_the_square_that_both_cover() -> None:
    assert hidden(LINE, ACROSS) == pytest.approx(9, abs=0.9)


def test_a_stroke_on_another_hides_all_of_it() -> None:
    assert hidden(LINE, LINE) == pytest.approx(48 * 3 + math.pi * 1.5**2, abs=0.9)


def test_a_stroke_that_crosses_itself_hides_ink() -> None:
    arch = [[8.0, 50], [8, 10], [56, 10], [56, 50]]
    assert hidden(arch) == pytest.approx(0, abs=0.7)
    assert hidden(LOOP) > 8


def test_hidden_ink_counts_by_opacity_and_only_of_living_strokes() -> None:
    pair = Strokes.black(torch.tensor([[LINE, LINE]]), (64, 64))
    one = replace(pair, alive=torch.tensor([[True, False]]))
    assert float(overlap_loss(one, ink(one))[0]) * 64 * 64 == pytest.approx(0, abs=0.5)
    half = replace(pair, color=pair.color * 0.5)
    area = 48 * 3 + math.pi * 1.5**2
    assert float(overlap_loss(half, ink(half))[0]) * 64 * 64 == pytest.approx(area - 0.75 * area, abs=0.5)


def test_the_overlaps_gradient_draws_strokes_apart() -> None:
    points = torch.tensor([[LINE, [[x, y + 1] for x, y in LINE]]]).requires_grad_(True)
    sketch = Strokes.black(points, (64, 64))
    overlap_loss(sketch, ink(sketch)).sum().backward()
    assert points.grad is not None
    up, down = points.grad[0, :, :, 1].sum(dim=1).tolist()
    assert up > 0 > down  # descending moves the upper line up and the lower one down


def bent(*strokes: list[list[float]]) -> float:
    return float(bend_loss(Strokes.black(torch.tensor([list(strokes)]), (64, 64), 2.0))[0]) * 64 * 64


def test_bends_cost_what_the_way_along_the_control_points_is_longer() -> None:
    quarter = [[8.0, 40], [8, 40 - 17.673], [40 - 32 + 14.327, 8], [40, 8]]  # a circle's, of radius 32
    way = 2 * 17.673 + math.hypot(14.327, 14.327)
    assert bent(quarter) == pytest.approx(2 * (way - 16 * math.pi), rel=0.02)
    assert bent(LINE) == pytest.approx(0, abs=0.01)
    assert bent(LOOP) > 10 * bent(quarter)
    assert bent(LOOP, LINE) == pytest.approx(bent(LOOP))


def test_bends_count_by_opacity_and_only_of_living_strokes() -> None:
    pair = Strokes.black(torch.tensor([[LOOP, LOOP]]), (64, 64))
    whole = bend_loss(pair)
    torch.testing.assert_close(bend_loss(replace(pair, color=pair.color * 0.5)), whole / 2)
    torch.testing.assert_close(bend_loss(replace(pair, alive=torch.tensor([[True, False]]))), whole / 2)


def test_a_point_has_no_bend_and_a_finite_gradient() -> None:
    points = torch.full((1, 1, 4, 2), 9.0).requires_grad_(True)
    bend_loss(Strokes.black(points, (64, 64))).sum().backward()
    assert points.grad is not None
    assert bool(points.grad.isfinite().all())


HOOK = torch.tensor([[0.0, 50], [40, 50], [80, 50], [80, 20], [80, 0], [50, 0], [50, 70]])  # ends 20 px or so behind


def knotted(points: Tensor, width: float = 2.0) -> Tensor:
    return knot_loss(Strokes.black(points[None, None], (100, 100), width))[0] * 100 * 100


def test_a_knot_costs_the_ink_of_its_shortest_part() -> None:
    found = self_crossings(HOOK, PIECES)
    parts = [part[found.there].item() for part in (found.before, found.loop, found.behind)]
    assert 15 < min(parts) < 25
    torch.testing.assert_close(float(knotted(HOOK)), 2 * min(parts), rtol=1e-4, atol=0.0)
    torch.testing.assert_close(knotted(HOOK.flip(0)), knotted(HOOK), rtol=0.02, atol=0.0)


def test_its_gradient_unties_it() -> None:
    points = HOOK.clone().requires_grad_(True)
    steps = 0
    while knotted(points) > 0 and steps < 200:
        (gradient,) = torch.autograd.grad(knotted(points), points)
        points = (points - gradient / gradient.norm()).detach().requires_grad_(True)
        steps += 1
    assert 5 < steps < 100
    assert not bool(crosses_itself(Strokes.black(points.detach()[None, None], (100, 100), 2.0)).any())
    assert float((points.detach() - HOOK)[0].norm()) < 1  # the other end stays


def test_what_closes_is_no_knot() -> None:
    """Ends that pass each other by less than the width."""
    loop = torch.tensor([[20.0, 80], [140, 20], [-40, 20], [80, 80]])
    t = [0.113 - 0.005, 0.887 + 0.005]
    (closed,) = parts_between(loop, torch.tensor(t))
    assert bool(self_crossings(closed, PIECES).there.any())
    assert float(knotted(closed, 4.0)) == 0
    assert float(knotted(closed, 0.5)) > 0


def test_strokes_of_many_cubics_may_cross_themselves() -> None:
    padded = torch.cat([HOOK, HOOK[-1:].expand(12, 2)])
    longer = torch.cat([HOOK, HOOK[-1] + torch.arange(1, 10)[:, None]])
    torch.testing.assert_close(knotted(padded), knotted(HOOK), rtol=1e-4, atol=0.0)
    assert float(knotted(longer)) == 0


ACROSS_THE_CANVAS = torch.zeros(1, 224, 224)
ACROSS_THE_CANVAS[:, 100:102] = 1


def uncovered(points: Tensor, lines: Tensor = ACROSS_THE_CANVAS) -> Tensor:
    return uncovered_loss(ink(Strokes.black(points, (224, 224))), lines)[0]


def along(y: float, left: float = 0.0, right: float = 224.0) -> Tensor:
    return torch.stack([torch.linspace(left, right, 4), torch.full((4,), y)], dim=-1)[None, None]


@pytest.mark.parametrize(("away", "share"), [(0.0, 0.0), (2.0, 0.0), (6.0, 0.8), (20.0, 1.0)])
def test_a_line_is_covered_within_two_px(away: float, share: float) -> None:
    """6 px away: the Gaussian of 3 px from 4.5 to 7.5 px is 0.06, of 0.3."""
    assert float(uncovered(along(101 + away))) == pytest.approx(share, abs=0.05)


def test_a_stroke_grows_along_its_line_and_none_is_drawn_from_afar() -> None:
    near, far = along(101.0, right=112.0).requires_grad_(True), along(140.0, right=112.0).requires_grad_(True)
    for points in (near, far):
        uncovered(points).backward()
    assert near.grad is not None
    assert far.grad is not None
    assert float(near.grad[0, 0, 3, 0]) < 0  # descending moves its end to the right
    assert float(far.grad.abs().max()) < 1e-30


def test_lines_count_by_their_strength_whatever_the_canvas() -> None:
    strong = ACROSS_THE_CANVAS.clone()
    strong[:, 100:102, :112] = 3
    half = along(101.0, right=112.0)
    assert float(uncovered(half, strong)) == pytest.approx(0.25, abs=0.02)
    twice = strong.repeat_interleave(2, 1).repeat_interleave(2, 2)
    drawn = ink(Strokes.black(half * 2, (448, 448), 6.0))
    assert float(uncovered_loss(drawn, twice)[0]) == pytest.approx(0.25, abs=0.02)
