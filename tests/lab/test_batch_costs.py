"""The synthetic list is one that a batch takes for its own."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from clipasso_lab.batch_costs import LEFT, list_cost, overhead


def test_a_list_is_resumed(tmp_path: Path) -> None:
    found = list_cost(tmp_path, Namespace(here_rows=2000))
    assert (found["rows"], found["missing"]) == (2000, LEFT)
    assert found["resume_s"] > 0


def test_a_batch_is_compared_with_the_bare_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clipasso_lab.batch_costs.run_batch", lambda *_, **__: None)
    found = overhead(tmp_path, Namespace(photos=1, iterations=1))["ms_a_photo"]
    assert found["bare"] > 0
    assert found["batched"] > 0
