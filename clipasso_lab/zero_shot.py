"""Zero-shot: does an encoder that knows words call a sketch what it shows?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from clipasso_core.encoders.base import ImageEncoder
from clipasso_core.errors import ConfigError

from .judge import cosines, rank_of

LEAST = 2


@dataclass(frozen=True, eq=False)
class Classes:
    """What a sketch may be called.

    Args:
        names: C names.
        embeddings: [C, D] of their prompts.
    """

    names: tuple[str, ...]
    embeddings: Tensor

    def guess(self, embedding: Tensor, own: int) -> tuple[int, str]:
        """Return the rank of class ``own`` for an embedding [D], and the name of the nearest class."""
        likeness = cosines(embedding, self.embeddings.to(embedding.device))
        return rank_of(own, likeness), self.names[int(likeness.argmax())]

    def own(self, stem: str) -> int | None:
        """Return the index of the class that a file's stem names, or None.

        Spaces, underscores and hyphens are alike, and so is case; a name must stand there as whole words
        ("cat" in "my-cat-2", not in "cathedral"). The longest name wins; two of one length name nothing.
        """
        words = _plain(stem)
        found = [index for index, name in enumerate(self.names) if _stands_in(_plain(name), words)]
        lengths = [len(_plain(self.names[index])) for index in found]
        longest = [index for index, length in zip(found, lengths, strict=True) if length == max(lengths)]
        return longest[0] if len(longest) == 1 else None


def class_names(text: str) -> tuple[str, ...]:
    """Read the names of classes.

    Args:
        text: names with commas between, or the path of a file with one per line.

    Raises:
        ConfigError: fewer than two different names, or a file that is no UTF-8 text.

    >>> class_names("cat, teddy bear, Cat")
    ('cat', 'teddy bear')
    """
    found = _lines_of(text)
    names = text.split(",") if found is None else found
    unlike: dict[str, str] = {}
    for name in names:
        if _plain(name):
            unlike.setdefault(_plain(name), name.strip())
    if len(unlike) < LEAST:
        raise ConfigError(
            f"Classes must be at least {LEAST} different names, got {len(unlike)} from {text!r}. "
            "Write them with commas between (cat, cup, rocket), or name a file with one per line."
        )
    return tuple(unlike.values())


def prompt(name: str) -> str:
    """Return what an encoder is told about a class: "A sketch of a(n) cat." with the right article.

    >>> prompt("owl")
    'A sketch of an owl.'
    """
    return f"A sketch of {'an' if name[:1].lower() in set('aeiou') else 'a'} {name}."


def read_classes(names: Sequence[str], encoder: ImageEncoder) -> Classes:
    """Let an encoder read the classes.

    Raises:
        ConfigError: it knows no words.
    """
    return Classes(tuple(names), encoder.encode_texts([prompt(name) for name in names]))


def _lines_of(text: str) -> list[str] | None:
    """Return the lines of the file of this name, None where there is none."""
    try:
        return Path(text).read_text(encoding="utf-8-sig").splitlines() if Path(text).is_file() else None
    except UnicodeDecodeError as error:
        raise ConfigError(f"The classes {text!r} are no UTF-8 text: {error}. Save the file as UTF-8.") from error
    except (OSError, ValueError):  # too long for a name: these are the classes themselves
        return None


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text).strip().casefold()


def _stands_in(name: str, words: str) -> bool:
    return re.search(rf"(?<![^\W\d_]){re.escape(name)}(?![^\W\d_])", words) is not None
