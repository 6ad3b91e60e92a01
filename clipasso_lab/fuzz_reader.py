"""Fuzz the SVG reader: damaged, mixed and overgrown files must be read or refused, fast, in little memory, alone.

Run: python -m clipasso_lab.fuzz_reader --cases 10000 [--seed 0] [--drawings FOLDER] [--case N -o CASE.svg]

It prints JSON: cases, read, refused, failed (what else was raised, and in which cases), slowest_s, slowest_case,
peak_mb (by which the process grew, where the system tells), requests (files opened and connections made while reading).
With --case it writes that one case to a file instead.

A case is one of the drawings with a few changes, all of which follow from the seed and the case's number: bytes, words
and numbers are replaced by others and by hostile ones, parts are cut out, repeated, or taken from another drawing. In
every other case only attributes change, so that the file stays XML. One case in GROWN has a part repeated until the
file is large.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from clipasso_core.errors import SvgError
from clipasso_core.svg import from_svg
from clipasso_core.svg.held_line import holding
from clipasso_core.svg.write import attributes

MOST_BYTES = 5 * 2**20
"""Of a case that was grown."""

GROWN = 50
"""One case in so many is grown to up to MOST_BYTES."""

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
HELD = "M 2 4 L 27 4.5 L 27 5.5 L 2 6 Z"
DRAWINGS = (
    HEAD + 'width="80" height="60" viewBox="0 0 80 60"><title>ours</title><metadata><![CDATA[{"a": 1}]]></metadata>'
    '<g fill="none" stroke-linecap="round" stroke="#000000" stroke-width="2.5"><path d="M 5 10 C 15 0.1 25 20 35 10"/>'
    '<path stroke-opacity="0.5" d="M 5 30 C 15 40 25 20 35 30 45 40 55 20 65 30"/></g></svg>',
    HEAD + 'width="50mm" height="40mm" viewBox="0 0 50 40"><defs><path id="a" d="m5,8c2.5-5 7.5-5 10 0s7 5 10,0"/>'
    '<symbol id="s" viewBox="0 0 9 9"><circle cx="4" cy="4" r="3"/></symbol></defs><g transform="translate(1,2)'
    'rotate(9)" style="fill:none;stroke:#1a5fb4;stroke-width:.5;opacity:.8"><use xlink:href="#a" x="1mm" y="3"/>'
    '<use href="#s" width="20" height="10" transform="matrix(1,0,0,-1,5,30)"/><rect width="9" height="5" rx="2"/>'
    '<ellipse cx="20" cy="20" rx="7" ry="3.5"/><path d="M9 9a4,4 0 0 1-2.4 3.6 4 4 30 11 3 3zq1 2 3 4t5 6h3v-3"/>'
    "</g></svg>",
    HEAD + 'xmlns:clipasso="urn:clipasso" width="30mm" height="20mm" viewBox="0 0 30 20" style="background: #2f3e38">'
    '<defs><filter id="f"><feTurbulence baseFrequency="1.6"/></filter></defs><g fill="#f4f1e8" filter="url(#f)">'
    f'<path {attributes({"d": HELD, **holding(HELD, "M 2 5 C 9 5 20 5 27 5", "2")})}/><path fill="none" stroke="red" '
    'd="M 3 9 C 9 9 20 9 27 9" stroke-dasharray="6 5" clipasso:line="M 2 9 C 9 9 20 9 27 9" clipasso:sum="0"/>'
    "</g></svg>",
    HEAD + 'viewBox="0 0 200 120"><style>/* a */ .cls-1,.b{fill:none;stroke:#000}#x{stroke:rgb(9 9 9/50%)} @media '
    '(prefers-reduced-motion: no-preference){@keyframes k{from{x:1}}}</style><polyline class="cls-1" points="120,80 '
    '140,70 160,90"/><switch><foreignObject requiredExtensions="y"/><line class="b" x1="5%" y1="1in" x2="3pc" y2="4"/>'
    '</switch><polygon id="x" class="b" points="1 2 3 4 5 6"/><svg x="5" y="5" width="50%" height="20" viewBox='
    '"0 0 9 9" preserveAspectRatio="xMinYMax slice"><path class="b" d="M0 0L9 9"/></svg></svg>',
)
"""Drawings that hold all that is read, to be damaged."""

HOSTILE = (
    *(
        "<!DOCTYPE svg [<!ENTITY a 'b'>]>",
        "&a;",
        "<!--",
        "]]>",
        "<![CDATA[",
        "<?xml version='1.1'?>",
        "\0",
        "\ufeff",
        "</g>",
    ),
    *(
        "nan",
        "inf",
        "-",
        "1e309",
        "1e-320",
        "1e9",
        "-0",
        ".",
        "9" * 400,
        "1" * 40 + "e40",
        "0x10",
        "٣",
        "1,,2",
        "%",
        "Q",
    ),
    *("url(#a)", "url(http://127.0.0.1:9/a)", "file:///etc/passwd", "http://127.0.0.1:9/a.svg#b", "#a", "data:,x#a"),
    *(
        '<use href="#a"/>',
        '<g id="a"><use href="#a"/></g>',
        '<image href="http://127.0.0.1:9/a.png"/>',
        "<script>x</script>",
    ),
    *(
        '<style>@import url("http://127.0.0.1:9/a.css");</style>',
        "<style>g{",
        "}",
        "{",
        "/*",
        "*/",
        ";",
        ":",
        "!important",
    ),
    *('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>', "currentColor", "inherit"),
    *(
        "scale(0)",
        "scale(1e9)",
        "skewX(90)",
        "rotate(nan)",
        "matrix(0 0 0 0 0 0)",
        "none",
        "auto",
        "display:none",
        "A",
        "z",
    ),
)
"""What is put into drawings."""

IN_ATTRIBUTES = tuple(text for text in HOSTILE if not set(text) & set('<&"\0'))
"""Those of it that leave the file XML."""

NUMBER = re.compile(r"-?\d+\.?\d*")
WORD = re.compile(r"[\w.#:-]+")
VALUE = re.compile(r'="([^"]*)"')


def make_case(number: int, seed: int = 0, drawings: Sequence[str] = DRAWINGS) -> bytes:
    """Return a damaged drawing; the same one for the same number, seed and drawings.

    >>> make_case(3) == make_case(3), make_case(3) == make_case(4)
    (True, False)
    """
    chance = random.Random(f"{seed}/{number}")
    text = chance.choice(drawings)
    change = chance.choice((_changed, _attribute_changed))
    for _ in range(chance.randint(1, 6 if change is _changed else 3)):
        text = change(text, chance, drawings)
    if number % GROWN == 0:
        text = _grown(text, chance)
    data = text.encode("utf-8", "replace")
    if change is _changed and chance.random() < 0.2 and data:
        at = chance.randrange(len(data))
        data = data[:at] + bytes([chance.randrange(256)]) + data[at + chance.randint(0, 3) :]
    return data


def fuzz(cases: int, seed: int = 0, drawings: Sequence[str] = DRAWINGS) -> dict[str, object]:
    """Read so many damaged drawings, and return what came of it, as JSON values; see the module."""
    logging.getLogger("clipasso_core").setLevel(logging.ERROR)
    read = refused = 0
    failed: dict[str, list[int]] = {}
    slowest = (0.0, 0)
    from_svg(DRAWINGS[0])  # what is loaded and made only once
    with _Requests() as requests:
        before = _peak_mb()
        for number in range(cases):
            data = make_case(number, seed, drawings)
            started = time.process_time()
            requests.heeded = True
            try:
                from_svg(data)
                read += 1
            except SvgError:
                refused += 1
            except Exception as error:  # whatever is raised here is what we look for
                failed.setdefault(f"{type(error).__name__}: {error}"[:100], []).append(number)
            requests.heeded = False
            slowest = max(slowest, (time.process_time() - started, number))
        grown = None if before is None else round((_peak_mb() or 0.0) - before, 1)
    return {
        "cases": cases,
        "seed": seed,
        "read": read,
        "refused": refused,
        "failed": failed,
        "slowest_s": round(slowest[0], 3),
        "slowest_case": slowest[1],
        "peak_mb": grown,
        "requests": requests.seen,
    }


class _Requests:
    """Note every file that is opened and every connection that is made, while heeded."""

    def __init__(self) -> None:
        self.heeded = self._over = False
        self.seen: list[str] = []

    def __enter__(self) -> _Requests:
        sys.addaudithook(self._note)  # a hook cannot be taken away again
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True

    def _note(self, event: str, arguments: tuple[object, ...]) -> None:
        if (
            self.heeded
            and not self._over
            and event.startswith(("open", "socket.", "urllib.", "subprocess.", "os.system"))
        ):
            self.seen.append(f"{event} {arguments[0]!r}")


def _attribute_changed(text: str, chance: random.Random, drawings: Sequence[str]) -> str:
    """Change a number, a word or all of an attribute, or give it the value of another."""
    values = list(VALUE.finditer(text))
    value = chance.choice(values)
    start, end = value.span(1)
    kind = chance.randrange(5)
    if kind == 0:
        return text[:start] + chance.choice(values).group(1) + text[end:]
    if kind == 1:
        return text[:start] + chance.choice(IN_ATTRIBUTES) + text[end:]
    found = list((NUMBER, WORD)[kind % 2].finditer(text, start, end))
    if not found:
        return _attribute_changed(chance.choice(drawings), chance, drawings)
    place = chance.choice(found)
    new = chance.choice(IN_ATTRIBUTES) if kind == 2 else f"{chance.uniform(-1, 1) * 10 ** chance.randint(-5, 9):.5g}"
    return text[: place.start()] + new + text[place.end() :]


def _changed(text: str, chance: random.Random, drawings: Sequence[str]) -> str:
    """Make one change."""
    if not text:
        return chance.choice(drawings)
    at = chance.randrange(len(text))
    to = min(len(text), at + int(2 ** chance.uniform(0, 8)))
    kind = chance.randrange(7)
    if kind == 0:
        return text[:at] + text[to:]
    if kind == 1:
        return text[:to] + text[at:to] * chance.randint(1, 5) + text[to:]
    if kind == 2:
        other = chance.choice(drawings)
        return text[:at] + other[chance.randrange(len(other)) :]
    if kind == 3:
        return text[:at]
    pattern = (NUMBER, WORD)[kind % 2]
    found = list(pattern.finditer(text))
    if kind == 4 or not found:
        return text[:at] + chance.choice(HOSTILE) + text[at:]
    place = chance.choice(found)
    new = chance.choice(HOSTILE) if kind == 5 else str(chance.uniform(-1, 1) * 10 ** chance.randint(-5, 9))
    return text[: place.start()] + new + text[place.end() :]


def _grown(text: str, chance: random.Random) -> str:
    """Repeat an element, or some other part, until the text is large."""
    elements = list(re.finditer(r"<(?!/|svg)[^<>]*/>", text))
    rows = list(re.finditer(r'"[^"]{8,}"', text))
    if elements and chance.random() < 0.5:
        start, end = chance.choice(elements).span()
    elif rows:
        start, end = chance.choice(rows).span()
        start, end = start + 1 + chance.randrange(4), end - 1
    else:
        start, end = 0, len(text)
    part = text[start:end] or " "
    return text[:end] + part * (chance.randint(2**10, MOST_BYTES) // len(part.encode())) + text[end:]


def _peak_mb() -> float | None:
    """Return the most memory that this process has had, MB, or None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return 1 where something failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--cases", type=int, default=1000, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--drawings", type=Path, metavar="FOLDER", help="of .svg files that are damaged, too")
    parser.add_argument("--case", type=int, metavar="N", help="only write this case")
    parser.add_argument("-o", "--output", type=Path, default=Path("case.svg"), metavar="FILE", help="of --case")
    arguments = parser.parse_args(argv)
    files = sorted(arguments.drawings.glob("*.svg")) if arguments.drawings else []
    drawings = (*DRAWINGS, *(path.read_text(encoding="utf-8") for path in files))
    if arguments.case is not None:
        arguments.output.write_bytes(make_case(arguments.case, arguments.seed, drawings))
        return 0
    found = fuzz(arguments.cases, arguments.seed, drawings)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return int(bool(found["failed"] or found["requests"]))


if __name__ == "__main__":
    sys.exit(main())
