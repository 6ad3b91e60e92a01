"""The errors that users of the core can meet.

Every message says what was expected, what came, and what to do about it.
"""


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


class MaskError(ClipassoError, ValueError):
    """No usable object: the mask is empty, or the mask network found nothing."""


class WeightsError(ClipassoError):
    """A model file is missing, damaged, or of another network."""


class SvgError(ClipassoError, ValueError):
    """An SVG cannot be read or written as strokes."""


class ImageFileError(ClipassoError, ValueError):
    """An image file cannot be read, or a result cannot be written."""


class DependencyError(ClipassoError, ImportError):
    """An optional package is missing; the message holds the install line."""
