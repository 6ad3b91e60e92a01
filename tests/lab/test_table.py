"""Tables in plain text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clipasso_lab.evaluate import to_text
from clipasso_lab.evaluate.table import format_table


def test_words_stand_left_and_numbers_right() -> None:
    rows = [{"photo": "cat", "loss": "1.25"}, {"photo": "teapot", "loss": "10.50", "taken for": "cup"}]
    assert format_table(rows).splitlines() == [
        "photo    loss  taken for",
        "cat      1.25",
        "teapot  10.50  cup",
    ]


def test_wide_letters_take_two_columns() -> None:
    lines = format_table([{"photo": "猫", "loss": "1"}, {"photo": "e\u0301t", "loss": "2"}]).splitlines()
    assert lines[1:] == ["猫        1", "e\u0301t        2"]


def test_groups_then_sketches(evaluation: Callable[..., Any], scored: Callable[..., Any]) -> None:
    found = evaluation(scored("a", "4", loss=0.5), scored("a", "", rank=1), scored("b\n", "4", rank=2, loss=1.5))
    groups, sketches = to_text(found).split("\n\n")
    assert [line.split()[:3] for line in groups.splitlines()] == [
        ["sketch", "n", "loss"],
        ["-", "1", "1.000"],
        ["4", "2", "1.000"],
    ]
    assert "50%" in groups
    assert [line.split()[:3] for line in sketches.splitlines()[1:]] == [
        ["a", "4", "0.500"],
        ["a", "-", "1.000"],
        ["b", "4", "1.500"],
    ]
    assert "2 of 2" in sketches
    assert "class" not in groups + sketches


def test_classes_stand_last(evaluation: Callable[..., Any], scored: Callable[..., Any]) -> None:
    found = evaluation(scored(class_place=2, class_guess="teddy bear"), classes=("cat", "cup", "teddy bear"))
    lines = to_text(found).splitlines()
    assert lines[0].endswith("class top 1  class top 3")
    assert lines[1].endswith(" 0%         100%")
    assert lines[-1].endswith("    2 of 3  teddy bear")
