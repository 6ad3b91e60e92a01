"""The whole way from a photo to strokes, as one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .detail import cut_detail, favour_detail
from .encoders import AttentionConfig, FeatureRecipe, ImageEncoder, get_encoder
from .errors import ClipassoError, ConfigError, MaskError, ShapeError, check_choice
from .framing import Frame
from .given import continue_strokes, place_given
from .mask import MaskConfig, MaskedObject, mask_object
from .optimize import OptimizeConfig, SketchResult, SketchRun, SketchStep
from .saliency import EDGE_METHODS, EdgeMethod, compute_saliency
from .stroke_init import StrokeInitConfig, init_strokes
from .strokes import Strokes


@dataclass(frozen=True)
class SketchConfig:
    """Everything that decides a sketch, besides photo and encoder.

    Args:
        mask: how the object is cut out.
        attention: how and for which words the encoder looks for what is salient.
        init: first strokes: how many, how wide, from which seed.
        optimize: how they are moved.
        edges: how the photo's lines are found, on which strokes start; see ``compute_saliency``.
    """

    mask: MaskConfig = field(default_factory=MaskConfig)
    attention: AttentionConfig = field(default_factory=AttentionConfig)
    init: StrokeInitConfig = field(default_factory=StrokeInitConfig)
    optimize: OptimizeConfig = field(default_factory=OptimizeConfig)
    edges: EdgeMethod = "drawing"

    def __post_init__(self) -> None:
        check_choice("edges", self.edges, EDGE_METHODS)


@dataclass(frozen=True, eq=False)
class Sketch:
    """Sketches of P photos, and what is needed to lay them over the photos.

    Args:
        result: the strokes and how they came to be.
        frames: one per photo; ``frames[i].to_photo(strokes)`` goes back to its pixels.
    """

    result: SketchResult
    frames: tuple[Frame, ...]


class SketchError(ClipassoError):
    """An error that ended the optimisation; the error itself is its ``__cause__``.

    Attributes:
        sketch: the best until then.
    """

    def __init__(self, message: str, sketch: Sketch) -> None:
        super().__init__(message)
        self.sketch = sketch


def sketch(
    images: Tensor | Sequence[Tensor],
    config: SketchConfig | None = None,
    *,
    mask: Tensor | None = None,
    given: Strokes | None = None,
    detail: Tensor | None = None,
    encoder: ImageEncoder | None = None,
    saliency_encoder: ImageEncoder | None = None,
    recipe: FeatureRecipe | None = None,
    device: torch.device | str | None = None,
    on_step: Callable[[SketchStep], None] | None = None,
) -> Sketch:
    """Turn photos into sketches.

    On a CPU a photo becomes the same sketch alone and in a batch.

    Args:
        images: [P, 3, H, W] in 0-1, or a list of P of [1, 3, h, w], each of its own size.
        config: how; None for the defaults.
        mask: [P or 1, H, W], white where the object is, as large as the photos; None to find it.
        given: 1 or P sketches, over the photos or on a canvas, that stay and are gone on from; ``num_strokes`` counts
            their strokes, too. None for an empty page.
        detail: [P or 1, H, W] in 0-1 over the photos: lighter than 0.5 where the sketch shows more, darker where less;
            None for all alike.
        encoder: through which drawing and photo are compared; None for the embedded one. It stays where it is.
        saliency_encoder: whose attention says where strokes start; None for the same one.
        recipe: which of the encoder's layers count how much; None for the encoder's own.
        device: where to compute; None for where the encoder is.
        on_step: called after every iteration. A KeyboardInterrupt, in it or anywhere in the loop, ends the
            run early with the best sketches so far.

    Raises:
        ShapeError, MaskError, ConfigError: as the steps do, before the long work starts.
        SketchError: an error ended the optimisation after its first iteration; it holds the best so far.

    >>> from clipasso_core import sketch
    >>> from clipasso_core.optimize import OptimizeConfig
    >>> photo = torch.ones(1, 3, 64, 64)
    >>> photo[:, :, 16:48, 16:48] = 0.2
    >>> quick = SketchConfig(MaskConfig("none"), optimize=OptimizeConfig(num_iterations=1))
    >>> sketch(photo, quick).result.strokes.control_points.shape
    torch.Size([1, 16, 7, 2])
    """
    config = config or SketchConfig()
    encoder, looking = both_encoders(encoder, saliency_encoder, device)
    cut = _cut_out(images, mask, config.mask, encoder.device)
    details = None if detail is None else cut_detail(detail.to(encoder.device), cut.frames)
    placed = None if given is None else place_given(given, cut.frames, (config.init.canvas_size,) * 2)
    maps = compute_saliency(cut.images, looking, cut.masks, config.attention, config.edges)
    saliency = maps.saliency if details is None else favour_detail(maps.saliency, details)
    strokes = (
        continue_strokes(saliency, placed, config.init) if placed else init_strokes(saliency, config.init, cut.images)
    )
    strokes = strokes.with_provenance(**cut.facts, **maps.facts)
    run = SketchRun(cut.images, strokes, encoder, config.optimize, recipe, cut.masks, details)
    return run_to_end(run, lambda result: Sketch(result, cut.frames), on_step)


def run_to_end(
    run: SketchRun, made: Callable[[SketchResult], Sketch], on_step: Callable[[SketchStep], None] | None
) -> Sketch:
    """Do all iterations of a run; an interrupt or an error after the first one leaves the best so far.

    Args:
        run: that has not begun.
        made: what makes the sketch of its result.
        on_step: called after every iteration.

    Raises:
        SketchError: an error ended the run after its first iteration.
    """
    stopped = None
    try:
        for step in run:
            if on_step:
                on_step(step)
    except KeyboardInterrupt:
        if run.iteration == 0:
            raise
        stopped = "interrupted"
    except Exception as error:
        if run.iteration == 0:
            raise
        best = made(run.result("failed"))
        raise SketchError(f"The sketch failed after {run.iteration} iterations: {error}.", best) from error
    return made(run.result(stopped))


def _cut_out(
    images: Tensor | Sequence[Tensor], mask: Tensor | None, config: MaskConfig, device: torch.device
) -> MaskedObject:
    """Cut the objects out of photos of one size, or of many."""
    mask = mask if mask is None else mask.to(device)
    if isinstance(images, Tensor):
        return mask_object(images.to(device), mask, config)
    if not images:
        raise ShapeError("images is an empty list; give at least one photo.")
    if mask is not None and len(mask) not in (1, len(images)):
        raise ShapeError(f"mask has a batch of {len(mask)} for {len(images)} photos; give 1 or one each.")
    parts = []
    for index, image in enumerate(images):
        own = mask if mask is None or len(mask) == 1 else mask[index : index + 1]
        try:
            if len(image) != 1:
                raise ShapeError(f"a photo must be [1, 3, H, W], got {list(image.shape)}; split a batch into photos.")
            parts.append(mask_object(image.to(device), own, config))
        except (MaskError, ShapeError) as error:
            if len(images) == 1:
                raise
            raise type(error)(f"Photo {index} of the list, here image 0: {error}") from error
    return MaskedObject.joined(parts)


def both_encoders(
    encoder: ImageEncoder | None, saliency_encoder: ImageEncoder | None, device: torch.device | str | None
) -> tuple[ImageEncoder, ImageEncoder]:
    """Return what compares, and what says where strokes start; arguments as ``sketch`` takes them.

    Raises:
        ConfigError: one of them is elsewhere than the other, or than wanted.
    """
    encoder = encoder or get_encoder(device=device or "cpu")
    looking = saliency_encoder or encoder
    wanted = encoder.device if device is None else torch.device(device)
    for one in (encoder, looking):
        if (one.device.type, one.device.index or 0) != (wanted.type, wanted.index or 0):
            raise ConfigError(
                f"The encoder {one.name} is on {one.device}, but the sketch is to be made on {wanted}. "
                f"Move it first: encoder.to({str(wanted)!r})."
            )
    return encoder, looking


def choose_device(name: str = "auto") -> torch.device:
    """Return the device of this name; "auto" takes CUDA, then Apple's MPS, then the CPU.

    Raises:
        ConfigError: unknown, or not available here.

    >>> choose_device("cpu")
    device(type='cpu')
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
