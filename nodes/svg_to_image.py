"""CLIPassoSVGToImage: SVGs as pixels."""

from __future__ import annotations

from typing import Any

import torch

from ..clipasso_core.svg.render_svg import render_svgs
from . import host
from .api import io
from .convert import image_to_host, mask_to_host
from .page_hints import page_hints
from .types import CATEGORY


class SVGToImage(io.ComfyNode):
    """Draw any SVG as IMAGE and MASK."""

    @classmethod
    @page_hints(["rasterize svg", "render svg", "resvg"])
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoSVGToImage",
            display_name="CLIPasso SVG to Image",
            category=CATEGORY,
            description="Draws SVGs as pixels at any size: an IMAGE on white and a MASK of their opacity. Strokes need "
            "nothing else; text, fills and gradients need the package resvg-py.",
            inputs=[
                io.SVG.Input("svg", tooltip="One or several SVGs of one aspect, from any node that gives SVG."),
                io.Int.Input(
                    "longest_side",
                    default=1024,
                    min=16,
                    max=8192,
                    step=1,
                    tooltip="px of the longer side; the other one keeps the page's aspect.",
                ),
            ],
            outputs=[
                io.Image.Output("image", display_name="image", tooltip="The drawing on white."),
                io.Mask.Output("opacity", display_name="mask", tooltip="White where the drawing is opaque."),
            ],
        )

    @classmethod
    def execute(cls, svg: Any, longest_side: int) -> io.NodeOutput:
        with host.gradients(), torch.no_grad():
            drawn = render_svgs(host.svg_documents(svg), longest_side)
            opacity = drawn[:, 3]
            return io.NodeOutput(image_to_host(drawn[:, :3] + (1 - opacity[:, None])), mask_to_host(opacity))
