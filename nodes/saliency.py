"""CLIPassoSaliency: where strokes should start."""

from __future__ import annotations

from torch import Tensor

from ..clipasso_core.encoders import ATTENTION_METHODS, AttentionConfig, AttentionMethod
from ..clipasso_core.pixels import enlarge_map
from ..clipasso_core.saliency import EDGE_METHODS, EdgeMethod, compute_saliency
from . import host
from .api import io
from .convert import facts_of, mask_to_host, photos_and_masks, with_origin
from .page_hints import ESSENTIAL, page_hints
from .sketch_encoder import SketchEncoder, embedded
from .types import CATEGORY, SketchEncoderType


class Saliency(io.ComfyNode):
    """Multiply attention, edges and mask."""

    @classmethod
    @page_hints(["attention map", "edges", "xdog", "heatmap"], ["method"], essentials_category=ESSENTIAL)
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
                io.Combo.Input(
                    "method",
                    options=list(ATTENTION_METHODS),
                    default="auto",
                    optional=True,
                    tooltip="How attention is read: 'mean' as in the paper and 'rollout' (CLIP ViT), 'grad-cam' "
                    "(every network). 'auto' takes what suits the encoder.",
                ),
                io.String.Input(
                    "look_for",
                    default="",
                    optional=True,
                    tooltip="Words for what should be salient, as in 'the horse'. Needs a CLIP with a text tower; else "
                    "leave it empty.",
                ),
                io.Combo.Input(
                    "edge_method",
                    options=list(EDGE_METHODS),
                    default=EDGE_METHODS[0],
                    optional=True,
                    tooltip="How the photo's lines are found: 'drawing' as an artist would draw it, without texture "
                    "and tone; 'textbook' the dark side of every step (XDoG); 'published' as the paper's own code, "
                    "which finds pale objects too and counts dark areas as lines.",
                ),
            ],
            outputs=[
                io.Mask.Output(
                    "saliency",
                    display_name="saliency",
                    tooltip="Bright where strokes should start: attention x edges x mask.",
                ),
                io.Mask.Output("attention", display_name="attention", tooltip="Where the encoder looks."),
                io.Mask.Output("edges", display_name="edges", tooltip="The lines that strokes may start on."),
            ],
        )

    @classmethod
    def execute(
        cls,
        image: Tensor,
        mask: Tensor | None = None,
        encoder: SketchEncoder | None = None,
        method: AttentionMethod = "auto",
        look_for: str = "",
        edge_method: EdgeMethod = EDGE_METHODS[0],
    ) -> io.NodeOutput:
        with host.gradients():
            looking = (encoder or embedded()).ready()
            photos, masks = photos_and_masks(image, mask, host.device())
            maps = compute_saliency(photos, looking, masks, AttentionConfig(method, look_for), edge_method)
        size = (image.shape[1], image.shape[2])
        saliency, attention, lines = (mask_to_host(enlarge_map(m, size)) for m in maps.maps)
        return io.NodeOutput(with_origin(saliency, {**facts_of(mask, "mask"), **maps.facts}), attention, lines)
