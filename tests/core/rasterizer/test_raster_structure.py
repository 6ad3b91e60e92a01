"""How far a reader travels: the files that one call of ``rasterize`` enters, and its moves between them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
import torch

import clipasso_core
from clipasso_core.rasterizer import rasterize
from clipasso_core.strokes import Strokes

CORE = str(Path(clipasso_core.__file__).parent)


def travel(work: Callable[[], object]) -> tuple[set[str], int]:
    """Return the core's files that ``work`` enters, and how often it moves between two: there, and back."""
    entered: list[str] = []

    def watch(frame: FrameType, event: str, _: object) -> None:
        file = frame.f_code.co_filename
        caller = frame.f_back
        while caller is not None and not caller.f_code.co_filename.startswith(CORE):
            caller = caller.f_back
        if event == "call" and file.startswith(CORE) and (caller is None or caller.f_code.co_filename != file):
            entered.append(file)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        work()
    finally:
        sys.setprofile(before)
    return set(entered), 2 * len(entered)


@pytest.mark.parametrize("black", [True, False])
def test_a_call_enters_few_files_and_moves_little_between_them(black: bool) -> None:
    random = torch.Generator().manual_seed(0)
    points = torch.rand(1, 16, 4, 2, generator=random) * 224
    color = torch.tensor([0.0, 0, 0, 1 if black else 0.5]).expand(1, 16, 4)
    strokes = Strokes(points, torch.full((1, 16), 3.0), color, torch.ones(1, 16, dtype=torch.bool), (224, 224))
    files, moves = travel(lambda: rasterize(strokes))
    assert len(files) <= 9, files
    assert moves <= 30
