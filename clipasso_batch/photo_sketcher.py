"""One photo becomes one row: its sketch and the facts of it, or the reason why there is none."""

from __future__ import annotations

import hashlib
import logging
import math
import platform
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from clipasso_core import __version__
from clipasso_core.encoders import EMBEDDED, get_encoder
from clipasso_core.errors import ClipassoError, ConfigError, WeightsError, check_choice, check_range, first_line
from clipasso_core.files import load_photo
from clipasso_core.levels import check_levels
from clipasso_core.optimize import SketchStep
from clipasso_core.pipeline import Sketch, SketchConfig, sketch
from clipasso_core.sketch_svg import PAGES, Page, on_page, sketch_svg
from clipasso_core.weights.record import file_sha256

from .sources import Photo, PhotoFile

log = logging.getLogger(__name__)

_Facts = dict[str, Any]
"""What is known of a photo, by the names of ``Row``."""

TRIAL_SIDE = 64
"""px of the drawn photo on which the settings are tried before the first one of the user's."""

MOST_AT_ONCE = 256
"""Photos in the same iterations."""


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
        photos_at_once: how many are sketched in the same iterations. On a CPU that changes no byte.

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
    photos_at_once: int = 1

    def __post_init__(self) -> None:
        check_choice("page", self.page, PAGES)
        if self.levels:
            check_levels(self.levels)
        if self.time_limit is not None and not self.time_limit > 0:
            raise ConfigError(f"time_limit must be more than 0 s, got {self.time_limit:g}.")
        check_range("photos_at_once", self.photos_at_once, 1, MOST_AT_ONCE)

    def settings(self) -> dict[str, object]:
        """Return what decides the bytes of the SVGs, as JSON values; the time limit does not."""
        no_matter = {"time_limit", *(["photos_at_once"] if self.device == "cpu" else [])}
        return {name: value for name, value in asdict(self).items() if name not in no_matter}


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

    def facts(self) -> dict[str, object]:
        """Return what is the same every time, as JSON values, without the SVG: all but the seconds.

        >>> Row("cat.jpg", 0.5, svg_text="<svg/>", strokes=16).facts()["strokes"]
        16
        """
        return {name: value for name, value in asdict(self).items() if name not in ("seconds", "svg_text")}


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

    def sketch(self, photo: Photo) -> Row:
        """Return the row of a photo.

        Raises:
            KeyboardInterrupt: when interrupted; a sketch that is not finished would be taken for a finished one.
        """
        started = time.perf_counter()
        facts: _Facts = {}
        with _kept_as_error(facts):
            image = _load(photo, facts)
            (made,) = self._sketch([photo], [image], started)
            facts |= made
        return _row(photo, facts, started)

    def sketch_together(self, photos: Sequence[Photo]) -> list[Row]:
        """Return the rows of photos that are sketched in the same iterations, each of which gets its share of the time.

        Where that fails, with too little memory, say, they are sketched one by one: one of them must not cost the rest.

        Raises:
            KeyboardInterrupt: as ``sketch``.
        """
        if len(photos) == 1:
            return [self.sketch(photos[0])]
        started = time.perf_counter()
        found: dict[Photo, _Facts] = {photo: {} for photo in photos}
        images: dict[Photo, Tensor] = {}
        for photo, facts in found.items():
            with _kept_as_error(facts):
                images[photo] = _load(photo, facts)
        together: _Facts = {}
        with _kept_as_error(together):
            for photo, made in zip(images, self._sketch(list(images), list(images.values()), started), strict=True):
                found[photo] |= made
        if "error" in together:
            log.warning("%d photos at once cannot be sketched: %s", len(images), together["error"])
        alone = {photo: self.sketch(photo) for photo in images if "error" in together}
        return [alone.get(photo) or _row(photo, facts, started, len(photos)) for photo, facts in found.items()]

    def _sketch(self, photos: Sequence[Photo], images: Sequence[Tensor], started: float) -> list[_Facts]:
        """Return the facts of the photos' sketches."""
        limit = self.config.time_limit

        def look_at_clock(_: SketchStep) -> None:
            if limit is not None and time.perf_counter() - started > limit * len(images):
                raise TimeoutError(past_limit(limit))

        if not images:
            return []
        made = sketch(
            images, self.config.sketch, encoder=self._encoder, saliency_encoder=self._looking, on_step=look_at_clock
        )
        if made.result.stopped == "interrupted":
            raise KeyboardInterrupt
        return [self._facts(photo, made, index) for index, photo in enumerate(photos)]

    def _facts(self, photo: Photo, made: Sketch, index: int) -> _Facts:
        """Return the facts of one sketch of several."""
        result, config = made.result, self.config
        strokes = on_page(config.page, result.strokes.select([index]).to("cpu"), (made.frames[index],))
        text = sketch_svg(photo.name, strokes, one_line=config.sketch.init.one_line, levels=config.levels)
        loss = result.loss[index]
        return {
            "svg_text": text,
            "svg_sha256": hashlib.sha256(text.encode("utf-8")).hexdigest(),
            "loss": loss if math.isfinite(loss) else None,
            "strokes": int(strokes.alive.sum()),
            "seed": result.winning_seeds()[index],
        }

    def _try_settings(self) -> None:
        """Sketch a dark square for few iterations, so that wrong settings are told at once."""
        image = torch.ones(1, 3, TRIAL_SIDE, TRIAL_SIDE)
        image[:, :, 16:48, 16:48] = 0.2
        config = self.config.sketch
        quick = replace(
            config,
            mask=replace(config.mask, source="none"),
            optimize=replace(config.optimize, num_iterations=2 * config.optimize.num_stages, evaluation_interval=1),
        )
        sketch(image, quick, encoder=self._encoder, saliency_encoder=self._looking)


def sketch_photos(photos: Iterable[PhotoFile], config: BatchConfig | None = None) -> Iterator[Row]:
    """Sketch photos one after another, in this process; yield a row for each, come what may.

    Args:
        photos: from ``find_photos``, or any others; taken one at a time, or ``config.photos_at_once``.
        config: how; None for the defaults.

    Raises:
        ConfigError, WeightsError, DependencyError: the settings do not work, told before the first photo is taken.

    >>> from clipasso_core.optimize import OptimizeConfig
    >>> quick = BatchConfig(SketchConfig(optimize=OptimizeConfig(num_iterations=1)))
    >>> [row.error for row in sketch_photos([PhotoFile("cat.jpg", "cat.jpg")], quick)]
    ["The image 'cat.jpg' does not exist; check the name and the folder."]
    """
    config = config or BatchConfig()
    sketcher = PhotoSketcher(config)
    for some in in_groups(photos, config.photos_at_once):
        yield from sketcher.sketch_together(some)


def in_groups(photos: Iterable[PhotoFile], size: int) -> Iterator[tuple[PhotoFile, ...]]:
    """Yield photos in tuples of ``size``, the last of which may be shorter.

    >>> [len(some) for some in in_groups([PhotoFile("cat.jpg", "cat.jpg")] * 5, 2)]
    [2, 2, 1]
    """
    rest = iter(photos)
    while some := tuple(islice(rest, size)):
        yield some


def past_limit(limit: float) -> str:
    """Return what a row says of a photo that took too long.

    >>> past_limit(60)
    'it took longer than the limit of 60 s'
    """
    return f"it took longer than the limit of {limit:g} s"


def versions() -> dict[str, str]:
    """Return the versions that decide the bytes of a sketch.

    >>> sorted(versions())
    ['clipasso', 'python', 'torch']
    """
    return {"clipasso": __version__, "torch": str(torch.__version__), "python": platform.python_version()}


def _load(photo: Photo, facts: _Facts) -> Tensor:
    """Read a photo, and note what is known of it as soon as it is."""
    data = photo.read()
    facts["photo_sha256"] = _sha256(photo.path, data)
    image = load_photo(photo.path if data is None else photo.key, data).image
    facts["height"], facts["width"] = image.shape[-2:]
    return image


def _sha256(path: str, data: bytes | None) -> str | None:
    if data is not None:
        return hashlib.sha256(data).hexdigest()
    try:
        return file_sha256(Path(path))
    except (WeightsError, ValueError):  # that it cannot be read is told when it is loaded
        return None


@contextmanager
def _kept_as_error(facts: _Facts) -> Iterator[None]:
    """Keep why something did not come about, in place of what was known of it."""
    try:
        yield
    except ClipassoError as error:
        facts["error"] = " ".join(str(error).split())
    except Exception as error:  # whatever one photo brings about must not cost the others: its row says what it was
        facts["error"] = f"{type(error).__name__}: {first_line(error)}."


def _row(photo: Photo, facts: _Facts, started: float, share: int = 1) -> Row:
    return Row(key=photo.key, seconds=round((time.perf_counter() - started) / share, 3), **facts)
