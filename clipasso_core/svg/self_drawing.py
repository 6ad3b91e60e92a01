"""The part of an SVG that makes it draw itself: CSS that lets a dash grow along each path.

Every path has ``pathLength="1"``, so that one rule serves all: a dash as long as the path, shifted from before its
start to lie upon it. Before its time a path is hidden, for the round end of an empty dash would show as a dot. All of
it stands in the animation, which leaves nothing behind when it is over, and which only those get who have not asked for
less motion: everybody else, and every program that knows no animation, shows the finished drawing.
"""

from __future__ import annotations

import re

from .numerals import format_number

STYLE = """\
  <style>
    @media (prefers-reduced-motion: no-preference) {
      @keyframes clipasso-draw {
        from { visibility: hidden; stroke-dasharray: 1 2; stroke-dashoffset: 1 }
        to { visibility: visible; stroke-dasharray: 1 2; stroke-dashoffset: 0 }
      }
    }
  </style>"""
"""What stands once in the document. It selects no element, so that it touches nothing else on a page that holds it."""

FORM = (
    f"(?:{re.escape(STYLE)}\n)?",
    r"""(?: pathLength="1" style="animation: clipasso-draw [0-9.]+s linear [0-9.]+s backwards")?""",
)
"""Regular expressions of the style sheet and of a path's attributes, where the SVG draws itself, as ever written."""

DECIMALS = 3
"""Of times in s."""


def motion(begin: float, duration: float) -> dict[str, str]:
    """Return the attributes of a path that is drawn from ``begin`` on for ``duration``, s.

    >>> motion(0.5, 0.25)["style"]
    'animation: clipasso-draw 0.25s linear 0.5s backwards'
    """
    start, lasts = format_number(begin, DECIMALS), format_number(duration, DECIMALS)
    return {"pathLength": "1", "style": f"animation: clipasso-draw {lasts}s linear {start}s backwards"}
