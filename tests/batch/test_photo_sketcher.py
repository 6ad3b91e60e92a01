"""One photo, one row: in this process, without workers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from clipasso_batch import BatchConfig, PhotoFile, find_photos, sketch_photos
from clipasso_batch.photo_sketcher import PhotoSketcher
from clipasso_core.encoders import AttentionConfig
from clipasso_core.errors import ConfigError
from clipasso_core.pipeline import Sketch, sketch


def test_rows_in_are_rows_out(photos: Path, quick: BatchConfig) -> None:
    found = find_photos(photos)
    rows = {row.key: row for row in sketch_photos(found, quick)}
    assert list(rows) == [photo.key for photo in found]
    assert {key for key, row in rows.items() if row.error} == {"damaged.jpg", "empty.png"}
    assert "is damaged or cut short" in str(rows["damaged.jpg"].error)
    assert (rows["turned.jpg"].width, rows["turned.jpg"].height) == (64, 80)
    cup, same = rows["cup.png"], rows["same.png"]
    assert cup.photo_sha256 == hashlib.sha256((photos / "cup.png").read_bytes()).hexdigest() == same.photo_sha256
    assert cup.svg_sha256 == hashlib.sha256(str(cup.svg_text).encode()).hexdigest()
    assert (cup.strokes, cup.seed, cup.loss) == (3, 0, same.loss)
    assert str(cup.svg_text).replace("cup in", "same in") == same.svg_text


def test_photos_of_several_sizes_in_the_same_iterations_become_the_same_bytes(
    photos: Path, quick: BatchConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [photo for photo in find_photos(photos) if photo.key in ("cmyk.jpg", "damaged.jpg", "turned.jpg")]
    sketcher = PhotoSketcher(replace(quick, page="photo"))
    alone = [replace(sketcher.sketch(photo), seconds=0.0) for photo in found]
    together = sketcher.sketch_together(found)
    assert [replace(row, seconds=0.0) for row in together] == alone
    assert [row.error is None for row in together] == [True, False, True]

    def too_many(images: list[Tensor], *rest: object, **options: Any) -> Sketch:
        if len(images) > 1:
            raise RuntimeError("out of memory")
        return sketch(images, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("clipasso_batch.photo_sketcher.sketch", too_many)
    assert [replace(row, seconds=0.0) for row in sketcher.sketch_together(found)] == alone


def test_the_time_limit_and_an_unforeseen_error_are_reasons(
    photos: Path, quick: BatchConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    sketcher, cup = PhotoSketcher(replace(quick, time_limit=1e-6)), PhotoFile("cup.png", str(photos / "cup.png"))
    row = sketcher.sketch(cup)
    assert row.error == "The sketch failed after 1 iterations: it took longer than the limit of 1e-06 s."
    assert (row.svg_text, row.loss) == (None, None)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("out of memory\nwith details")

    monkeypatch.setattr("clipasso_batch.photo_sketcher.sketch", broken)
    assert sketcher.sketch(cup).error == "RuntimeError: out of memory."
    assert sketcher.sketch(PhotoFile("row 2", "")).error == "The list names no file in this row."
    assert sketcher.sketch(PhotoFile("nul", "a\0b")).error


def test_settings_that_do_not_work_are_told_before_a_photo_is_taken(quick: BatchConfig) -> None:
    def never() -> Iterator[PhotoFile]:
        raise AssertionError("a photo was taken")
        yield

    wordy = replace(quick, sketch=replace(quick.sketch, attention=AttentionConfig(text="a cat")))
    with pytest.raises(ConfigError, match="knows no words"):
        next(sketch_photos(never(), wordy))


def test_an_interrupted_sketch_is_no_row(photos: Path, quick: BatchConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*images: Tensor, **options: Any) -> Sketch:
        def interrupt(_: object) -> None:
            raise KeyboardInterrupt

        return sketch(*images, **{**options, "on_step": interrupt})

    sketcher = PhotoSketcher(quick)
    monkeypatch.setattr("clipasso_batch.photo_sketcher.sketch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sketcher.sketch(PhotoFile("cup.png", str(photos / "cup.png")))


def test_the_time_limit_is_no_setting_of_a_sketch(quick: BatchConfig) -> None:
    assert replace(quick, time_limit=5).settings() == quick.settings()
    assert replace(quick, page="photo").settings() != quick.settings()
    assert replace(quick, photos_at_once=8).settings() == quick.settings()
    assert replace(quick, device="cuda", photos_at_once=8).settings() != replace(quick, device="cuda").settings()
    with pytest.raises(ConfigError, match="time_limit must be more than 0 s"):
        replace(quick, time_limit=float("nan"))
