"""An encoder as ComfyUI keeps it: counted, moved and evicted by its model management."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import comfy.model_management
from comfy.model_patcher import ModelPatcher

from ..clipasso_core.encoders import EMBEDDED, FeatureRecipe, ImageEncoder, choose_recipe, get_encoder

THE_NETWORKS_OWN = -1.0
"""The widget's value that keeps the weight of meaning in the encoder's own recipe."""


@dataclass(frozen=True, eq=False)
class SketchEncoder:
    """What travels on a SKETCH_ENCODER socket.

    A network has one patcher in its life, and nothing but that moves it: ``embedded`` is one SketchEncoder for all
    nodes, and ``get_encoder`` gives networks that nobody else has.

    Args:
        encoder: the core's encoder; its weights rest on the offload device.
        patcher: the handle by which ComfyUI loads and evicts them.
        recipe: which of its layers count how much.
    """

    encoder: ImageEncoder
    patcher: ModelPatcher
    recipe: FeatureRecipe

    @classmethod
    def of(cls, encoder: ImageEncoder) -> SketchEncoder:
        """Hand the weights of a new encoder to ComfyUI, with the encoder's own recipe."""
        load_device = comfy.model_management.get_torch_device()
        offload_device = comfy.model_management.unet_offload_device()
        return cls(encoder, ModelPatcher(encoder.network, load_device, offload_device), encoder.recipe)

    def read_as(self, layer_weights: str, semantic_weight: float) -> SketchEncoder:
        """Return the same network in the same care, read as two widgets say: "" and -1 keep the network's own."""
        meaning = None if semantic_weight < 0 else semantic_weight
        return replace(self, recipe=choose_recipe(self.encoder, layer_weights, meaning))

    def ready(self, memory: int = 0) -> ImageEncoder:
        """Return the encoder with its weights on the compute device, making room there.

        All of them go there: only networks of ComfyUI's own layers run with a part of their weights elsewhere. Call
        outside inference mode.

        Args:
            memory: bytes that the coming work needs besides the weights.
        """
        comfy.model_management.load_models_gpu([self.patcher], memory_required=memory, force_full_load=True)
        return self.encoder


@lru_cache(maxsize=1)
def embedded() -> SketchEncoder:
    """Return the embedded encoder, made once: for open encoder sockets, and for Load Encoder."""
    return SketchEncoder.of(get_encoder(EMBEDDED))
