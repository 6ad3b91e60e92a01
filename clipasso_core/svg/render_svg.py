"""Draw SVGs as pixels: those of nothing but strokes by our rasterizer, all others by resvg where it is installed."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ..errors import ConfigError, DependencyError, ShapeError, SvgError, first_line
from ..rasterizer import render
from ..strokes import Strokes
from .document import local_name, parse_document
from .group_elements import NAME as GROUP_NAME
from .held_line import held_line
from .read import from_svg
from .safety import check_safe
from .viewport import MAX_CANVAS, root_viewport
from .write import is_ours

INSTALL_RESVG = (
    "The SVG holds more than strokes (text, fills, gradients, pictures, ...), which needs resvg to be drawn: "
    "pip install resvg-py with the Python that runs this"
)

CSS_DPI = 96
"""px an inch, by which resvg reads lengths in mm or pt; unless it is told, it reads none."""

_SILENT = ("title", "desc", "metadata", "namedview")
"""Elements that draw nothing."""

_SHAPES = {"path": {"d"}, "line": {"x1", "y1", "x2", "y2"}, "polyline": {"points"}}
"""Shapes that strokes hold wholly, and the attributes that say where they lie."""

_LOOKS = {"fill": "black", "stroke": "none", "stroke-linecap": "butt", "stroke-linejoin": "miter"}
"""Attributes that decide whether a shape is a stroke with round ends and joints, and their first values."""

_PLAIN = {*_LOOKS, "stroke-width", "stroke-opacity", "id", "class"}
_PAGE = {"width", "height", "viewBox", "version"}


def render_svg(data: str | bytes, longest_side: int) -> Tensor:
    """Draw an SVG at any size.

    Args:
        data: the text, or the bytes of the file.
        longest_side: px of the longer side; the other one keeps the page's aspect.

    Returns:
        [1, 4, H, W] premultiplied RGBA on nothing, as ``render`` returns it. A background that is only a style of the
        page is not drawn.

    Raises:
        ConfigError: longest_side out of range.
        DependencyError: it holds more than strokes, and resvg is not installed.
        SvgError: it may not be shown (see ``check_safe``), has no size, or cannot be drawn.

    >>> line = '<svg width="9" height="5"><line x1="1" x2="4" stroke="red" stroke-linecap="round"/></svg>'
    >>> render_svg(line.replace("<line", '<line stroke-linejoin="round" fill="none"'), 18).shape
    torch.Size([1, 4, 10, 18])
    """
    if not 1 <= longest_side <= MAX_CANVAS:
        raise ConfigError(f"longest_side must be 1 to {MAX_CANVAS} px, got {longest_side}.")
    root = check_safe(data)
    _, (height, width) = root_viewport(root.attrib, None)
    size = Strokes.black(torch.zeros(1, 1, 4, 2), (height, width)).size_for(longest_side)
    if not holds_only_strokes(data, root):
        return _by_resvg(data, root, size)
    if not any(local_name(element) in _SHAPES for element in root.iter()):
        return torch.zeros(1, 4, *size)
    with torch.no_grad():
        return render(from_svg(data), size)


def render_svgs(documents: Sequence[str | bytes], longest_side: int) -> Tensor:
    """Draw several SVGs of one aspect as a batch [B, 4, H, W]; else as ``render_svg``.

    Raises:
        ShapeError: there is no document, or they have different aspects.

    >>> drawing = '<svg width="9" height="5"><g fill="none"/></svg>'
    >>> render_svgs([drawing, drawing], 18).shape
    torch.Size([2, 4, 10, 18])
    """
    drawn = [render_svg(data, longest_side) for data in documents]
    if not drawn:
        raise ShapeError("There is no SVG to draw. Connect an output that holds one.")
    height, width = drawn[0].shape[-2:]
    for number, one in enumerate(drawn, start=1):
        if max(abs(one.shape[-2] - height), abs(one.shape[-1] - width)) > 1:
            raise ShapeError(
                f"SVG {number} becomes {one.shape[-1]} x {one.shape[-2]} px and the first one {width} x {height}: a "
                "batch of images has one size. Draw them one at a time."
            )
    return torch.cat([_trimmed(one, (height, width)) for one in drawn])


def holds_only_strokes(data: str | bytes, root: ElementTree.Element | None = None) -> bool:
    """Whether our rasterizer draws all of an SVG: lines with round ends and joints, and no fills, in plain attributes.

    Args:
        data: the text, or the bytes of the file.
        root: of the document, where it was parsed already.

    Raises:
        SvgError: it cannot be read.

    >>> holds_only_strokes('<svg width="9" height="5"><text>A</text></svg>')
    False
    """
    if is_ours(data if isinstance(data, bytes) else data.encode("utf-8", "replace")):
        return True
    root = parse_document(data) if root is None else root
    return set(root.attrib) <= _PAGE | _PLAIN and all(_is_strokes(child, _looks(root, _LOOKS)) for child in root)


def _is_strokes(element: ElementTree.Element, around: Mapping[str, str]) -> bool:
    tag = local_name(element)
    if tag is None or tag in _SILENT:
        return True
    looks, own = _looks(element, around), {name for name in element.attrib if not name.startswith("{")}
    if tag == "g":
        return own <= {*_PLAIN, GROUP_NAME} and all(_is_strokes(child, looks) for child in element)
    wanted = {"fill": "none", "stroke-linecap": "round", "stroke-linejoin": "round"}
    drawn = (
        looks["stroke"] != "none"
        and not looks["stroke"].startswith("url(")
        and {name: looks[name] for name in wanted} == wanted
        and held_line(element.attrib) is None  # which is not what is drawn
    )
    return tag in _SHAPES and own <= _PLAIN | _SHAPES[tag] and drawn


def _looks(element: ElementTree.Element, around: Mapping[str, str]) -> dict[str, str]:
    return {name: element.attrib.get(name, value).strip() for name, value in around.items()}


def _by_resvg(data: str | bytes, root: ElementTree.Element, size: tuple[int, int]) -> Tensor:
    try:
        import resvg_py
    except ImportError as error:
        raise DependencyError(f"{INSTALL_RESVG}.") from error
    text = data if isinstance(data, str) else ElementTree.tostring(root, encoding="unicode")
    try:
        png = resvg_py.svg_to_bytes(svg_string=text, width=size[1], height=size[0], dpi=CSS_DPI)
    except ValueError as error:
        raise SvgError(f"The SVG cannot be drawn: {first_line(error)}. Save it as plain SVG.") from error
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        pixels = np.asarray(image.convert("RGBA"), dtype=np.float32) / 255
    straight = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    drawn = torch.cat([straight[:, :3] * straight[:, 3:], straight[:, 3:]], dim=1)
    return _trimmed(drawn, size)


def _trimmed(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Cut or extend an image [1, C, H, W] to a size that differs by the px that rounding makes."""
    return F.pad(image, (0, size[1] - image.shape[-1], 0, size[0] - image.shape[-2]))
