"""The errors that users of the core can meet.

Every message says what was expected, what came, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class ClipassoError(Exception):
    """Base of every error that the core raises on purpose."""


class ShapeError(ClipassoError, ValueError):
    """A tensor has the wrong shape, range or content (NaN, empty, ...)."""


class ConfigError(ClipassoError, ValueError):
    """An option is out of its range, or names something that does not exist."""


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise ConfigError unless low <= value <= high (NaN is refused, too).

    >>> check_range("threshold", 0.5, 0, 1)
    >>> check_range("threshold", 2, 0, 1)
    Traceback (most recent call last):
    clipasso_core.errors.ConfigError: threshold must lie between 0 and 1, got 2.
    """
    if not low <= value <= high:
        raise ConfigError(f"{name} must lie between {low} and {high}, got {value}.")


def check_choice(name: str, value: object, options: Sequence[str]) -> None:
    """Raise ConfigError unless the value is one of the options.

    >>> check_choice("fit", "stretch", ("pad", "crop"))
    Traceback (most recent call last):
    clipasso_core.errors.ConfigError: fit must be one of pad, crop, got 'stretch'.
    """
    if value not in options:
        raise ConfigError(f"{name} must be one of {', '.join(options)}, got {value!r}.")


def check_ending(path: str | Path, endings: Sequence[str]) -> None:
    """Raise ConfigError unless a file is named as one of these kinds, in small letters or capitals.

    >>> check_ending("cat.png", (".svg",))
    Traceback (most recent call last):
    clipasso_core.errors.ConfigError: The ending of 'cat.png' must be one of .svg, got '.png'.
    """
    check_choice(f"The ending of {str(path)!r}", Path(path).suffix.lower(), endings)


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, cut to 160 characters and without a full stop, or else its type.

    >>> first_line(OSError("The disk is full.\\nSome details follow.")), first_line(KeyError())
    ('The disk is full', 'KeyError')
    """
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:160].rstrip(".")


class MaskError(ClipassoError, ValueError):
    """No usable object: the mask is empty, or the mask network found nothing."""


class WeightsError(ClipassoError):
    """A model file is missing, damaged, or of another network."""


class SvgError(ClipassoError, ValueError):
    """An SVG cannot be read or written as strokes."""


class DxfError(ClipassoError, ValueError):
    """A DXF cannot be read as strokes."""


class ImageFileError(ClipassoError, ValueError):
    """An image file cannot be read, or a result cannot be written."""


class DependencyError(ClipassoError, ImportError):
    """An optional package is missing; the message holds the install line."""


class JsonError(ClipassoError, ValueError):
    """A text is not JSON, or not of the form that was expected."""


class EditError(ClipassoError, ValueError):
    """Edits do not fit the strokes that they are to be made on."""
