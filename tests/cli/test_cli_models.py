"""clipasso models: what is here, where it is, whether it is right, and how it gets here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from clipasso_cli import main
from clipasso_core.weights import ModelStore
from clipasso_core.weights.known import KNOWN

NAME = KNOWN[0].name


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of models, with one file that is not what its name says."""
    monkeypatch.setenv("CLIPASSO_MODELS", str(tmp_path))
    (tmp_path / KNOWN[0].local_name).write_bytes(b"not the weights")
    return tmp_path


def test_list_and_path(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} >= {known.name for known in KNOWN}
    assert [line.split()[-1] for line in lines if line.startswith(f"{NAME} ")] == [str(models / KNOWN[0].local_name)]
    assert lines[-1].endswith("not fetched")
    assert main(["models", "path"]) == main(["models", "path", NAME]) == 0
    assert capsys.readouterr().out.splitlines() == [str(models), str(models / KNOWN[0].local_name)]


@pytest.mark.usefixtures("models")
def test_verify_says_whether_a_file_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    known = next(one for one in KNOWN if one.sha256)
    ModelStore().path(NAME).with_name(known.local_name).write_bytes(b"other weights")
    assert main(["models", "verify", known.name]) == 1
    assert ", WRONG (" in capsys.readouterr().out


def test_pull_shows_how_far_it_is(
    models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def pull(store: ModelStore, name: str, progress: Callable[[int, int | None], None]) -> Path:
        progress(5, None)
        progress(10, 10)
        return store.folder / name

    monkeypatch.setattr(ModelStore, "pull", pull)
    assert main(["models", "pull", NAME, "--to", str(models / "there")]) == 0
    said = capsys.readouterr()
    assert said.out == f"{models / 'there' / NAME}\n"
    assert NAME in said.err


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("action", ["pull", "verify", "path"])
def test_an_unknown_name_is_one_sentence(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", action, "no-such-clip"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "no-such-clip" in said.err.splitlines()[-1]
    assert "Traceback" not in said.err
