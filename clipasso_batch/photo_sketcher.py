"""One photo becomes one row: its sketch and the facts of it, or the reason why there is none."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from clipasso_core.encoders import EMBEDDED, get_encoder
from clipasso_core.errors import ClipassoError, ConfigError, WeightsError, check_choice, first_line
from clipasso_core.files import load_photo
from clipasso_core.levels import check_levels
from clipasso_core.optimize import SketchStep
from clipasso_core.pipeline import Sketch, SketchConfig, sketch
from clipasso_core.sketch_svg import PAGES, Page, on_page, sketch_svg
from clipasso_core.weights.record import file_sha256

from .sources import PhotoFile

TRIAL_SIDE = 64
"""px of the drawn photo on which the settings are tried before the first one of the user's."""


@dataclass(frozen=True)
class BatchConfig:
    """How each photo of a batch is sketched.

    Args:
        sketch: everything that decides a sketch, besides photo and encoders.
        encoder: name of what compares drawing and photo.
        saliency_encoder: name of what says where strokes start; None for the same one.
        page: what the SVGs show, the canvas or the whole photo.
        levels: written as groups of the SVG, as ``to_svg`` takes them.
        device: where to compute.
        time_limit: s, after which a photo's sketch is given up; None for none.

    Raises:
        ConfigError: an option is out of its range.

    >>> BatchConfig(time_limit=0)
    Traceback (most recent call last):
    clipasso_core.errors.ConfigError: time_limit must be more than 0 s, got 0.
    """

    sketch: SketchConfig = field(default_factory=SketchConfig)
    encoder: str = EMBEDDED
    saliency_encoder: str | None = None
    page: Page = "canvas"
    levels: tuple[int, ...] = ()
    device: str = "cpu"
    time_limit: float | None = None

    def __post_init__(self) -> None:
        check_choice("page", self.page, PAGES)
        if self.levels:
            check_levels(self.levels)
        if self.time_limit is not None and not self.time_limit > 0:
            raise ConfigError(f"time_limit must be more than 0 s, got {self.time_limit:g}.")

    def settings(self) -> dict[str, object]:
        """Return what decides the bytes of the SVGs, as JSON values; the time limit does not."""
        return {name: value for name, value in asdict(self).items() if name != "time_limit"}


@dataclass(frozen=True)
class Row:
    """What came of one photo.

    Args:
        key: of the photo.
        seconds: that it took.
        error: why there is no sketch; None where there is one.
        svg_text: the SVG; None where there is none, as all that follows.
        width, height: px of the photo.
        loss: of the sketch, the lower the better; None, too, where it was never finite.
        strokes: that the sketch has.
        seed: that won.
        photo_sha256: of the photo's file; None where that cannot be read.
        svg_sha256: of the SVG's bytes.
    """

    key: str
    seconds: float
    error: str | None = None
    svg_text: str | None = None
    width: int | None = None
    height: int | None = None
    loss: float | None = None
    strokes: int | None = None
    seed: int | None = None
    photo_sha256: str | None = None
    svg_sha256: str | None = None


class PhotoSketcher:
    """Sketch photos one by one with encoders that are loaded once.

    Args:
        config: how.

    Raises:
        ConfigError, WeightsError, DependencyError: the settings do not work: they are tried on a small drawn photo.
    """

    def __init__(self, config: BatchConfig) -> None:
        self.config = config
        self._encoder = get_encoder(config.encoder, config.device)
        other = config.saliency_encoder or config.encoder
        self._looking = self._encoder if other == config.encoder else get_encoder(other, config.device)
        self._try_settings()

    def sketch(self, photo: PhotoFile) -> Row:
        """Return the row of a photo.

        Raises:
            KeyboardInterrupt: when interrupted; a sketch that is not finished would be taken for a finished one.
        """
        started, facts = time.perf_counter(), _facts_of_file(photo)
        try:
            facts |= self._sketch(photo, started)
        except ClipassoError as error:
            facts["error"] = " ".join(str(error).split())
        except Exception as error:  # whatever one photo brings about must not cost the others: its row says what it was
            facts["error"] = f"{type(error).__name__}: {first_line(error)}."
        return Row(key=photo.key, seconds=round(time.perf_counter() - started, 3), **facts)

    def _sketch(self, photo: PhotoFile, started: float) -> dict[str, Any]:
        """Return the facts of a photo's sketch."""
        if not photo.path:
            raise ConfigError("The list names no file in this row.")

        def look_at_clock(_: SketchStep) -> None:
            limit = self.config.time_limit
            if limit is not None and time.perf_counter() - started > limit:
                raise TimeoutError(past_limit(limit))

        image = load_photo(photo.path).image
        made = sketch(
            image, self.config.sketch, encoder=self._encoder, saliency_encoder=self._looking, on_step=look_at_clock
        )
        if made.result.stopped == "interrupted":
            raise KeyboardInterrupt
        height, width = image.shape[-2:]
        return {"width": width, "height": height, **self._facts(photo, made)}

    def _facts(self, photo: PhotoFile, made: Sketch) -> dict[str, Any]:
        result, config = made.result, self.config
        strokes = on_page(config.page, result.strokes.to("cpu"), made.frames)
        name, one_line = Path(photo.path).stem, config.sketch.init.one_line
        text = sketch_svg(name, strokes, one_line=one_line, levels=config.levels)
        return {
            "svg_text": text,
            "svg_sha256": hashlib.sha256(text.encode("utf-8")).hexdigest(),
            "loss": result.loss[0] if math.isfinite(result.loss[0]) else None,
            "strokes": int(result.strokes.alive.sum()),
            "seed": result.winning_seeds()[0],
        }

    def _try_settings(self) -> None:
        """Sketch a dark square for as few iterations as there may be, so that wrong settings are told at once."""
        image = torch.ones(1, 3, TRIAL_SIDE, TRIAL_SIDE)
        image[:, :, 16:48, 16:48] = 0.2
        config = self.config.sketch
        quick = replace(
            config,
            mask=replace(config.mask, source="none"),
            optimize=replace(config.optimize, num_iterations=config.optimize.num_stages),
        )
        sketch(image, quick, encoder=self._encoder, saliency_encoder=self._looking)


def sketch_photos(photos: Iterable[PhotoFile], config: BatchConfig | None = None) -> Iterator[Row]:
    """Sketch photos one after another, in this process; yield a row for each, come what may.

    Args:
        photos: from ``find_photos``, or any others; taken one at a time.
        config: how; None for the defaults.

    Raises:
        ConfigError, WeightsError, DependencyError: the settings do not work, told before the first photo is taken.

    >>> from clipasso_core.optimize import OptimizeConfig
    >>> quick = BatchConfig(SketchConfig(optimize=OptimizeConfig(num_iterations=1)))
    >>> [row.error for row in sketch_photos([PhotoFile("cat.jpg", "cat.jpg")], quick)]
    ["The image 'cat.jpg' does not exist; check the name and the folder."]
    """
    sketcher = PhotoSketcher(config or BatchConfig())
    for photo in photos:
        yield sketcher.sketch(photo)


def past_limit(limit: float) -> str:
    """Return what a row says of a photo that took too long.

    >>> past_limit(60)
    'it took longer than the limit of 60 s'
    """
    return f"it took longer than the limit of {limit:g} s"


def _facts_of_file(photo: PhotoFile) -> dict[str, Any]:
    try:
        return {"photo_sha256": file_sha256(Path(photo.path)) if photo.path else None}
    except (WeightsError, ValueError):  # that it cannot be read is told when it is loaded
        return {}
