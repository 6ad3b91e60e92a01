"""Stroke shares: busy regions get more, none gets fewer than three."""

from __future__ import annotations

import pytest
from torch import Tensor

from clipasso_core.errors import ConfigError
from clipasso_core.scenes import SceneConfig, make_regions, parse_shares, share_strokes
from clipasso_core.scenes.stroke_shares import BEHIND, how_busy

NAMES = ["object-1", "object-2", "background"]


@pytest.mark.parametrize("total", [9, 10, 16, 32, 64])
def test_all_strokes_are_shared_by_the_root_of_busyness(total: int) -> None:
    shares = share_strokes(total, NAMES, [1600.0, 400.0, 0.0], {})
    assert sum(shares) == total
    assert min(shares) >= 3
    assert shares[0] == pytest.approx(2 * shares[1], abs=3)


def test_asked_shares_are_kept_even_small_ones() -> None:
    assert share_strokes(20, NAMES, [100.0, 100.0, 100.0], {"object-2": 1, "background": 4}) == [15, 1, 4]
    assert share_strokes(20, NAMES[:1], [1.0], {"object-1": 5}) == [5]


def test_a_region_gets_no_more_strokes_than_it_has_room_for() -> None:
    assert share_strokes(32, NAMES[::2], [400.0, 100.0], {}, [6, 900]) == [6, 26]
    assert share_strokes(32, NAMES[::2], [400.0, 100.0], {}, [1, 900]) == [3, 29]
    assert sum(share_strokes(32, NAMES[::2], [400.0, 100.0], {}, [6, 6])) == 32  # no room is left anywhere


@pytest.mark.parametrize(
    ("total", "asked", "said"),
    [
        (8, {}, "8 strokes are too few for 3 regions"),
        (16, {"background": 11}, "5 are left for 2 of them"),
        (16, {"background": 17}, "add up to 17 strokes, but the scene has 16"),
        (16, {"object-3": 4}, "no region 'object-3'. It has object-1, object-2, background"),
        (16, {"object-1": 0}, "at least 1 stroke, got 0"),
    ],
)
def test_shares_that_cannot_be_are_refused(total: int, asked: dict[str, int], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        share_strokes(total, NAMES, [1.0, 1.0, 1.0], asked)


def test_a_large_box_is_busier_than_a_small_one(wall: Tensor, boxes: Tensor) -> None:
    large, small, behind = how_busy(make_regions(wall, boxes, SceneConfig("keep")))
    assert large / small == pytest.approx(50 / 30, rel=0.35)  # rims of one width: as their sides
    assert behind > 0
    assert BEHIND < 1


@pytest.mark.parametrize("text", ["object-1", "=4", "object-1=many", "object-1=-3"])
def test_a_share_is_a_name_and_a_number(text: str) -> None:
    assert parse_shares("a=1, b=2") == {"a": 1, "b": 2}
    with pytest.raises(ConfigError, match="REGION=N"):
        parse_shares(text)
