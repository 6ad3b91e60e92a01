"""The ladder: which strokes each level has, what is refused, and SVG groups of levels."""

from __future__ import annotations

import re

import pytest
import torch

from clipasso_core.errors import ConfigError
from clipasso_core.levels import check_levels, ladder, parse_levels
from clipasso_core.rasterizer import rasterize
from clipasso_core.strokes import Strokes
from clipasso_core.svg import from_svg, is_ours, to_svg


@pytest.fixture
def sketches() -> Strokes:
    """Two sketches of eight strokes, in the second one of which two are dead."""
    points = 32 * torch.rand(2, 8, 4, 2, generator=torch.Generator().manual_seed(0))
    alive = torch.ones(2, 8, dtype=torch.bool)
    alive[1, [0, 4]] = False
    return Strokes.black(points, (32, 32), 2.0, alive).with_provenance(seed=3)


def test_a_level_is_the_first_strokes_of_its_sketch(sketches: Strokes) -> None:
    found = ladder(sketches, (6, 2))
    assert found.alive.sum(dim=1).tolist() == [6, 2, 6, 2]
    assert found.alive[1].tolist() == [True, True] + [False] * 6
    assert found.alive[3].tolist() == [False, True, True] + [False] * 5
    alone = Strokes.black(sketches.control_points[:1, :2], (32, 32), 2.0)
    torch.testing.assert_close(rasterize(found)[1:2], rasterize(alone))
    assert found.provenance == {"seed": 3, "levels": [6, 2]}


def test_more_levels_than_strokes_are_refused(sketches: Strokes) -> None:
    with pytest.raises(ConfigError, match="Level 7 needs as many strokes, and the sketch has 6"):
        ladder(sketches, (2, 7))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "1 to 64 numbers of strokes, got 0"),
        ("4, eight", "numbers of strokes such as '4, 8, 16, 32', got '4, eight'"),
        ("4.5", "numbers of strokes"),
        ("-4", "numbers of strokes"),
        ("0 4", "between 1 and 4096 strokes, got 0"),
        ("4 5000", "between 1 and 4096 strokes, got 5000"),
        ("4 8 4", "names 4 twice"),
        (" ".join(map(str, range(1, 70))), "1 to 64 numbers of strokes, got 69"),
    ],
)
def test_a_text_that_is_no_ladder_gets_one_sentence(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        parse_levels(text)


@pytest.mark.parametrize("text", ["4, 8,16", "4 8 16", " 4;8\n16 ", "4，8、16"])
def test_numbers_are_read_however_they_are_parted(text: str) -> None:
    assert parse_levels(text) == check_levels([4, 8, 16]) == (4, 8, 16)


def test_groups_hold_what_each_level_adds(sketches: Strokes) -> None:
    text = to_svg(sketches, levels=(2, 3, 6), metadata={"a": 1}, background="white")
    assert is_ours(text.encode())
    groups = re.findall(r'<g id="level-(\d+)">\n(.*?)    </g>', text, re.DOTALL)
    assert [(name, body.count("<path")) for name, body in groups] == [("2", 2), ("3", 1), ("6", 3)]
    flat = to_svg(sketches.prefix(6), metadata={"a": 1}, background="white")
    assert [line for line in text.splitlines() if "level-" not in line and line != "    </g>"] == flat.splitlines()
    assert torch.equal(from_svg(text).control_points, from_svg(flat).control_points)
    assert not is_ours(text.replace('<g id="level-2">', '<g id="mine">').encode())
    assert not is_ours(text.replace("    </g>\n", "", 1).encode())


@pytest.mark.parametrize("levels", [(3, 2), (2, 9), (2, 2)])
def test_groups_that_do_not_rise_to_the_strokes_are_refused(sketches: Strokes, levels: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError):
        to_svg(sketches, levels=levels)
