"""clipasso bench: JSON that says what was measured, where, and beside which calibration."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import torch

from clipasso_cli import main
from clipasso_core.optimize import OptimizeConfig, preset_config
from clipasso_core.pipeline import SketchConfig
from clipasso_lab import bench as lab_bench
from clipasso_lab.measure import median_ms

Bench = Callable[..., dict[str, object]]


@pytest.fixture
def bench(capsys: pytest.CaptureFixture[str]) -> Bench:
    """Run `clipasso bench ... --json` and read what it prints."""

    def run(*arguments: str) -> dict[str, object]:
        assert main(["bench", *arguments, "--json"]) == 0
        found: dict[str, object] = json.loads(capsys.readouterr().out)
        return found

    return run


def test_raster_draws_every_scene(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_bench, "SCENES", ((2, 64), (4, 64)))
    before = torch.get_num_threads()
    found = bench("raster")
    assert [(row["strokes"], row["canvas"]) for row in found["scenes"]] == [(2, 64), (4, 64)]  # type: ignore[attr-defined]
    for row in found["scenes"]:  # type: ignore[attr-defined]
        assert row["per_conv"] == pytest.approx(row["forward_backward_ms"] / found["conv2d_5x3x224x224_ms"])
        assert row["peak_extra_mib"] > 0.01
    assert found["machine"]["threads"] == 1  # type: ignore[index]
    assert torch.get_num_threads() == before


def test_an_iteration_has_the_views_of_its_preset(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_bench, "median_ms", lambda work, runs, device: median_ms(work, 1, device))
    monkeypatch.setattr("clipasso_lab.measure.WARM_UP", 0)
    found = bench("iteration", "--preset", "draft", "--threads", "1")
    assert found["views"] == 1 + preset_config("draft").num_views
    assert found["machine"]["threads"] == 1  # type: ignore[index]
    assert all(value > 0 for value in found["ms"].values())  # type: ignore[attr-defined]
    assert found["ms"].keys() == {"iteration", "rasterizer", "encoder"}  # type: ignore[attr-defined]


@pytest.mark.usefixtures("object_in_the_middle")
def test_sketch_says_what_each_preset_reached(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {"draft": OptimizeConfig(2, 8.0, num_views=0), "standard": OptimizeConfig(3, 8.0, num_views=0)}
    monkeypatch.setattr(lab_bench, "sketch_preset", lambda name: SketchConfig(optimize=few[name]))
    found = bench("sketch", "--presets", "draft", "standard")
    rows = found["sketches"]
    assert [(row["preset"], row["iterations"]) for row in rows] == [("draft", 2), ("standard", 3)]  # type: ignore[attr-defined]
    assert all(row["seconds"] > 0 and 0 < row["loss"] < 4 for row in rows)  # type: ignore[attr-defined]
    assert found["encoder"] == "efficientnet-lite0"


def test_a_photo_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "sketch", "nowhere.jpg"]) == 1
    assert "nowhere.jpg" in capsys.readouterr().err
