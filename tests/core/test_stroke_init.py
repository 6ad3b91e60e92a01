"""First strokes: from the saliency and the seed, and from nothing else."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from clipasso_core.bezier import arc_length, curve_points, segments_of
from clipasso_core.errors import ConfigError, MaskError, ShapeError
from clipasso_core.first_lines import SHORTEST
from clipasso_core.stroke_init import StrokeInitConfig, init_strokes, sampling_map

SIDE = 224


@pytest.fixture
def saliency() -> Tensor:
    """Two different maps, each with 300 positive pixels."""
    generator = torch.Generator().manual_seed(0)
    maps = torch.zeros(2, SIDE * SIDE)
    for one in maps:
        one[torch.randperm(SIDE * SIDE, generator=generator)[:300]] = 0.1 + 0.9 * torch.rand(300, generator=generator)
    return maps.view(2, SIDE, SIDE)


def config(**options: object) -> StrokeInitConfig:
    """Return a config of few strokes that set off at random, with no spare ones, as in the paper."""
    return StrokeInitConfig(**{"num_strokes": 8, "follow": 0.0, "spare": 0.0, **options})  # type: ignore[arg-type]


def starts(saliency: Tensor, **options: object) -> Tensor:
    """Return the start pixels (x, y) [B, N, 2], after a look that starts are pixel centres."""
    first = init_strokes(saliency, config(**options)).control_points[:, :, 0]
    assert torch.equal(first % 1, torch.full_like(first, 0.5))
    return first.long()


def test_shapes_and_looks(saliency: Tensor) -> None:
    strokes = init_strokes(saliency, config(num_segments=2, num_sketches=3, stroke_width=2.5))
    assert strokes.control_points.shape == (6, 8, 7, 2)
    assert strokes.canvas_size == (SIDE, SIDE)
    assert strokes.stroke_width.unique().tolist() == [2.5]
    assert strokes.is_opaque_black()
    assert bool(strokes.alive.all())


def test_defaults(saliency: Tensor) -> None:
    strokes = init_strokes(saliency[:1])
    assert strokes.control_points.shape == (3, 32, 7, 2)  # twice as many as are wanted
    assert strokes.num_wanted == 16
    assert strokes.canvas_size == (224, 224)
    assert strokes.stroke_width.unique().tolist() == [3.0]


@pytest.mark.parametrize("follow", [0.0, 0.4])
def test_the_same_seed_gives_the_same_strokes(saliency: Tensor, follow: float) -> None:
    lines = torch.maximum(saliency, ring())
    drawn = []
    for _ in range(2):
        drawn.append(init_strokes(lines, config(seed=5, follow=follow)).control_points)
        torch.rand(3)  # the global generator plays no part
    assert drawn[0].numpy().tobytes() == drawn[1].numpy().tobytes()
    assert not torch.equal(drawn[0], init_strokes(lines, config(seed=6, follow=follow)).control_points)


def test_different_large_seeds_draw_differently(saliency: Tensor) -> None:
    low, high = (init_strokes(saliency, config(seed=seed)).control_points for seed in (5, 2**63 + 5))
    assert not torch.equal(low, high)


def test_the_sketches_of_a_photo_have_seeds_a_thousand_apart(saliency: Tensor) -> None:
    together = init_strokes(saliency, config(seed=7, num_sketches=3)).control_points
    for k in range(3):
        alone = init_strokes(saliency, config(seed=7 + 1000 * k, num_sketches=1)).control_points
        assert torch.equal(together[k::3], alone)
    assert not torch.equal(together[0], together[1])


@pytest.mark.parametrize("follow", [0.0, 0.4])
def test_a_photo_starts_the_same_whatever_else_is_in_the_batch(saliency: Tensor, follow: float) -> None:
    together = init_strokes(saliency, config(follow=follow)).control_points
    assert torch.equal(together[3:], init_strokes(saliency[1:], config(follow=follow)).control_points)
    assert torch.equal(together[:3], init_strokes(saliency[:1], config(follow=follow)).control_points)


def test_starts_lie_on_salient_pixels_and_never_twice_on_one(saliency: Tensor) -> None:
    first = starts(saliency, num_strokes=300, num_sketches=2)
    for sketch, points in enumerate(first):
        x, y = points.unbind(-1)
        assert bool((saliency[sketch // 2][y, x] > 0).all())
        assert len({tuple(point) for point in points.tolist()}) == 300


@pytest.mark.parametrize("count", [4, 10])
def test_more_strokes_than_pixels_start_again(count: int) -> None:
    saliency = torch.zeros(1, SIDE, SIDE)
    saliency[0, 3, [5, 9, 13]] = 1
    times = [starts(saliency, num_strokes=count)[0].tolist().count([x, 3]) for x in (5, 9, 13)]
    assert sum(times) == count
    assert max(times) - min(times) <= 1


def test_other_control_points_stay_within_the_radius(saliency: Tensor) -> None:
    points = init_strokes(saliency, config(num_strokes=300, num_segments=3, radius=0.1)).control_points
    steps = points.diff(dim=2).abs()
    assert float(steps.max()) <= 0.5 * 0.1 * SIDE + 1e-4
    assert float(steps.max()) > 0.49 * 0.1 * SIDE
    assert float(points.diff(dim=2).mean()) == pytest.approx(0, abs=0.05)


def ring() -> Tensor:
    """A circle of 70 px around the middle."""
    y, x = torch.meshgrid(torch.arange(SIDE) + 0.5, torch.arange(SIDE) + 0.5, indexing="ij")
    return (((x - 112).square() + (y - 112).square()).sqrt().sub(70).abs() < 2).float()[None]


@pytest.mark.parametrize("segments", [1, 3])
def test_first_strokes_follow_the_line_they_start_on(segments: int) -> None:
    few = config(num_strokes=3, follow=0.2, num_segments=segments, radius=0.02)
    points = init_strokes(ring(), few).control_points
    on = curve_points(segments_of(points), torch.linspace(0, 1, 9))
    apart = torch.linalg.vector_norm(on - 112, dim=-1)
    assert float((apart - 70).abs().max()) < 4
    length = torch.linalg.vector_norm(on.flatten(2, 3).diff(dim=2), dim=-1).sum(dim=2)
    assert float((length - 0.2 * SIDE).abs().max()) < 2.5


@pytest.mark.parametrize(("segments", "clear"), [(1, 5), (2, 4.5)])
def test_first_strokes_end_where_they_meet_an_earlier_one(segments: int, clear: float) -> None:
    """6 strokes of up to 90 px are more than the 440 px of the ring."""
    points = init_strokes(ring(), config(num_strokes=6, num_segments=segments, follow=0.4, spread=0.6)).control_points
    y, x = ring()[0].nonzero().float().add(0.5).unbind(1)
    drawn = curve_points(segments_of(points), torch.linspace(0, 1, 30)).flatten(2, 3)
    for sketch, lengths in zip(drawn, arc_length(points), strict=True):
        found = sketch[lengths > SHORTEST + 1]  # what is left between them is shorter, and is drawn beyond its ends
        assert len(found) >= 4
        apart = [float(torch.cdist(a, b).min()) for i, a in enumerate(found) for b in found[:i]]
        assert min(apart) > clear  # px: no line is drawn twice
        away = torch.cdist(torch.stack([x, y], dim=1), sketch.flatten(0, 1)).amin(dim=1)
        assert float(away.max()) < 9  # and none is left half drawn


def test_starts_keep_apart_from_whole_strokes() -> None:
    """Not from their starts alone: whatever part of a line the first stroke leaves, the second takes the other line."""
    lines = torch.zeros(1, SIDE, SIDE)
    lines[0, 60:62, 60:150], lines[0, 150:152, 60:150] = 1, 1
    two = config(num_strokes=2, num_sketches=16, follow=0.4, spread=2.0, radius=0.01)
    for first, second in init_strokes(lines, two).control_points:
        assert float((first[:, 1].mean() - second[:, 1].mean()).abs()) == pytest.approx(90, abs=2)


def test_first_strokes_are_as_long_as_their_lines_and_specks_only_where_some_are_spare() -> None:
    lines = torch.zeros(1, SIDE, SIDE)
    lines[0, 60:62, 100:112], lines[0, 105:107, 100:125], lines[0, 150:152, 100:140] = 1, 1, 1
    three = config(num_strokes=3, follow=0.4, spread=1.0, radius=0.01)
    for lengths in arc_length(init_strokes(lines, three).control_points):
        assert sorted(lengths.tolist()) == [pytest.approx(length, abs=4) for length in (SHORTEST, 26, 41)]
    with_spare = init_strokes(lines, replace(three, num_strokes=2, spare=0.5)).control_points
    for lengths in arc_length(with_spare):
        assert sorted(lengths.tolist()) == [pytest.approx(length, abs=4) for length in (13, 26, 41)]


def test_a_small_spot_gets_a_small_stroke() -> None:
    """An eye or a button: nothing to follow, and a full-length stroke would run through it."""
    y, x = torch.meshgrid(torch.arange(SIDE) + 0.5, torch.arange(SIDE) + 0.5, indexing="ij")
    spot = (((x - 112).square() + (y - 112).square()).sqrt() < 4).float()[None]
    points = init_strokes(spot, config(num_strokes=1, num_sketches=8, follow=0.4)).control_points
    assert float(arc_length(points).max()) < 0.15 * SIDE
    assert float(points.sub(112).abs().max()) < 0.1 * SIDE


def test_strokes_on_one_spot_still_differ() -> None:
    """Equal strokes would get equal gradients for ever."""
    dot = torch.zeros(1, SIDE, SIDE)
    dot[0, 100, 100] = 1
    points = init_strokes(dot, config(follow=0.2, num_strokes=3)).control_points[0]
    apart = torch.linalg.vector_norm(points - points.roll(1, 0), dim=-1).amax(dim=1)
    assert float(apart.min()) > 0.5
    assert float(points.sub(100.5).abs().max()) < 0.2 * SIDE


def test_the_sampling_map_is_a_softmax_over_the_positive_pixels() -> None:
    saliency = torch.tensor([[0.0, 0.5], [1.0, 0.0]])
    weights = [torch.tensor(0.5 / 0.3).exp(), torch.tensor(1 / 0.3).exp()]
    expected = torch.tensor([[0, weights[0]], [weights[1], 0]]) / sum(weights)
    torch.testing.assert_close(sampling_map(saliency, 0.3), expected)


@pytest.mark.parametrize(("temperature", "low", "high"), [(0.05, 0.99, 1.0), (100.0, 0.4, 0.6)])
def test_temperature(temperature: float, low: float, high: float) -> None:
    """Half the pixels are salient, half faint: cold starts keep to the salient ones, hot ones to neither."""
    saliency = torch.full((1, SIDE, SIDE), 0.2)
    saliency[..., : SIDE // 2] = 1
    x = starts(saliency, num_strokes=200, temperature=temperature, spread=0.0)[..., 0]
    assert low <= float((x < SIDE // 2).float().mean()) <= high


@pytest.mark.parametrize(("spread", "crowds"), [(0.0, True), (0.7, False)])
def test_spread_keeps_starts_apart(spread: float, crowds: bool) -> None:
    """16 starts on a full canvas: an even grid would put them 56 px apart, chance puts some side by side."""
    points = starts(torch.ones(1, SIDE, SIDE), num_strokes=16, spread=spread, num_sketches=4)
    for sketch in points.view(4, 16, 2):
        nearest = torch.pdist(sketch.float()).min()
        assert bool(nearest < 0.7 * 56 / 2) if crowds else bool(nearest >= 0.7 * 56 / 2)


def test_spread_takes_every_pixel_before_any_twice() -> None:
    saliency = torch.zeros(1, SIDE, SIDE)
    saliency[0, 3, :5] = 1
    points = starts(saliency, num_strokes=5, num_sketches=1, spread=2.0).reshape(-1, 2)
    assert len(torch.unique(points, dim=0)) == 5


def test_starts_follow_the_sampling_map() -> None:
    """Over many seeds a pixel is the first start as often as its probability says."""
    saliency = torch.zeros(1, SIDE, SIDE)
    saliency[0, 0, :4] = torch.tensor([0.25, 0.5, 0.75, 1.0])
    expected = sampling_map(saliency[0], 0.3)[0, :4]
    x = torch.cat([starts(saliency, num_strokes=1, num_sketches=64, seed=seed)[..., 0] for seed in range(8)])
    share = torch.bincount(x.flatten(), minlength=4) / x.numel()
    torch.testing.assert_close(share, expected, atol=0.07, rtol=0)  # 3 sigma of 512 draws


def test_saliency_of_another_size_is_fitted() -> None:
    saliency = torch.zeros(1, 200, 200)
    saliency[:, 100:, 100:] = 1
    assert int(starts(saliency).min()) >= SIDE // 2 - 1


@pytest.mark.parametrize("canvas_size", [64, 1000])
def test_another_canvas_gets_the_same_strokes_in_other_units(saliency: Tensor, canvas_size: int) -> None:
    found = init_strokes(saliency, config(canvas_size=canvas_size, stroke_width=2.0, follow=0.2))
    assert found.canvas_size == (canvas_size, canvas_size)
    assert found.stroke_width.unique().tolist() == pytest.approx([2.0 * canvas_size / SIDE])
    usual = init_strokes(saliency, config(follow=0.2)).control_points
    torch.testing.assert_close(found.control_points, usual * (canvas_size / SIDE))


@pytest.mark.parametrize(
    ("saliency", "error", "said"),
    [
        (torch.zeros(1, 8, 8), MaskError, "Saliency 0 is all zeros"),
        (torch.stack([torch.ones(8, 8), torch.zeros(8, 8)]), MaskError, "Saliency 1 is all zeros"),
        (torch.full((1, 8, 8), -1.0), MaskError, "all zeros"),
        (torch.ones(1, 8, 12), ShapeError, "saliency is 12 x 8 px but the canvas is 224 x 224"),
        (torch.ones(8, 8), ShapeError, r"must be \[B, H, W\]"),
        (torch.full((1, 8, 8), float("nan")), ShapeError, "finite"),
    ],
)
def test_bad_saliency(saliency: Tensor, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        init_strokes(saliency, config())


@pytest.mark.parametrize("value", [1e-4, 5e-5, 1e-6])
def test_a_faint_saliency_is_drawn_or_refused(value: float) -> None:
    with contextlib.suppress(MaskError):
        points = init_strokes(torch.full((1, 8, 8), value), config()).control_points
        assert bool(torch.isfinite(points).all())


@pytest.mark.parametrize(
    ("name", "low", "high", "beyond"),
    [
        ("num_strokes", 1, 4096, 1),
        ("num_segments", 1, 64, 1),
        ("num_sketches", 1, 64, 1),
        ("stroke_width", 0.1, 100, 0.01),
        ("temperature", 0.01, 100, 0.001),
        ("radius", 0.001, 1, 0.0005),
        ("follow", 0, 1, 0.01),
        ("canvas_size", 32, 4096, 1),
        ("seed", 0, 2**64 - 1, 1),
    ],
)
def test_ranges(name: str, low: float, high: float, beyond: float) -> None:
    for value in (low, high):
        assert getattr(StrokeInitConfig(**{name: value}), name) == value  # type: ignore[arg-type]
    for value in (low - beyond, high + beyond):
        with pytest.raises(ConfigError, match=f"{name} must lie between .* got"):
            StrokeInitConfig(**{name: value})  # type: ignore[arg-type]
