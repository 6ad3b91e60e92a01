"""A small photo in a file, folders of photos and sketches, and the commands called in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from clipasso_cli import main
from clipasso_core.files import save_png
from clipasso_core.mask import MaskConfig, MaskedObject, mask_object
from clipasso_core.pixels import resize
from clipasso_core.strokes import Strokes
from clipasso_core.svg import to_svg

QUICK = ("--mask", "none", "--preset", "draft", "--iterations", "2", "--sketches", "1", "--strokes", "3")


class Ran(NamedTuple):
    """What came of a command."""

    status: int
    out: str
    err: str


@pytest.fixture
def photo_file(tmp_path: Path, cup: Tensor) -> Path:
    """The cup, 96 x 64 px, alone in a folder."""
    path = tmp_path / "cup.png"
    save_png(resize(cup, (64, 96))[0], path)
    return path


@pytest.fixture
def object_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the time of U²-Net: the object is a disc."""

    def in_the_middle(images: Tensor, mask: Tensor | None = None, config: MaskConfig | None = None) -> MaskedObject:
        y, x = (torch.linspace(-1, 1, side) for side in images.shape[-2:])
        disc = (y[:, None].square() + x.square() < 0.64).float()[None]
        return mask_object(images, disc if mask is None else mask, config)

    monkeypatch.setattr("clipasso_core.pipeline.mask_object", in_the_middle)
    monkeypatch.setattr("clipasso_lab.metrics.mask_object", in_the_middle)


@pytest.fixture
def clipasso(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `clipasso sketch` with few iterations; later arguments win."""

    def run(*arguments: object) -> Ran:
        try:
            status = main(["sketch", *QUICK, *map(str, arguments)])
        except SystemExit as left:  # argparse
            status = int(left.code or 0)
        return Ran(status, *capsys.readouterr())

    return run


@pytest.fixture
def evaluate(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `clipasso eval`."""

    def run(*arguments: object) -> Ran:
        try:
            status = main(["eval", *map(str, arguments)])
        except SystemExit as left:  # argparse
            status = int(left.code or 0)
        return Ran(status, *capsys.readouterr())

    return run


@pytest.fixture
def folder(tmp_path: Path, photo: Callable[[str], Tensor]) -> Path:
    """A folder of one photo, cup.png, 128 px."""
    folder = tmp_path / "photos"
    folder.mkdir()
    save_png(resize(photo("coffee")[:, :, :400, 100:500], (128, 128))[0], folder / "cup.png")
    return folder


@pytest.fixture
def sketches(tmp_path: Path) -> Path:
    """A folder of one sketch, cup-mine.svg."""
    folder = tmp_path / "sketches"
    folder.mkdir()
    points = torch.tensor([[20.0, 20], [20, 200], [200, 200], [200, 20]])
    (folder / "cup-mine.svg").write_text(to_svg(Strokes.black(points[None, None], (224, 224))))
    return folder


@pytest.fixture
def no_long_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the long work started")

    monkeypatch.setattr("clipasso_core.optimize.run.SketchRun.step", never)
    monkeypatch.setattr("clipasso_lab.evaluation.reference_photo", never)
