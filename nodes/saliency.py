"""CLIPassoSaliency: where strokes should start."""

from __future__ import annotations

from comfy_api.latest import io
from torch import Tensor

from ..clipasso_core.saliency import compute_saliency
from . import host
from .convert import image_to_core, mask_to_core, mask_to_host
from .sketch_encoder import SketchEncoder, embedded
from .types import CATEGORY, SketchEncoderType


class Saliency(io.ComfyNode):
    """Multiply attention, edges and mask."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoSaliency",
            display_name="CLIPasso Saliency",
            category=CATEGORY,
            description="Finds where strokes should start: where the encoder looks, times the photo's lines, inside "
            "the mask. The result is a plain MASK: look at it, paint on it, or replace it.",
            inputs=[
                io.Image.Input("image", tooltip="The object on white, from CLIPasso Mask."),
                io.Mask.Input("mask", optional=True, tooltip="White where strokes may start, of the image's size."),
                SketchEncoderType.Input(
                    "encoder", optional=True, tooltip="Whose attention is used; the embedded encoder's if left open."
                ),
            ],
            outputs=[
                io.Mask.Output(
                    "saliency",
                    display_name="saliency",
                    tooltip="Bright where strokes should start: attention x edges x mask.",
                ),
                io.Mask.Output("attention", display_name="attention", tooltip="Where the encoder looks."),
                io.Mask.Output("edges", display_name="edges", tooltip="The photo's lines (XDoG)."),
            ],
        )

    @classmethod
    def execute(cls, image: Tensor, mask: Tensor | None = None, encoder: SketchEncoder | None = None) -> io.NodeOutput:
        with host.gradients():
            looking = (encoder or embedded()).ready()
            maps = compute_saliency(image_to_core(image).to(host.device()), looking, mask_to_core(mask))
        return io.NodeOutput(*(mask_to_host(m) for m in (maps.saliency, maps.attention, maps.edges)))
