"""What to tell users whose download fails."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import DependencyError, WeightsError
from .known import KnownNetwork

DEFAULT_ENDPOINT = "https://huggingface.co"
_NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)


def require_hub() -> Any:
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


@contextmanager
def explained(known: KnownNetwork, folder: Path, server: str) -> Iterator[None]:
    """Turn every failure that a user can meet into a WeightsError that says what to do."""
    try:
        yield
    except OSError as error:
        if isinstance(error, network_errors()):
            raise _unreachable(known, folder, server, error) from error
        full = error.errno == errno.ENOSPC
        if not full and error.errno not in _NOT_WRITABLE:
            raise _unreachable(known, folder, server, error) from error
        reason = "the disk is full" if full else "the folder cannot be written to"
        raise WeightsError(
            f"cannot save {known.name} ({known.size_text}) in {folder}: {reason} ({error}). What has come so far is "
            "kept; make room or choose another folder with CLIPASSO_MODELS, then pull again."
        ) from error
    except network_errors() as error:
        raise _unreachable(known, folder, server, error) from error


def _unreachable(known: KnownNetwork, folder: Path, server: str, error: Exception) -> WeightsError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    return WeightsError(
        f"cannot fetch {known.name} from {server}: {reason}. {by_hand(known, folder)} "
        "Behind a proxy set HTTPS_PROXY; a mirror is chosen with HF_ENDPOINT."
    )


def by_hand(known: KnownNetwork, folder: Path) -> str:
    """Say how to get a network's file: by one command, or by hand."""
    return (
        f"It is {known.files[0]} of {known.repo} ({known.size_text}, licence {known.licence}). "
        f'Run `clipasso models pull {known.name} --to "{folder}"` (or switch download_if_missing on in the node), '
        f"or fetch {DEFAULT_ENDPOINT}/{known.repo}/resolve/main/"
        f"{known.files[0]} and save it as {folder / known.local_name}."
    )


def network_errors() -> tuple[type[Exception], ...]:
    """Return what the hub's HTTP library raises (requests before 1.0, httpx since)."""
    hub = require_hub()
    found: list[type[Exception]] = [hub.errors.HfHubHTTPError, hub.errors.OfflineModeIsEnabled]
    for module, name in (("requests", "RequestException"), ("httpx", "HTTPError"), ("httpx2", "HTTPError")):
        if module in sys.modules:
            found.append(getattr(sys.modules[module], name))
    return tuple(found)
