"""The `clipasso` command: a thin client of the library."""

from .main import main

__all__ = ["main"]
