"""A finished sketch as the SVG that `clipasso sketch` and `clipasso batch` write: its page, title and metadata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from .framing import Frame, to_photos
from .strokes import Strokes
from .svg import to_svg

Page = Literal["canvas", "photo"]
PAGES: tuple[Page, ...] = get_args(Page)
"""What an SVG shows: the square canvas, or the whole photo with the sketch lying exactly over the object."""


def on_page(page: Page, strokes: Strokes, frames: tuple[Frame, ...]) -> Strokes:
    """Place one or many sketches of one photo on a page.

    Args:
        page: one of ``PAGES``.
        strokes: on the canvas.
        frames: the one frame of the photo.

    >>> import torch
    >>> strokes = Strokes.black(torch.zeros(2, 5, 4, 2), (224, 224))
    >>> on_page("photo", strokes, (Frame((480, 640), (80, 0, 560, 480)),)).canvas_size
    (480, 640)
    """
    return to_photos(strokes, frames) if page == "photo" else strokes


def sketch_title(photo_name: str, strokes: Strokes, index: int = 0, *, one_line: bool = False) -> str:
    """Return the title of a sketch.

    >>> import torch
    >>> sketch_title("cat", Strokes.black(torch.zeros(1, 5, 4, 2), (224, 224)))
    'cat in 5 strokes'
    """
    return f"{photo_name} in {'one line' if one_line else f'{int(strokes.alive[index].sum())} strokes'}"


def sketch_svg(
    photo_name: str, strokes: Strokes, index: int = 0, *, one_line: bool = False, levels: Sequence[int] = ()
) -> str:
    """Write one sketch of a batch.

    Args:
        photo_name: the photo's file name without its ending.
        strokes: on their page, on the CPU.
        index: which sketch of the batch.
        one_line: whether it was made as a single line.
        levels: as ``to_svg`` takes them.

    Raises:
        ConfigError, SvgError: as ``to_svg``.

    >>> import torch
    >>> text = sketch_svg("cat", Strokes.black(torch.zeros(1, 1, 4, 2), (224, 224)))
    >>> text.splitlines()[1].strip()
    '<title>cat in 1 strokes</title>'
    """
    title = sketch_title(photo_name, strokes, index, one_line=one_line)
    metadata = {"clipasso": dict(strokes.provenance)}
    return to_svg(strokes, index, title=title, metadata=metadata, background="white", levels=levels)
