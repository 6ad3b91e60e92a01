"""Draw the pictures of the nodes' help pages: what goes in on the left, what comes out beside it.

    python -m clipasso_lab.help_pictures FOLDER

FOLDER holds coffee.png and camera.png (``skimage.data``), and of them ``clipasso sketch coffee.png --strokes 32
--prefixes --order importance`` and ``clipasso sketch camera.png --background keep --strokes 32 --page photo``. Pictures
need no words, so that every language has the same.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from clipasso_core.animation import Timeline
from clipasso_core.encoders import get_encoder
from clipasso_core.export import LineStyle
from clipasso_core.files import load_image, read_bytes
from clipasso_core.layering import lay_over
from clipasso_core.mask import MaskedObject, mask_object
from clipasso_core.photo_colors import with_photo_colors
from clipasso_core.pixels import resize, to_uint8
from clipasso_core.rasterizer import rasterize
from clipasso_core.saliency import SaliencyMaps, compute_saliency
from clipasso_core.scenes import BACKDROP, Regions, SceneConfig, find_regions
from clipasso_core.selection import in_groups, in_ranges, parse_ranges, select
from clipasso_core.simplify import SimplifyConfig, simplify
from clipasso_core.stroke_init import StrokeInitConfig, init_strokes
from clipasso_core.strokes import Strokes
from clipasso_core.style import StrokeStyle, with_style
from clipasso_core.svg import from_svg
from clipasso_core.transform import TransformConfig, move, transform

from .docs_pictures import side_by_side, styled
from .sketch_files import load_sketch

OUT = Path("web/docs/images")

HEIGHT = 200
"""px of each tile."""

FEW, SELECTED = 16, parse_ranges("1-4")
"""Strokes of the sketch that most pictures show, and those of them that are selected."""

EDITED, MOVED = parse_ranges("3"), (22.0, -14.0)
"""The stroke that is edited, and px by which it is moved."""

RED, GREY, PAPER = StrokeStyle(color="#d92633"), StrokeStyle(color="#b8b8b8"), 0.94
"""What is pointed out, what stands back, and how light the frame around a tile is."""

SEEN = 0.25
"""How much of a photo is seen under a drawing."""

HAND_STYLES = ("pen", "brush", "pencil", "chalk")
"""Of those of CLIPasso Export."""


@dataclass(frozen=True)
class Example:
    """What the pictures show.

    Args:
        folder: as above.
    """

    folder: Path

    @cached_property
    def photo(self) -> Tensor:
        """[1, 3, H, W] the cup."""
        return load_image(self.folder / "coffee.png")

    @cached_property
    def cut(self) -> MaskedObject:
        """The cup on white."""
        return mask_object(self.photo)

    @cached_property
    def saliency(self) -> SaliencyMaps:
        """Where its strokes start."""
        return compute_saliency(self.cut.images, get_encoder(), self.cut.masks)

    @cached_property
    def first(self) -> Strokes:
        """Its first strokes."""
        config = StrokeInitConfig(num_strokes=FEW, num_sketches=1, spare=0.0)
        return init_strokes(self.saliency.saliency, config, photos=self.cut.images)

    @cached_property
    def whole(self) -> Strokes:
        """Its sketch with all strokes, most important first, on the canvas."""
        return load_sketch(self.folder / "coffee.svg", self.cut.frames[0]).strokes

    @property
    def few(self) -> Strokes:
        """The first of them."""
        return self.whole.slots(range(FEW))

    @cached_property
    def scene_photo(self) -> Tensor:
        """[1, 3, H, W] the man with a camera."""
        return load_image(self.folder / "camera.png")

    @cached_property
    def regions(self) -> Regions:
        """He, and what lies behind him."""
        return find_regions(self.scene_photo, scene=SceneConfig("keep"))

    @cached_property
    def scene(self) -> Strokes:
        """Their drawing, over the photo."""
        return from_svg(read_bytes(self.folder / "camera.svg"))


def abstraction(example: Example) -> list[Tensor]:
    """Draw four levels."""
    return [_drawn(example.whole.prefix(count)) for count in (4, 8, 16, 32)]


def animate(example: Example) -> list[Tensor]:
    """Draw four moments."""
    timeline = Timeline.of(example.few)
    return [_drawn(timeline.at(moment)) for moment in (0.25, 0.5, 0.75, 1.0)]


def compose_scene(example: Example) -> list[Tensor]:
    """Draw each region's strokes, and all of them."""
    scene = example.scene
    back, front = select(scene, in_groups(scene, [BACKDROP]))
    return [_drawn(with_style(front, RED)), _drawn(with_style(back, GREY)), _drawn(scene)]


def edit_strokes(example: Example) -> list[Tensor]:
    """Draw a stroke selected, moved, and taken away."""
    one, others = select(example.few, in_ranges(example.few, EDITED))
    one = with_style(one, RED)
    return [*(_drawn(lay_over(others, stroke)) for stroke in (one, move(one, *MOVED))), _drawn(others)]


def export(example: Example) -> list[Tensor]:
    """Draw the sketch in styles."""
    return [styled(example.few, LineStyle.named(name), HEIGHT) for name in HAND_STYLES]


def mask(example: Example) -> list[Tensor]:
    """Show photo, mask and object."""
    return [example.photo[0], example.cut.mask.expand(3, -1, -1), example.cut.image[0]]


def merge_strokes(example: Example) -> list[Tensor]:
    """Draw one part, the other, and both."""
    first, rest = _parted(example.few)
    return [_drawn(one) for one in (first, rest, lay_over(rest, first))]


def optimize(example: Example) -> list[Tensor]:
    """Show object, first strokes and sketch."""
    return [example.cut.image[0], _drawn(example.first), _drawn(example.few)]


def rasterize_strokes(example: Example) -> list[Tensor]:
    """Show the sketch as image and as mask."""
    return [_drawn(example.few), 1 - _drawn(example.few)]


def regions(example: Example) -> list[Tensor]:
    """Show photo and regions."""
    return [example.scene_photo[0], *example.regions.images]


def saliency(example: Example) -> list[Tensor]:
    """Show object, saliency, attention and lines."""
    return [example.cut.image[0], *(each.expand(3, -1, -1) for each in example.saliency.maps)]


def select_strokes(example: Example) -> list[Tensor]:
    """Draw the sketch, the strokes that are selected, and the others."""
    first, rest = _parted(example.few)
    return [_drawn(one) for one in (lay_over(rest, first), first, rest)]


def simplify_strokes(example: Example) -> list[Tensor]:
    """Draw the sketch and what is left of it, with the ends of their curves."""
    config = SimplifyConfig(min_length=6, merge=4, snap=5, tolerance=1)
    return [_with_ends(one) for one in (example.whole, simplify(example.whole, config).strokes)]


def stroke_init(example: Example) -> list[Tensor]:
    """Show saliency and first strokes."""
    return [example.saliency.saliency.expand(3, -1, -1), _drawn(example.first)]


def style_strokes(example: Example) -> list[Tensor]:
    """Draw the sketch with other widths and colours."""
    thin = with_style(example.few, StrokeStyle(width=1.5))
    wide = with_style(example.few, replace(RED, width=7.0, opacity=0.8), in_ranges(example.few, SELECTED))
    photo = resize(example.cut.image, example.few.canvas_size)
    return [_drawn(one) for one in (thin, wide, with_photo_colors(example.few, photo, torch.ones_like(photo[:, 0])))]


def svg_export(example: Example) -> list[Tensor]:
    """Show photo, sketch, and the sketch in the photo's place."""
    placed = example.cut.frames[0].to_photo(example.few)
    faint = 1 - SEEN * (1 - _tile(example.photo[0]))
    drawn = rasterize(placed, (faint.shape[1], faint.shape[2]))[0]
    return [example.photo[0], _drawn(example.few), faint * drawn]


def transform_strokes(example: Example) -> list[Tensor]:
    """Draw the sketch as it is, mirrored, and turned and smaller."""
    changes = (TransformConfig(), TransformConfig(mirror="left-right"), TransformConfig(degrees=20, scale=0.7))
    return [_drawn(transform(example.few, change)) for change in changes]


PICTURES: dict[str, Callable[[Example], list[Tensor]]] = {
    "CLIPassoAbstraction": abstraction,
    "CLIPassoAnimate": animate,
    "CLIPassoComposeScene": compose_scene,
    "CLIPassoEditStrokes": edit_strokes,
    "CLIPassoExport": export,
    "CLIPassoMask": mask,
    "CLIPassoMergeStrokes": merge_strokes,
    "CLIPassoOptimize": optimize,
    "CLIPassoRasterize": rasterize_strokes,
    "CLIPassoRegions": regions,
    "CLIPassoSaliency": saliency,
    "CLIPassoSelectStrokes": select_strokes,
    "CLIPassoSimplifyStrokes": simplify_strokes,
    "CLIPassoStrokeInit": stroke_init,
    "CLIPassoStyleStrokes": style_strokes,
    "CLIPassoSVGExport": svg_export,
    "CLIPassoTransformStrokes": transform_strokes,
}
"""What is drawn of each node, by its id."""


def _tile(image: Tensor) -> Tensor:
    """Bring an image [3, H, W] to the height of a tile."""
    return resize(image[None], (HEIGHT, round(HEIGHT * image.shape[-1] / image.shape[-2])))[0]


def _drawn(strokes: Strokes) -> Tensor:
    """Draw a sketch at the height of a tile, [3, HEIGHT, W]."""
    height, width = strokes.canvas_size
    return rasterize(strokes, (HEIGHT, round(HEIGHT * width / height)))[0]


def _parted(strokes: Strokes) -> tuple[Strokes, Strokes]:
    """Return the selected strokes of a sketch, in red, and the others."""
    selected, rest = select(strokes, in_ranges(strokes, SELECTED))
    return with_style(selected, RED), rest


def _with_ends(strokes: Strokes) -> Tensor:
    """Draw a sketch in grey with a dot where each curve begins and ends, [3, HEIGHT, W]."""
    ends = strokes.control_points[:, :, ::3][strokes.alive]
    dots = Strokes.black(ends.reshape(1, -1, 1, 2).expand(-1, -1, 4, -1), strokes.canvas_size, 5.0)
    return _drawn(lay_over(with_style(strokes, GREY), with_style(dots, RED)))


def _framed(image: Tensor) -> Tensor:
    """Draw a light line around a tile [3, H, W], so that white ones are seen on white."""
    framed = image.clone()
    framed[:, [0, -1]], framed[:, :, [0, -1]] = PAPER, PAPER
    return framed


def main() -> None:
    """Draw all of them."""
    parser = argparse.ArgumentParser(description="Draw the pictures of the nodes' help pages.")
    parser.add_argument("folder", type=Path)
    example = Example(parser.parse_args().folder)
    OUT.mkdir(exist_ok=True)
    for node_id, draw in PICTURES.items():
        row = side_by_side([_framed(_tile(image)) for image in draw(example)], dim=2)
        Image.fromarray(to_uint8(row).numpy()).save(OUT / f"{node_id}.webp", quality=80, method=6)


if __name__ == "__main__":
    main()
