"""Score the sketches of many photos: metrics of each, and ranks among all photos."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from clipasso_core.pixels import resize, to_uint8
from clipasso_core.svg import to_svg

from .judge import Judge, cosines, embedding_of, rank_of
from .metrics import Metrics, ReferencePhoto, SeenPhoto, reference_photo, score_strokes, see_photo
from .sketch_files import FAULTS, LeftOut, LoadedSketch, SketchFile, load_sketch, same_photos, shown
from .zero_shot import Classes

PICTURE_SIDE, PICTURE_QUALITY = 448, 88
"""Of the photos on the page: most px per side, and JPEG's quality."""

MOST_NAMES = 10
"""In one warning."""


@dataclass(frozen=True)
class ScoredSketch:
    """A sketch and its metrics.

    Args:
        file: where it is, and of which photo.
        num_strokes: strokes it is made of.
        metrics: beside its own photo.
        rank: of its own photo among all photos; 1 is best.
        class_rank: rank of the photo's class among all classes; None without classes.
        class_guess: the class that it was taken for, or None.
        svg: the drawing alone, on the canvas.
    """

    file: SketchFile
    num_strokes: int
    metrics: Metrics
    rank: int
    class_rank: int | None
    class_guess: str | None
    svg: str


@dataclass(frozen=True)
class PhotoCard:
    """A photo that sketches were compared with.

    Args:
        path: its file.
        picture: as the judge saw it, in a data URI.
        class_name: the class that its file names, or None.
    """

    path: Path
    picture: str
    class_name: str | None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """All that was found.

    Args:
        judge: the network that judged.
        photos: all photos that could be read; ranks are among them.
        sketches: by photo and label.
        left_out: what could not be evaluated.
        classes: names that sketches could be called; empty without.
        warnings: what makes the metrics less than they seem.
    """

    judge: Judge
    photos: tuple[PhotoCard, ...]
    sketches: tuple[ScoredSketch, ...]
    left_out: tuple[LeftOut, ...]
    classes: tuple[str, ...]
    warnings: tuple[str, ...]


def evaluate_sketches(
    photos: Sequence[Path],
    sketches: Sequence[SketchFile],
    judge: Judge,
    classes: Classes | None = None,
    on_photo: Callable[[int], None] | None = None,
) -> Evaluation:
    """Score sketches beside their photos, one photo after the other.

    Args:
        photos: files; also those without a sketch count for the ranks.
        sketches: files, each with its photo.
        judge: the network that judges.
        classes: what sketches may be called; None for no zero-shot metrics.
        on_photo: called with the number of photos done.
    """
    scoring = _Scoring(judge, classes)
    of_photo: dict[Path, list[SketchFile]] = {}
    for file in sketches:
        of_photo.setdefault(file.photo, []).append(file)
    for done, photo in enumerate(photos, start=1):
        scoring.add(photo, of_photo.get(photo, []))
        if on_photo:
            on_photo(done)
    return scoring.result()


@dataclass(frozen=True, eq=False)
class _Measured:
    """A sketch with its metrics, before its rank among all photos is known."""

    file: SketchFile
    sketch: LoadedSketch
    metrics: Metrics
    embedding: Tensor
    photo: int


class _Scoring:
    """Collect metrics photo by photo; then ask for the evaluation."""

    def __init__(self, judge: Judge, classes: Classes | None) -> None:
        self.judge, self.classes = judge, classes
        self._cards: list[PhotoCard] = []
        self._embeddings: list[Tensor] = []
        self._measured: list[_Measured] = []
        self._left_out: list[LeftOut] = []

    def add(self, path: Path, sketches: Sequence[SketchFile]) -> None:
        """Score the sketches of a photo (there may be none); what cannot be read is left out."""
        try:
            photo = reference_photo(path)
        except FAULTS as error:
            self._left_out.append(LeftOut(path, str(error)))
            return
        seen = see_photo(photo, self.judge)
        own = self.classes.own(path.stem) if self.classes else None
        name = self.classes.names[own] if self.classes and own is not None else None
        self._cards.append(PhotoCard(path, _jpeg_uri(photo.image), name))
        self._embeddings.append(embedding_of(seen.image)[0])
        for file in sketches:
            self._measure(file, photo, seen)

    def _measure(self, file: SketchFile, photo: ReferencePhoto, seen: SeenPhoto) -> None:
        try:
            sketch = load_sketch(file.path, photo.frame)
            metrics, embedding = score_strokes(sketch.strokes, photo, seen, self.judge)
        except FAULTS as error:
            self._left_out.append(LeftOut(file.path, str(error)))
        else:
            self._measured.append(_Measured(file, sketch, metrics, embedding, len(self._cards) - 1))

    def result(self) -> Evaluation:
        """Return what was found."""
        names = self.classes.names if self.classes else ()
        photos = torch.stack(self._embeddings) if self._embeddings else torch.zeros(0)
        sketches = tuple(self._ranked(one, photos) for one in self._measured)
        return Evaluation(self.judge, tuple(self._cards), sketches, tuple(self._left_out), names, self._warnings())

    def _ranked(self, one: _Measured, photos: Tensor) -> ScoredSketch:
        rank = rank_of(one.photo, cosines(one.embedding, photos))
        own = self.classes.own(one.file.photo.stem) if self.classes else None
        class_rank, guess = self.classes.guess(one.embedding, own) if self.classes and own is not None else (None, None)
        strokes = one.sketch.strokes
        svg = to_svg(strokes, title=shown(one.file.path.stem), decimals=2)
        return ScoredSketch(one.file, strokes.num_strokes, one.metrics, rank, class_rank, guess, svg)

    def _warnings(self) -> tuple[str, ...]:
        found = []
        encoder = self.judge.encoder
        used = sum(one.sketch.facts.get("encoder_sha256") == encoder.fingerprint for one in self._measured)
        if used:
            found.append(
                f"{used} of {len(self._measured)} sketches were optimised with the judge itself ({encoder.name}), "
                "so its figures flatter them. Choose another judge."
            )
        unnamed = [card.path for card in self._cards if self.classes and card.class_name is None]
        if unnamed:
            found.append(f"No class stands in the names of {_listed(unnamed)}; left out of zero-shot.")
        drawn = {one.file.photo for one in self._measured}
        bare = [card.path for card in self._cards if card.path not in drawn]
        if bare:
            found.append(f"No sketch of {_listed(bare)} was scored; they only count for the ranks.")
        if not same_photos([one.file for one in self._measured]):
            found.append("The groups are not of the same photos, so their means should not be compared.")
        return tuple(found)


def _listed(paths: Sequence[Path]) -> str:
    more = f" and {len(paths) - MOST_NAMES} more" if len(paths) > MOST_NAMES else ""
    return ", ".join(shown(path.name) for path in paths[:MOST_NAMES]) + more


def _jpeg_uri(image: Tensor) -> str:
    """Return an image [1, 3, S, S] as a small JPEG in a data URI."""
    side = min(PICTURE_SIDE, image.shape[-1])
    picture = Image.fromarray(to_uint8(resize(image, (side, side))[0]).numpy())
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=PICTURE_QUALITY, subsampling=0)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
