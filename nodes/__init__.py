"""The extension and its nodes, one per user action."""

from __future__ import annotations

from .abstraction import Abstraction
from .animate import Animate
from .api import ComfyExtension, io
from .compose_scene import ComposeScene
from .edit_strokes import EditStrokes
from .encoder_from_clip_vision import EncoderFromCLIPVision
from .export import Export
from .load_encoder import LoadEncoder
from .load_svg import LoadSVG
from .mask import Mask
from .merge_strokes import MergeStrokes
from .optimize import Optimize
from .preview_svg import PreviewSVG
from .rasterize import Rasterize
from .regions import Regions
from .saliency import Saliency
from .select_strokes import SelectStrokes
from .simplify_strokes import SimplifyStrokes
from .stroke_init import StrokeInit
from .strokes_from_svg import StrokesFromSVG
from .strokes_info import StrokesInfo
from .strokes_to_svg import StrokesToSVG
from .style_strokes import StyleStrokes
from .svg_export import SVGExport
from .svg_to_image import SVGToImage
from .transform_strokes import TransformStrokes

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
    SimplifyStrokes,
    SelectStrokes,
    StyleStrokes,
    TransformStrokes,
    MergeStrokes,
    StrokesInfo,
    StrokesToSVG,
    StrokesFromSVG,
    PreviewSVG,
    SVGToImage,
    Export,
    EditStrokes,
    EncoderFromCLIPVision,
    Regions,
    ComposeScene,
]


class CLIPassoExtension(ComfyExtension):
    """What ComfyUI loads."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """Return the nodes, in the order of the menu."""
        return NODES
