"""Places: what does not count is not compared, and ink that lies off limits costs."""

from __future__ import annotations

import pytest
import torch

from clipasso_core.encoders import get_encoder
from clipasso_core.errors import ShapeError
from clipasso_core.optimize import OptimizeConfig, Places, SketchRun
from clipasso_core.strokes import Strokes

SIDE = 224


def a_line(y: float) -> Strokes:
    return Strokes.black(torch.tensor([[[[40.0, y], [80, y], [120, y], [180, y]]]]), (SIDE, SIDE))


def run_beside(places: Places | None, y: float = 40.0) -> SketchRun:
    photo = torch.ones(1, 3, SIDE, SIDE)
    photo[..., 100:104, 40:180] = 0
    config = OptimizeConfig(num_iterations=1, num_views=0, simplify=0.0, tidy=0.0)
    return SketchRun(photo, a_line(y), get_encoder(), config, places=places)


def upper_half() -> torch.Tensor:
    return (torch.arange(SIDE) < SIDE // 2).float()[:, None].expand(-1, SIDE)


def test_ink_off_limits_is_a_term_of_its_own() -> None:
    everywhere = torch.ones(SIDE, SIDE)
    outside = run_beside(Places([everywhere], [upper_half()]), y=40.0).step().losses
    inside = run_beside(Places([everywhere], [upper_half()]), y=180.0).step().losses
    assert float(outside["trespass"][0]) == pytest.approx(8 / 30 * 140 * 3 / SIDE**2, rel=0.05)
    assert float(inside["trespass"][0]) == 0
    assert "trespass" not in run_beside(None).step().losses


def test_what_does_not_count_changes_little() -> None:
    nowhere = torch.zeros(SIDE, SIDE)
    all_alike = run_beside(Places([torch.ones(SIDE, SIDE)], [nowhere])).step().losses["geometric"]
    plain = run_beside(None).step().losses["geometric"]
    torch.testing.assert_close(all_alike, plain)
    lower_only = run_beside(Places([1 - upper_half()], [nowhere])).step().losses["geometric"]
    assert float(lower_only[0]) < 0.7 * float(plain[0])  # both lines lie in the upper half


def test_maps_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError, match="2 maps do not fit 1 photos"):
        run_beside(Places([torch.ones(8, 8)] * 2, [torch.ones(8, 8)]))
