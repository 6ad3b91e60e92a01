"""Strokes as JSON: every number comes back, and what other programs write is read or refused in one sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from clipasso_core.errors import JsonError
from clipasso_core.json_values import MAX_CHARACTERS
from clipasso_core.strokes import Strokes
from clipasso_core.strokes_json import MAX_SEGMENTS, strokes_document, strokes_from_json, strokes_to_json

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "strokes.schema.json"
LINE = [[0, 0], [1, 0], [2, 0], [3, 0]]
Json = dict[str, Any]


def drawn() -> Strokes:
    """Two sketches of five strokes of two segments, of many widths and colours, two of them dead."""
    some = torch.Generator().manual_seed(0)
    alive = torch.ones(2, 5, dtype=torch.bool)
    alive[0, 1] = alive[1, 4] = False
    return Strokes(
        torch.rand(2, 5, 7, 2, generator=some) * 300 - 30,
        torch.rand(2, 5, generator=some) * 7,
        torch.rand(2, 5, 4, generator=some),
        alive,
        (200, 240),
        {"seed": 7, "title": "</script>"},
        2,
    )


def grouped() -> Strokes:
    """The same, each stroke of one of two groups or of none, and all that a batch may say."""
    return replace(drawn(), num_wanted=3).with_groups(torch.arange(10).view(2, 5) % 3 - 1, ["sea", "sky"])


def document(**changes: object) -> str:
    whole = {"format": "clipasso-strokes", "version": 1, "canvas_size": [9, 9]}
    return json.dumps({**whole, "sketches": [{"strokes": [{"points": LINE, "width": 1}]}], **changes})


def test_every_number_comes_back() -> None:
    strokes = drawn()
    strokes.control_points[0, 0, 0] = torch.tensor([1e-7, -3e5])
    read = strokes_from_json(strokes_to_json(strokes))
    for name in ("control_points", "stroke_width", "color", "alive"):
        assert torch.equal(getattr(read, name), getattr(strokes, name)), name
    for name in ("canvas_size", "provenance", "num_given"):
        assert getattr(read, name) == getattr(strokes, name), name
    assert strokes_to_json(read) == strokes_to_json(strokes)


def test_numbers_are_rounded_where_asked_for() -> None:
    text, whole = strokes_to_json(drawn(), decimals=2), strokes_to_json(drawn())
    assert len(text) < 0.8 * len(whole)
    assert (strokes_from_json(text).control_points - drawn().control_points).abs().max() <= 0.00501


def test_what_other_programs_leave_out_has_its_default() -> None:
    read = strokes_from_json(document())
    assert read.is_opaque_black()
    assert (read.alive.tolist(), read.num_given, read.num_wanted, read.provenance) == ([[True]], 0, None, {})


def test_shorter_strokes_and_sketches_are_padded() -> None:
    longer = [*LINE, [4, 0], [5, 0], [6, 1]]
    one = {"points": LINE, "width": 1}
    read = strokes_from_json(
        document(sketches=[{"strokes": [one, {"points": longer, "width": 2}]}, {"strokes": [one]}])
    )
    assert read.control_points.shape == (2, 2, 7, 2)
    assert read.control_points[0, 0, 3:].tolist() == [[3, 0]] * 4
    assert read.alive.tolist() == [[True, True], [True, False]]


def test_how_many_strokes_are_wanted_comes_back() -> None:
    """First strokes with spare ones, saved and optimised later, lose these then."""
    assert strokes_from_json(strokes_to_json(replace(drawn(), num_wanted=3))).num_wanted == 3


def test_padding_that_would_fill_the_memory_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long stroke, a sketch of many strokes and many sketches make a huge batch of a small file."""
    one, long = {"points": LINE, "width": 1}, {"points": [*LINE, *LINE[:3] * 9], "width": 1}
    sketches = [{"strokes": [long]}, {"strokes": [one] * 10}, *[{"strokes": [one]}] * 8]
    monkeypatch.setattr("clipasso_core.strokes_json.MAX_SEGMENTS", 1000)
    assert strokes_from_json(document(sketches=sketches)).control_points.shape == (10, 10, 31, 2)
    with pytest.raises(JsonError, match="over 1000 segments when 11 sketches are padded to 10 strokes of 10 segments"):
        strokes_from_json(document(sketches=[*sketches, {"strokes": [one]}]))


def test_all_that_is_written_may_be_read() -> None:
    smallest = len(strokes_to_json(Strokes.black(torch.zeros(9, 9, 31, 2), (9, 9)))) / (9 * 9 * 10)
    assert MAX_CHARACTERS / smallest < MAX_SEGMENTS


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": "svg"}, 'format must be "clipasso-strokes", got "svg"'),
        ({"version": 2}, "version must be 1, got 2"),
        ({"version": True}, "version must be 1, got true"),
        ({"canvas_size": [0, 9]}, "canvas_size must be a whole number from 1 .* got 0"),
        ({"canvas_size": None}, "canvas_size must be a list .* got null"),
        ({"sketches": []}, "at least one sketch"),
        ({"sketches": {}}, "sketches must be a list"),
        ({"sketches": [{}]}, r"sketches\[0\]\.strokes must be a list"),
        ({"sketches": [{"strokes": [{"points": LINE[:3], "width": 1}]}]}, "3 \\* segments \\+ 1 points .* got 3"),
        ({"sketches": [{"strokes": [{"points": LINE}]}]}, r"sketches\[0\]\.strokes\[0\]\.width must be a number"),
        ({"sketches": [{"strokes": [{"points": [*LINE[:3], [1, 1e300]], "width": 1}]}]}, r"points\[3\] must be a num"),
        ({"sketches": [{"strokes": [{"points": [*LINE[:3], [1]], "width": 1}]}]}, r"must be \[x, y\], got 1 numbers"),
        ({"sketches": [{"strokes": [{"points": LINE, "width": -1}]}]}, "width must be a number from 0"),
        ({"sketches": [{"strokes": [{"points": LINE, "width": 1, "color": [0, 0, 2, 1]}]}]}, "color must be"),
        ({"sketches": [{"strokes": [{"points": LINE, "width": 1, "alive": 1}]}]}, "alive must be true or false"),
        ({"sketches": [{"strokes": [{"points": LINE, "width": 1}] * 4097}]}, "at most 4096 values, got 4097"),
        ({"sketches": [{"strokes": [{"points": LINE, "width": 1, "group": 0}]}]}, "group is an index into groups, and"),
        (
            {"groups": ["sky"], "sketches": [{"strokes": [{"points": LINE, "width": 1, "group": 1}]}]},
            r"strokes\[0\]\.group must be a whole number from 0 to 0, got 1",
        ),
        ({"groups": "sky"}, "groups must be a list"),
        ({"groups": [7]}, r"groups\[0\] must be a text, got 7"),
        ({"groups": ["sky", "sky"]}, "groups holds what is no name. Two groups are named 'sky'"),
        ({"num_wanted": 0}, "num_wanted must be a whole number from 1 .* got 0"),
        ({"num_given": 2}, "num_given must be a whole number from 0 to 1, got 2"),
        ({"provenance": []}, "provenance must be an object"),
    ],
)
def test_what_is_wrong_is_named(changes: Json, says: str) -> None:
    with pytest.raises(JsonError, match=says):
        strokes_from_json(document(**changes))


@pytest.mark.parametrize("text", ["", "{", b"\xff", "[" * 100_000, '{"version": NaN}', "7", '"' + "x" * 99])
def test_what_is_no_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(JsonError) as caught:
        strokes_from_json(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_what_json_cannot_hold_is_not_written() -> None:
    strokes = drawn()
    strokes.control_points[0, 1, 0, 0] = torch.nan
    assert strokes_from_json(strokes_to_json(strokes)).control_points[0, 1, 0, 0] == 0  # a dead stroke
    strokes.control_points[0, 0, 0, 0] = torch.nan
    with pytest.raises(JsonError, match="NaN or infinite"):
        strokes_to_json(strokes)
    with pytest.raises(JsonError, match="provenance must be plain JSON"):
        strokes_to_json(drawn().with_provenance(of=object()))
    with pytest.raises(JsonError, match="empty batch"):
        strokes_to_json(drawn().select(torch.zeros(0, dtype=torch.long)))


# --- the published schema ----------------------------------------------------------------------------------------


def test_what_is_written_fits_the_schema() -> None:
    validator = pytest.importorskip("jsonschema").Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    validator.check_schema(validator.schema)
    validator.validate(json.loads(strokes_to_json(grouped())))
    validator.validate(json.loads(document()))
    assert not validator.is_valid(json.loads(document(version=2)))
    assert not validator.is_valid(json.loads(document(sketches=[{"strokes": [{"points": LINE[:3], "width": 1}]}])))


def test_the_schema_names_what_is_written() -> None:
    """Where jsonschema is not installed, too."""
    schema: Json = json.loads(SCHEMA.read_text(encoding="utf-8"))
    written = strokes_document(grouped())
    assert set(schema["properties"]) == set(written)
    assert set(schema["required"]) == set(json.loads(document()))
    strokes: Any = written["sketches"]
    names = {name for stroke in strokes[0]["strokes"] for name in stroke}
    assert set(schema["$defs"]["stroke"]["properties"]) == names
    assert schema["properties"]["version"]["const"] == written["version"]


def test_a_batch_keeps_its_order() -> None:
    strokes = drawn()
    turned = strokes_from_json(strokes_to_json(strokes.select([1, 0])))
    assert torch.equal(turned.control_points, strokes.control_points.flip(0))
    assert strokes_from_json(strokes_to_json(replace(strokes, num_given=0))).num_given == 0


def test_groups_come_back_and_padding_is_of_none() -> None:
    strokes = grouped().with_groups(grouped().group, ["sea", "sky", "unused"])
    read = strokes_from_json(strokes_to_json(strokes))
    assert read.group_names == ("sea", "sky", "unused")
    assert read.group is not None
    assert torch.equal(read.group, strokes.group)
    one = {"points": LINE, "width": 1, "group": 0}
    padded = strokes_from_json(document(groups=["sky"], sketches=[{"strokes": [one, one]}, {"strokes": [one]}]))
    assert padded.names_of(1) == ["sky", None]
