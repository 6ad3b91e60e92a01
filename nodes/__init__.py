"""The extension and its nodes, one per user action."""

from __future__ import annotations

from comfy_api.latest import ComfyExtension, io

from .abstraction import Abstraction
from .animate import Animate
from .edit_strokes import EditStrokes
from .load_encoder import LoadEncoder
from .load_svg import LoadSVG
from .mask import Mask
from .optimize import Optimize
from .rasterize import Rasterize
from .saliency import Saliency
from .stroke_init import StrokeInit
from .svg_export import SVGExport

NODES: list[type[io.ComfyNode]] = [
    Mask,
    Saliency,
    StrokeInit,
    Optimize,
    SVGExport,
    LoadEncoder,
    Rasterize,
    LoadSVG,
    Animate,
    Abstraction,
    EditStrokes,
]


class CLIPassoExtension(ComfyExtension):
    """What ComfyUI loads."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """Return the nodes, in the order of the menu."""
        return NODES
