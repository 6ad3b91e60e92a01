"""CLIP as an ImageEncoder: OpenAI's, LAION's and SigLIP's image towers from a file of any of their formats."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

import torch
from torch import Tensor, nn

from ..errors import ConfigError
from ..weights.known import KnownNetwork
from .attention import attention_grid, to_image_size
from .base import FeatureRecipe, Features, check_layers
from .checkpoint import Architecture, Checkpoint, checkpoint_of, load_checkpoint
from .checkpoint_convert import Tensors
from .clip_resnet import build_resnet
from .clip_text import embed_texts
from .clip_tower import Tower
from .clip_vit import build_siglip, build_vit
from .frozen_network import PixelNormalization, ensure_normal_tensors, first_weight, move_network


class ClipEncoder:
    """Look at images with CLIP.

    Implements ImageEncoder. ResNets have the maps "stem" and "stage1" to "stage4" (strides 4, 4, 8, 16, 32), ViTs
    "block0" and on (the patches as a grid, class token dropped). Images are resized to ``input_size``.

    Args:
        checkpoint: what ``load_checkpoint`` read, or ``checkpoint_of`` was given.
        resolution: side in px at which the network looks; a multiple of its patch (ViT) or of 32 (ResNet). None: what
            it was trained on. At another one the position embeddings are interpolated.
        quick_gelu: the activation, where the file cannot tell and the guess is wrong. None: as recognised.
        name: how users call it; None: the known network's name, the file's, or the architecture's.

    Attributes:
        network: the module that holds the weights, for those who manage memory.

    Raises:
        WeightsError: tensors are missing or of other shapes.
        ConfigError: the resolution does not fit.
        DependencyError: open_clip is not installed.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        resolution: int | None = None,
        quick_gelu: bool | None = None,
        name: str | None = None,
    ) -> None:
        architecture, training = checkpoint.architecture, checkpoint.training
        self._path = checkpoint.path
        self._quick_gelu = training.quick_gelu if quick_gelu is None else quick_gelu
        self.architecture = architecture
        self.input_size = resolution or architecture.image_size
        with torch.inference_mode(False), torch.no_grad():
            self.tower = build_tower(architecture, checkpoint.visual, self.input_size, self._quick_gelu)
            self._pixels = PixelNormalization(self.input_size, training.mean, training.std)
            self.network = nn.ModuleDict({"pixels": self._pixels, "visual": self.tower.network}).eval()
        self.name = name or _name(checkpoint)
        self.description = _description(checkpoint, self._quick_gelu, quick_gelu is None)
        self.layer_names = self.tower.layer_names
        self.recipe = default_recipe(architecture)
        self.fingerprint = checkpoint.sha256

    @property
    def device(self) -> torch.device:
        """Where the weights are now."""
        return first_weight(self.tower.network).device

    @classmethod
    def from_file(
        cls,
        path: Path,
        known: KnownNetwork | None = None,
        resolution: int | None = None,
        quick_gelu: bool | None = None,
        name: str | None = None,
    ) -> ClipEncoder:
        """Load a model file; see ``load_checkpoint`` for the formats and the errors."""
        return cls(load_checkpoint(path, known), resolution, quick_gelu, name)

    @classmethod
    def from_tensors(cls, tensors: Tensors) -> ClipEncoder:
        """Take over a network that another program has loaded; see ``checkpoint_of``. It knows no words."""
        return cls(checkpoint_of(tensors))

    def encode(self, images: Tensor, layers: tuple[str, ...] | None = None, embedding: bool = True) -> Features:
        """Look at images.

        Args:
            images: [B, 3, H, W] in 0-1; resized (bicubic, antialiased, squashed to a square) where H and W are not
                ``input_size``. Gradients flow back to them.
            layers: names of the maps to return; None for the recipe's. Blocks that nothing needs are not run.
            embedding: whether to return the embedding (it needs every block).

        Returns:
            The maps [B, C, h, w] and the embedding [B, D], float32, on the network's device.

        Raises:
            ConfigError: a layer does not exist.
            ShapeError: images are not a batch of RGB floats.
        """
        wanted = check_layers(self, layers)
        ensure_normal_tensors(self.network)
        maps, vector = self.tower.run(self._prepared(images), wanted, embedding)
        return Features({name: maps[name].float() for name in wanted}, None if vector is None else vector.float())

    def attention_map(self, images: Tensor, method: str = "auto", text: Tensor | None = None) -> Tensor:
        """Return where the network looks.

        Args:
            images: [B, 3, H, W] in 0-1.
            method: "auto", "mean" (paper: class token to patches), "rollout" or "grad-cam"; ResNets have grad-cam only.
            text: [D] or [B, D] of ``encode_text``, to look for words (grad-cam).

        Returns:
            [B, H, W] in 0-1 on the network's device, each image's own minimum 0 and maximum 1; zeros where flat.

        Raises:
            ConfigError: the network does not offer the method.
        """
        ensure_normal_tensors(self.network)
        with torch.no_grad():
            pixels = self._prepared(images.detach())
        grid = attention_grid(self.tower, pixels, method, text)
        return to_image_size(grid, (images.shape[-2], images.shape[-1]))

    def encode_text(self, text: str) -> Tensor:
        """Return the embedding [D], of length 1, of a text; see ``encode_texts``."""
        return self.encode_texts([text])[0]

    def encode_texts(self, texts: Sequence[str]) -> Tensor:
        """Return the embeddings [T, D], each of length 1, of some texts; the file is read once for all of them.

        Raises:
            ConfigError: there is no text, one is empty, or the file has no text tower that can be used.
            WeightsError: the file cannot be read, or its text tower is incomplete.
        """
        return embed_texts(texts, self._path, self.architecture.family, self._quick_gelu).to(self.device)

    def to(self, device: torch.device | str, dtype: torch.dtype | None = None) -> ClipEncoder:
        """Move the weights, optionally to another floating type (float16 halves memory on a GPU); returns itself."""
        move_network(self.network, device, dtype)
        return self

    def _prepared(self, images: Tensor) -> Tensor:
        pixels: Tensor = self._pixels(images, first_weight(self.tower.network))
        return pixels


def build_tower(architecture: Architecture, visual: Tensors, size: int, quick_gelu: bool) -> Tower:
    """Build the image tower of that architecture, frozen and in evaluation mode.

    Args:
        architecture: what the weights belong to.
        visual: float tensors under open_clip's names; they become the network's, without a copy.
        size: side in px of the images it will see.
        quick_gelu: the activation of the training (ViT only).

    Raises:
        ConfigError: size is not a multiple of the patch.
        WeightsError: tensors are missing, too many or of other shapes.
        DependencyError: open_clip is missing.
    """
    step = architecture.patch_size
    if size < step or size % step:
        raise ConfigError(f"resolution must be a multiple of {step} px for {architecture.name}, got {size}.")
    tower: Tower
    if architecture.family == "resnet":
        tower = build_resnet(architecture, visual, size)
    elif architecture.family == "vit":
        tower = build_vit(architecture, visual, size, quick_gelu)
    else:
        tower = build_siglip(architecture, visual, size)
    tower.network.eval().requires_grad_(False)
    return tower


def default_recipe(architecture: Architecture) -> FeatureRecipe:
    """Return how the losses read a network by default.

    ResNets: the paper's, stages 2 and 3 with weight 1, raw maps. ViTs: the blocks at one and two thirds of the depth,
    channel-normalised, because a few channels of a ViT's residual stream are orders of magnitude larger than the rest
    (Sun et al., "Massive Activations in Large Language Models", 2024) and a raw mean square would see only them.
    Not measured: real weights were not at hand.
    """
    if architecture.family == "resnet":
        return FeatureRecipe(MappingProxyType({"stage2": 1.0, "stage3": 1.0}), False, 0.1)
    depth = architecture.layers[0]
    layers = {f"block{max(0, round(depth * part) - 1)}": 1.0 for part in (1 / 3, 2 / 3)}
    return FeatureRecipe(MappingProxyType(layers), True, 0.1)


def _name(checkpoint: Checkpoint) -> str:
    if checkpoint.known:
        return checkpoint.known.name
    return checkpoint.path.stem if checkpoint.path else checkpoint.architecture.name


def _description(checkpoint: Checkpoint, quick_gelu: bool, recognised: bool) -> str:
    """Write one line for users: which network, from what file."""
    architecture = checkpoint.architecture
    training = f", {checkpoint.known.tag}" if checkpoint.known else ""
    origin = checkpoint.path.name if checkpoint.path else "from memory"
    line = f"CLIP {architecture.name}{training} ({architecture.image_size} px, {origin})"
    if architecture.family == "siglip":
        return line.removeprefix("CLIP ")
    if architecture.family == "vit":
        source = checkpoint.training.source if recognised else "stated"
        line += f"; activation {'QuickGELU' if quick_gelu else 'GELU'} ({source})"
    return line
