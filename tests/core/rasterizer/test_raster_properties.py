"""What must hold for any strokes."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from clipasso_core.rasterizer import ink, rasterize, render
from clipasso_core.strokes import Strokes

SIZE = (32, 32)
place = st.floats(-10, 42, width=32)
anything = st.floats(allow_nan=False, allow_infinity=False, width=32)
widths = st.floats(0.25, 9, width=32)
few = settings(max_examples=40, deadline=None)


def stroke(points: list[float]) -> Tensor:
    return torch.tensor(points, dtype=torch.float64).reshape(1, 1, -1, 2)


def split(curve: Tensor, t: float) -> tuple[Tensor, Tensor]:
    """Cut a cubic [..., 4, 2] at t (de Casteljau); the two parts draw the same curve."""
    levels = [curve]
    for _ in range(3):
        levels.append(torch.lerp(levels[-1][..., :-1, :], levels[-1][..., 1:, :], t))
    first, last = [level[..., 0, :] for level in levels], [level[..., -1, :] for level in reversed(levels)]
    return torch.stack(first, dim=-2), torch.stack(last, dim=-2)


curves = st.lists(place, min_size=8, max_size=8).map(stroke)


def at_a_fold(width: float) -> float:
    """Return how far one pixel may lie off at a fold or cusp: as far as any pixel may lie off the truth."""
    return 0.06 if width >= 1.5 else 0.1


@few
@given(curves, widths, st.integers(-6, 6), st.integers(-6, 6))
def test_whole_pixels_move_the_image_by_whole_pixels(curve: Tensor, width: float, dx: int, dy: int) -> None:
    image = ink(Strokes.black(curve, SIZE, width))[0]
    moved = ink(Strokes.black(curve + torch.tensor([dx, dy]), SIZE, width))[0]
    inner = slice(8, 24)
    shifted = moved[8 + dy : 24 + dy, 8 + dx : 24 + dx]
    assert torch.allclose(image[inner, inner], shifted, atol=1e-6)


@few
@given(curves, widths)
def test_a_reversed_stroke_is_the_same(curve: Tensor, width: float) -> None:
    image = ink(Strokes.black(curve, SIZE, width))
    reverse = ink(Strokes.black(curve.flip(2), SIZE, width))
    assert float((image - reverse).abs().mean()) < 1e-4
    assert float((image - reverse).abs().max()) < at_a_fold(width)


@few
@given(curves, widths, st.floats(0.1, 0.9))
def test_a_split_curve_is_the_same(curve: Tensor, width: float, t: float) -> None:
    first, last = split(curve, t)
    both = torch.cat([first, last[:, :, 1:]], 2)
    image, parts = ink(Strokes.black(curve, SIZE, width)), ink(Strokes.black(both, SIZE, width))
    assert float((image - parts).abs().mean()) < 1e-4
    assert float((image - parts).abs().max()) < at_a_fold(width)


def test_reversing_and_splitting_a_gentle_curve_changes_rounding_only() -> None:
    curve = stroke([3.2, 5.1, 12.4, 3.3, 20.7, 27.2, 29.1, 22.6])
    image = ink(Strokes.black(curve, SIZE, 3.0))
    assert torch.allclose(image, ink(Strokes.black(curve.flip(2), SIZE, 3.0)), atol=1e-9)
    first, last = split(curve, 0.37)
    both = torch.cat([first, last[:, :, 1:]], 2)
    assert torch.allclose(image, ink(Strokes.black(both, SIZE, 3.0)), atol=1e-9)


@few
@given(curves, widths, st.floats(0.05, 3))
def test_ink_grows_with_width(curve: Tensor, width: float, more: float) -> None:
    thin, thick = ink(Strokes.black(curve, SIZE, width)), ink(Strokes.black(curve, SIZE, width + more))
    assert float(thick.sum()) >= float(thin.sum()) - 1e-6
    assert float((thin - thick).max()) < 0.03


@few
@given(st.lists(anything, min_size=14, max_size=14), st.floats(-1, 1e6, width=32), st.booleans())
def test_any_finite_number_gives_finite_ones(points: list[float], width: float, black: bool) -> None:
    control = torch.tensor(points, dtype=torch.float32).reshape(1, 1, 7, 2).requires_grad_()
    color = torch.tensor([[[0.0, 0, 0, 1 if black else 0.5]]])
    wide = torch.tensor([[width]]).requires_grad_()
    image = render(Strokes(control, wide, color, torch.ones(1, 1, dtype=torch.bool), (12, 12)))
    image.sum().backward()
    assert bool(torch.isfinite(image).all())
    assert bool(((image >= -1e-4) & (image <= 1 + 1e-4)).all())
    for leaf in (control, wide):
        assert leaf.grad is None or bool(torch.isfinite(leaf.grad).all())


@few
@given(st.lists(place, min_size=2, max_size=2), st.floats(0.0, 1e-3), widths)
def test_points_that_meet_give_a_finite_dot(spot: list[float], apart: float, width: float) -> None:
    control = stroke(spot * 4) + torch.linspace(0, apart, 4, dtype=torch.float64)[:, None]
    control.requires_grad_()
    image = rasterize(Strokes.black(control, SIZE, width))
    image.sum().backward()
    assert control.grad is not None
    assert bool(torch.isfinite(control.grad).all())


def test_a_line_has_the_ink_of_its_capsule() -> None:
    for width in (0.5, 1.0, 3.0, 8.0):
        line = stroke([8.3, 9.1, 12.6, 12.6, 16.9, 16.1, 21.2, 19.6])
        length = (12.9**2 + 10.5**2) ** 0.5
        area = length * width + torch.pi * width**2 / 4
        assert abs(float(ink(Strokes.black(line, SIZE, width)).sum()) / area - 1) < 0.005


def test_a_stroke_that_crosses_itself_counts_once() -> None:
    loop = stroke([4.0, 4, 48, 28, -16, 28, 28, 4])
    image = ink(Strokes.black(loop, SIZE, 3.0))
    assert float(image.max()) <= 1 + 1e-9
    half = Strokes(
        loop,
        torch.full((1, 1), 3.0).double(),
        torch.tensor([[[0, 0, 0, 0.5]]]).double(),
        torch.ones(1, 1, dtype=torch.bool),
        SIZE,
    )
    assert float(ink(half).max()) <= 0.5 + 1e-9
