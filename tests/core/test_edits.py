"""Edits of strokes: each kind does what it says, and what does not fit is refused in one sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import torch

from clipasso_core.edits import MOST_ALONG, Edits, apply_edits, parse_edits
from clipasso_core.errors import EditError, JsonError
from clipasso_core.strokes import Strokes

LINE = [[1, 2], [3, 4], [5, 6], [7, 8]]
Json = dict[str, Any]


def drawn(batch: int = 1, count: int = 4) -> Strokes:
    """Level lines, the n-th of sketch b at y = 10 b + n."""
    y = torch.arange(count) + 10.0 * torch.arange(batch)[:, None]
    points = torch.stack([torch.arange(4.0).expand(batch, count, 4), y[..., None].expand(-1, -1, 4)], dim=-1)
    return Strokes.black(points, (32, 32), stroke_width=2)


def edits(*operations: Json, **changes: object) -> Edits:
    made_for = {"num_strokes": 4, "num_points": 4, "canvas_size": [32, 32], **changes}
    whole = {"format": "clipasso-edits", "version": 1, "made_for": made_for, "operations": operations}
    return parse_edits(json.dumps(whole))


def rows(strokes: Strokes, sketch: int = 0) -> list[float]:
    """The y of the living strokes' starts, in drawing order."""
    found: list[float] = strokes.control_points[sketch, strokes.alive[sketch], 0, 1].tolist()
    return found


def test_no_edits_change_nothing() -> None:
    strokes = drawn()
    assert apply_edits(strokes, parse_edits("  ")) is strokes
    assert apply_edits(strokes, edits()) is strokes


def test_deleted_strokes_are_gone_and_the_input_stays() -> None:
    strokes = drawn()
    edited = apply_edits(strokes, edits({"do": "delete", "strokes": [0, 2]}))
    assert rows(edited) == [1, 3]
    assert rows(strokes) == [0, 1, 2, 3]
    assert edited.provenance == {"edits": {"delete": 1}}


def test_moved_strokes_lie_elsewhere_and_keep_their_looks() -> None:
    strokes = replace(drawn(), color=torch.full((1, 4, 4), 0.5))
    edited = apply_edits(strokes, edits({"do": "move", "strokes": [1, 3], "points": [LINE, LINE[::-1]]}))
    assert edited.control_points[0, 1].tolist() == LINE
    assert edited.control_points[0, 3].tolist() == LINE[::-1]
    assert torch.equal(edited.control_points[0, 0], strokes.control_points[0, 0])
    assert torch.equal(edited.color, strokes.color)


def test_an_added_stroke_is_drawn_last_and_has_the_next_number() -> None:
    add = {"do": "add", "points": LINE, "width": 5, "color": [1, 0, 0, 0.5]}
    edited = apply_edits(drawn(), edits(add, {"do": "move", "strokes": [4], "points": [LINE[::-1]]}))
    assert edited.control_points[0, 4].tolist() == LINE[::-1]
    assert (edited.stroke_width[0, 4].item(), edited.color[0, 4].tolist()) == (5, [1, 0, 0, 0.5])
    assert edited.alive.tolist() == [[True] * 5]


@pytest.mark.parametrize(
    ("place", "order"),
    [
        ({"strokes": [2], "before": 0}, [2, 0, 1, 3]),
        ({"strokes": [0], "before": None}, [1, 2, 3, 0]),
        ({"strokes": [0]}, [1, 2, 3, 0]),
        ({"strokes": [3, 1], "before": 2}, [0, 3, 1, 2]),
    ],
)
def test_placed_strokes_are_drawn_earlier_or_later(place: Json, order: list[float]) -> None:
    assert rows(apply_edits(drawn(), edits({"do": "place", **place}))) == order


def test_operations_are_made_one_after_another() -> None:
    steps = (
        {"do": "add", "points": LINE, "width": 1},
        {"do": "place", "strokes": [0]},
        {"do": "place", "strokes": [4], "before": 1},
        {"do": "delete", "strokes": [2]},
    )
    edited = apply_edits(drawn(), edits(*steps))
    assert rows(edited) == [2, 1, 3, 0]  # the added one starts at y = 2
    assert edited.provenance["edits"] == {"delete": 1, "add": 1, "place": 2}


def test_each_sketch_of_a_batch_has_its_own() -> None:
    steps = ({"do": "add", "sketch": 1, "points": LINE, "width": 1}, {"do": "delete", "sketch": 1, "strokes": [0]})
    edited = apply_edits(drawn(batch=2), edits(*steps))
    assert (rows(edited, 0), rows(edited, 1)) == ([0, 1, 2, 3], [11, 12, 13, 2])


def test_another_canvas_of_the_same_aspect_scales_what_is_drawn() -> None:
    strokes = drawn().scaled_to((64, 64))
    edited = apply_edits(strokes, edits({"do": "add", "points": LINE, "width": 3}))
    assert edited.control_points[0, 4].tolist() == [[2 * x, 2 * y] for x, y in LINE]
    assert edited.stroke_width[0, 4] == 6


def test_given_strokes_stay_first() -> None:
    given = replace(drawn(), num_given=2)
    assert rows(apply_edits(given, edits({"do": "place", "strokes": [3], "before": 2}))) == [0, 1, 3, 2]
    for place in ({"strokes": [1]}, {"strokes": [3], "before": 0}):
        with pytest.raises(EditError, match="was given"):
            apply_edits(given, edits({"do": "place", **place}))


# --- what does not fit -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strokes", "says"),
    [
        (drawn(count=5), "sketches of 4 strokes with 4 points each; now there are 5 strokes with 4 points"),
        (replace(drawn(), canvas_size=(32, 64)), "differ in aspect: 32 x 32 px and 64 x 32 px"),
    ],
)
def test_strokes_of_another_kind_are_refused(strokes: Strokes, says: str) -> None:
    with pytest.raises(EditError, match=says):
        apply_edits(strokes, edits({"do": "delete", "strokes": [0]}))


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ([{"do": "delete", "strokes": [4]}], "Edit 0 .delete. names stroke 4 of sketch 0, which does not exist"),
        ([{"do": "delete", "strokes": [1]}] * 2, "Edit 1 .delete. names stroke 1 of sketch 0, which is deleted"),
        ([{"do": "delete", "strokes": [1]}, {"do": "place", "strokes": [0], "before": 1}], "which is deleted"),
        ([{"do": "delete", "sketch": 1, "strokes": [1]}], "Edit 0 .delete. is of sketch 1; there are 1"),
    ],
)
def test_strokes_that_are_not_there_are_named(steps: list[Json], says: str) -> None:
    with pytest.raises(EditError, match=says):
        apply_edits(drawn(), edits(*steps))


def test_dead_strokes_of_the_input_are_not_there() -> None:
    with pytest.raises(EditError, match="stroke 3 of sketch 0, which is deleted"):
        apply_edits(drawn().prefix(3), edits({"do": "move", "strokes": [3], "points": [LINE]}))


def test_there_is_room_for_so_many_strokes() -> None:
    add = {"do": "add", "points": LINE, "width": 1}
    with pytest.raises(EditError, match="a sketch has 4097; at most 4096"):
        apply_edits(drawn(count=4096), edits(add, num_strokes=4096))


@pytest.mark.parametrize(
    ("operation", "says"),
    [
        ({}, r"operations\[0\]\.do must be one of delete, move, add, place"),
        ({"do": "check"}, "do must be one of"),
        ({"do": "delete"}, r"operations\[0\]\.strokes must be a list"),
        ({"do": "delete", "strokes": [1, 1]}, "names a stroke twice"),
        ({"do": "delete", "strokes": [-1]}, "whole number from 0"),
        ({"do": "delete", "strokes": [0], "sketch": "0"}, "sketch must be a whole number"),
        ({"do": "move", "strokes": [1], "points": []}, "points for each of 1 strokes, got 0"),
        ({"do": "move", "strokes": [1], "points": [[*LINE, *LINE[1:]]]}, "must hold 4 points as made_for says, got 7"),
        ({"do": "add", "points": LINE, "width": -1}, "width must be a number from 0"),
        ({"do": "add", "points": LINE, "width": 1, "color": [0, 0, 0]}, "opacity"),
        ({"do": "place", "strokes": [1], "before": 1}, "before names stroke 1, which is placed itself"),
    ],
)
def test_what_is_wrong_in_the_text_is_named(operation: Json, says: str) -> None:
    with pytest.raises(JsonError, match=says):
        edits(operation)


@pytest.mark.parametrize("text", ["{", "[]", "delete 3", '{"format": "clipasso-strokes", "version": 1}'])
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(JsonError) as caught:
        parse_edits(text)
    assert "\n" not in str(caught.value)


def test_strokes_keep_their_group_and_a_new_one_takes_that_of_the_nearest() -> None:
    scene = drawn().with_groups(torch.tensor([[0, 1, 1, -1]]), ["sky", "sea"])
    near = [[1, 2.2], [3, 2.2], [5, 2.2], [7, 2.2]]  # of stroke 2
    edited = apply_edits(
        scene,
        edits(
            {"do": "place", "strokes": [0]},
            {"do": "add", "points": near, "width": 1},
            {"do": "add", "points": [[0, 30]] * 4, "width": 1},
        ),
    )
    assert edited.names_of(0) == ["sea", "sea", None, "sky", "sea", None]
    alone = replace(scene, alive=torch.zeros(1, 4, dtype=torch.bool))
    assert apply_edits(alone, edits({"do": "add", "points": near, "width": 1})).names_of(0)[4] is None


def test_what_is_nearest_to_a_long_stroke_is_found_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Traced drawings have strokes of hundreds of segments: all points against all of them would fill it."""
    sizes: list[int] = []
    cdist = torch.cdist

    def measured(*points: torch.Tensor) -> torch.Tensor:
        away = cdist(*points)
        sizes.append(away.numel())
        return away

    monkeypatch.setattr(torch, "cdist", measured)
    x, y = torch.arange(901.0).expand(1, 4, 901), torch.tensor([0.0, 50, 90, 200])[:, None].expand(1, 4, 901)
    names = ["sky", "sea", "sand"]
    scene = Strokes.black(torch.stack([x, y], dim=-1), (999, 999)).with_groups(torch.tensor([[0, 1, 2, -1]]), names)
    new = {"do": "add", "points": [[n, 85] for n in range(901)], "width": 1}
    edited = apply_edits(scene, edits(new, num_points=901, canvas_size=[999, 999]))
    assert edited.names_of(0)[4] == "sand"
    assert max(sizes) <= 4 * MOST_ALONG**2
