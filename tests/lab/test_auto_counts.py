"""Auto counts: one run stopped at its choice tells what runs at other details choose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from clipasso_core.errors import ConfigError
from clipasso_core.files import load_image, save_png
from clipasso_core.pipeline import SketchConfig, sketch
from clipasso_core.presets import sketch_preset
from clipasso_lab.auto_counts import counted_curve, counting, counts_at, main
from clipasso_lab.photos import ball_photo


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "ball.png"
    save_png(ball_photo(96)[0], path)
    return path


@pytest.fixture
def config() -> SketchConfig:
    """Of 4 iterations and 8 strokes."""
    counted = counting(sketch_preset("draft"))
    short = replace(counted.optimize, num_iterations=4, evaluation_interval=1)
    return replace(counted, init=replace(counted.init, num_strokes=8), optimize=short)


def test_a_curve_tells_what_every_detail_chooses(photo: Path, config: SketchConfig) -> None:
    details = (0.1, 0.9)
    told = counts_at(counted_curve(photo, config), details)
    runs = [
        sketch(load_image(photo), replace(config, optimize=replace(config.optimize, auto_detail=detail)))
        for detail in details
    ]
    assert told.strokes == tuple(run.result.strokes.num_strokes for run in runs)
    assert len(told.losses) == 8


def test_a_detail_out_of_range_is_refused_before_any_run(photo: Path) -> None:
    with pytest.raises(ConfigError, match="detail must lie between 0 and 1, got 2"):
        main([str(photo.parent), "--details", "0.5", "2"])
