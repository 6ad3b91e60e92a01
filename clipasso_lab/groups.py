"""Groups: the sketches of one label, and photos that belong together, with the means of each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from clipasso_core.errors import ConfigError

from .evaluation import ScoredSketch
from .figures import OF_GROUP, Average, Figure
from .sketch_files import label_order

TOGETHER = "all"
"""Label of the sketches of all labels."""


@dataclass(frozen=True, eq=False)
class Group:
    """All sketches of one label.

    Args:
        label: what the sketches' names end with.
        sketches: by photo.
        averages: of each figure that some of the sketches have.
        median_rank: of the own photos.
    """

    label: str
    sketches: tuple[ScoredSketch, ...]
    averages: Mapping[Figure, Average]
    median_rank: float


@dataclass(frozen=True)
class PhotoGroup:
    """Photos that belong together, such as faces.

    Args:
        name: of the group.
        photos: their files.
    """

    name: str
    photos: frozenset[Path]

    def of(self, sketches: Sequence[ScoredSketch]) -> list[ScoredSketch]:
        """Return the sketches of these photos."""
        return [one for one in sketches if one.file.photo in self.photos]


def group_sketches(sketches: Sequence[ScoredSketch]) -> tuple[Group, ...]:
    """Return the groups by label: no label first, then numbers by value, then words."""
    labels = sorted({one.file.label for one in sketches}, key=label_order)
    return tuple(_group(label, [one for one in sketches if one.file.label == label]) for label in labels)


def all_together(sketches: Sequence[ScoredSketch]) -> Group | None:
    """Return one group of all labels, which are seeds then: None for one label, or where numbers of strokes differ."""
    one_kind = len({one.num_strokes for one in sketches}) == 1 and len({one.file.label for one in sketches}) > 1
    return _group(TOGETHER, sketches) if one_kind else None


def read_groups(path: Path, photos: Sequence[Path]) -> tuple[PhotoGroup, ...]:
    """Read which photos belong together.

    Args:
        path: a JSON file of names and the photos' names without their endings: {"faces": ["ann", "bob"], ...}. A photo
            may be in several groups or in none.
        photos: all photos.

    Raises:
        ConfigError: the file cannot be read, holds something else, or names a photo that is not there.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"The groups {str(path)!r} cannot be read as JSON: {error}.") from error
    if not isinstance(found, dict) or not found or not all(map(_are_names, found.values())):
        raise ConfigError(
            f"The groups {str(path)!r} must be lists of photos by name, without their endings: "
            f'{{"faces": ["{photos[0].stem}"]}}.'
        )
    stems = {photo.stem: photo for photo in photos}
    unknown = [name for names in found.values() for name in names if name not in stems]
    if unknown:
        raise ConfigError(
            f"The groups {str(path)!r} name {unknown[0]!r}, which is no photo of the folder. "
            f"Write names without their endings, such as {photos[0].stem!r}."
        )
    return tuple(PhotoGroup(name, frozenset(stems[one] for one in names)) for name, names in found.items())


def _are_names(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def _group(label: str, sketches: Sequence[ScoredSketch]) -> Group:
    averages = {figure: average for figure in OF_GROUP if (average := figure.average(sketches)) is not None}
    return Group(label, tuple(sketches), averages, float(median(one.rank for one in sketches)))
