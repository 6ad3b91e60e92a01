"""The folder of the results."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clipasso_core.errors import ConfigError, ImageFileError
from clipasso_lab.evaluate import ready_folder, report, write_results


def test_results_are_written_and_replaced(
    evaluation: Callable[..., Any], scored: Callable[..., Any], tmp_path: Path
) -> None:
    out = tmp_path / "new" / "folder"
    for loss in (1.0, 2.0):
        assert ready_folder(out, tmp_path) == out
        found = evaluation(scored(loss=loss))
        write_results(found, report(found), out, "Photos")
        assert sorted(path.name for path in out.iterdir()) == ["figures.json", "index.html"]
        assert json.loads((out / "figures.json").read_text())["sketches"][0]["loss"] == loss
        assert f"{loss:.3f}" in (out / "index.html").read_text(encoding="utf-8")


def test_never_among_the_photos(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(ConfigError, match="cannot go among the photos"):
        ready_folder(tmp_path / "a" / "..", tmp_path)


@pytest.mark.parametrize("name", ["index.html", "figures.json"])
def test_somebody_elses_files_stay(name: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_bytes(b"my own\xff")
    with pytest.raises(ConfigError, match="was not written by an evaluation"):
        ready_folder(out, tmp_path)
    assert (out / name).read_bytes() == b"my own\xff"


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "inside"):
        with pytest.raises(ImageFileError, match="Cannot make the folder"):
            ready_folder(path, tmp_path)
