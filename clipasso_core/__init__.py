"""Photo to vector sketch, in pure PyTorch. This package knows nothing of ComfyUI.

>>> from clipasso_core import load_image, sketch, to_svg
>>> result = sketch(load_image("photo.jpg")).result
>>> text = to_svg(result.strokes)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .files import load_image as load_image
    from .pipeline import Sketch as Sketch
    from .pipeline import SketchConfig as SketchConfig
    from .pipeline import sketch as sketch
    from .rasterizer import rasterize as rasterize
    from .strokes import Strokes as Strokes
    from .svg import from_svg as from_svg
    from .svg import to_svg as to_svg

__version__ = "0.1.0"

_HOMES = {
    "Sketch": ".pipeline",
    "SketchConfig": ".pipeline",
    "Strokes": ".strokes",
    "from_svg": ".svg",
    "load_image": ".files",
    "rasterize": ".rasterizer",
    "sketch": ".pipeline",
    "to_svg": ".svg",
}
__all__ = ["Sketch", "SketchConfig", "Strokes", "from_svg", "load_image", "rasterize", "sketch", "to_svg"]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that `import clipasso_core` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
