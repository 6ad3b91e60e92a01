"""How much of a sketch its first strokes are worth: the judge's similarity against the share of strokes drawn.

    python -m clipasso_lab.prefix_curve PHOTOS SKETCHES... [--separate FOLDERS] [--beside FOLDERS] [--random 3]

Prints JSON. For every SVG of a folder of SKETCHES (named as for ``clipasso eval``: PHOTO.svg, PHOTO-LABEL.svg) the
similarity after each stroke is taken in the order of the file's paths, and in some random orders of the same strokes.
With --separate, also that of the sketches there that were made for fewer strokes (PHOTO-4.svg, PHOTO-8.svg, ...),
beside the first 4, 8, ... strokes of the sketch. With --beside, also the area of other sketches of the same names, in
their files' order. Either takes as many folders as there are of SKETCHES, one for each seed.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from clipasso_core.determinism import seeded_generator
from clipasso_core.errors import check_range
from clipasso_core.order import prefix_losses
from clipasso_core.rasterizer import rasterize
from clipasso_core.strokes import Strokes

from .bootstrap import mean_interval
from .judge import JUDGE, Judge, cosines, embedding_of, load_judge
from .measure import print_json
from .metrics import ReferencePhoto, SeenPhoto, reference_photo, see_photo
from .sketch_files import SketchFile, load_sketch, pair_sketches, photos_in, require_as_many

RANDOM_ORDERS = 3

Curve = list[float]
"""The similarity after 1, 2, ... strokes."""


@dataclass(frozen=True)
class Rung:
    """The first strokes of a sketch beside a sketch that was made of so many.

    Args:
        strokes: how many.
        similarity: cosine of the embeddings of the first strokes and the photo.
        separate_similarity: that of the sketch made of so many.
        loss_ratio: the judge's evaluation loss of the first strokes, over that of the sketch made of so many.
    """

    strokes: int
    similarity: float
    separate_similarity: float
    loss_ratio: float


@dataclass(frozen=True)
class PrefixCurve:
    """What the prefixes of one sketch are worth.

    Args:
        photo: name of the photo.
        label: of the sketch, as in its file's name.
        curve: similarity after each stroke, in the file's order.
        area: its area over the share of strokes drawn, over its end; see ``normalized_area``.
        random_area: the same on average over random orders of the strokes.
        beside_area: the same of another sketch of that name; None without.
        rungs: beside separate sketches; empty without.
    """

    photo: str
    label: str
    curve: Curve
    area: float
    random_area: float
    beside_area: float | None
    rungs: tuple[Rung, ...]


def normalized_area(curve: Sequence[float]) -> float:
    """Return the mean of a curve over the share of strokes drawn, as a part of its end: 1 when all is there at once.

    The curve starts with the first stroke; between two strokes it is straight.

    >>> normalized_area([0.5, 0.5, 0.5]), normalized_area([0.0, 0.5, 1.0])
    (1.0, 0.5)
    """
    if len(curve) == 1:
        return 1.0
    middle = [(a + b) / 2 for a, b in pairwise(curve)]
    return statistics.fmean(middle) / curve[-1]


def similarity_curve(strokes: Strokes, photo: SeenPhoto, judge: Judge) -> Curve:
    """Return the similarity of one sketch on the canvas and its photo after each stroke."""
    own = embedding_of(photo.image)[0]

    def unlike(drawings: Tensor) -> Tensor:
        return 1 - cosines(own, embedding_of(judge.look(drawings)))

    similar: Curve = (1 - prefix_losses(strokes.scaled_to(judge.size), unlike)).tolist()
    return similar


def measure_prefixes(
    sketch: SketchFile,
    photo: ReferencePhoto,
    seen: SeenPhoto,
    judge: Judge,
    separate: Mapping[int, SketchFile],
    beside: SketchFile | None = None,
    random_orders: int = RANDOM_ORDERS,
) -> PrefixCurve:
    """Measure one sketch.

    Args:
        sketch: its file.
        photo: of the sketch.
        seen: what the judge saw in the photo.
        judge: the network that judges.
        separate: sketches of the photo by the number of strokes that they were made for.
        beside: a sketch made otherwise; None for none.
        random_orders: how many.
    """
    strokes = load_sketch(sketch.path, photo.frame).strokes
    curve = similarity_curve(strokes, seen, judge)
    generator = seeded_generator(0)
    orders = [torch.randperm(strokes.num_strokes, generator=generator)[None] for _ in range(random_orders)]
    areas = [normalized_area(similarity_curve(strokes.in_order(order), seen, judge)) for order in orders]
    rungs = []
    for count in sorted(count for count in separate if count <= strokes.num_strokes):
        alone = load_sketch(separate[count].path, photo.frame).strokes
        (ours, similar), (theirs, as_similar) = (_judged(one, seen, judge) for one in (strokes.prefix(count), alone))
        rungs.append(Rung(count, similar, as_similar, ours / theirs))
    other_area = None
    if beside is not None:
        other_area = normalized_area(similarity_curve(load_sketch(beside.path, photo.frame).strokes, seen, judge))
    return PrefixCurve(
        sketch.photo.stem,
        sketch.label,
        curve,
        normalized_area(curve),
        statistics.fmean(areas),
        other_area,
        tuple(rungs),
    )


def measure_folders(
    photos: Path,
    sketches: Sequence[Path],
    judge: Judge,
    separate: Sequence[Path] = (),
    beside: Sequence[Path] = (),
    random_orders: int = RANDOM_ORDERS,
) -> dict[str, Any]:
    """Measure all sketches of some folders; return what was found, and means over all, as JSON values."""
    files = photos_in(photos)
    found = [
        one
        for made, alone, others in zip_longest(sketches, separate, beside)
        for one in _measure_folder(files, made, judge, alone, others, random_orders)
    ]
    return {"judge": judge.encoder.name, **summary(found), "sketches": [asdict(one) for one in found]}


def _measure_folder(
    photos: Sequence[Path],
    sketches: Path,
    judge: Judge,
    separate: Path | None,
    beside: Path | None,
    random_orders: int,
) -> Iterator[PrefixCurve]:
    """Yield what the prefixes of the sketches of one folder are worth."""
    alone: dict[Path, dict[int, SketchFile]] = {}
    for one in pair_sketches(photos, separate).sketches if separate else ():
        if one.label.isdecimal():
            alone.setdefault(one.photo, {})[int(one.label)] = one
    others = {(one.photo, one.label): one for one in (pair_sketches(photos, beside).sketches if beside else ())}
    seen: dict[Path, tuple[ReferencePhoto, SeenPhoto]] = {}
    for sketch in pair_sketches(photos, sketches).sketches:
        if sketch.photo not in seen:
            photo = reference_photo(sketch.photo)
            seen = {sketch.photo: (photo, see_photo(photo, judge))}
        fewer, other = alone.get(sketch.photo, {}), others.get((sketch.photo, sketch.label))
        yield measure_prefixes(sketch, *seen[sketch.photo], judge, fewer, other, random_orders)


def summary(found: Sequence[PrefixCurve]) -> dict[str, Any]:
    """Return means over sketches, each with the interval in which it lies with 95 %, photos being drawn.

    >>> one = PrefixCurve("cat", "", [0.4, 0.8], 0.75, 0.7, 0.6, (Rung(1, 0.4, 0.5, 1.02),))
    >>> summary([one])["loss_ratio"]
    {'1': {'mean': 1.02, 'interval': None}}
    """
    photos = [one.photo for one in found]
    ratios: dict[int, list[tuple[float, str]]] = {}
    for one in found:
        for rung in one.rungs:
            ratios.setdefault(rung.strokes, []).append((rung.loss_ratio, one.photo))
    means = {
        "area": _mean([one.area for one in found], photos),
        "random_area": _mean([one.random_area for one in found], photos),
        "gain": _mean([one.area - one.random_area for one in found], photos),
        "loss_ratio": {str(count): _mean(*zip(*pairs, strict=True)) for count, pairs in sorted(ratios.items())},
    }
    both = [(one.area, one.beside_area, one.photo) for one in found if one.beside_area is not None]
    if both:
        areas, others, of_photos = zip(*both, strict=True)
        gains = [area - other for area, other in zip(areas, others, strict=True)]
        means |= {"beside_area": _mean(others, of_photos), "gain_beside": _mean(gains, of_photos)}
    return means


def _mean(values: Sequence[float], photos: Sequence[str]) -> dict[str, Any]:
    return {"mean": statistics.fmean(values), "interval": mean_interval(values, photos)}


def _judged(strokes: Strokes, seen: SeenPhoto, judge: Judge) -> tuple[float, float]:
    """Return the judge's evaluation loss of a sketch on the canvas, and its similarity."""
    loss, _, semantic = judge.losses(judge.look(rasterize(strokes, judge.size)), seen.image)
    return loss, 1 - semantic


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what the first strokes of sketches are worth.")
    parser.add_argument("photos", type=Path)
    parser.add_argument("sketches", type=Path, nargs="+")
    parser.add_argument("--separate", type=Path, nargs="+", default=[], help="sketches made for fewer strokes")
    parser.add_argument("--beside", type=Path, nargs="+", default=[], help="sketches of the same names, made otherwise")
    parser.add_argument("--random", type=int, default=RANDOM_ORDERS, help="orders (default: %(default)s)")
    parser.add_argument("--judge", default=JUDGE)
    options = parser.parse_args()
    check_range("random", options.random, 1, 1000)
    for name, folders in (("--separate", options.separate), ("--beside", options.beside)):
        require_as_many(parser, name, folders, options.sketches)
    judge = load_judge(options.judge)
    print_json(
        measure_folders(options.photos, options.sketches, judge, options.separate, options.beside, options.random)
    )


if __name__ == "__main__":
    main()
