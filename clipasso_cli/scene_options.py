"""The options of clipasso sketch for scenes: several objects, and what lies behind them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from clipasso_core.errors import ConfigError, ImageFileError

from .stroke_options import AUTO

if TYPE_CHECKING:
    from torch import Tensor

    from clipasso_core.scenes import SceneConfig

BACKGROUNDS = ("remove", "ignore", "keep")
MASK_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")


class SceneSettings(NamedTuple):
    """What the options ask for.

    Args:
        config: what is drawn.
        masks: [K, H, W] of the objects, front to back; None to find them.
    """

    config: SceneConfig
    masks: Tensor | None


def add_scene_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the parser."""
    text = "what to do with what lies behind: keep draws it, too (default: remove)"
    parser.add_argument("--background", choices=BACKGROUNDS, help=text)
    text = (
        "every object on its own: those that are found, the N largest, or a mask each, in the order of the files' names"
    )
    parser.add_argument("--objects", metavar="auto|N|FOLDER", help=text)
    text = "strokes of some regions, such as object-1=10 background=6 (default: by how busy they are)"
    parser.add_argument("--share", nargs="+", metavar="REGION=N", help=text)


def scene_settings(arguments: argparse.Namespace) -> SceneSettings | None:
    """Return what the options ask for; None where they ask for one object, as it always was.

    Raises:
        ConfigError: they do not go together, or are out of range.
        ImageFileError: a mask cannot be read, or the folder holds none.
    """
    if arguments.background is None and arguments.objects is None and arguments.share is None:
        return None
    _check_together(arguments)
    from clipasso_core.scenes import SceneConfig, parse_shares

    objects = arguments.objects or AUTO
    most = int(objects) if objects.isdecimal() else None
    shares = parse_shares(" ".join(arguments.share or ()))
    config, files = SceneConfig(arguments.background or "remove", most, shares), mask_files(arguments)
    return SceneSettings(config, _masks(files) if files else None)


def mask_files(arguments: argparse.Namespace) -> list[Path]:
    """Return the files of the masks that the options name.

    Raises:
        ConfigError, ImageFileError: a folder of masks is none, or holds none.
    """
    if arguments.objects is None or arguments.objects == AUTO or arguments.objects.isdecimal():
        return [] if arguments.mask in ("auto", "none") else [Path(arguments.mask)]
    return _in_folder(Path(arguments.objects))


def note_of(provenance: Mapping[str, object]) -> str:
    """Return what a user should know of how the objects of a sketch were found; nothing where all is well.

    >>> note_of({"mask": {"whole": [0]}})
    'nothing stands out, so the whole photo is sketched'
    """
    found = provenance.get("mask")
    facts = found if isinstance(found, dict) else {}
    if facts.get("whole"):
        return "nothing stands out, so the whole photo is sketched"
    return "the objects found are uncertain" if facts.get("low_certainty") else ""


def _check_together(arguments: argparse.Namespace) -> None:
    """Raise ConfigError where a scene is asked for with what it cannot be."""
    cannot = {
        "--levels": arguments.levels,
        "--one-line": arguments.one_line,
        "--continue": arguments.given,
        "--animate-history": arguments.animate_history,
        "--prefixes": arguments.prefixes,
        "--strokes auto": arguments.strokes == AUTO,
        "--widths": arguments.widths not in (None, "keep"),
    }
    for option, asked in cannot.items():
        if asked:
            raise ConfigError(f"{option} does not go with --background, --objects and --share. Leave one of them out.")
    if arguments.objects is not None and arguments.mask not in ("auto", "none"):
        raise ConfigError("--mask and --objects both say what the objects are. Leave one of them out.")


def _in_folder(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ConfigError(f"--objects takes auto, a number or a folder of masks, got {str(folder)!r}.")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in MASK_ENDINGS)
    if not files:
        raise ImageFileError(f"The folder {str(folder)!r} holds no masks ({', '.join(MASK_ENDINGS)}). Put some there.")
    return files


def _masks(files: list[Path]) -> Tensor:
    """Read masks of one size as [K, H, W]."""
    import torch

    from clipasso_core.files import load_mask

    masks = [load_mask(path) for path in files]
    for path, mask in zip(files, masks, strict=True):
        if mask.shape != masks[0].shape:
            sizes = " and ".join(f"{one.shape[-1]} x {one.shape[-2]} px" for one in (masks[0], mask))
            raise ImageFileError(f"The masks {files[0].name} and {path.name} differ in size: {sizes}. Make them alike.")
    return torch.cat(masks)
