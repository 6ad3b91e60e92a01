"""Standard output."""

from __future__ import annotations

import sys


def write_line(text: str) -> None:
    """Write one line to standard output."""
    sys.stdout.write(text + "\n")
