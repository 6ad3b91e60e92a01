"""Photo to vector sketch, in pure PyTorch. It imports nothing of ComfyUI (a few error messages name our nodes).

With a photo of yours (the tests do not run this, it takes a minute):

>>> from clipasso_core import load_image, sketch, to_svg
>>> strokes = sketch(load_image("photo.jpg")).result.strokes  # doctest: +SKIP
>>> svg = to_svg(strokes)  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .errors import ClipassoError as ClipassoError
    from .files import load_image as load_image
    from .pipeline import Sketch as Sketch
    from .pipeline import SketchConfig as SketchConfig
    from .pipeline import SketchError as SketchError
    from .pipeline import sketch as sketch
    from .rasterizer import rasterize as rasterize
    from .strokes import Strokes as Strokes
    from .svg import from_svg as from_svg
    from .svg import to_svg as to_svg

    __version__: str

_HOMES = {
    "ClipassoError": ".errors",
    "Sketch": ".pipeline",
    "SketchConfig": ".pipeline",
    "SketchError": ".pipeline",
    "Strokes": ".strokes",
    "from_svg": ".svg",
    "load_image": ".files",
    "rasterize": ".rasterizer",
    "sketch": ".pipeline",
    "to_svg": ".svg",
}
__all__ = [
    "ClipassoError",
    "Sketch",
    "SketchConfig",
    "SketchError",
    "Strokes",
    "from_svg",
    "load_image",
    "rasterize",
    "sketch",
    "to_svg",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that `import clipasso_core` costs nothing."""
    if name == "__version__":
        return _version()
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)


def _version() -> str:
    """Return the version in our pyproject.toml, where alone it stands, or else that of the installed package.

    The file comes first: ComfyUI imports the package from the pack's folder, where another version may be installed.
    """
    import re
    from importlib import metadata
    from pathlib import Path

    beside = Path(__file__).parents[1] / "pyproject.toml"
    text = beside.read_text(encoding="utf-8") if beside.is_file() else ""
    ours = re.search(r'^name = "clipasso"\nversion = "(.+)"$', text, re.MULTILINE)
    try:
        return ours[1] if ours else metadata.version("clipasso")
    except metadata.PackageNotFoundError:  # the package's folder alone, copied into another project
        return "unknown"
