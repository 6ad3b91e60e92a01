"""Scene figures: lines outside their own region are counted, and folders are paired."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from clipasso_core.scenes import SceneConfig, make_regions
from clipasso_core.scenes.regions import Regions
from clipasso_core.strokes import Strokes
from clipasso_lab.scene_figures import SceneFigures, found_pairs, ink_outside, scene_changes


@pytest.fixture
def regions() -> Regions:
    """The left half of a photo of 100 x 100 px is the object."""
    mask = torch.zeros(1, 100, 100)
    mask[..., :50] = 1
    return make_regions(torch.rand(1, 3, 100, 100), mask, SceneConfig("keep"))


def a_line(left: float, right: float, group: str | None) -> Strokes:
    xs = torch.linspace(left, right, 4)
    line = Strokes.black(torch.stack([xs, torch.full_like(xs, 40.0)], dim=-1)[None, None], (100, 100), 2.0)
    return line if group is None else line.with_groups(torch.zeros(1, 1, dtype=torch.long), [group])


@pytest.mark.parametrize(
    ("left", "right", "group", "share"),
    [
        (10, 50, "object-1", 0.0),
        (42, 62, "object-1", 0.5),  # a pen's width beside the object still belongs to it
        (42, 62, None, 0.5),
        (10, 40, "background", 1.0),
        (60, 140, "background", 0.5),  # beyond the photo
    ],
)
def test_lines_outside_their_region_are_counted(
    regions: Regions, left: float, right: float, group: str | None, share: float
) -> None:
    assert ink_outside(a_line(left, right, group), regions) == pytest.approx(share, abs=0.03)


def test_photos_without_a_sketch_are_left_out(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg", "a.svg", "note.txt"):
        (tmp_path / name).touch()
    assert [(photo.name, svg.name) for photo, svg in found_pairs(tmp_path, tmp_path)] == [("a.jpg", "a.svg")]


def figures(similar: float, edge_to_ink: float | None) -> SceneFigures:
    return {
        "strokes": 32,
        "whole": {"similarity": similar, "edge_to_ink": 2.0},
        "object-1": {"similarity": similar, "edge_to_ink": edge_to_ink},
        "object-2": {"similarity": similar + 0.2, "edge_to_ink": edge_to_ink},
    }


def test_folders_are_compared_in_pairs_and_objects_by_their_mean() -> None:
    before = [{"a": figures(0.1, 3.0), "b": figures(0.3, 3.0), "c": figures(0.9, 3.0)}]
    after = [{"a": figures(0.2, 2.0), "b": figures(0.5, None)}]
    changes = scene_changes(before, after)
    assert set(changes) == {
        f"{part}, {figure}" for part in ("whole", "objects") for figure in ("similarity", "edge_to_ink")
    }
    similar = changes["objects, similarity"]
    assert similar[:3] == pytest.approx((0.3, 0.45, 0.15))
    assert similar.pairs == 2  # c has no second drawing
    assert similar.interval == pytest.approx((0.1, 0.2))
    assert changes["objects, edge_to_ink"].pairs == 1  # b has no ink
