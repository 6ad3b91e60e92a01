"""CLIPassoRasterize: draw strokes as pixels, at any size."""

from __future__ import annotations

import torch

from ..clipasso_core.framing import Frame, to_photos
from ..clipasso_core.rasterizer import render
from ..clipasso_core.strokes import Strokes
from . import host
from .api import io
from .convert import image_to_host, mask_to_host
from .page_hints import page_hints
from .types import CATEGORY, SketchFrameType, StrokesType


class Rasterize(io.ComfyNode):
    """Draw strokes as IMAGE and MASK."""

    @classmethod
    @page_hints(["strokes to image", "render", "draw strokes"])
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoRasterize",
            display_name="CLIPasso Rasterize",
            category=CATEGORY,
            description="Draws strokes as pixels at any size, for ControlNet, compositing and upscaling: an IMAGE "
            "(ink on white) and a MASK (white where ink is).",
            inputs=[
                StrokesType.Input("strokes", tooltip="The sketches to draw."),
                io.Int.Input(
                    "longest_side",
                    default=1024,
                    min=16,
                    max=8192,
                    step=1,
                    tooltip="px of the longer side; the other one keeps the sketch's aspect.",
                ),
                SketchFrameType.Input(
                    "frame",
                    optional=True,
                    tooltip="From CLIPasso Mask: draws the sketch where the object is in the photo, in its aspect.",
                ),
            ],
            outputs=[
                io.Image.Output("image", display_name="image", tooltip="Ink on white."),
                io.Mask.Output("ink_mask", display_name="mask", tooltip="White where ink is."),
            ],
        )

    @classmethod
    def execute(cls, strokes: Strokes, longest_side: int, frame: tuple[Frame, ...] | None = None) -> io.NodeOutput:
        with host.gradients(), torch.no_grad():
            placed = to_photos(strokes, frame)
            drawn = render(placed, placed.size_for(longest_side))
            opacity = drawn[:, 3]
            return io.NodeOutput(image_to_host(drawn[:, :3] + (1 - opacity[:, None])), mask_to_host(opacity))
