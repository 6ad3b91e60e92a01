"""Which bytes a model file holds, and what is known of them: its hash, and the record of its download beside it."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from ..errors import WeightsError
from .known import KnownNetwork

log = logging.getLogger(__name__)

Basis = Literal["table", "hub", "first download", "none"]
"""Where an expected hash is from: our table, what the hub said at the download, or only the downloaded bytes."""

_CHUNK = 1 << 22


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


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file, hex.

    Raises:
        WeightsError: the file cannot be read.

    >>> from pathlib import Path
    >>> _ = Path("empty").write_bytes(b"")
    >>> file_sha256(Path("empty"))[:12]
    'e3b0c44298fc'
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error}.") from error
    return digest.hexdigest()


def record_path(file: Path) -> Path:
    """Return where the record of a model file lies.

    >>> record_path(Path("clip.safetensors")).name
    'clip.safetensors.json'
    """
    return file.with_name(f"{file.name}.json")


def write_record(file: Path, record: DownloadRecord) -> None:
    """Write the record beside the file; whoever looks finds the whole of it or none."""
    path = record_path(file)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")
    os.replace(unfinished, path)


def read_record(file: Path) -> DownloadRecord | None:
    """Return the record beside a file, or None where there is none that can be read."""
    try:
        return DownloadRecord(**json.loads(record_path(file).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        log.warning("%s cannot be read (%s) and is ignored.", record_path(file), error)
        return None


def verification(file: Path, known: KnownNetwork | None) -> Verification:
    """Hash a file and compare with the table, else with the record of its download.

    Args:
        file: the model file.
        known: the network it is named after, or None; of its two published files either is right.

    Raises:
        WeightsError: the file cannot be read.
    """
    sha256 = file_sha256(file)
    published = (known.sha256, known.original_sha256) if known else (None, None)
    if sha256 in published:
        return Verification(file, sha256, sha256, "table")
    if published[0] is not None:
        return Verification(file, sha256, published[0], "table")
    record = read_record(file)
    if record is not None:
        return Verification(file, sha256, record.sha256, record.basis)
    return Verification(file, sha256, None, "none")
