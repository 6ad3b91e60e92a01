"""Evaluate the sketches of many photos, one photo after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from clipasso_core.svg import to_svg

from .drawing import Drawing, read_drawing
from .evaluation import Evaluation, PhotoCard, ScoredSketch
from .figures import Figures, compare
from .folder import FAULTS, LeftOut, SketchFile, same_photos, shown
from .judge import Judge, Seen
from .photo import SeenPhoto, see_photo, to_jpeg_uri
from .retrieval import cosines, place
from .zero_shot import Classes

MANY = 10
"""Most names in one warning."""


def evaluate(
    photos: Sequence[Path],
    sketches: Sequence[SketchFile],
    judge: Judge,
    classes: Classes | None = None,
    on_photo: Callable[[int], None] | None = None,
) -> Evaluation:
    """Compare photos with their sketches.

    Args:
        photos: files; also those without a sketch count for the ranks.
        sketches: files, each with its photo.
        judge: who looks.
        classes: what sketches may be called; None for no zero-shot figures.
        on_photo: called with the number of photos done.
    """
    evaluator = _Evaluator(judge, classes)
    of_photo: dict[Path, list[SketchFile]] = {}
    for file in sketches:
        of_photo.setdefault(file.photo, []).append(file)
    for done, photo in enumerate(photos, start=1):
        evaluator.add(photo, of_photo.get(photo, []))
        if on_photo:
            on_photo(done)
    return evaluator.result()


@dataclass(frozen=True, eq=False)
class _Compared:
    """A sketch whose place among all photos is not yet known."""

    file: SketchFile
    drawing: Drawing
    figures: Figures
    embedding: Tensor
    photo: int


class _Evaluator:
    """Collect figures photo by photo; then ask for the evaluation.

    Args:
        judge: who looks.
        classes: what sketches may be called; None for no zero-shot figures.
    """

    def __init__(self, judge: Judge, classes: Classes | None = None) -> None:
        self.judge, self.classes = judge, classes
        self._cards: list[PhotoCard] = []
        self._embeddings: list[Tensor] = []
        self._compared: list[_Compared] = []
        self._left_out: list[LeftOut] = []

    def add(self, path: Path, sketches: Sequence[SketchFile]) -> None:
        """Compare a photo with its sketches (there may be none); what cannot be read is left out."""
        try:
            photo = see_photo(path)
        except FAULTS as error:
            self._left_out.append(LeftOut(path, str(error)))
            return
        seen = self.judge.look(photo.image)
        own = self.classes.own(path.stem) if self.classes else None
        name = self.classes.names[own] if self.classes and own is not None else None
        self._cards.append(PhotoCard(path, to_jpeg_uri(photo.image), name))
        self._embeddings.append(seen.embedding[0])
        for file in sketches:
            self._compare(file, photo, seen)

    def _compare(self, file: SketchFile, photo: SeenPhoto, seen: Seen) -> None:
        try:
            drawing = read_drawing(file.path, photo.frame)
            figures, embedding = compare(drawing.strokes, photo, seen, self.judge)
        except FAULTS as error:
            self._left_out.append(LeftOut(file.path, str(error)))
        else:
            self._compared.append(_Compared(file, drawing, figures, embedding, len(self._cards) - 1))

    def result(self) -> Evaluation:
        """Return what was found."""
        names = self.classes.names if self.classes else ()
        photos = torch.stack(self._embeddings) if self._embeddings else torch.zeros(0)
        sketches = tuple(self._score(one, photos) for one in self._compared)
        return Evaluation(self.judge, tuple(self._cards), sketches, tuple(self._left_out), names, self._warnings())

    def _score(self, one: _Compared, photos: Tensor) -> ScoredSketch:
        rank = place(cosines(one.embedding, photos), one.photo)
        own = self.classes.own(one.file.photo.stem) if self.classes else None
        at, guess = self.classes.guess(one.embedding, own) if self.classes and own is not None else (None, None)
        strokes = one.drawing.strokes
        svg = to_svg(strokes, title=shown(one.file.path.stem), decimals=2)
        return ScoredSketch(one.file, strokes.num_strokes, one.figures, rank, at, guess, svg)

    def _warnings(self) -> tuple[str, ...]:
        found = []
        encoder = self.judge.encoder
        used = sum(one.drawing.facts.get("encoder_sha256") == encoder.fingerprint for one in self._compared)
        if used:
            found.append(
                f"{used} of {len(self._compared)} sketches were optimised with the judge itself ({encoder.name}), "
                "so its figures flatter them. Choose another judge."
            )
        unnamed = [card.path for card in self._cards if self.classes and card.class_name is None]
        if unnamed:
            found.append(f"No class stands in the names of {_listed(unnamed)}; left out of zero-shot.")
        drawn = {one.file.photo for one in self._compared}
        bare = [card.path for card in self._cards if card.path not in drawn]
        if bare:
            found.append(f"No sketch of {_listed(bare)} was scored; they only count for the ranks.")
        if not same_photos([one.file for one in self._compared]):
            found.append("The groups are not of the same photos, so their means should not be compared.")
        return tuple(found)


def _listed(paths: Sequence[Path]) -> str:
    more = f" and {len(paths) - MANY} more" if len(paths) > MANY else ""
    return ", ".join(shown(path.name) for path in paths[:MANY]) + more
