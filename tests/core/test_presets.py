"""Presets: everything that decides a sketch, and the paper's encoders where they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from clipasso_core.encoders import ImageEncoder
from clipasso_core.errors import ConfigError
from clipasso_core.framing import frame_photo
from clipasso_core.optimize import PRESETS, preset_config
from clipasso_core.pipeline import SketchConfig, sketch
from clipasso_core.presets import PAPER_ENCODERS, preset_encoders, sketch_preset
from clipasso_core.weights import ModelStore


def test_every_preset_has_the_optimisers_part() -> None:
    assert all(sketch_preset(name).optimize == preset_config(name) for name in PRESETS)


@pytest.mark.parametrize("name", ["draft", "standard", "best"])
def test_only_the_paper_changes_more_than_the_optimiser(name: str) -> None:
    usual = SketchConfig()
    assert replace(sketch_preset(name), optimize=usual.optimize) == usual  # type: ignore[arg-type]
    paper = sketch_preset("paper")
    assert paper.init != usual.init
    assert paper.mask != usual.mask
    assert paper.edges != usual.edges


def test_an_unknown_preset_is_told_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="preset must be one of draft, standard, best, paper, got 'ultra'"):
        sketch_preset("ultra")  # type: ignore[arg-type]


def test_the_papers_encoders_are_taken_when_both_are_there(tmp_path: Path) -> None:
    store, found = ModelStore([tmp_path]), []
    for encoder in PAPER_ENCODERS:
        found.append(preset_encoders("paper", store))
        (tmp_path / f"{encoder}.safetensors").touch()
    assert found == [("embedded", "embedded")] * 2
    assert preset_encoders("paper", store) == PAPER_ENCODERS
    assert preset_encoders("best", store) == ("embedded", "embedded")


def test_the_template_as_published_holds_the_values_of_the_preset() -> None:
    template = Path(__file__).parents[2] / "workflows" / "as_published.json"
    nodes = json.loads(template.read_text(encoding="utf-8"))["nodes"]
    values = {node["type"]: node["widgets_values"] for node in nodes}
    paper = sketch_preset("paper")
    mask, init = paper.mask, paper.init
    assert values["CLIPassoMask"] == [
        mask.source, False, mask.threshold, mask.grow, mask.keep_largest, mask.fit, mask.margin
    ]  # fmt: skip
    assert values["CLIPassoSaliency"] == [paper.attention.method, paper.attention.text, paper.edges]
    assert values["CLIPassoStrokeInit"] == [
        init.num_strokes, init.seed, "fixed", init.num_sketches, init.stroke_width, init.num_segments,
        init.temperature, init.spread, init.canvas_size, init.follow, init.one_line, init.accents,
        init.spare,
    ]  # fmt: skip
    assert values["CLIPassoOptimize"][:2] == ["paper", 0]  # its preset, and its number of iterations


def test_a_photo_is_sketched_as_published(photo: Callable[[str], Tensor], encoder: ImageEncoder) -> None:
    """Three seeds to the end of a few iterations; the whole photo, squashed; first strokes hardly longer than a dot."""
    preset, image = sketch_preset("paper"), photo("coffee")
    config = replace(
        preset, init=replace(preset.init, num_strokes=4), optimize=replace(preset.optimize, num_iterations=3)
    )
    rows, losses, first = [], [], []
    made = sketch(
        image,
        config,
        encoder=encoder,
        on_step=lambda step: (rows.append(len(step.photo_index)), losses.append(step.losses), first.append(step)),
    )
    assert rows == [3, 3, 3]
    assert made.frames == (frame_photo(torch.ones(400, 600), "squash"),)
    assert made.result.best_iteration[0] in (0, 2)  # evaluated every 10, and at the end
    reach = first[0].strokes.control_points.diff(dim=2).abs()
    assert 0 < float(reach.max()) <= 0.025 * 224 + 1e-3
    step = (first[1].strokes.control_points - first[0].strokes.control_points).abs()
    assert float(step.max()) <= 1.001  # px, the learning rate
    facts = made.result.strokes.provenance
    assert facts["saliency"]["edges"] == "published"  # type: ignore[index]
    assert facts["optimize"]["bank_size"] == 0  # type: ignore[index]
