"""The studies: each starts, the sums behind their numbers are right, and charts are drawn only on demand."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
import torch

from clipasso_core.encoders import get_encoder
from clipasso_core.encoders.embedded import EfficientNetEncoder, embedded_weights
from clipasso_core.errors import DependencyError
from clipasso_core.optimize import SketchRun, preset_config
from clipasso_lab.ablation import beside, judged_losses
from clipasso_lab.iteration_costs import random_encoder
from clipasso_lab.judge import Judge
from clipasso_lab.measure import in_own_process, resident_memory_mb
from clipasso_lab.metrics import ReferencePhoto, score_strokes, see_photo
from clipasso_lab.photos import PHOTOS, ball_photo, random_strokes, write_photos
from clipasso_lab.plain_recipe import PlainRecipe
from clipasso_lab.time_to_loss import TRAJECTORIES, draw_curves, plain_curve, reached

CURVES = {"cat": {"plain": [(1.0, 2.0), (10.0, 1.0)], "draft": [(0.1, 2.0), (3.0, 1.4)]}}


REPO = Path(__file__).parents[2]
STUDIES = re.findall(r"^clipasso_lab/(\w+)\.py$", (REPO / ".comfyignore").read_text(encoding="utf-8"), re.MULTILINE)
"""Those that are not shipped, as test_registry_archive holds that list to the truth."""


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_says_what_it_is(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as left:
        import_module(f"clipasso_lab.{name}").main()
    assert left.value.code == 0
    assert "usage: " in capsys.readouterr().out


def test_the_four_photos_are_written(tmp_path: Path) -> None:
    write_photos(tmp_path / "new")
    assert sorted(path.stem for path in (tmp_path / "new").iterdir()) == sorted(PHOTOS)


def test_the_plain_curve_adds_one_sketch_after_another() -> None:
    """Two sketches of 12 iterations at 1 s, evaluated every tenth and at the end, at 0.5 s."""
    curve = plain_curve([[3.0, 2.0, 1.0], [2.5, 0.5, 0.7]], 12, 1.0, 0.5)
    assert curve == [(0.5, 3.0), (11.0, 2.0), (13.5, 1.0), (14.0, 1.0), (24.5, 0.5), (27.0, 0.5)]
    assert (reached(curve, 1.0), reached(curve, 0.1)) == (13.5, None)


def test_the_stored_trajectories_are_those_of_the_photos() -> None:
    assert {one["photo"] for one in json.loads(TRAJECTORIES.read_text(encoding="utf-8"))} == set(PHOTOS)


def test_a_row_stands_beside_the_first_one() -> None:
    first = {"variant": "a", "cpu_seconds": 1, "losses": [1.0, 2.0], "judged": [1.0, 1.0]}
    row = {"variant": "b", "cpu_seconds": 2, "losses": [1.5, 2.1], "judged": [1.0, 1.0]}
    found = beside(first, row)
    assert (found["loss"], found["loss_by"]) == (1.8, [0.3, 0.2])
    assert (found["judge"], found["judge_by"]) == (1.0, [0.0, 0.0])


def test_the_ablation_judges_as_the_evaluation_does(references: dict[str, ReferencePhoto], judge: Judge) -> None:
    photo, strokes = references["cup"], random_strokes(4)
    metrics, _ = score_strokes(strokes, photo, see_photo(photo, judge), judge)
    assert judged_losses(judge, strokes, photo.image) == [pytest.approx(metrics.loss)]


def test_the_plain_recipe_comes_nearer_to_the_photo() -> None:
    recipe = PlainRecipe(ball_photo(64), random_strokes(4, 64), get_encoder(), unfrozen=False)
    history = recipe.run(3)
    assert recipe.iteration == 3
    assert history[-1][0] < history[0][0]
    assert torch.equal(recipe.strokes.control_points, random_strokes(4, 64).control_points)


def test_the_optimiser_without_its_tricks_is_the_plain_recipe() -> None:
    """The same fresh views, the same steps: one written for speed, one to be read."""
    photo, strokes, steps = ball_photo(64), random_strokes(4, 64), 4
    encoder = EfficientNetEncoder(embedded_weights(), resolution=64)
    plain = PlainRecipe(photo, strokes, encoder, unfrozen=False)
    paper = replace(preset_config("paper"), num_iterations=steps, learning_rate=224 / 64)  # 1 px at 64 px
    ours = SketchRun(photo, strokes, encoder, paper)
    for step in ours:
        torch.testing.assert_close(step.losses["evaluation"], plain.evaluate(), rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(step.strokes.control_points, plain.points.detach(), rtol=0, atol=0.02)
        plain.step()
    assert float((plain.points.detach() - strokes.control_points).abs().mean()) > 1


def test_an_encoder_of_random_weights_is_of_the_named_architecture() -> None:
    pytest.importorskip("open_clip", reason="needs open_clip (pip install open_clip_torch)")
    encoder = random_encoder("RN50")
    assert (encoder.name, encoder.input_size) == ("RN50", 224)


def test_a_process_of_its_own_answers_in_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "answer.py").write_text("import json, sys; print(json.dumps(sys.argv[1:]))")
    monkeypatch.chdir(tmp_path)
    assert in_own_process("answer", ["a", "b"]) == ["a", "b"]
    with pytest.raises(subprocess.CalledProcessError):
        in_own_process("no_such_module", [])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process holds")
def test_a_process_holds_memory() -> None:
    assert 10 < resident_memory_mb() < 100_000


def test_a_chart_has_a_panel_for_each_photo(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs matplotlib (pip install matplotlib)")
    draw_curves({**CURVES, "cup": CURVES["cat"]}, tmp_path / "chart.svg")
    root = ET.parse(tmp_path / "chart.svg").getroot()
    assert sum(str(one.get("id")).startswith("axes_") for one in root.iter("{http://www.w3.org/2000/svg}g")) == 2


def test_a_chart_without_matplotlib_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(DependencyError, match="pip install matplotlib"):
        draw_curves(CURVES, tmp_path / "chart.svg")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")
def test_the_page_and_the_trajectories_are_installed_too() -> None:
    import tomllib

    lab = TRAJECTORIES.parent
    declared = tomllib.loads((lab.parent / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    there = {path.name for path in lab.iterdir() if path.is_file() and path.suffix != ".py"}
    assert set(declared["package-data"]["clipasso_lab"]) == there
