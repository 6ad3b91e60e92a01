"""The pictures of help pages: each is drawn, and shown on its page in every language."""

from __future__ import annotations

import re
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from clipasso_core.svg import to_svg
from clipasso_lab.help_pictures import PICTURES, Example
from clipasso_lab.photos import random_strokes

DOCS = Path(__file__).parents[2] / "web" / "docs"


@pytest.fixture(scope="module")
def example(photos: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Example:
    """Photos of a cat and a cup, with strokes at random for sketches."""
    folder, (cat, cup) = tmp_path_factory.mktemp("help"), photos
    shutil.copyfile(cup, folder / "coffee.png")
    shutil.copyfile(cat, folder / "camera.png")
    (folder / "coffee.svg").write_text(to_svg(random_strokes(32)))
    scene = random_strokes(4).with_groups(torch.tensor([[0, 0, 1, 1]]), ["object-1", "background"])
    (folder / "camera.svg").write_text(to_svg(scene))
    return Example(folder)


@pytest.mark.parametrize("node_id", PICTURES)
def test_there_is_something_on_every_tile(example: Example, node_id: str) -> None:
    if node_id == "CLIPassoExport":
        pytest.importorskip("resvg_py", reason="needs resvg-py: pip install resvg-py")
    tiles = PICTURES[node_id](example)
    assert len(tiles) >= 2
    for tile in tiles:
        assert tile.ndim == 3
        assert tile.shape[0] == 3
        assert 0 <= float(tile.min()) < float(tile.max()) <= 1
    assert not any(torch.equal(one, other) for one, other in pairwise(tiles)), "the same twice"


@pytest.mark.parametrize("node_id", PICTURES)
def test_pages_show_their_picture_with_words_for_those_who_cannot_see_it(node_id: str) -> None:
    pages = [DOCS / f"{node_id}.md", *(DOCS / node_id).glob("*.md")]
    assert len(pages) > 1
    said = [re.findall(rf"!\[(.*)\]\(images/{node_id}\.webp\)", page.read_text(encoding="utf-8")) for page in pages]
    assert all(len(one) == 1 and one[0] for one in said), said
    assert len({one[0] for one in said}) == len(pages), "not translated"


def test_no_picture_is_left_over() -> None:
    assert {path.stem for path in (DOCS / "images").iterdir()} == set(PICTURES)
