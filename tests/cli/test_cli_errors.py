"""clipasso sketch: wrong usage and bad input get a status, one sentence and no files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from clipasso_core.encoders import encoder_names
from clipasso_core.files import save_png

Clipasso = Callable[..., Any]


@pytest.fixture(autouse=True)
def no_long_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the long work started")

    monkeypatch.setattr("clipasso_core.optimize.run.SketchRun.step", never)


def refused(ran: Any, folder: Path) -> str:
    """Return the error's one line (a progress bar may stand before it), after a look that nothing was left."""
    assert ran.status == 1
    assert ran.out == ""
    *before, last = ran.err.splitlines()
    assert last.startswith("clipasso: ")
    assert all(line.startswith("sketching ") for line in before)
    assert "Traceback" not in ran.err
    assert [path.name for path in folder.iterdir()] == ["cup.png"]
    return str(last)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--strokes", "0"), "num_strokes must lie between 1 and 4096, got 0"),
        (("--strokes", "5000"), "num_strokes must lie between 1 and 4096, got 5000"),
        (("--sketches", "0"), "num_sketches"),
        (("--iterations", "0"), "num_iterations must lie between 1 and 100000, got 0"),
        (("--width", "0"), "stroke_width"),
        (("--seed", "-1"), "seed must lie between"),
        (("--tidy", "1.5"), "tidy must lie between 0 and 1, got 1.5"),
        (("--simplify", "-1"), "simplify must lie between 0 and 1, got -1.0"),
        (
            ("--one-line", "--strokes", "300"),
            "One line has at most 512 segments, and num_strokes (300) x num_segments (2)",
        ),
        (("--widths", "each", "--width-range", "5", "4"), "min_width (5) cannot exceed max_width (4)"),
        (("--simplify", "nan"), "simplify must lie between 0 and 1, got nan"),
        (("--encoder", "ViT-Q/99"), "ViT-Q/99"),
        (("--device", "abacus"), "Use auto, cpu, cuda or mps"),
        (("--mask", "no-such.png"), "no-such.png"),
        (("-o", "no/such/folder/out.svg"), "does not exist"),
        (("--png", "no/such/folder/out.png"), "does not exist"),
        (("-o", "/"), "is a folder"),
        (("--json", "--strokes", "0"), "num_strokes"),
        (("--levels", "2", "4"), "--levels asks for 4 strokes, and --strokes for 3"),
        (("--levels", "0"), "levels must lie between 1 and 4096 strokes, got 0"),
        (("--levels", "2", "2"), "levels names 2 twice"),
        (("--strokes", "auto", "--levels", "2", "4"), "so does --strokes auto. Leave one out"),
        (("--strokes", "auto", "--detail", "1.5"), "auto_detail must lie between 0 and 1, got 1.5"),
        (("--strokes", "auto", "--fewest", "60", "--most", "50"), "--fewest (60) cannot exceed --most (50)"),
        (("--detail", "0.5"), "--detail says how strokes are counted. Add --strokes auto"),
        (("--levels-in-one",), "--levels-in-one says how --levels are written"),
        (("--levels", "2", "-o", "no/such/folder/out.svg"), "out-2.svg"),
        (("-o", "out.png"), "The ending of 'out.png' must be one of .svg, got '.png'"),
        (("--png", "out.jpg"), "The ending of 'out.jpg' must be one of .png, got '.jpg'"),
        (("--width-range", "1", "6"), "--width-range bounds widths that are moved. Add --widths"),
        (("--given-freedom", "0.5"), "--given-freedom is of the strokes of --continue"),
        (("--mask", "mask.png", "--png", "mask.png"), "is what the sketch is made from"),
    ],
)
def test_one_line_for_each_error(clipasso: Clipasso, photo_file: Path, arguments: tuple[str, ...], said: str) -> None:
    assert said in refused(clipasso(photo_file, *arguments), photo_file.parent)


def test_an_unknown_encoder_is_told_the_known_ones(clipasso: Clipasso, photo_file: Path) -> None:
    said = refused(clipasso(photo_file, "--encoder", "ViT-Q/99"), photo_file.parent)
    assert all(name in said for name in encoder_names())


@pytest.mark.parametrize("name", ["missing.png", "cup.png/inside.png"])
def test_a_missing_photo(clipasso: Clipasso, photo_file: Path, name: str) -> None:
    assert name in refused(clipasso(photo_file.parent / name, "-o", photo_file.parent / "o.svg"), photo_file.parent)


def test_the_folder_we_are_in_is_no_photo(
    clipasso: Clipasso, photo_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photo_file.parent)
    assert "folder" in refused(clipasso("."), photo_file.parent)


def test_no_photo_at_all(clipasso: Clipasso, tmp_path: Path, photo_file: Path) -> None:
    other = tmp_path / "text"
    other.mkdir()
    text = other / "cup.png"
    text.write_text("not a picture")
    assert "no image that can be read" in refused(clipasso(text), other)


def test_an_unwritable_output_is_found_before_the_photo_is_read(
    clipasso: Clipasso, photo_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the photo was read")

    monkeypatch.setattr("clipasso_core.files.load_photo", never)
    assert "Cannot write" in refused(clipasso(photo_file, "-o", photo_file.parent), photo_file.parent)


@pytest.mark.parametrize(("side", "value", "said"), [(32, 1.0, "mask is 32 x 32 px"), (None, 0.0, "is empty")])
def test_a_wrong_mask(
    clipasso: Clipasso,
    photo_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
    side: int | None,
    value: float,
    said: str,
) -> None:
    path = tmp_path_factory.mktemp("mask") / "mask.png"
    save_png(torch.full((side, side) if side else (64, 96), value), path)
    assert said in refused(clipasso(photo_file, "--mask", path), photo_file.parent)


@pytest.mark.parametrize(
    ("mask", "fit", "said"),
    [
        ("auto", "crop", "No object found"),
        ("none", "pad", "no lines"),
        ("none", "crop", "no lines"),
    ],
)
def test_a_photo_of_one_colour(clipasso: Clipasso, photo_file: Path, mask: str, fit: str, said: str) -> None:
    save_png(torch.full((3, 64, 64), 0.5), photo_file)
    assert said in refused(clipasso(photo_file, "--mask", mask, "--fit", fit), photo_file.parent)


def test_an_error_leaves_the_old_sketch(
    clipasso: Clipasso, photo_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    old = tmp_path_factory.mktemp("old") / "old.svg"
    old.write_text("<svg/>")
    refused(clipasso(photo_file, "-o", old, "--strokes", 0), photo_file.parent)
    assert old.read_text() == "<svg/>"
    assert list(old.parent.iterdir()) == [old]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--strokes", "many"),
        ("--preset", "ultra"),
        ("--fit", "stretch"),
        ("--edges", "canny"),
        ("--tidy", "very"),
        ("--page", "letter"),
        ("--no-such-option",),
        ("a second photo",),
    ],
)
def test_wrong_usage(clipasso: Clipasso, photo_file: Path, arguments: tuple[str, ...]) -> None:
    ran = clipasso(photo_file, *arguments)
    assert ran.status == 2
    assert ran.err.startswith("usage: clipasso ")
    assert "error: " in ran.err
    assert ran.out == ""
    assert [path.name for path in photo_file.parent.iterdir()] == ["cup.png"]


def test_a_real_process_ends_with_the_same_statuses(photo_file: Path) -> None:
    """Both in one process for the price of one start."""
    code = (
        "import sys\nfrom clipasso_cli import main\n"
        "assert main(['sketch', 'missing.png']) == 1\n"
        "sys.exit(main(['sketch']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=photo_file.parent, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 2, done.stderr
    assert "missing.png" in done.stderr
    assert done.stdout == ""


def test_the_package_is_the_command_too() -> None:
    """Where Python is known and its scripts are not on the path, as in ComfyUI's portable build."""
    line = [sys.executable, "-m", "clipasso_cli", "sketch"]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("usage: clipasso sketch ")
