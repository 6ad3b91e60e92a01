"""Style: what is named changes, for the strokes that are named, and nothing else."""

from __future__ import annotations

import math

import pytest
import torch

from clipasso_core.errors import ConfigError, ShapeError, SvgError
from clipasso_core.selection import parse_ranges
from clipasso_core.strokes import Strokes
from clipasso_core.style import StrokeStyle, restyle, with_style

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


def test_named_strokes_take_the_photos_colours_under_them() -> None:
    lines = torch.tensor([[[[4.0, y], [12, y], [20, y], [28, y]] for y in (8.0, 24)]])
    photo = torch.zeros(1, 3, 64, 64)
    photo[:, 0, :32], photo[:, 2, 32:] = 0.75, 0.5  # red above, blue below
    strokes = Strokes.black(lines, (32, 32))
    both = restyle(strokes, StrokeStyle(opacity=0.5), photos=photo)
    torch.testing.assert_close(both.color[0], torch.tensor([[0.75, 0, 0, 0.5], [0, 0, 0.5, 0.5]]), atol=0.01, rtol=0)
    second = restyle(strokes, StrokeStyle(), parse_ranges("-1"), photo)
    torch.testing.assert_close(second.color[0], torch.tensor([[0, 0, 0, 1], [0, 0, 0.5, 1]]), atol=0.01, rtol=0)


def test_what_lies_beside_the_object_does_not_count_for_colours() -> None:
    line = torch.tensor([[[[4.0, 16], [12, 16], [20, 16], [28, 16]]]])
    photo, mask = torch.ones(1, 3, 32, 32), torch.zeros(1, 32, 32)
    photo[..., :16], mask[..., :16] = 0.25, 1
    grey = restyle(Strokes.black(line, (32, 32)), StrokeStyle(), photos=photo, masks=mask).color[0, 0, 0].item()
    assert grey == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize(
    ("photo", "color", "says"),
    [
        (torch.ones(1, 3, 32, 32), "red", "color is 'red' and a photo is given, too"),
        (torch.ones(2, 3, 32, 32), None, "image has a batch of 2 for 1 sketches"),
        (torch.ones(1, 3, 32, 64), None, "image is 64 x 32 px but the canvas is 32 x 32"),
    ],
)
def test_a_photo_that_does_not_fit_is_refused(photo: torch.Tensor, color: str | None, says: str) -> None:
    with pytest.raises((ConfigError, ShapeError), match=says):
        restyle(TWO.select([0]), StrokeStyle(color=color), photos=photo)
