"""CLIPassoEncoderFromCLIPVision: let a CLIP that ComfyUI has loaded look at drawing and photo."""

from __future__ import annotations

from typing import Any

from ..clipasso_core.encoders.clip import ClipEncoder
from . import host
from .api import io
from .page_hints import page_hints
from .sketch_encoder import THE_NETWORKS_OWN, SketchEncoder
from .types import CATEGORY, SketchEncoderType


class EncoderFromCLIPVision(io.ComfyNode):
    """Make an encoder of a CLIP_VISION."""

    @classmethod
    @page_hints(["clip vision", "vit", "model"], ["layer_weights", "semantic_weight"])
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoEncoderFromCLIPVision",
            display_name="CLIPasso Encoder from CLIP Vision",
            category=CATEGORY,
            description="Lets the CLIP of ComfyUI's Load CLIP Vision compare drawing and photo. Its weights are "
            "copied: other nodes can go on using it.",
            inputs=[
                io.ClipVision.Input(
                    "clip_vision",
                    tooltip="A CLIP ViT (ViT-L, ViT-H, ViT-bigG). For SigLIP and files with words use CLIPasso Load "
                    "Encoder, because ComfyUI's loader leaves out what an encoder needs of them.",
                ),
                io.String.Input(
                    "layer_weights",
                    default="",
                    tooltip="How much each feature map counts in the geometric loss, as in 'block7: 1, block15: 0.5'. "
                    "After a weight may stand how maps are compared: l2 (as without a word), l1 or cosine, as in "
                    "'block7: 1 cosine'. Empty keeps the network's default.",
                ),
                io.Float.Input(
                    "semantic_weight",
                    default=THE_NETWORKS_OWN,
                    min=THE_NETWORKS_OWN,
                    max=10.0,
                    step=0.05,
                    tooltip="How much meaning (the final embedding) counts beside geometry. The paper's is 0.1; -1 "
                    "keeps the network's default.",
                ),
            ],
            outputs=[SketchEncoderType.Output("encoder", display_name="encoder", tooltip="For Saliency and Optimize.")],
        )

    @classmethod
    def execute(cls, clip_vision: Any, layer_weights: str, semantic_weight: float) -> io.NodeOutput:
        with host.gradients():
            encoder = ClipEncoder.from_tensors(host.clip_vision_tensors(clip_vision))
            return io.NodeOutput(SketchEncoder.of(encoder).read_as(layer_weights, semantic_weight))
