"""CLIPassoLoadEncoder: choose the network that looks at drawing and photo."""

from __future__ import annotations

from comfy_api.latest import io

from ..clipasso_core.encoders import EMBEDDED, encoder_names, get_encoder
from . import host
from .sketch_encoder import SketchEncoder
from .types import CATEGORY, SketchEncoderType


class LoadEncoder(io.ComfyNode):
    """Load an encoder."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoLoadEncoder",
            display_name="CLIPasso Load Encoder",
            category=CATEGORY,
            description="Loads the network that compares drawing and photo. 'embedded' is EfficientNet-Lite0, "
            "trained on ImageNet (not CLIP); it needs no download.",
            inputs=[
                io.Combo.Input(
                    "encoder_name",
                    options=list(encoder_names()),
                    default=EMBEDDED,
                    tooltip="Which network. 'embedded' comes with the pack and runs anywhere.",
                ),
            ],
            outputs=[SketchEncoderType.Output("encoder", display_name="encoder", tooltip="For Saliency and Optimize.")],
        )

    @classmethod
    def execute(cls, encoder_name: str) -> io.NodeOutput:
        with host.gradients():
            return io.NodeOutput(SketchEncoder.of(get_encoder(encoder_name)))
