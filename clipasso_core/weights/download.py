"""Fetch one file from the Hugging Face hub: resumed, checked, and in place only when it is whole and right.

huggingface_hub asks the server, names the address, goes through proxies and obeys its offline switch. Its own
download throws a part away when it fails (seen in 2.4), so we keep the part, and its ``http_get`` goes on where that
ends.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from ..encoders.checkpoint import file_sha256
from ..errors import WeightsError
from .explain import DEFAULT_ENDPOINT, explained, network_errors, require_hub
from .known import KnownNetwork, format_size
from .record import Basis, DownloadRecord, write_record

logger = logging.getLogger(__name__)

Progress = Callable[[int, "int | None"], None]
"""Called with the bytes there so far and the size of the file (None where the server does not say)."""

RETRY_SECONDS = 1.0
SPARE_BYTES = 64_000_000
"""Free space that a download leaves on the disk."""


@dataclass(frozen=True)
class RemoteFile:
    """Describe a file as the server does.

    Args:
        url: address.
        name: in the repository.
        commit: revision, "" if not said.
        sha256: hex, None where the server does not say one.
        size_bytes: None where the server does not say it.
    """

    url: str
    name: str
    commit: str
    sha256: str | None
    size_bytes: int | None


class _Part(FileIO):
    """A file that tells how far it has come whenever something is written to it."""

    def __init__(self, path: Path, total: int | None, progress: Progress | None) -> None:
        super().__init__(path, "ab+")
        self._total, self._progress = total, progress

    def write(self, data: Any) -> int:
        view = memoryview(data)
        written = 0
        while written < len(view):  # a raw file may take less than it is given
            written += super().write(view[written:])
        if self._progress is not None:
            self._progress(self.tell(), self._total)
        return written


def download(known: KnownNetwork, folder: Path, endpoint: str | None, progress: Progress | None) -> Path:
    """Fetch the weights of a network into a folder.

    Args:
        known: the network.
        folder: where the file goes; made where it is missing.
        endpoint: server; None: HF_ENDPOINT of the environment, or huggingface.co.
        progress: told of every chunk; an exception that it raises stops the download, and the part stays.

    Returns:
        The file's path.

    Raises:
        WeightsError: no network, folder not writable, disk full, or the hash is wrong (then nothing is kept).
        DependencyError: huggingface_hub is missing.
    """
    server = (endpoint or os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")
    with explained(known, folder, server):
        remote = _ask(known, server)
        target = folder / known.local_name_of(remote.name)
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f".{target.name}.{(remote.sha256 or 'unknown')[:12]}.part"
        _check_space(folder, remote, part)
        _transfer(remote, part, progress)
        sha256, basis = _check(known, remote, part)
        os.replace(part, target)
        record = DownloadRecord(known.repo, remote.name, server, remote.commit, sha256, target.stat().st_size, basis)
        write_record(target, record)
        return target


def _ask(known: KnownNetwork, server: str) -> RemoteFile:
    """Ask the server about the first of the network's files that exists. No access token is sent."""
    hub = require_hub()
    if hub.constants.HF_HUB_OFFLINE:
        raise hub.errors.OfflineModeIsEnabled("HF_HUB_OFFLINE is set")
    missing: Exception | None = None
    for name in known.files:
        url = hub.hf_hub_url(known.repo, name, endpoint=server)
        try:
            found = hub.get_hf_file_metadata(url, token=False)
        except hub.errors.EntryNotFoundError as error:
            missing = error
            continue
        etag = (found.etag or "").lower()
        sha256 = etag if re.fullmatch("[0-9a-f]{64}", etag) else None
        return RemoteFile(url, name, found.commit_hash or "", sha256, found.size)
    raise WeightsError(f"{server} has none of {', '.join(known.files)} in {known.repo}.") from missing


def _check_space(folder: Path, remote: RemoteFile, part: Path) -> None:
    there = part.stat().st_size if part.exists() else 0
    needed = max(0, (remote.size_bytes or 0) - there) + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(errno.ENOSPC, f"{format_size(needed)} are needed and {format_size(free)} are free")


def _transfer(remote: RemoteFile, part: Path, progress: Progress | None) -> None:
    """Fetch what the part lacks, going on by itself after a cut as long as every try brings something."""
    hub = require_hub()
    if part.exists() and remote.size_bytes is not None and part.stat().st_size > remote.size_bytes:
        part.unlink()
    silent = hub.utils.are_progress_bars_disabled()
    hub.utils.disable_progress_bars()  # ours tells instead
    try:
        while True:
            before = part.stat().st_size if part.exists() else 0
            try:
                return _transfer_once(remote, part, progress)
            except network_errors() as error:
                if part.stat().st_size <= before:
                    raise
                logger.warning("The connection broke (%s); going on at %d bytes.", error, part.stat().st_size)
                time.sleep(RETRY_SECONDS)
    finally:
        if not silent:
            hub.utils.enable_progress_bars()


def _transfer_once(remote: RemoteFile, part: Path, progress: Progress | None) -> None:
    hub = require_hub()
    with _Part(part, remote.size_bytes, progress) as file:
        there = file.seek(0, os.SEEK_END)
        if there == remote.size_bytes:
            return
        headers = hub.utils.build_hf_headers(token=False) | {"Accept-Encoding": "identity"}
        hub.file_download.http_get(
            remote.url, file, resume_size=there, headers=headers, expected_size=remote.size_bytes
        )


def _check(known: KnownNetwork, remote: RemoteFile, part: Path) -> tuple[str, Basis]:
    """Compare the hash; a file that is not what was promised is deleted."""
    sha256 = file_sha256(part)
    pinned = known.sha256 if remote.name == known.files[0] else None
    expected = pinned or remote.sha256
    if expected is None:
        return sha256, "first download"
    if sha256 != expected:
        part.unlink()
        raise WeightsError(
            f"what came for {known.name} is not what was promised (sha256 {sha256[:16]}..., expected "
            f"{expected[:16]}...) and was deleted: pull it again, or from another server (HF_ENDPOINT)."
        )
    return sha256, "table" if pinned else "hub"
