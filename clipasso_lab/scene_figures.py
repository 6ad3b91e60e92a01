"""Scene figures: how well drawings of scenes keep to their regions, and show them.

``python -m clipasso_lab.scene_figures PHOTOS SKETCHES [SKETCHES ...]`` prints JSON. A folder of sketches holds, for
each photo of PHOTOS, an SVG of the photo's size (``--page photo``) under the photo's name. The regions are those that
``find_regions`` finds in the photo, or of a folder of masks: PHOTO.masks/*.png beside it, the foremost first.
``means`` says what the drawings of each folder have in common.

With ``--beside OTHERS [OTHERS ...]``, as many folders of the same photos in the same order (one for each seed), also
what changed from those to SKETCHES: mean difference of the pairs, and its 95 % interval over photos.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import torch
from torch import Tensor

from clipasso_core.bezier import curve_points, segments_of
from clipasso_core.errors import ShapeError
from clipasso_core.files import load_image, load_mask, read_bytes
from clipasso_core.framing import Frame, frame_photo
from clipasso_core.pixels import resize, resize_map
from clipasso_core.rasterizer import ink, rasterize
from clipasso_core.saliency import lines_inside
from clipasso_core.scenes import Regions, SceneConfig, find_regions
from clipasso_core.scenes.regions import BACKDROP, grown
from clipasso_core.selection import in_groups, only
from clipasso_core.strokes import CANVAS, Strokes
from clipasso_core.svg import from_svg
from clipasso_core.xdog import xdog

from .bootstrap import Interval, mean_interval
from .judge import Judge, cosines, embedding_of, load_judge
from .measure import print_json
from .metrics import chamfer
from .sketch_files import photos_in, require_as_many

ON_CURVE = 65
"""Points of a cubic, of which are counted those that lie outside."""

COMPARED = ("similarity", "edge_to_ink")
"""The figures of a region that are compared."""

SceneFigures = Mapping[str, Any]
"""Of one drawing; see ``scene_figures``."""


class SeenRegion(NamedTuple):
    """A region of a photo as drawings are held against it.

    Args:
        frame: of its canvas.
        inside: [224, 224] bool, where it is there.
        edges: [224, 224] of zeros and ones.
        embedding: the judge's, [1, D].
    """

    frame: Frame
    inside: Tensor
    edges: Tensor
    embedding: Tensor


class SeenScene(NamedTuple):
    """A photo as drawings are held against it.

    Args:
        regions: of the photo.
        seen: each of them, by name.
        whole: the photo.
    """

    regions: Regions
    seen: Mapping[str, SeenRegion]
    whole: SeenRegion


class SceneChange(NamedTuple):
    """How a figure of scenes changed.

    Args:
        before: its mean over the pairs of drawings.
        after: likewise.
        by: the mean difference.
        interval: where that lies with 95 %; None for a single photo.
        pairs: how many drawings have the figure before and after.
    """

    before: float
    after: float
    by: float
    interval: Interval | None
    pairs: int


def ink_outside(strokes: Strokes, regions: Regions) -> float:
    """Return the share of the lines' length that lies outside the region of their group by more than a pen's width.

    Args:
        strokes: one sketch over the photo.
        regions: of the photo. Strokes of no group are held against all objects together.
    """
    pen = float(strokes.stroke_width[strokes.alive].mean())
    near = {name: grown(mask, pen) for name, mask in zip(regions.names, regions.masks, strict=True)}
    objects = grown(regions.masks[: regions.num_objects].amax(dim=0), pen)
    total = outside = 0.0
    for index in strokes.alive[0].nonzero()[:, 0].tolist():
        where = near.get(str(strokes.names_of(0)[index]), objects)
        for points in curve_points(segments_of(strokes.control_points[0, index]), torch.linspace(0, 1, ON_CURVE)):
            length = torch.linalg.vector_norm(points.diff(dim=0), dim=-1)
            x, y = ((points[1:] + points[:-1]) / 2).floor().long().unbind(-1)
            on_page = (x >= 0) & (x < where.shape[1]) & (y >= 0) & (y < where.shape[0])
            inside = on_page & where[y.clamp(0, where.shape[0] - 1), x.clamp(0, where.shape[1] - 1)]
            total, outside = total + float(length.sum()), outside + float(length[~inside].sum())
    return outside / max(total, 1e-9)


def own_strokes(strokes: Strokes, region: str) -> Strokes:
    """Return the strokes that are a region's: all of a drawing that knows no regions.

    >>> lines = Strokes.black(torch.zeros(1, 2, 4, 2), (32, 32))
    >>> scene = lines.with_groups(torch.tensor([[0, 1]]), ["background", "object-1"])
    >>> [own_strokes(one, "object-1").num_strokes for one in (lines, scene)]
    [2, 1]
    """
    return only(strokes, in_groups(strokes, [region])) if strokes.group_names else strokes


def see_region(image: Tensor, mask: Tensor, frame: Frame, judge: Judge, has_rim: bool = False) -> SeenRegion:
    """Look at a region.

    Args:
        image: [3, S, S] in 0-1, the region on its canvas.
        mask: [S, S], where it is there.
        frame: of its canvas.
        judge: the network that judges.
        has_rim: whether the region's outline is an edge, as an object's is.
    """
    inside, found = resize_map((mask == 1).float()[None], CANVAS) >= 0.5, xdog(resize(image[None], CANVAS))
    edges = lines_inside(found, inside) if has_rim else found * inside
    return SeenRegion(frame, inside[0], edges[0], embedding_of(judge.look(image[None])))


def see_scene(photo: Path, judge: Judge) -> SeenScene:
    """Look at a photo and its regions, the background among them."""
    image = load_image(photo)
    files = sorted(photo.with_suffix(".masks").glob("*.png"))
    masks = torch.cat([load_mask(one) for one in files]) if files else None
    regions = find_regions(image, masks, SceneConfig("keep"))
    each = zip(regions.images, regions.canvas_masks, regions.frames, strict=True)
    seen = {name: see_region(*one, judge, name != BACKDROP) for name, one in zip(regions.names, each, strict=True)}
    squashed = frame_photo(image[0, 0], "squash")
    return SeenScene(regions, seen, see_region(image[0], torch.ones_like(image[0, 0]), squashed, judge))


def region_figures(strokes: Strokes, own: Strokes, seen: SeenRegion, judge: Judge) -> dict[str, float | None]:
    """Return how well a region is shown: the judge's similarity of its own lines, and px from its edges to any ink.

    Args:
        strokes: one sketch over the photo, all of it.
        own: those of its strokes that are the region's.
        seen: the region.
        judge: that looked at it.
    """
    alone = rasterize(seen.frame.to_canvas(own, CANVAS), judge.size)
    similarity = float(cosines(embedding_of(judge.look(alone))[0], seen.embedding)[0])
    drawn = ink(seen.frame.to_canvas(strokes, CANVAS), CANVAS)[0] * seen.inside
    try:
        covered: float | None = round(chamfer(drawn, seen.edges).edge_to_ink, 2)
    except ShapeError:  # no ink there, or nothing to draw
        covered = None
    return {"similarity": round(similarity, 4), "edge_to_ink": covered}


def scene_figures(scene: SeenScene, svg: Path, judge: Judge) -> dict[str, object]:
    """Return the figures of one drawing of a scene."""
    height, width = scene.regions.masks.shape[-2:]
    strokes = from_svg(read_bytes(svg)).scaled_to((height, width))
    counts = {name: strokes.names_of(0).count(name) for name in scene.regions.names}
    return {
        "strokes": int(strokes.alive.sum()),
        **({"of_regions": counts} if strokes.group_names else {}),
        "ink_outside": round(ink_outside(strokes, scene.regions), 4),
        "whole": region_figures(strokes, strokes, scene.whole, judge),
        **{name: region_figures(strokes, own_strokes(strokes, name), seen, judge) for name, seen in scene.seen.items()},
    }


def figure_of(found: SceneFigures, part: str, figure: str) -> float | None:
    """Return a figure of a part of a scene; of "objects", the mean over them. None where it has none.

    >>> found = {"object-1": {"edge_to_ink": 1.0}, "object-2": {"edge_to_ink": 4.0}, "whole": {"edge_to_ink": None}}
    >>> [figure_of(found, part, "edge_to_ink") for part in ("objects", "whole", "background")]
    [2.5, None, None]
    """
    wanted = [name for name in found if name == part or (part == "objects" and name.startswith("object-"))]
    regions = [found[name] for name in wanted]
    values = [region[figure] for region in regions if isinstance(region, Mapping)]
    numbers = [float(value) for value in values if value is not None]
    return fmean(numbers) if numbers else None


def scene_changes(
    before: Sequence[Mapping[str, SceneFigures]], after: Sequence[Mapping[str, SceneFigures]]
) -> dict[str, SceneChange]:
    """Return how the figures of folders of drawings changed, by part and figure.

    Args:
        before: the figures of each folder, by photo.
        after: likewise, in the same order.
    """
    pairs = [
        (photo, one[photo], other[photo])
        for one, other in zip(before, after, strict=True)
        for photo in one
        if photo in other
    ]
    changes = {}
    for part, figure in product(("whole", "objects", BACKDROP), COMPARED):
        both = [(photo, figure_of(one, part, figure), figure_of(other, part, figure)) for photo, one, other in pairs]
        rows = [(photo, old, new) for photo, old, new in both if old is not None and new is not None]
        if rows:
            changes[f"{part}, {figure}"] = _change(rows)
    return changes


def _change(rows: Sequence[tuple[str, float, float]]) -> SceneChange:
    """Return how a figure changed; rows: of a pair the photo, the figure before and after."""
    photos, before, after = zip(*rows, strict=True)
    by = [new - old for old, new in zip(before, after, strict=True)]
    early, late, change = (round(fmean(values), 4) for values in (before, after, by))
    return SceneChange(early, late, change, mean_interval(by, photos), len(rows))


def folder_means(found: Mapping[str, SceneFigures]) -> dict[str, float]:
    """Return what the drawings of a folder have in common: strokes, and lines outside their region (mean and most).

    >>> one, other = {"strokes": 30, "ink_outside": 0.01}, {"strokes": 34, "ink_outside": 0.0}
    >>> folder_means({"a": one, "b": other})
    {'strokes': 32.0, 'ink_outside': 0.005, 'most_ink_outside': 0.01}
    """
    strokes, outside = ([float(one[name]) for one in found.values()] for name in ("strokes", "ink_outside"))
    return {"strokes": fmean(strokes), "ink_outside": round(fmean(outside), 4), "most_ink_outside": max(outside)}


def found_pairs(photos: Path, sketches: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the photos of a folder that a folder of sketches has an SVG of."""
    for photo in photos_in(photos):
        svg = sketches / f"{photo.stem}.svg"
        if svg.is_file():
            yield photo, svg


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures of folders of sketches as JSON."""
    parser = argparse.ArgumentParser(prog="python -m clipasso_lab.scene_figures", description="Figures of scenes.")
    parser.add_argument("photos", type=Path, help="a folder of photos")
    parser.add_argument("sketches", type=Path, nargs="+", help="folders of SVGs of the photos' size")
    parser.add_argument("--beside", type=Path, nargs="+", default=[], help="as many folders, to compare them with")
    parsed = parser.parse_args(arguments)
    require_as_many(parser, "--beside", parsed.beside, parsed.sketches)
    judge = load_judge()
    see, found = cache(partial(see_scene, judge=judge)), {}
    for folder in (*parsed.beside, *parsed.sketches):
        pairs = found_pairs(parsed.photos, folder)
        found[folder] = {photo.stem: scene_figures(see(photo), svg, judge) for photo, svg in pairs}
    report: dict[str, object] = {str(folder): figures for folder, figures in found.items()}
    report["means"] = {str(folder): folder_means(figures) for folder, figures in found.items() if figures}
    if parsed.beside:
        before, after = ([found[folder] for folder in folders] for folders in (parsed.beside, parsed.sketches))
        report["changes"] = {name: change._asdict() for name, change in scene_changes(before, after).items()}
    print_json(report)


if __name__ == "__main__":
    main()
