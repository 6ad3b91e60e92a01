"""Sketches in files: which photos a folder holds, which sketches belong to each, and what an SVG holds."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clipasso_core.errors import ConfigError, ImageFileError, MaskError, ShapeError, SvgError
from clipasso_core.files import PHOTO_SUFFIXES, read_bytes
from clipasso_core.framing import Frame
from clipasso_core.given import SAME_ASPECT
from clipasso_core.pixels import same_aspect
from clipasso_core.strokes import CANVAS, Strokes
from clipasso_core.svg import read_svg

FAULTS = (ImageFileError, MaskError, ShapeError, SvgError)
"""What one photo or one sketch can be at fault for: it is left out, and the others go on."""


@dataclass(frozen=True)
class SketchFile:
    """A sketch of a photo.

    Args:
        photo: the photo's file.
        path: the SVG.
        label: which group of sketches it belongs to, such as the number of strokes; may be empty.
    """

    photo: Path
    path: Path
    label: str


@dataclass(frozen=True)
class LeftOut:
    """A photo or sketch that could not be evaluated, and why."""

    path: Path
    why: str


@dataclass(frozen=True)
class Pairing:
    """The sketches of a folder.

    Args:
        sketches: those that belong to a photo, by photo and label.
        left_out: SVG files that belong to none, or photos of which no sketch can be made.
    """

    sketches: tuple[SketchFile, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, eq=False)
class LoadedSketch:
    """A sketch ready to be scored.

    Args:
        strokes: one sketch (B = 1) on the canvas.
        facts: how it came to be, as clipasso wrote it into the SVG; empty where it did not.
    """

    strokes: Strokes
    facts: Mapping[str, object]


def require_as_many(
    parser: argparse.ArgumentParser, option: str, folders: Sequence[Path], sketches: Sequence[Path]
) -> None:
    """End a study where an option names other folders, but not one for each folder of sketches."""
    if folders and len(folders) != len(sketches):
        parser.error(f"{option} needs as many folders as there are of sketches, {len(sketches)}.")


def photos_in(folder: Path) -> tuple[Path, ...]:
    """Return the image files directly in a folder, by name; hidden ones are left out.

    Raises:
        ConfigError: no such folder, no photo in it, or two whose names differ in their ending only.
    """
    photos = [path for path in _files(folder) if path.suffix.lower() in PHOTO_SUFFIXES]
    if not photos:
        raise ConfigError(f"The folder {str(folder)!r} holds no photos. Put image files (PNG, JPEG, WebP) into it.")
    stems: dict[str, Path] = {}
    for photo in photos:
        other = stems.setdefault(photo.stem.casefold(), photo)
        if other is not photo:
            raise ConfigError(
                f"{other.name!r} and {photo.name!r} cannot be told apart by their sketches' names. Rename one of them."
            )
    return tuple(photos)


def pair_sketches(photos: Sequence[Path], folder: Path) -> Pairing:
    """Find the SVG files of photos: named as the photo, or as the photo, a hyphen and a label.

    Where several photos' names fit ("cat" and "cat-big" for cat-big-16.svg), the longest one counts.

    Raises:
        ConfigError: no such folder, or no sketch of any photo in it.
    """
    stems = {photo.stem: photo for photo in photos}
    order = {photo: index for index, photo in enumerate(photos)}
    sketches, left_out = [], []
    for path in _files(folder):
        if path.suffix.lower() == ".svg":
            stem = _longest(path.stem, stems)
            if stem is None:
                left_out.append(LeftOut(path, "it is named as no photo of the folder."))
            else:
                sketches.append(SketchFile(stems[stem], path, path.stem[len(stem) + 1 :]))
    if not sketches:
        raise ConfigError(
            f"The folder {str(folder)!r} holds no sketch of any photo. A sketch is named as its photo, or as its photo "
            f"with a hyphen and a label: {photos[0].stem}.svg, {photos[0].stem}-16.svg."
        )
    sketches.sort(key=lambda one: (order[one.photo], label_order(one.label), one.path.name))
    return Pairing(tuple(sketches), tuple(left_out))


def same_photos(sketches: Sequence[SketchFile]) -> bool:
    """Whether every label has sketches of the same photos, so that the labels' means can be compared."""
    photos: dict[str, set[Path]] = {}
    for one in sketches:
        photos.setdefault(one.label, set()).add(one.photo)
    return len(set(map(frozenset, photos.values()))) <= 1


def label_order(label: str) -> tuple[bool, float, str]:
    """Return a key that sorts labels: none, then numbers by value, then words."""
    number = float(label) if label.isdecimal() else -1.0 if not label else 0.0
    return (bool(label) and not label.isdecimal(), number, label)


def load_sketch(path: Path, frame: Frame) -> LoadedSketch:
    """Read a sketch; one that has the photo's page is brought back to the canvas.

    Args:
        path: the SVG.
        frame: of its photo.

    Raises:
        ImageFileError: the file cannot be read.
        SvgError: no strokes, or a page that is neither square nor of the photo's shape.
    """
    strokes, report = read_svg(read_bytes(path))
    report.warn()
    return LoadedSketch(_on_canvas(strokes, frame, report.facts), report.facts)


def shown(name: str) -> str:
    """Return a file's name as it can be printed on one line: what is neither visible nor a space becomes "?".

    >>> shown("cat\\n\\x1b[31m")
    'cat ?[31m'
    """
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else "?" for letter in name)


def _longest(stem: str, photos: dict[str, Path]) -> str | None:
    fitting = [one for one in photos if stem == one or (stem.startswith(f"{one}-") and len(stem) > len(one) + 1)]
    return max(fitting, key=len, default=None)


def _files(folder: Path) -> list[Path]:
    """Return the files of a folder by name, hidden ones left out."""
    if folder.is_file():
        raise ConfigError(f"{str(folder)!r} is a file; give the folder that holds it.")
    try:
        files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise ConfigError(f"The folder {str(folder)!r} cannot be read: {said}. Check its name.") from error
    return sorted(files, key=lambda path: path.name)


def _on_canvas(strokes: Strokes, frame: Frame, facts: Mapping[str, object]) -> Strokes:
    page, photo = strokes.canvas_size, frame.photo_size
    if same_aspect(page, (1, 1), SAME_ASPECT) and (page != photo or page[0] == _canvas_side(facts)):
        return strokes.scaled_to(CANVAS)
    if same_aspect(page, photo, SAME_ASPECT):
        return frame.to_canvas(strokes.scaled_to(photo), CANVAS)
    raise SvgError(
        f"The SVG's page is {page[1]} x {page[0]} px: neither square, as the canvas, nor of the photo's shape "
        f"({photo[1]} x {photo[0]} px). Save it with one of these pages."
    )


def _canvas_side(facts: Mapping[str, object]) -> object:
    """Return the side of the canvas on which a sketch was made: where the photo is square, its page may be either."""
    init = facts.get("stroke_init")
    return init.get("canvas_size") if isinstance(init, dict) else CANVAS[0]
