"""Make the sketches that an evaluation lacks; what is there already, made the same way, is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from clipasso_core.encoders.base import ImageEncoder
from clipasso_core.errors import ClipassoError, ConfigError
from clipasso_core.files import load_image, read_bytes, write_atomically
from clipasso_core.optimize import SketchStep
from clipasso_core.optimize.result import describe_run
from clipasso_core.pipeline import Sketch, SketchConfig, sketch
from clipasso_core.saliency import describe_saliency
from clipasso_core.sketch_svg import sketch_svg
from clipasso_core.svg import facts_in_svg

from .sketch_files import FAULTS, LeftOut, Pairing, SketchFile, shown

PHOTO_HASH = "photo_sha256"
"""Stands in the metadata of every sketch that is made here, and tells it from the user's own."""


@dataclass(frozen=True, eq=False)
class SketchMaker:
    """Make sketches of photos, one for each number of strokes.

    Args:
        folder: where they go, as NAME-16.svg.
        configs: how, one for each number of strokes.
        encoder: through which they are optimised.
        device: where to compute.
    """

    folder: Path
    configs: Sequence[SketchConfig]
    encoder: ImageEncoder
    device: torch.device

    def plan(self, photo: Path) -> list[tuple[SketchFile, SketchConfig]]:
        """Return a photo's sketches, there or not yet, and how each is made, in the order of ``configs``."""
        files = []
        for config in self.configs:
            label = str(config.init.num_strokes)
            files.append((SketchFile(photo, self.folder / f"{photo.stem}-{label}.svg", label), config))
        return files

    def check(self, photos: Sequence[Path]) -> None:
        """Raise ConfigError where a sketch would replace an SVG that was not made here."""
        for path in (file.path for photo in photos for file, _ in self.plan(photo)):
            if path.exists() and PHOTO_HASH not in _facts_of(path):
                raise ConfigError(
                    f"{str(path)!r} is there already and was not made by an evaluation. Choose another folder for "
                    "the results, or score the sketches that are there."
                )

    def is_made(self, file: SketchFile, config: SketchConfig) -> bool:
        """Whether the sketch is there, of this very photo, made with these settings by this version."""
        if not file.path.exists():
            return False
        facts, wanted = _facts_of(file.path), json.loads(json.dumps(self._wanted(file, config)))
        return all(_deciding(facts).get(name) == value for name, value in wanted.items())

    def make_missing(self, photos: Sequence[Path], draw: Callable[[SketchFile, SketchConfig], str]) -> Pairing:
        """Make and write the sketches that are not there yet; a photo that has no object, say, is left out.

        Args:
            photos: files.
            draw: makes one sketch: ``self.draw``, with a progress bar around it.
        """
        sketches, left_out = [], []
        for photo in photos:
            for file, config in self.plan(photo):
                try:
                    svg = None if self.is_made(file, config) else draw(file, config)
                except FAULTS as error:
                    left_out.append(LeftOut(photo, str(error)))
                    break
                if svg is not None:
                    write_atomically(file.path, svg)
                sketches.append(file)
        return Pairing(tuple(sketches), tuple(left_out))

    def draw(self, file: SketchFile, config: SketchConfig, on_step: Callable[[SketchStep], None]) -> str:
        """Make one sketch; return the SVG, which is not yet written.

        Raises:
            KeyboardInterrupt: when interrupted; a sketch that is not finished would be taken for a finished one.
            ClipassoError: as ``load_image`` and ``sketch``.
        """
        made = sketch(load_image(file.photo), config, encoder=self.encoder, device=self.device, on_step=on_step)
        if made.result.stopped == "interrupted":
            raise KeyboardInterrupt
        return self._svg(file, made)

    def _svg(self, file: SketchFile, made: Sketch) -> str:
        strokes = made.result.strokes.to("cpu")
        return sketch_svg(shown(file.photo.stem), strokes.with_provenance(**{PHOTO_HASH: _hash(file.photo)}))

    def _wanted(self, file: SketchFile, config: SketchConfig) -> dict[str, object]:
        run = describe_run(self.encoder, self.encoder.recipe, config.optimize, self.device)
        init = {
            "mask": asdict(config.mask),
            "saliency": describe_saliency(self.encoder, config.attention, config.edges),
            "stroke_init": asdict(config.init),
        }
        return _deciding({**run, **init, PHOTO_HASH: _hash(file.photo)})


def _deciding(facts: dict[str, object]) -> dict[str, object]:
    """Return the facts that decide a sketch on any machine: of the versions our own, and not the device."""
    versions = facts.get("versions")
    own = versions.get("clipasso") if isinstance(versions, dict) else None
    return {**{name: value for name, value in facts.items() if name not in ("device", "versions")}, "version": own}


def _facts_of(path: Path) -> dict[str, object]:
    try:
        return dict(facts_in_svg(read_bytes(path)))
    except ClipassoError:
        return {}


def _hash(path: Path) -> str:
    return hashlib.sha256(read_bytes(path)).hexdigest()
