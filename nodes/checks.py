"""What a node says before the run of values that cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..clipasso_core.errors import ClipassoError


def before_run(*checks: tuple[Callable[[Any], object], object]) -> bool | str:
    """Return what ``validate_inputs`` returns: True, or what the first check of a value has against it.

    Args:
        checks: functions that raise a ClipassoError, each with its value; None comes by a link, and is not known yet.
    """
    try:
        for check, value in checks:
            if value is not None:
                check(value)
    except ClipassoError as error:
        return str(error)
    return True
