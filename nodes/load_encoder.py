"""CLIPassoLoadEncoder: choose the network that looks at drawing and photo."""

from __future__ import annotations

from ..clipasso_core.encoders import EMBEDDED, encoder_names, get_encoder
from ..clipasso_core.errors import WeightsError
from . import host
from .api import io
from .checks import before_run
from .page_hints import page_hints
from .sketch_encoder import THE_NETWORKS_OWN, SketchEncoder, embedded
from .types import CATEGORY, SketchEncoderType


class LoadEncoder(io.ComfyNode):
    """Load an encoder."""

    @classmethod
    @page_hints(["clip", "vit", "siglip", "model"], ["layer_weights", "semantic_weight"])
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoLoadEncoder",
            display_name="CLIPasso Load Encoder",
            category=CATEGORY,
            description="Loads the network that compares drawing and photo. 'embedded' is EfficientNet-Lite0, "
            "trained on ImageNet (not CLIP); it needs no download. CLIP files are found in models/clipasso and "
            "models/clip_vision.",
            inputs=[
                io.Combo.Input(
                    "encoder_name",
                    options=list(encoder_names(host.model_store())),
                    default=EMBEDDED,
                    tooltip="Which network: the embedded one, your model files, then CLIPs that can be fetched. "
                    "The paper's are clip-rn101-openai (here) and clip-vit-b-32-openai (for Saliency).",
                ),
                io.Boolean.Input(
                    "download_if_missing",
                    default=False,
                    tooltip="Fetch a known CLIP into models/clipasso when it is not there. Off: the error names the "
                    "file, its size, its licence and where to put it.",
                ),
                io.String.Input(
                    "layer_weights",
                    default="",
                    tooltip="How much each feature map counts in the geometric loss, as in 'stage2: 1, stage3: 0.5'. "
                    "After a weight may stand how maps are compared: l2 (as without a word), l1 or cosine, as in "
                    "'stage2: 1 cosine'. Empty keeps the network's default.",
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
    def validate_inputs(cls, encoder_name: str | None) -> bool | str:
        """Say before the run that there is no such encoder."""
        return before_run((_check_listed, encoder_name))

    @classmethod
    def execute(
        cls, encoder_name: str, download_if_missing: bool, layer_weights: str, semantic_weight: float
    ) -> io.NodeOutput:
        _check_listed(encoder_name)
        with host.gradients():
            loaded = embedded() if encoder_name == EMBEDDED else _load(encoder_name, download_if_missing)
            return io.NodeOutput(loaded.read_as(layer_weights, semantic_weight))


def _check_listed(name: str) -> None:
    """Raise WeightsError for other names than listed ones: a shared workflow must not name any file of this machine."""
    if name not in encoder_names(host.model_store()):
        raise WeightsError(
            f"There is no encoder {name!r}. Put its file into models/clipasso or models/clip_vision, and refresh."
        )


def _load(name: str, download: bool) -> SketchEncoder:
    encoder = get_encoder(name, store=host.model_store(), download=download, progress=host.download_progress())
    return SketchEncoder.of(encoder)
