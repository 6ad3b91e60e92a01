"""What was downloaded from where, kept beside the file, and whether a file is still what it was."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from .known import KnownNetwork

logger = logging.getLogger(__name__)

Basis = Literal["table", "hub", "first download", "none"]
"""Where an expected hash is from: our table, what the hub said at the download, or only the downloaded bytes."""


@dataclass(frozen=True)
class DownloadRecord:
    """Describe a download.

    Args:
        repo: Hugging Face repository.
        file: name in it.
        endpoint: server it came from.
        commit: revision, or "" where the server did not say.
        sha256: of the file as downloaded.
        size_bytes: of the file as downloaded.
        basis: what ``sha256`` was checked against at the download.
    """

    repo: str
    file: str
    endpoint: str
    commit: str
    sha256: str
    size_bytes: int
    basis: Basis


@dataclass(frozen=True)
class Verification:
    """Tell whether a file is what it should be.

    Args:
        path: of the file.
        sha256: of the file now.
        expected: what it should be; None where nobody knows.
        basis: where ``expected`` is from.
    """

    path: Path
    sha256: str
    expected: str | None
    basis: Basis

    @property
    def ok(self) -> bool | None:
        """True or False; None where there is nothing to compare with."""
        return None if self.expected is None else self.sha256 == self.expected


def record_path(file: Path) -> Path:
    """Where the record of a model file lies."""
    return file.with_name(f"{file.name}.json")


def write_record(file: Path, record: DownloadRecord) -> None:
    """Write the record beside the file."""
    record_path(file).write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")


def read_record(file: Path) -> DownloadRecord | None:
    """Return the record beside a file, or None where there is none that can be read."""
    try:
        return DownloadRecord(**json.loads(record_path(file).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        logger.warning("%s cannot be read (%s) and is ignored.", record_path(file), error)
        return None


def expected_hash(file: Path, known: KnownNetwork | None, sha256: str) -> tuple[str | None, Basis]:
    """Return the hash that a file should have, and where that is known from.

    Args:
        file: the model file.
        known: the network it is named after, or None.
        sha256: what it has; of a network's two published files either is right.
    """
    record = read_record(file)
    if known is not None and sha256 == known.original_sha256:
        return known.original_sha256, "table"
    if known is not None and known.sha256 is not None:
        return known.sha256, "table"
    if record is not None:
        return record.sha256, record.basis
    return None, "none"
