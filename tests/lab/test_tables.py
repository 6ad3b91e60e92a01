"""Tables of text: columns that line up."""

from __future__ import annotations

import sys

import pytest

from clipasso_core.errors import DependencyError
from clipasso_lab.tables import format_table


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


def test_a_table_without_rich_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    with pytest.raises(DependencyError, match="pip install rich"):
        format_table([{"photo": "cat"}])
