"""Values and gradients against the slow, obvious rasterizer, and against finite differences."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from clipasso_core.rasterizer import reference, render
from clipasso_core.strokes import Strokes

SIZE = (24, 28)
SMALL = (15, 17)


def drawing(seed: int, count: int, points: int = 4, width: float = 2.5, black: bool = False) -> Strokes:
    random = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.rand(shape, generator=random, dtype=torch.float64)

    start = draw(2, count, 1, 2) * 11 + 2
    control = torch.cat([start, start + (draw(2, count, points - 1, 2) - 0.5).cumsum(2) * 9], 2)
    color = draw(2, count, 4)
    if black:
        color = torch.tensor([0, 0, 0, 1.0], dtype=torch.float64).expand(2, count, 4).clone()
    widths = width * (0.6 + 0.8 * draw(2, count))
    alive = torch.ones(2, count, dtype=torch.bool)
    alive[1, 0] = count == 1
    return Strokes(control, widths, color, alive, SMALL)


def gradients(strokes: Strokes, name: str, weights: Tensor) -> tuple[Tensor, list[Tensor]]:
    inputs = [t.clone().requires_grad_() for t in (strokes.control_points, strokes.stroke_width, strokes.color)]
    leaf = Strokes(inputs[0], inputs[1], inputs[2], strokes.alive, strokes.canvas_size)
    image = reference.render(leaf, squares=16, lines=96) if name == "reference" else render(leaf)
    return image.detach(), list(torch.autograd.grad((image * weights).sum(), inputs))


@pytest.mark.parametrize("black", [True, False])
@pytest.mark.parametrize(("points", "count", "width"), [(4, 1, 1.0), (4, 4, 2.5), (7, 3, 1.5), (10, 2, 5.0)])
def test_image_and_gradient_are_the_oracles(points: int, count: int, width: float, black: bool) -> None:
    strokes = drawing(points + count, count, points, width, black)
    weights = torch.randn(1, 4, 1, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    y, x = torch.meshgrid(torch.arange(SMALL[0]), torch.arange(SMALL[1]), indexing="ij")
    weights = weights * torch.sin(x * 0.7 + 1).mul(torch.cos(y * 0.9)) + 0.3
    image, ours = gradients(strokes, "analytic", weights)
    truth, theirs = gradients(strokes, "reference", weights)
    assert float((image - truth).abs().mean()) < 0.002
    assert float((image - truth).abs().max()) < 0.06
    for name, mine, wanted in zip(("control_points", "stroke_width", "color"), ours, theirs, strict=True):
        alignment = float((mine * wanted).sum() / (mine.norm() * wanted.norm()))
        assert alignment > 0.98, name
        assert float(mine.norm() / wanted.norm()) == pytest.approx(1, abs=0.1), name


@pytest.mark.parametrize("black", [True, False])
def test_gradcheck(black: bool) -> None:
    """Bends are gentle here: where a stroke's inner edge folds, the nearest point jumps."""
    t = torch.linspace(0, 1, 7, dtype=torch.float64)[:, None]
    first = torch.cat([3.1 + 21.3 * t, 5.2 + 9.7 * t + 3 * torch.sin(4 * t)], 1)
    second = torch.cat([4.3 + 18.7 * t, 19.4 - 13.1 * t + 2 * torch.cos(3 * t)], 1)
    control = torch.stack([first, second])[None].requires_grad_()
    width = torch.tensor([[1.3, 2.6]], dtype=torch.float64, requires_grad=True)
    color = torch.tensor([[[0.2, 0.5, 0.9, 0.7], [0.6, 0.1, 0.3, 0.4]]], dtype=torch.float64)
    alive = torch.ones(1, 2, dtype=torch.bool)
    weights = torch.randn(1, 4, *SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    if black:
        color = torch.tensor([0.0, 0, 0, 1], dtype=torch.float64).expand(1, 2, 4).clone()

    def loss(control: Tensor, width: Tensor, color: Tensor) -> Tensor:
        return (render(Strokes(control, width, color, alive, SIZE)) * weights).sum()

    assert torch.autograd.gradcheck(loss, (control, width, color.requires_grad_(not black)), rtol=1e-4, atol=1e-5)


def test_float32_is_float64_to_rounding() -> None:
    strokes = drawing(3, 4, 7)
    assert torch.allclose(render(strokes.to(dtype=torch.float32)).double(), render(strokes), atol=2e-3)


def test_passes_on_one_another_have_many_gradients() -> None:
    """A straight stroke that folds back: which pass is the nearest hangs on a thousandth of a pixel.

    Wherever the passes part, our gradient is the oracle's; to either side it points elsewhere.
    """
    fold = torch.tensor([[4.0, 7.3], [32, 7.3], [-4, 7.3], [22, 7.3]], dtype=torch.float64)
    apart = torch.tensor([1, -2, 1.5, -0.5], dtype=torch.float64)[:, None] * torch.tensor([0, 1e-3]).double()
    y, x = torch.meshgrid(torch.arange(15), torch.arange(28), indexing="ij")
    weights = torch.sin(x * 0.7 + 1).mul(torch.cos(y * 0.9)).double()
    found = []
    for shift in (apart, -apart):
        strokes = Strokes.black((fold + shift)[None, None], (15, 28))
        ours, theirs = (gradients(strokes, name, weights)[1][0] for name in ("analytic", "reference"))
        assert float((ours * theirs).sum() / (ours.norm() * theirs.norm())) > 0.99
        found.append(ours[..., 1])
    assert float((found[0] * found[1]).sum() / (found[0].norm() * found[1].norm())) < 0.9
