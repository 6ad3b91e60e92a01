"""clipasso sketch of scenes: its options, the groups it writes, and what it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from clipasso_core.files import save_png
from clipasso_core.svg import from_svg

Clipasso = Callable[..., Any]


@pytest.fixture
def masks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two masks, 96 x 64 px: the left and the right of the cup."""
    folder = tmp_path_factory.mktemp("masks")
    for name, columns in (("1.png", slice(8, 46)), ("2.png", slice(50, 90))):
        mask = torch.zeros(64, 96)
        mask[8:56, columns] = 1
        save_png(mask, folder / name)
    return folder


def test_a_folder_of_masks_becomes_groups(clipasso: Clipasso, photo_file: Path, masks: Path) -> None:
    wanted = ("--strokes", 12, "--background", "keep", "--objects", masks, "--share", "background=4", "--json")
    ran = clipasso(photo_file, *wanted, "--page", "photo")
    assert ran.status == 0
    svg = photo_file.with_suffix(".svg").read_text(encoding="utf-8")
    assert re.findall(r'<g id="([^"]+)"', svg) == ["background", "object-2", "object-1"]
    strokes, facts = from_svg(svg), json.loads(ran.out)
    assert strokes.canvas_size == (64, 96)
    assert facts["regions"] == {name: strokes.names_of(0).count(name) for name in strokes.group_names}
    assert list(facts["regions"]) == ["background", "object-2", "object-1"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--background", "keep", "--levels", "4"), "--levels does not go with --background"),
        (("--objects", "2", "--one-line"), "--one-line does not go with"),
        (("--background", "keep", "--strokes", "auto"), "--strokes auto does not go with"),
        (("--background", "keep", "--widths", "each"), "--widths does not go with"),
        (("--objects", "no-such-folder"), "auto, a number or a folder of masks, got 'no-such-folder'"),
        (("--objects", "0"), "most_objects must lie between 1 and 32, got 0"),
        (("--objects", "2", "--mask", "some.png"), "--mask and --objects both say"),
        (("--share", "object-1"), "REGION=N, such as object-1=10, got 'object-1'"),
        (("--objects", "{masks}", "--strokes", "5"), "5 strokes are too few for 2 regions"),
        (("--objects", "{masks}", "--share", "cat=3"), "no region 'cat'. It has object-1, object-2"),
    ],
)
def test_what_does_not_go_together_is_refused(
    clipasso: Clipasso, photo_file: Path, masks: Path, arguments: tuple[str, ...], said: str
) -> None:
    ran = clipasso(photo_file, "--strokes", "8", *(str(masks) if one == "{masks}" else one for one in arguments))
    assert ran.status == 1
    assert said in ran.err.splitlines()[-1]
    assert [path.name for path in photo_file.parent.iterdir()] == ["cup.png"]


def test_masks_of_two_sizes_and_empty_folders_are_refused(clipasso: Clipasso, photo_file: Path, masks: Path) -> None:
    empty = masks / "empty"
    empty.mkdir()
    assert "holds no masks" in clipasso(photo_file, "--objects", empty).err
    save_png(torch.ones(32, 32), masks / "3.png")
    assert "1.png and 3.png differ in size: 96 x 64 px and 32 x 32 px" in clipasso(photo_file, "--objects", masks).err
