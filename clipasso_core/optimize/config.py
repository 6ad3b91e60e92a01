"""What the optimiser does, and the presets by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from ..errors import ConfigError, check_range
from .precision import PRECISIONS, Precision

Preset = Literal["draft", "standard", "best"]
PRESETS: tuple[Preset, ...] = get_args(Preset)


@dataclass(frozen=True)
class OptimizeConfig:
    """How strokes are optimised.

    Args:
        num_iterations: most steps of Adam, 1 to 100000.
        learning_rate: px a step at 224 px, scaled with the canvas.
        final_learning_rate: fraction of it that is left at the end (cosine decay); 1 keeps it constant.
        num_views: random views an iteration besides the identity.
        bank_size: random views to draw from.
        halving: drop the worse half of a photo's sketches on the way, until one is left.
        patience: stop when the evaluation loss has not fallen by ``tolerance`` for so many iterations; 0 never.
        tolerance: the smallest relative fall that counts.
        images_per_pass: most images that the encoder sees at once; bounds memory. 0 chooses: 3 on a CPU, which is
            as fast there as more, 64 elsewhere.
        seed: of the views.
        precision: in which the encoder computes: float32, or bfloat16 (faster on a GPU that has it; a CPU is slower).
    """

    num_iterations: int = 2000
    learning_rate: float = 1.0
    final_learning_rate: float = 1.0
    num_views: int = 4
    bank_size: int = 64
    halving: bool = False
    patience: int = 0
    tolerance: float = 1e-3
    images_per_pass: int = 0
    seed: int = 0
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        ranges = {
            "num_iterations": (1, 100_000),
            "learning_rate": (1e-4, 100),
            "final_learning_rate": (0, 1),
            "num_views": (0, 64),
            "bank_size": (0, 4096),
            "patience": (0, 100_000),
            "tolerance": (0, 1),
            "images_per_pass": (0, 4096),
            "seed": (0, 2**64 - 1),
        }
        for name, (low, high) in ranges.items():
            check_range(name, getattr(self, name), low, high)
        if self.precision not in PRECISIONS:
            raise ConfigError(f"precision must be one of {', '.join(PRECISIONS)}, got {self.precision!r}.")
        if self.num_views > self.bank_size:
            raise ConfigError(f"num_views ({self.num_views}) cannot exceed bank_size ({self.bank_size}).")


def preset_config(preset: Preset) -> OptimizeConfig:
    """Return what a preset does. docs/benchmarks.md says how the numbers were found.

    Raises:
        ConfigError: unknown preset; the message lists those there are.
    """
    presets = {
        "draft": OptimizeConfig(100, 6.0, 0.02, num_views=1, bank_size=16, halving=True),
        "standard": OptimizeConfig(400, 6.0, 0.02, num_views=1, bank_size=32, halving=True),
        "best": OptimizeConfig(800, 6.0, 0.02, num_views=1, bank_size=64),
    }
    if preset not in presets:
        raise ConfigError(f"preset must be one of {', '.join(PRESETS)}, got {preset!r}.")
    return presets[preset]
