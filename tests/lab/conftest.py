"""Two photos in a folder, their objects cut out once, and the judge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from clipasso_core.files import save_png
from clipasso_core.pixels import resize
from clipasso_core.strokes import Strokes
from clipasso_lab.comparison import compare_sketches
from clipasso_lab.evaluation import Evaluation, PhotoCard, ScoredSketch
from clipasso_lab.groups import PhotoGroup
from clipasso_lab.judge import Judge, load_judge
from clipasso_lab.metrics import Metrics, ReferencePhoto, reference_photo
from clipasso_lab.sketch_files import SketchFile

BARE: dict[str, Any] = {"left_out": (), "classes": (), "warnings": ()}
CROPS = {"cat": ("chelsea", slice(0, 300), slice(0, 451)), "cup": ("coffee", slice(0, 400), slice(100, 500))}


@pytest.fixture(scope="session")
def photos(photo: Callable[[str], Tensor], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """cat.png, 226 x 150 px, and cup.png, 200 x 200 px, alone in a folder; not to be written to."""
    folder = tmp_path_factory.mktemp("photos")
    for name, (source, rows, columns) in CROPS.items():
        cut = photo(source)[:, :, rows, columns]
        save_png(resize(cut, (cut.shape[-2] // 2, (cut.shape[-1] + 1) // 2))[0], folder / f"{name}.png")
    return sorted(folder.iterdir())


@pytest.fixture(scope="session")
def references(photos: list[Path]) -> dict[str, ReferencePhoto]:
    """The photos by name, their objects cut out."""
    return {path.stem: reference_photo(path) for path in photos}


@pytest.fixture(scope="session")
def judge() -> Judge:
    return load_judge()


@pytest.fixture(scope="session")
def traced(references: dict[str, ReferencePhoto]) -> dict[str, Strokes]:
    """The photos' own edges as sketches: every third edge pixel a dash, 2 px wide."""
    return {name: dashes(photo.edges) for name, photo in references.items()}


def dashes(edges: Tensor) -> Strokes:
    """Draw a dash of 1 px at every third edge pixel."""
    pixels = edges.nonzero()[::3].flip(-1).float() + 0.5
    steps = torch.tensor([[-0.5, 0], [-0.2, 0], [0.2, 0], [0.5, 0]])
    return Strokes.black((pixels[:, None] + steps)[None], (224, 224), 2.0)


@pytest.fixture
def scored() -> Callable[..., ScoredSketch]:
    """A sketch "PHOTO-LABEL" of "PHOTO.png" with metrics of 1, but for what is named."""

    def make(photo: str = "cat", label: str = "16", rank: int = 1, **named: Any) -> ScoredSketch:
        file = SketchFile(Path(f"{photo}.png"), Path(f"{photo}-{label}.svg"), label)
        metrics = {name: named.pop(name, 1.0) for name in Metrics.__dataclass_fields__}
        facts = {"num_strokes": 16, "class_rank": None, "class_guess": None, "svg": "<svg/>", **named}
        return ScoredSketch(file=file, metrics=Metrics(**metrics), rank=rank, **facts)

    return make


@pytest.fixture
def evaluation(judge: Judge) -> Callable[..., Evaluation]:
    """An evaluation of these sketches, whatever they show."""

    def make(*sketches: ScoredSketch, **named: Any) -> Evaluation:
        photos = dict.fromkeys(one.file.photo for one in sketches)
        cards = tuple(PhotoCard(path, "data:image/jpeg;base64,AAAA", None) for path in photos)
        return Evaluation(**{**BARE, "judge": judge, "photos": cards, "sketches": sketches, **named})

    return make


@pytest.fixture
def compared(evaluation: Callable[..., Any], scored: Callable[..., Any]) -> Callable[..., Any]:
    """Six photos whose overlap sank, two of them faces: what a writer of results makes of them."""

    def write(writer: Callable[..., Any], *title: str) -> Any:
        before, after = (
            evaluation(
                *(
                    scored(name, "0", overlap=more + step / 100, svg=f"<svg id='{more}'/>")
                    for step, name in enumerate("abcdef")
                )
            )
            for more in (0.5, 0.1)
        )
        groups = (
            PhotoGroup("faces <i>", frozenset({Path("a.png"), Path("b.png")})),
            PhotoGroup("nobody", frozenset({Path("z.png")})),
        )
        return writer(after, *title, groups, compare_sketches(after, before, ("old <b>", "new")))

    return write
