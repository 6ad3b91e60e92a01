"""Accents: small spots of a map, and the short first strokes on them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from clipasso_core.accents import find_accents
from clipasso_core.errors import ConfigError
from clipasso_core.stroke_init import ACCENT, StrokeInitConfig, init_strokes

EYES = [(60, 80), (140, 80)]


def face(eyes: float = 0.7) -> Tensor:
    """A long brow above two round eyes, which are (x, y) px."""
    lines = torch.zeros(1, 224, 224)
    lines[:, 40:42, 30:190] = 1.0
    for x, y in EYES:
        lines[:, y - 3 : y + 3, x - 3 : x + 3] = eyes
    return lines


def test_spots_are_found_and_lines_are_not() -> None:
    found = find_accents(face()[0], 8)
    assert {(round(x), round(y)) for x, y in found.tolist()} <= {
        (x + a, y + b) for x, y in EYES for a in (-1, 0, 1) for b in (-1, 0, 1)
    }
    assert len(found) == 2


def test_the_strongest_come_first_and_no_more_than_asked_for() -> None:
    lines = face()
    lines[:, 77:83, 137:143] = 0.9
    assert round(float(find_accents(lines[0], 1)[0, 0])) in (139, 140, 141)
    assert find_accents(lines[0], 0).shape == (0, 2)


def test_faint_spots_and_empty_maps_have_none() -> None:
    assert find_accents(face(eyes=0.15)[0], 8).shape == (0, 2)
    assert find_accents(torch.zeros(32, 32), 8).shape == (0, 2)


@pytest.mark.parametrize("seed", [0, 5])
@pytest.mark.parametrize(("segments", "within"), [(1, ACCENT), (2, 1.2 * ACCENT)])  # more points wander more
def test_every_sketch_has_a_short_stroke_on_each_eye(seed: int, segments: int, within: float) -> None:
    config = StrokeInitConfig(num_strokes=20, num_segments=segments, num_sketches=3, seed=seed, accents=0.3, spare=0.0)
    points = init_strokes(face(), config).control_points
    for sketch in points:
        for x, y in EYES:
            away = (sketch - torch.tensor([x, y])).norm(dim=-1).amax(dim=-1)
            assert float(away.min()) < within


def test_no_accents_are_drawn_where_none_are_wanted() -> None:
    """The outline comes first: with 16 strokes there are none whatever the share is."""
    for strokes, changes in ((16, False), (24, True)):
        none, some = (
            init_strokes(face(), StrokeInitConfig(strokes, accents=share, spare=0.0)).control_points
            for share in (0.0, 1.0)
        )
        assert torch.equal(none, some) != changes


def test_a_map_of_one_spot_gives_all_strokes_to_it() -> None:
    lines = torch.zeros(1, 224, 224)
    lines[:, 100:105, 100:105] = 1
    points = init_strokes(lines, StrokeInitConfig(num_strokes=20, spare=0.0)).control_points
    assert float((points - 102.5).abs().max()) < 15


def test_the_share_is_checked() -> None:
    with pytest.raises(ConfigError, match="accents must lie between 0 and 1"):
        StrokeInitConfig(accents=1.5)
