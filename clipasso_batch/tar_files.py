"""Tar files: photos in those of WebDataset, and sketches in ours, two files a photo (00000001.svg, 00000001.json)."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from clipasso_core.errors import ConfigError, ImageFileError, first_line
from clipasso_core.files import is_photo_name

if TYPE_CHECKING:
    from .photo_sketcher import Row


def photos_in_tar(path: str) -> Iterator[tuple[str, str]]:
    """Yield each photo of an uncompressed tar file: its name there, and where its bytes lie ("offset:size").

    Raises:
        ConfigError: it is no such file, or is cut short.
    """
    try:
        with tarfile.open(path, "r:") as file:
            while (member := file.next()) is not None:
                if member.isreg() and is_photo_name(member.name):
                    yield member.name, f"{member.offset_data}:{member.size}"
                file.members = []  # type: ignore[attr-defined]  # else it remembers them all
    except (OSError, tarfile.TarError) as error:
        raise ConfigError(
            f"The tar file {path!r} cannot be read: {first_line(error)}. Give a whole one that is not compressed."
        ) from error


def bytes_in_tar(path: str, inside: str) -> bytes:
    """Return what lies at a place in a tar file.

    Raises:
        ImageFileError: the file is missing or shorter than that.
    """
    offset, size = map(int, inside.split(":"))
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            data = file.read(size)
    except OSError as error:
        raise ImageFileError(f"Cannot read {path!r}: {error.strerror or error}.") from error
    if len(data) < size:
        raise ImageFileError(f"{path!r} was cut short: bytes {offset} to {offset + size} are missing.")
    return data


class TarShard:
    """Sketches in a tar file, as WebDataset reads them."""

    suffix = ".tar"

    def pack(self, rows: Iterable[tuple[str, Row]]) -> bytes:
        """Return the file's bytes, which the rows and their names decide.

        >>> from .photo_sketcher import Row
        >>> data = TarShard().pack([("1", Row("cat.jpg", 0.5, svg_text="<svg/>")), ("2", Row("dog.jpg", 0.1, "No."))])
        >>> _ = Path("shard.tar").write_bytes(data)
        >>> list(TarShard().unpack(Path("shard.tar")))
        [('1', '<svg/>')]
        """
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as file:
            for name, row in rows:
                if row.svg_text is not None:
                    _add(file, f"{name}.svg", row.svg_text)
                _add(file, f"{name}.json", json.dumps(row.facts()))
        return buffer.getvalue()

    def unpack(self, path: Path) -> Iterator[tuple[str, str]]:
        """Yield the names and texts of the SVGs in a file.

        Raises:
            ImageFileError: it is damaged.
        """
        try:
            with tarfile.open(path, "r:") as file:
                for member in file:
                    name, _, ending = member.name.rpartition(".")
                    data = file.extractfile(member)
                    if ending == "svg" and data is not None:
                        yield name, data.read().decode("utf-8")
        except (OSError, tarfile.TarError, UnicodeError) as error:
            raise ImageFileError(
                f"{str(path)!r} cannot be read: {first_line(error)}. Delete it to have it made anew."
            ) from error


def _add(file: tarfile.TarFile, name: str, text: str) -> None:
    data = text.encode("utf-8")
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o644
    file.addfile(member, io.BytesIO(data))
