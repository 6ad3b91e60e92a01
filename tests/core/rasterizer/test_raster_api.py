"""Batches, dead strokes, types, errors, order of painting, determinism."""

from __future__ import annotations

import importlib.util

import pytest
import torch
from torch import Tensor

from clipasso_core.errors import ConfigError, DependencyError, ShapeError
from clipasso_core.rasterizer import RASTERIZERS, cells, choose, get_rasterizer, ink, rasterize, render
from clipasso_core.strokes import Strokes

SIZE = (48, 40)


def scene(count: int = 6, batch: int = 2, points: int = 4, black: bool = True, size: tuple[int, int] = SIZE) -> Strokes:
    random = torch.Generator().manual_seed(7)
    control = torch.rand(batch, count, points, 2, generator=random) * max(size)
    strokes = Strokes.black(control, size, 2.0)
    if black:
        return strokes
    color = torch.rand(batch, count, 4, generator=random)
    return Strokes(control, strokes.stroke_width, color, strokes.alive, size)


def picture_and_gradient(strokes: Strokes) -> tuple[Tensor, Tensor, Tensor]:
    control = strokes.control_points.clone().requires_grad_()
    width = strokes.stroke_width.clone().requires_grad_()
    image = render(Strokes(control, width, strokes.color, strokes.alive, strokes.canvas_size))
    image.square().sum().backward()
    assert control.grad is not None
    assert width.grad is not None
    return image.detach(), control.grad, width.grad


@pytest.mark.parametrize("black", [True, False])
def test_a_batch_is_its_sketches(black: bool) -> None:
    strokes = scene(black=black)
    both = render(strokes)
    for b in range(2):
        assert torch.allclose(both[b : b + 1], render(strokes.select([b])), atol=1e-6)


@pytest.mark.parametrize("black", [True, False])
def test_dead_strokes_draw_nothing(black: bool) -> None:
    strokes = scene(black=black)
    alive = strokes.alive.clone()
    alive[:, 2] = False
    keep = [0, 1, 3, 4, 5]
    fewer = Strokes(
        strokes.control_points[:, keep],
        strokes.stroke_width[:, keep],
        strokes.color[:, keep],
        strokes.alive[:, keep],
        SIZE,
    )
    dead = Strokes(strokes.control_points, strokes.stroke_width, strokes.color, alive, SIZE)
    assert torch.equal(render(dead), render(fewer))
    nobody = Strokes(strokes.control_points, strokes.stroke_width, strokes.color, torch.zeros_like(alive), SIZE)
    assert bool((rasterize(nobody) == 1).all())


def test_no_width_draws_nothing_and_no_strokes_give_white() -> None:
    strokes = scene()
    flat = Strokes(strokes.control_points, strokes.stroke_width * 0, strokes.color, strokes.alive, SIZE)
    assert bool((rasterize(flat) == 1).all())
    assert bool((rasterize(scene(count=0)) == 1).all())


def test_black_ways_agree() -> None:
    strokes = scene()
    slow = Strokes(
        strokes.control_points, strokes.stroke_width, strokes.color.clone().requires_grad_(), strokes.alive, SIZE
    )
    assert torch.allclose(render(strokes), render(slow).detach(), atol=1e-5)
    assert torch.allclose(rasterize(strokes), (1 - ink(strokes))[:, None].expand(-1, 3, -1, -1), atol=1e-6)
    assert torch.allclose(rasterize(strokes), rasterize(slow).detach(), atol=1e-5)


def test_later_strokes_lie_on_top() -> None:
    line = torch.tensor([[4.0, 10], [14, 10], [24, 10], [34, 10]])
    color = torch.tensor([[[1.0, 0, 0, 1], [0, 0, 1, 0.5]]])
    strokes = Strokes(line.expand(1, 2, 4, 2), torch.full((1, 2), 6.0), color, torch.ones(1, 2, dtype=torch.bool), SIZE)
    pixel = render(strokes)[0, :, 10, 20]
    assert torch.allclose(pixel, torch.tensor([0.5, 0, 0.5, 1]), atol=1e-6)


def test_size_scales_the_drawing() -> None:
    strokes = scene()
    large = rasterize(strokes, (96, 80))
    assert large.shape == (2, 3, 96, 80)
    assert torch.allclose(large, rasterize(strokes.scaled_to((96, 80))))
    assert float((torch.nn.functional.avg_pool2d(large, 2) - rasterize(strokes)).abs().mean()) < 0.003


def test_segments_are_one_stroke() -> None:
    """A joint is covered once: no darker spot in a translucent stroke."""
    points = torch.tensor([[4.0, 10], [9, 10], [14, 10], [19, 10], [24, 10], [29, 10], [34, 10]])
    color = torch.tensor([[[0.0, 0, 0, 0.5]]])
    strokes = Strokes(points[None, None], torch.full((1, 1), 5.0), color, torch.ones(1, 1, dtype=torch.bool), SIZE)
    assert float(ink(strokes).max()) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("dtype", "given"),
    [(torch.float32, torch.float32), (torch.float64, torch.float64), (torch.bfloat16, torch.float32)],
)
def test_types(dtype: torch.dtype, given: torch.dtype) -> None:
    strokes = scene().to(dtype=dtype)
    control = strokes.control_points.requires_grad_()
    image = rasterize(strokes)
    image.sum().backward()
    assert image.dtype == given
    assert control.grad is not None
    assert control.grad.dtype == dtype


@pytest.mark.parametrize("black", [True, False])
@pytest.mark.parametrize("points", [4, 7])
def test_bit_identical_from_run_to_run(black: bool, points: int) -> None:
    strokes = scene(40, 2, points, black, (160, 160))
    before = torch.get_num_threads()
    torch.use_deterministic_algorithms(True)
    try:
        first = picture_and_gradient(strokes)
        again = picture_and_gradient(strokes)
        torch.set_num_threads(2 if before == 1 else 1)
        other = picture_and_gradient(strokes)
    finally:
        torch.use_deterministic_algorithms(False)
        torch.set_num_threads(before)
    for a, b, c in zip(first, again, other, strict=True):
        assert torch.equal(a, b)
        assert torch.equal(a, c)


@pytest.mark.parametrize("black", [True, False])
@pytest.mark.parametrize("points", [4, 7])
def test_part_by_part_it_is_the_same(black: bool, points: int, monkeypatch: pytest.MonkeyPatch) -> None:
    strokes = scene(20, 2, points, black, (160, 160))
    picture, *whole = picture_and_gradient(strokes)
    monkeypatch.setattr(cells, "CELLS_AT_ONCE", 2000)
    same, *parts = picture_and_gradient(strokes)
    assert torch.equal(picture, same)
    for a, b in zip(whole, parts, strict=True):
        assert torch.allclose(a, b, rtol=1e-4, atol=1e-5 * float(a.abs().max()))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_nan_and_infinity_are_refused(bad: float) -> None:
    control = torch.rand(1, 1, 4, 2)
    control[0, 0, 1, 0] = bad
    with pytest.raises(ShapeError, match="control_points must be finite"):
        rasterize(Strokes.black(control, SIZE))


def test_names() -> None:
    with pytest.raises(ConfigError, match="auto, analytic, reference, diffvg, triton"):
        get_rasterizer("nonsense")
    assert RASTERIZERS[0] == "auto"


def test_the_default_rasterizer_is_the_one_that_rasterize_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a GPU that is the kernels: here they are played by what draws black where nothing is."""
    strokes = scene()
    monkeypatch.setattr(choose, "_fits", lambda _: True)
    monkeypatch.setattr(choose.fused, "render", lambda strokes, size: torch.full((2, 4, *SIZE), 0.25))
    for name in ((), ("auto",)):
        assert torch.equal(get_rasterizer(*name).render(strokes), torch.full((2, 4, *SIZE), 0.25))
    assert torch.equal(rasterize(strokes), torch.ones(2, 3, *SIZE))
    assert not torch.equal(get_rasterizer("analytic").render(strokes), render(strokes))


@pytest.mark.skipif(importlib.util.find_spec("pydiffvg") is not None, reason="pydiffvg is installed")
def test_diffvg_missing_says_how_to_get_it() -> None:
    with pytest.raises(DependencyError, match="git clone"):
        get_rasterizer("diffvg")


@pytest.mark.diffvg
@pytest.mark.skipif(importlib.util.find_spec("pydiffvg") is None, reason="pydiffvg is not installed")
@pytest.mark.parametrize("black", [True, False])
def test_diffvg_draws_the_same(black: bool) -> None:
    strokes = scene(black=black)
    assert float((get_rasterizer("diffvg").render(strokes) - render(strokes)).abs().mean()) < 0.01


@pytest.mark.parametrize("black", [True, False])
def test_a_device_that_cannot_draw_has_the_cpu_draw(monkeypatch: pytest.MonkeyPatch, black: bool) -> None:
    """MPS lacks operations that drawing takes; here the CPU plays it."""
    strokes = scene(black=black)
    expected = picture_and_gradient(strokes)
    monkeypatch.setattr(choose, "PLAIN_DEVICES", ())
    moved: list[object] = []
    to = Strokes.to
    monkeypatch.setattr(Strokes, "to", lambda self, *args, **kwargs: moved.append(args) or to(self, *args, **kwargs))
    found = picture_and_gradient(strokes)
    assert ("cpu",) in moved
    for a, b in zip(expected, found, strict=True):
        assert torch.equal(a, b)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("black", [True, False])
def test_a_gpu_draws_the_same_and_always_so(black: bool) -> None:
    strokes = scene(40, 2, 7, black, (160, 160))
    here, there = picture_and_gradient(strokes), picture_and_gradient(strokes.to("cuda"))
    again = picture_and_gradient(strokes.to("cuda"))
    for a, b, c in zip(here, there, again, strict=True):
        assert torch.equal(b, c)
        assert torch.allclose(a, b.cpu(), rtol=1e-2, atol=1e-2 * float(a.abs().max()))
