"""The whole way from a photo to strokes, as one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import torch
from torch import Tensor

from .encoders import AttentionConfig, ImageEncoder, get_encoder
from .errors import ConfigError
from .framing import Frame
from .mask import MaskConfig, mask_object
from .optimize import OptimizeConfig, SketchResult, SketchRun, SketchStep, preset_config
from .saliency import compute_saliency
from .stroke_init import StrokeInitConfig, init_strokes


@dataclass(frozen=True)
class SketchConfig:
    """Everything that decides a sketch, besides photo and encoder.

    Args:
        mask: how the object is cut out.
        attention: how and for which words the encoder looks for what is salient.
        init: first strokes: how many, how wide, from which seed.
        optimize: how they are moved.
    """

    mask: MaskConfig = field(default_factory=MaskConfig)
    attention: AttentionConfig = field(default_factory=AttentionConfig)
    init: StrokeInitConfig = field(default_factory=StrokeInitConfig)
    optimize: OptimizeConfig = field(default_factory=lambda: preset_config("standard"))


@dataclass(frozen=True, eq=False)
class Sketch:
    """Sketches of P photos, and what is needed to lay them over the photos.

    Args:
        result: the strokes and how they came to be.
        frames: one a photo; ``frames[i].to_photo(strokes)`` goes back to its pixels.
    """

    result: SketchResult
    frames: tuple[Frame, ...]


def sketch(
    images: Tensor,
    config: SketchConfig | None = None,
    *,
    mask: Tensor | None = None,
    encoder: ImageEncoder | None = None,
    saliency_encoder: ImageEncoder | None = None,
    device: torch.device | str = "cpu",
    on_step: Callable[[SketchStep], None] | None = None,
) -> Sketch:
    """Turn photos into sketches.

    Args:
        images: [P, 3, H, W] in 0-1.
        config: how; None for the defaults.
        mask: [P or 1, H, W], white where the object is; None to find it.
        encoder: through which drawing and photo are compared; None for the embedded one.
        saliency_encoder: whose attention says where strokes start; None for the same one.
        device: where to compute.
        on_step: called after every iteration. A KeyboardInterrupt, in it or anywhere in the loop, ends the
            run early with the best sketches so far.

    Raises:
        ShapeError, MaskError, ConfigError: as the steps do, before the long work starts.
    """
    config = config or SketchConfig()
    encoder = (encoder or get_encoder()).to(device)
    cut = mask_object(images.to(device), mask if mask is None else mask.to(device), config.mask)
    looking = (saliency_encoder or encoder).to(device)
    maps = compute_saliency(cut.image, looking, cut.mask, config.init.canvas_size, config.attention)
    strokes = init_strokes(maps.saliency, config.init).with_provenance(**_describe_start(config, mask, looking))
    run = SketchRun(cut.image, strokes, encoder, config.optimize)
    stopped = None
    try:
        for step in run:
            if on_step:
                on_step(step)
    except KeyboardInterrupt:
        if run.iteration == 0:
            raise
        stopped = "interrupted"
    return Sketch(run.result(stopped), cut.frames)


def _describe_start(config: SketchConfig, mask: Tensor | None, looking: ImageEncoder) -> dict[str, object]:
    """Return the facts that decide first strokes besides the photo and ``StrokeInitConfig``, as JSON values."""
    return {
        "mask": {**asdict(config.mask), **({} if mask is None else {"source": "given"})},
        "saliency": {**asdict(config.attention), "encoder": looking.name, "encoder_sha256": looking.fingerprint},
    }


def choose_device(name: str = "auto") -> torch.device:
    """Return the device of this name; "auto" takes CUDA, then Apple's MPS, then the CPU.

    Raises:
        ConfigError: unknown, or not available here.
    """
    if name == "auto":
        mps = torch.backends.mps.is_available()
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if mps else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"Device {name!r} cannot be used here ({error}). Use auto, cpu, cuda or mps.") from error
    return device
