"""Networks that lie in the package: read, and known by what they hold."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..errors import WeightsError


def read_shipped(path: Path, sha256: str) -> bytes:
    """Return what a file of the package holds.

    Raises:
        WeightsError: it is missing, or holds something else.
    """
    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != sha256:
        raise WeightsError(f"{path} is missing or damaged. Reinstall clipasso.")
    return data
