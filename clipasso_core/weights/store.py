"""The folders in which model files lie, and what is in them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import ConfigError, WeightsError
from .download import Progress, by_hand, download
from .known import KNOWN, KnownNetwork, find_known
from .record import Verification, verification

SAFETENSORS = (".safetensors", ".sft")
MODEL_SUFFIXES = (*SAFETENSORS, ".pt", ".pth", ".bin", ".ckpt")
"""Names of files that may hold a network."""


@dataclass(frozen=True)
class ModelFile:
    """Describe a file that may hold a network.

    Args:
        name: how users call it: the known network's name, or the path below its folder without suffix; with the suffix
            where another file of the folder has that name already.
        path: of the file.
        size_bytes: of the file.
        known: the network it is named after, or None.
    """

    name: str
    path: Path
    size_bytes: int
    known: KnownNetwork | None


@dataclass(frozen=True)
class ModelStatus:
    """Describe one line of ``clipasso models list``.

    Args:
        name: of the network or file.
        known: the table's entry, or None for a file of the user's.
        file: where it is, or None where it has not been fetched.
    """

    name: str
    known: KnownNetwork | None
    file: ModelFile | None


def default_folder() -> Path:
    """Return where models lie outside ComfyUI: CLIPASSO_MODELS, or "clipasso" in the user's cache folder."""
    chosen = os.environ.get("CLIPASSO_MODELS")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "clipasso"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "clipasso"


def missing_message(known: KnownNetwork, folders: Sequence[Path]) -> str:
    """Say that a network's file is missing, and the ways to get it."""
    looked = ", ".join(str(folder) for folder in folders)
    return f"{known.name} has not been fetched (looked in {looked}). {by_hand(known, folders[0])}"


class ModelStore:
    """Find, list and fetch model files in some folders.

    Args:
        folders: searched in this order, with their subfolders; downloads go into the first. None: ``default_folder``.
        endpoint: server for downloads; None: HF_ENDPOINT of the environment, or huggingface.co.

    >>> Path("mine").mkdir()
    >>> Path("mine/robin.safetensors").touch()
    >>> [file.name for file in ModelStore([Path("mine")]).files()]
    ['robin']
    """

    def __init__(self, folders: Sequence[Path] | None = None, endpoint: str | None = None) -> None:
        self.folders = tuple(Path(folder) for folder in folders) if folders else (default_folder(),)
        self.endpoint = endpoint

    @property
    def folder(self) -> Path:
        """Where downloads go."""
        return self.folders[0]

    def files(self) -> tuple[ModelFile, ...]:
        """Return every file that may hold a network, by name.

        Of two of one name and format the earlier folder's counts. Beside "a.safetensors", which is called "a", another
        format of the same name is called "a.pt".
        """
        found: dict[str, ModelFile] = {}
        for root in self.folders:
            for path in _walk(root):
                file = _describe(root, path)
                other = found.get(file.name)
                if other is not None and (other.path.is_relative_to(root) or other.path.suffix != path.suffix):
                    file = replace(file, name=path.relative_to(root).as_posix())
                found.setdefault(file.name, file)
        return tuple(sorted(found.values(), key=lambda file: file.name.lower()))

    def list(self) -> tuple[ModelStatus, ...]:
        """Return the known networks, fetched or not, and after them the user's other files."""
        files = {file.name: file for file in self.files()}
        known = [ModelStatus(network.name, network, files.pop(network.name, None)) for network in KNOWN]
        return (*known, *(ModelStatus(name, None, file) for name, file in files.items()))

    def find(self, name: str) -> ModelFile | None:
        """Return the file that users call ``name`` (or that has this file name, or lies at this path), or None."""
        files = self.files()
        for same in (lambda file: file.name == name, lambda file: name.lower() == file.name.lower()):
            file = next(filter(same, files), None)
            if file:
                return file
        file = next((file for file in files if name in (file.path.name, str(file.path))), None)
        if file:
            return file
        path = Path(name).expanduser()
        return _describe(path.parent, path) if path.suffix.lower() in MODEL_SUFFIXES and path.is_file() else None

    def path(self, name: str) -> Path:
        """Return where the file of that name is.

        Raises:
            WeightsError: it is a known network that has not been fetched; the message says how to.
            ConfigError: neither a file nor a known network has that name; the message lists what there is.
        """
        file = self.find(name)
        if file is not None:
            return file.path
        if any(network.name == name.lower() for network in KNOWN):
            raise WeightsError(missing_message(find_known(name), self.folders))
        there = ", ".join(status.name for status in self.list())
        raise ConfigError(f"there is no model {name!r} in {', '.join(map(str, self.folders))}. Choose one of {there}.")

    def pull(self, name: str, progress: Progress | None = None) -> Path:
        """Fetch a known network unless it is there, and return its path.

        An interrupted download goes on where it stopped when pulled again.

        Raises:
            ConfigError: no known network has that name.
            WeightsError: it cannot be fetched or saved, or is not what was promised.
            DependencyError: huggingface_hub is missing.
        """
        known = find_known(name)
        file = self.find(known.name)
        return file.path if file else download(known, self.folder, self.endpoint, progress)

    def verify(self, name: str) -> Verification:
        """Hash a file and compare with what is known of it.

        Raises:
            WeightsError, ConfigError: as ``path`` does.
        """
        path, file = self.path(name), self.find(name)
        return verification(path, file.known if file else None)


def _walk(folder: Path) -> list[Path]:
    """Return the files below a folder that may hold a network, safetensors first, else in the order of their paths.

    Links to folders are followed, each real folder once. Hidden files are parts of downloads.
    """
    seen = {os.path.realpath(folder)}
    files: list[Path] = []
    for where, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(one for one in folders if os.path.realpath(os.path.join(where, one)) not in seen)
        seen.update(os.path.realpath(os.path.join(where, one)) for one in folders)
        files += [Path(where, name) for name in names if not name.startswith(".")]
    models = [file for file in files if file.suffix.lower() in MODEL_SUFFIXES and file.is_file()]
    return sorted(models, key=lambda file: (file.suffix.lower() not in SAFETENSORS, file))


def _describe(folder: Path, path: Path) -> ModelFile:
    known = next((network for network in KNOWN if network.name == path.stem.lower()), None)
    name = known.name if known else path.relative_to(folder).with_suffix("").as_posix()
    return ModelFile(name, path, path.stat().st_size, known)
