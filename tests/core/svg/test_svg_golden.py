"""Stored SVGs: the written bytes stay as they are.

Store them anew with ``CLIPASSO_STORE_GOLDEN=1 pytest tests/core/svg/test_svg_golden.py``, and look at the change.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from clipasso_core.strokes import Strokes
from clipasso_core.svg import to_svg

GOLDEN = Path(__file__).parent / "golden"


def fan(count: int, segments: int) -> Strokes:
    """Make strokes that fan out from a corner, of differing colour, width and opacity."""
    t = torch.linspace(0, 1, 3 * segments + 1, dtype=torch.float64)
    angle = torch.linspace(0.1, 1.4, count, dtype=torch.float64)[:, None]
    radius = 180 * t + 10 * torch.sin(9 * t)
    points = torch.stack([radius * torch.cos(angle), radius * torch.sin(angle)], dim=-1)[None]
    shade = torch.linspace(0, 1, count, dtype=torch.float64)
    color = torch.stack([shade, 1 - shade, 0.5 * shade, 1 - 0.5 * shade], dim=-1)[None]
    return replace(Strokes.black(points, (200, 224)), color=color, stroke_width=1 + 2 * shade[None])


CASES = {
    "plain": lambda: to_svg(Strokes.black(fan(4, 1).control_points, (200, 224))),
    "looks": lambda: to_svg(fan(3, 2), decimals=2),
    "self_drawing": lambda: to_svg(fan(2, 1), pen_times=[(0, 1.25), (1.25, 2 / 3)]),
    "groups": lambda: to_svg(fan(4, 1).with_groups(torch.tensor([[0, 0, -1, 1]]), ["background", "cat & dog"])),
    "full": lambda: to_svg(
        fan(2, 1), title="A <fan> & more", metadata={"seed": 7, "note": "<]]>"}, background="#fafafa"
    ),
}


def compare(name: str, text: str) -> None:
    """Compare with the stored bytes, or store them when the environment says so."""
    file = GOLDEN / f"{name}.svg"
    if os.environ.get("CLIPASSO_STORE_GOLDEN") == "1":
        file.write_bytes(text.encode())
    assert file.read_bytes().decode() == text, f"{file.name} changed; see this module's docstring"


@pytest.mark.parametrize("name", CASES)
def test_written_svg_is_the_stored_one(name: str) -> None:
    compare(name, CASES[name]())


def test_comparison_notices_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLIPASSO_STORE_GOLDEN", raising=False)
    moved = fan(4, 1)
    moved = moved.with_points(moved.control_points + 0.002)
    with pytest.raises(AssertionError, match=r"plain\.svg changed"):
        compare("plain", to_svg(Strokes.black(moved.control_points, (200, 224))))
