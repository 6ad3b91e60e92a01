"""Style: what is named changes, for the strokes that are named, and nothing else."""

from __future__ import annotations

import math

import pytest
import torch

from clipasso_core.errors import ConfigError, SvgError
from clipasso_core.strokes import Strokes
from clipasso_core.style import StrokeStyle, with_style

TWO = Strokes.black(torch.zeros(1, 2, 4, 2), (32, 32), stroke_width=3)
SECOND = torch.tensor([[False, True]])


def test_only_the_chosen_strokes_change() -> None:
    styled = with_style(TWO, StrokeStyle(7, "#ff8000", 0.25), SECOND)
    assert styled.stroke_width.tolist() == [[3, 7]]
    torch.testing.assert_close(styled.color, torch.tensor([[[0, 0, 0, 1], [1, 128 / 255, 0, 0.25]]]))


@pytest.mark.parametrize("style", [StrokeStyle(width=5), StrokeStyle(color="red"), StrokeStyle(opacity=0.5)])
def test_what_is_not_named_stays(style: StrokeStyle) -> None:
    styled = with_style(TWO, style)
    same = (
        torch.equal(styled.stroke_width, TWO.stroke_width),
        torch.equal(styled.color[..., :3], TWO.color[..., :3]),
        torch.equal(styled.color[..., 3], TWO.color[..., 3]),
    )
    assert same == (style.width is None, style.color is None, style.opacity is None)
    assert styled.control_points is TWO.control_points


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_type_stays(dtype: torch.dtype) -> None:
    styled = with_style(TWO.to(dtype=dtype), StrokeStyle(7, "red", 0.5), SECOND)
    assert (styled.stroke_width.dtype, styled.color.dtype) == (dtype, dtype)


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        ({"width": -1}, ConfigError, "width must lie between 0 and 1000"),
        ({"opacity": math.nan}, ConfigError, "opacity must lie between 0 and 1"),
        ({"color": "reddish"}, SvgError, "color is 'reddish', no colour that can be read"),
        ({"color": "#ff000080"}, ConfigError, "color must be opaque"),
        ({"color": "none"}, ConfigError, "color must be opaque"),
    ],
)
def test_bad_looks_are_refused(bad: dict[str, object], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        StrokeStyle(**bad)  # type: ignore[arg-type]
