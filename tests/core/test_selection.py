"""Selection: numbers as people write them, masks of any size, lengths, and slots that go."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from clipasso_core.errors import ConfigError, ShapeError
from clipasso_core.selection import (
    as_long_as,
    chosen_strokes,
    in_groups,
    in_ranges,
    inside,
    only,
    parse_group_names,
    parse_ranges,
    select,
)
from clipasso_core.strokes import PathText, Strokes


def level_lines(count: int = 6, batch: int = 1) -> Strokes:
    """Return lines from x = 10 on, one below the other; the n-th is 10 n px long."""
    share = torch.linspace(0, 1, 4)[None, :]
    number = torch.arange(1, count + 1)[:, None]
    points = torch.stack([10 + 10 * number * share, (10.0 * number).expand(-1, 4)], dim=-1)
    return Strokes.black(points[None].repeat(batch, 1, 1, 1), (100, 100))


def numbers(text: str, strokes: Strokes) -> list[int]:
    chosen = in_ranges(strokes, parse_ranges(text))[0]
    return [1 + index for index in chosen.nonzero().flatten().tolist()]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1-3", [1, 2, 3]),
        ("2, 5", [2, 5]),
        ("2 5", [2, 5]),
        ("1 - 2, -1", [1, 2, 6]),
        ("5-", [5, 6]),
        ("-2-", [5, 6]),
        ("-6--5", [1, 2]),
        ("2--1", [2, 3, 4, 5, 6]),
        ("3，1、-1", [1, 3, 6]),
        ("3 3 3-3", [3]),
        ("", []),
    ],
)
def test_ranges_are_read_as_people_write_them(text: str, wanted: list[int]) -> None:
    assert numbers(text, level_lines()) == wanted


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1-4, x", r"numbers must be such as '1-4, 7, -1' or '5-', got '1-4, x'"),
        ("1.5", "numbers must be such as"),
        ("1--", "numbers must be such as"),
        ("0", "numbers must lie between 1 and 4096"),
        ("5000", "numbers must lie between 1 and 4096"),
        ("7", "numbers asks for stroke 7, and a sketch has 6"),
        ("1-9", "numbers asks for stroke 1 to 9, and a sketch has 6"),
        ("-7", "numbers asks for stroke -7"),
        ("4-2", "ends before it begins"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        numbers(text, level_lines())


def test_numbers_count_living_strokes_of_each_sketch() -> None:
    two = replace(level_lines(3, 2), alive=torch.tensor([[True, True, True], [False, True, True]]))
    assert in_ranges(two, parse_ranges("1, -1")).tolist() == [[True, False, True], [False, True, True]]


@pytest.mark.parametrize("side", [20, 100, 333])
def test_a_mask_of_any_size_tells_the_share_of_length(side: int) -> None:
    mask = torch.zeros(1, side, side)
    mask[..., : side * 2 // 5] = 1  # to x = 40: of the n-th line 30 of 10 n px
    assert inside(level_lines(), mask, 0.99)[0].tolist() == [True, True, True, False, False, False]
    assert inside(level_lines(), mask, 0.55)[0].tolist() == [True, True, True, True, True, False]
    assert inside(level_lines(), mask, 0.0)[0].all()


def test_a_stroke_beyond_the_canvas_is_outside_there() -> None:
    line = Strokes.black(torch.tensor([[[[50.0, 50], [100, 50], [150, 50], [250, 50]]]]), (100, 100))
    assert not inside(line, torch.ones(1, 100, 100), 0.5).any()
    assert inside(line, torch.ones(1, 100, 100), 0.2).all()


def test_each_sketch_may_have_a_mask_of_its_own() -> None:
    masks = torch.zeros(2, 100, 100)
    masks[1] = 1
    assert inside(level_lines(2, 2), masks).tolist() == [[False, False], [True, True]]
    assert inside(level_lines(2, 2), masks[1:]).all()


@pytest.mark.parametrize(
    ("mask", "says"),
    [
        (torch.ones(100, 100), r"mask must be \[1 or 1, H, W\]"),
        (torch.ones(3, 100, 100), r"mask must be \[1 or 1, H, W\]"),
        (torch.ones(1, 100, 50), "mask is 50 x 100 px but the canvas is 100 x 100"),
        (torch.full((1, 9, 9), torch.nan), "mask contains NaN"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(mask: torch.Tensor, says: str) -> None:
    with pytest.raises(ShapeError, match=says):
        inside(level_lines(), mask)


def test_length_ranges_and_mask_hold_together_or_are_turned_round() -> None:
    strokes = level_lines()
    assert as_long_as(strokes, 40)[0].tolist() == [False, False, False, True, True, True]
    mask = torch.zeros(1, 10, 10)
    mask[:, :5] = 1  # above y = 50
    asked = chosen_strokes(strokes, parse_ranges("1-5"), mask, 0.5, 20)
    assert asked[0].tolist() == [False, True, True, True, False, False]
    turned = chosen_strokes(strokes, parse_ranges("1-5"), mask, 0.5, 20, invert=True)
    assert torch.equal(turned, ~asked)


def test_slots_that_no_sketch_needs_go() -> None:
    two = level_lines(4, 2)
    chosen = torch.tensor([[True, False, False, False], [False, False, True, False]])
    kept = only(two, chosen)
    assert kept.alive.tolist() == [[True, False], [False, True]]
    assert torch.equal(kept.control_points, two.control_points[:, [0, 2]])


def test_given_strokes_that_stay_stay_given() -> None:
    texts = tuple(PathText(f"M {n} 0", 3.0) for n in range(3))
    mine = replace(level_lines(4), num_given=2, path_texts=texts)
    kept = only(mine, torch.tensor([[False, True, False, True]]))
    assert (kept.num_given, kept.path_texts) == (1, (texts[1], None))


def test_the_parts_of_a_selection_make_the_whole() -> None:
    strokes = level_lines()
    first, others = select(strokes, in_ranges(strokes, parse_ranges("1-2, -1")))
    together = torch.cat([first.control_points, others.control_points], dim=1)
    assert sorted(together[0, :, 0, 1].tolist()) == strokes.control_points[0, :, 0, 1].tolist()


def test_nothing_selected_is_refused_and_no_others_are_an_empty_drawing() -> None:
    strokes = level_lines()
    with pytest.raises(ConfigError, match="No stroke is selected"):
        select(strokes, torch.zeros(1, 6, dtype=torch.bool))
    _, others = select(strokes, strokes.alive)
    assert others.alive.tolist() == [[False]]


def test_groups_are_selected_by_name() -> None:
    scene = level_lines(5).with_groups(torch.tensor([[0, 1, 1, -1, 2]]), ["sky", "tree", "tree, old"])
    scene.alive[0, 1] = False

    def chosen(text: str, **options: object) -> list[int]:
        names = parse_group_names(text, scene.group_names)
        found = chosen_strokes(scene, groups=names, **options)  # type: ignore[arg-type]
        return found[0].nonzero().flatten().tolist()

    assert chosen("tree") == [2]
    assert chosen(" sky，tree ") == [0, 2]
    assert chosen("tree, old") == [4]
    assert chosen("") == [0, 2, 3, 4]
    assert chosen("sky", invert=True) == [2, 3, 4]
    assert chosen("sky, tree", min_length=20) == [2]
    one, others = select(scene, in_groups(scene, ["tree"]))
    assert (one.names_of(0), others.names_of(0)) == (["tree"], ["sky", None, "tree, old"])
    assert not in_groups(level_lines(), ["tree"]).any()


@pytest.mark.parametrize(("known", "says"), [(["sky", "tree"], "of sky, tree. Ask for one"), ([], "of none. Leave it")])
def test_groups_that_are_not_there_are_named(known: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=f"group asks for strokes of 'dog', and they are {says}"):
        parse_group_names("sky, dog" if known else "dog", known)
