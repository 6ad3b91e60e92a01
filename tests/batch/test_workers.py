"""Workers that die, hang or refuse (scripted ones), and a batch whose worker or driver is killed (real ones)."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from clipasso_batch import BatchConfig, PhotoFile
from clipasso_batch.out_folder import JOURNAL, TABLE
from clipasso_batch.photo_index import PhotoIndex
from clipasso_batch.photo_sketcher import Row
from clipasso_batch.run import run_batch
from clipasso_batch.workers import WorkerError, sketch_in_workers
from clipasso_cli import main

from .conftest import OPTIONS, facts, killed_after_a_row, svgs

# --- scripted workers, in this process -------------------------------------------------------------------------------

Script = Callable[[PhotoFile], "Row | None"]


class Scripted:
    """A worker that does as told: a script returns a photo's row, or None to hang, or raises EOFError to die."""

    def __init__(self, script: Script | str | None) -> None:
        self.pipe, self._theirs = multiprocessing.Pipe()
        self._script = script
        self.ready, self.photos, self.deadline = False, (), float("inf")
        if script is None:
            self._theirs.close()
        else:
            self._theirs.send(script if isinstance(script, str) else None)

    def give(self, photos: tuple[PhotoFile, ...], limit: float | None) -> None:
        assert callable(self._script)
        self.photos: tuple[PhotoFile, ...] = photos
        self.deadline = float("inf") if limit is None else time.monotonic()
        try:
            rows = [self._script(photo) for photo in photos]
        except EOFError:
            self._theirs.close()
        else:
            if None not in rows:
                self._theirs.send(rows)

    def end(self) -> int:
        self.pipe.close()
        self._theirs.close()
        return -9


def rows_of(
    script: Script | str | None,
    keys: str,
    monkeypatch: pytest.MonkeyPatch,
    limit: float | None = None,
    at_once: int = 1,
) -> dict[str, str | None]:
    monkeypatch.setattr("clipasso_batch.workers._Worker", lambda *_: Scripted(script))
    photos = [PhotoFile(key, key) for key in keys]
    rows = list(sketch_in_workers(iter(photos), BatchConfig(time_limit=limit, photos_at_once=at_once), 2))
    assert sorted(row.key for row in rows) == sorted(keys)
    return {row.key: row.error for row in rows}


def test_a_photo_of_which_workers_die_is_tried_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []

    def script(photo: PhotoFile) -> Row:
        given.append(photo.key)
        if photo.key == "x" or (photo.key == "y" and given.count("y") == 1):
            raise EOFError
        return Row(photo.key, 0.1)

    errors = rows_of(script, "axbyc", monkeypatch)
    assert {key for key, error in errors.items() if error} == {"x"}
    assert "died 2 times while it sketched the photo (exit code -9)" in str(errors["x"])
    assert sorted(given) == list("abcxxyy")


def test_of_several_photos_at_once_those_are_tried_alone_of_which_a_worker_died(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[str] = []

    def script(photo: PhotoFile) -> Row:
        given.append(photo.key)
        if photo.key == "x":
            raise EOFError
        return Row(photo.key, 0.1)

    errors = rows_of(script, "axbc", monkeypatch, at_once=2)
    assert {key for key, error in errors.items() if error} == {"x"}
    assert sorted(given) == list("aabcxx")


def test_a_worker_that_hangs_is_given_up_only_where_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = rows_of(lambda photo: None if photo.key == "x" else Row(photo.key, 0.1), "axb", monkeypatch, limit=5)
    assert errors == {"a": None, "b": None, "x": "The sketch was given up: it took longer than the limit of 5 s."}


def test_of_several_photos_at_once_only_the_one_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(photo: PhotoFile) -> Row | None:
        return None if photo.key == "x" else Row(photo.key, 0.1)

    errors = rows_of(script, "axbc", monkeypatch, limit=5, at_once=2)
    assert {key for key, error in errors.items() if error} == {"x"}


def test_a_worker_that_cannot_be_started_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Scripted] = []

    def start(*_: object) -> Scripted:
        if started:
            raise OSError(24, "Too many open files")
        started.append(Scripted(lambda photo: Row(photo.key, 0.1)))
        return started[0]

    monkeypatch.setattr("clipasso_batch.workers._Worker", start)
    with pytest.raises(WorkerError, match=r"Too many open files\. Try fewer --workers"):
        list(sketch_in_workers([PhotoFile("a", "a"), PhotoFile("b", "b")], BatchConfig(), 2))
    assert started[0].pipe.closed


@pytest.mark.parametrize(("script", "said"), [("It knows no words.", "^It knows no words"), (None, "exit code -9")])
def test_workers_that_cannot_begin_end_the_batch(
    script: str | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WorkerError, match=said):
        rows_of(script, "abc", monkeypatch)


def test_no_photos_need_no_workers() -> None:
    assert list(sketch_in_workers([], BatchConfig(), 2)) == []


# --- real ones -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def undisturbed(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one worker makes of the photos."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    assert main(["batch", str(photos), "-o", str(out), "--workers", "1", *OPTIONS]) == 0
    return out


def test_the_bytes_are_those_of_clipasso_sketch(photos: Path, undisturbed: Path, tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for key in ("cup.png", "turned.jpg"):
            assert main(["sketch", str(photos / key), "-o", str(tmp_path / "one.svg"), *OPTIONS]) == 0
            assert svgs(undisturbed)[key[:-4] + ".svg"] == (tmp_path / "one.svg").read_bytes()
    finally:
        torch.set_num_threads(threads)
    assert len(svgs(undisturbed)) == 6
    assert len(facts(undisturbed)) == 1 + 8


def test_a_killed_worker_of_two_costs_nothing(
    photos: Path, undisturbed: Path, quick: BatchConfig, tmp_path: Path
) -> None:
    killed: list[int] = []

    def kill_one(_: Row) -> None:
        if not killed:
            worker = multiprocessing.active_children()[0]
            worker.kill()
            killed.append(worker.pid or 0)

    out = tmp_path / "out"
    outcome = run_batch(photos, out, quick, num_workers=2, on_row=kill_one)
    assert killed
    assert (outcome.photos, outcome.done_before, outcome.failed) == (8, 0, 2)
    assert facts(out) == facts(undisturbed)
    assert svgs(out) == svgs(undisturbed)
    assert multiprocessing.active_children() == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs groups of processes")
def test_the_same_command_finishes_what_a_killed_driver_began(
    photos: Path, undisturbed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["batch", str(photos), "-o", str(out), "--workers", "1", *OPTIONS]
    killed_after_a_row(command, out)
    done = (out / JOURNAL).read_bytes()
    assert not (out / TABLE).exists(), "killed too late to show anything"
    (out / JOURNAL).write_bytes(done + b'{"key": "cu')
    assert main([*command, "--json"]) == 0
    assert f'"done_before": {done.count(chr(10).encode())}' in capsys.readouterr().out
    assert facts(out) == facts(undisturbed)
    assert svgs(out) == svgs(undisturbed)
    assert [path.name for path in out.rglob("*.tmp")] == []


def test_a_plan_is_measured_and_writes_nothing(
    photos: Path, quick: BatchConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clipasso_batch.plan import plan_batch

    def script(photo: PhotoFile) -> Row:
        return Row(photo.key, 3.0) if photo.key != "b" else Row(photo.key, 0.0, "It is damaged.")

    monkeypatch.setattr("clipasso_batch.workers._Worker", lambda *_: Scripted(script))
    config = replace(quick, sketch=replace(quick.sketch, init=replace(quick.sketch.init, num_sketches=3)))
    plan = plan_batch(PhotoIndex(PhotoFile(key, key) for key in "abcdef"), config, 4)
    assert (plan.photos, plan.workers, plan.tried) == (6, 4, 4)
    assert plan.pace.seconds == pytest.approx(3.0)
    assert plan.pace.hours == pytest.approx(6 * 3.0 / 4 / 3600)
    assert [one.what for one in plan.faster] == ["--iterations 1, not 2", "--sketches 1, not 3"]
