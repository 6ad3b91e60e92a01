"""docs/method.md: the table says what the code does, value by value, and leaves no option out."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from clipasso_core.augment import view_grid, warp
from clipasso_core.encoders import FeatureRecipe
from clipasso_core.encoders.checkpoint import Architecture
from clipasso_core.encoders.clip import default_recipe
from clipasso_core.encoders.embedded import RECIPE
from clipasso_core.optimize import Preset
from clipasso_core.presets import PAPER_ENCODERS, sketch_preset

PAGE = Path(__file__).parents[2] / "docs" / "method.md"
TEXT = PAGE.read_text(encoding="utf-8")
RAISED = "¹²³⁴⁵⁶⁷⁸⁹"
ROWS = {
    cells[0].strip("`"): cells[2:]
    for cells in (
        [cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\| `.*\|$", TEXT, re.MULTILINE)
    )
}
RN101 = Architecture("resnet", 64, (3, 4, 23, 3), 32, 224, 32, 512)
RECIPES: dict[str, FeatureRecipe] = {"paper": default_recipe(RN101), "standard": RECIPE}
ENCODERS = {"paper": PAPER_ENCODERS, "standard": ("embedded", "embedded")}
UNUSED = {"paper": ("mask.margin", "line_drawing.", "first_lines.", "saliency."), "standard": ("xdog.",)}
"""Beginnings of settings that have a value, but play no part in a preset."""


def shown(value: object) -> str:
    """A value as the table shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}".replace("e-0", "e-")
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {shown(one)}" for name, one in value.items()) or "l2"
    return "none" if value is None else str(value) or "none"


def in_code(setting: str, preset: Preset) -> object:
    """The value of a row's setting: of the preset's config, of its recipe or encoders, or a constant of a module."""
    config, recipe = sketch_preset(preset), RECIPES[preset]
    encoder, saliency_encoder = ENCODERS[preset]
    parts = {name.name: getattr(config, name.name) for name in fields(config)}
    known = SimpleNamespace(**parts, recipe=recipe, encoder=encoder, saliency_encoder=saliency_encoder)
    head, _, tail = setting.partition(".")
    if hasattr(known, head):
        value = getattr(known, head)
        return getattr(value, tail) if tail else value
    return getattr(importlib.import_module(f"clipasso_core.{head}"), tail)


@pytest.mark.parametrize("setting", ROWS)
@pytest.mark.parametrize("preset", ["paper", "standard"])
def test_a_row_says_what_the_code_does(setting: str, preset: Preset) -> None:
    cell = ROWS[setting][1 if preset == "paper" else 2].rstrip(f" {RAISED}")
    assert cell == ("-" if setting.startswith(UNUSED[preset]) else shown(in_code(setting, preset)))


def test_what_plays_no_part_in_a_preset() -> None:
    """As the table's dashes say: with these values nothing asks for those."""
    paper, standard = (sketch_preset(preset) for preset in ("paper", "standard"))
    assert (paper.mask.fit, paper.edges, paper.optimize.simplify) == ("squash", "published", 0)
    assert (standard.mask.fit, standard.edges) == ("crop", "drawing")


@pytest.mark.parametrize("setting", ROWS)
def test_the_papers_value_is_ours_or_the_difference_is_explained(setting: str) -> None:
    published, ours, _ = ROWS[setting]
    assert published
    if setting != "optimize.images_per_pass":
        assert ours.rstrip(f" {RAISED}") == published


def test_no_option_is_left_out() -> None:
    config = sketch_preset("paper")
    options = []
    for part in fields(config):
        value = getattr(config, part.name)
        options += [f"{part.name}.{one.name}" for one in fields(value)] if is_dataclass(value) else [part.name]
    options += [f"recipe.{one.name}" for one in fields(FeatureRecipe)]
    assert sorted(set(options) - set(ROWS)) == []


def test_every_raised_number_is_in_the_list_of_differences() -> None:
    raised = {RAISED.index(mark) + 1 for cells in ROWS.values() for mark in cells[1] if mark in RAISED}
    listed = TEXT.split("## Where `paper` is not the paper")[1].split("\n## ")[0]
    assert raised == {int(number) for number in re.findall(r"^(\d)\. ", listed, re.MULTILINE)}


def test_white_lies_beyond_a_drawing_and_a_photos_border_goes_on() -> None:
    """Difference 3, which no value of the table shows. How a bank looks at photos is in test_photo_bank.py."""
    grid = view_grid(torch.tensor([[[1.0, 0, 5], [0, 1, 0], [0, 0, 1]]]), (8, 8))
    black = torch.zeros(1, 1, 8, 8)
    assert warp(black, grid).unique().tolist() == [1.0]
    assert warp(black, grid, "border").unique().tolist() == [0.0]
