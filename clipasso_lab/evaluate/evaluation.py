"""What is known of photos and sketches after an evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .figures import Figures
from .folder import LeftOut, SketchFile
from .judge import Judge


@dataclass(frozen=True)
class ScoredSketch:
    """A sketch and its figures.

    Args:
        file: where it is, and of which photo.
        num_strokes: strokes it is made of.
        figures: beside its own photo.
        rank: place of its own photo among all photos; 1 is best.
        class_place: place of the photo's class among all classes; None without classes.
        class_guess: the class that it was taken for, or None.
        svg: the drawing alone, on the canvas.
    """

    file: SketchFile
    num_strokes: int
    figures: Figures
    rank: int
    class_place: int | None
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
        judge: who looked.
        photos: all photos that could be read; ranks are places among them.
        sketches: by photo and label.
        left_out: what could not be evaluated.
        classes: names that sketches could be called; empty without.
        warnings: what makes the figures less than they seem.
    """

    judge: Judge
    photos: tuple[PhotoCard, ...]
    sketches: tuple[ScoredSketch, ...]
    left_out: tuple[LeftOut, ...]
    classes: tuple[str, ...]
    warnings: tuple[str, ...]
