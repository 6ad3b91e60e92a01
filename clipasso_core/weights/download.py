"""Fetch one file from the Hugging Face hub: resumed, checked, and in place only when it is whole and right.

huggingface_hub asks the server, names the address, goes through proxies and obeys its offline switch. Its own
download throws a part away when it fails (seen in 2.4), so we keep the part, and its ``http_get`` goes on where that
ends. Every failure becomes a WeightsError that says what to do.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from io import FileIO
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ..errors import DependencyError, WeightsError, first_line
from .known import KnownNetwork, format_size
from .record import Basis, DownloadRecord, file_sha256, write_record

log = logging.getLogger(__name__)

Progress = Callable[[int, "int | None"], None]
"""Called with the bytes there so far and the size of the file (None where the server does not say)."""

DEFAULT_ENDPOINT = "https://huggingface.co"
RETRY_SECONDS = 1.0
WAIT_SECONDS = 1.0
"""How often a download that waits for another process looks again."""
STALL_SECONDS = 120.0
"""How long that other process may bring nothing; checking the hash of the largest file takes less."""
SPARE_BYTES = 64_000_000
"""Free space that a download leaves on the disk."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)


@dataclass(frozen=True)
class RemoteFile:
    """Describe a file as the server does.

    Args:
        url: address.
        name: in the repository.
        commit: revision, "" if not said.
        sha256: hex, None where the server does not say one.
        size_bytes: None where the server does not say it.
        version: hex digits that another version of the file does not share, "" where nothing tells.
    """

    url: str
    name: str
    commit: str
    sha256: str | None
    size_bytes: int | None
    version: str


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
    """Fetch the weights of a network into a folder, one process at a time.

    Args:
        known: the network.
        folder: where the file goes; made where it is missing.
        endpoint: server; None: HF_ENDPOINT of the environment, or huggingface.co.
        progress: told of every chunk, and now and then while another process fetches the same file; an exception that
            it raises stops the download, and the part stays.

    Returns:
        The file's path.

    Raises:
        WeightsError: no network, folder not writable, disk full, the hash is wrong (then nothing is kept), or another
            process fetches the same file and does not get on.
        DependencyError: huggingface_hub is missing.
    """
    server = (endpoint or os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")
    with _explained(known, folder, server):
        remote = _ask(known, server)
        _check_offer(known, remote)
        target = folder / known.local_name_of(remote.name)
        part = folder / f".{target.name}.{remote.version or 'unknown'}.part"
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(target, part, remote, progress):
            if target.exists():  # another process has fetched it meanwhile
                return target
            if not remote.version:  # what lies there may be of another version
                part.unlink(missing_ok=True)
            _check_space(folder, remote, part)
            _transfer(remote, part, progress)
            sha256, basis = _check(known, remote, part)
            os.replace(part, target)
            _delete_parts(target)
            size = target.stat().st_size
            write_record(target, DownloadRecord(known.repo, remote.name, server, remote.commit, sha256, size, basis))
        return target


@contextmanager
def _locked(target: Path, part: Path, remote: RemoteFile, progress: Progress | None) -> Iterator[None]:
    """Keep other processes from fetching the same file; while one of them does, tell how far it is.

    The system ends the lock with the process that holds it, however that ends. The empty lock file may stay after a
    failure. It is deleted only once the target exists: then a process that still waits on the deleted file can do no
    harm.

    Raises:
        WeightsError: the other process has brought nothing for STALL_SECONDS.
    """
    lock = FileLock(target.with_name(f".{target.name}.lock"))
    there, moved = -1, time.monotonic()
    while True:
        try:
            lock.acquire(timeout=WAIT_SECONDS)
            break
        except Timeout as error:
            before, there = there, _size(part)
            moved = time.monotonic() if there != before else moved
            if time.monotonic() - moved > STALL_SECONDS:
                raise WeightsError(
                    f"another process is fetching {target}, and nothing has come for {STALL_SECONDS:.0f} s: "
                    "wait for it or end it, then pull again."
                ) from error
            if progress is not None:
                progress(there, remote.size_bytes)
    try:
        yield
    finally:
        lock.release()
        if target.exists():
            with suppress(OSError):  # on Windows another process may have it open
                Path(lock.lock_file).unlink()


def _ask(known: KnownNetwork, server: str) -> RemoteFile:
    """Ask the server about the first of the network's files that exists. No access token is sent."""
    hub = _require_hub()
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
        said = found.commit_hash or etag
        version = sha256 or (hashlib.sha256(said.encode()).hexdigest() if said else "")
        return RemoteFile(url, name, found.commit_hash or "", sha256, found.size, version[:12])
    raise WeightsError(f"{server} has none of {', '.join(known.files)} in {known.repo}.") from missing


def _pinned(known: KnownNetwork, remote: RemoteFile) -> str | None:
    """Return the sha256 that the table has of a file, which is that of the first one."""
    return known.sha256 if remote.name == known.files[0] else None


def _check_offer(known: KnownNetwork, remote: RemoteFile) -> None:
    """Refuse another file than the table's before gigabytes of it have come."""
    pinned = _pinned(known, remote)
    if pinned and remote.sha256 and pinned != remote.sha256:
        raise WeightsError(
            f"{remote.url} is not the file that {known.name} is (sha256 {remote.sha256[:16]}..., expected "
            f"{pinned[:16]}...): pull it from another server (HF_ENDPOINT), or update clipasso."
        )


def _delete_parts(target: Path) -> None:
    """Delete what has come of other versions of a file that is there now."""
    for part in target.parent.glob(f".{target.name}.*.part"):
        with suppress(OSError):  # on Windows another process may have it open
            part.unlink()


def _check_space(folder: Path, remote: RemoteFile, part: Path) -> None:
    needed = max(0, (remote.size_bytes or 0) - _size(part)) + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(errno.ENOSPC, f"{format_size(needed)} are needed and {format_size(free)} are free")


def _size(part: Path) -> int:
    """Return how many bytes have come, 0 where there is no part yet."""
    return part.stat().st_size if part.exists() else 0


def _transfer(remote: RemoteFile, part: Path, progress: Progress | None) -> None:
    """Fetch what the part lacks, going on by itself after a cut as long as every try brings something."""
    hub = _require_hub()
    if remote.size_bytes is not None and _size(part) > remote.size_bytes:
        part.unlink()
    silent = hub.utils.are_progress_bars_disabled()
    hub.utils.disable_progress_bars()  # ours tells instead
    try:
        anew = False
        while True:
            before = _size(part)
            try:
                return _transfer_once(remote, part, progress)
            except _network_errors() as error:
                if before and not anew and _status(error) == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    anew = True  # nobody says how large it is: once more, from the start
                    part.unlink()
                    continue
                if _size(part) <= before:
                    raise
                log.warning("The connection broke (%s); going on at %d bytes.", error, _size(part))
                time.sleep(RETRY_SECONDS)
    finally:
        if not silent:
            hub.utils.enable_progress_bars()


def _status(error: Exception) -> int | None:
    """Return the HTTP status of an answer that is an error, or None where there was no answer."""
    status: int | None = getattr(getattr(error, "response", None), "status_code", None)
    return status


def _transfer_once(remote: RemoteFile, part: Path, progress: Progress | None) -> None:
    hub = _require_hub()
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
    pinned = _pinned(known, remote)
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


def by_hand(known: KnownNetwork, folder: Path) -> str:
    """Say how to get a network's file: by one command, or by hand.

    >>> from clipasso_core.weights.known import find_known
    >>> by_hand(find_known("clip-rn101-openai"), Path("models"))[:60]
    'It is open_clip_model.safetensors of timm/resnet101_clip.ope'
    """
    return (
        f"It is {known.files[0]} of {known.repo} ({known.size_text}, licence {known.licence}). "
        f'Run `clipasso models pull {known.name} --to "{folder}"` (or switch download_if_missing on in the node), '
        f"or fetch {DEFAULT_ENDPOINT}/{known.repo}/resolve/main/"
        f"{known.files[0]} and save it as {folder / known.local_name}."
    )


@contextmanager
def _explained(known: KnownNetwork, folder: Path, server: str) -> Iterator[None]:
    """Turn every failure that a user can meet into a WeightsError that says what to do."""
    try:
        yield
    except OSError as error:
        if isinstance(error, _network_errors()):
            raise _unreachable(known, folder, server, error) from error
        full = error.errno in _FULL
        if not full and error.errno not in _NOT_WRITABLE:
            raise _unreachable(known, folder, server, error) from error
        reason = "the disk is full" if full else "the folder cannot be written to"
        raise WeightsError(
            f"cannot save {known.name} ({known.size_text}) in {folder}: {reason} ({error}). What has come so far is "
            "kept; make room or choose another folder with CLIPASSO_MODELS, then pull again."
        ) from error
    except _network_errors() as error:
        raise _unreachable(known, folder, server, error) from error


def _unreachable(known: KnownNetwork, folder: Path, server: str, error: Exception) -> WeightsError:
    return WeightsError(
        f"cannot fetch {known.name} from {server}: {first_line(error)}. {by_hand(known, folder)} "
        "Behind a proxy set HTTPS_PROXY; a mirror is chosen with HF_ENDPOINT."
    )


def _network_errors() -> tuple[type[Exception], ...]:
    """Return what the hub's HTTP library raises (requests before 1.0, httpx since)."""
    hub = _require_hub()
    found: list[type[Exception]] = [hub.errors.HfHubHTTPError, hub.errors.OfflineModeIsEnabled]
    for module, name in (("requests", "RequestException"), ("httpx", "HTTPError"), ("httpx2", "HTTPError")):
        if module in sys.modules:
            found.append(getattr(sys.modules[module], name))
    return tuple(found)


def _require_hub() -> Any:
    """Import huggingface_hub, or raise DependencyError with the install line."""
    try:
        import huggingface_hub
        import huggingface_hub.constants
        import huggingface_hub.errors
        import huggingface_hub.file_download
        import huggingface_hub.utils
    except ImportError as error:
        raise DependencyError(
            f"downloads need huggingface_hub ({error}): run `pip install huggingface_hub`, or fetch the file by hand."
        ) from error
    return huggingface_hub
