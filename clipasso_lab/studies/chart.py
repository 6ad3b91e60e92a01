"""Line charts as SVG: seconds, on a logarithmic axis, against a loss; one panel a photo."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, LEFT, TOP, GAP = 250, 190, 46, 54, 34
COLORS = {"plain": "#9a9a9a", "draft": "#d08a2e", "standard": "#1f5fa8", "best": "#7a3b8f"}


@dataclass(frozen=True)
class Line:
    """A curve: its name, and points (seconds, loss)."""

    name: str
    points: list[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    """The curves of one photo."""

    title: str
    lines: list[Line]


def draw(panels: Sequence[Panel]) -> str:
    """Return the chart as SVG text."""
    width = LEFT + len(panels) * (WIDTH + GAP)
    names = list(dict.fromkeys(line.name for panel in panels for line in panel.lines))
    legend = [
        f'<g transform="translate({LEFT + 110 * i} 18)"><path d="M0 0h22" stroke="{COLORS[name]}" stroke-width="2.5"/>'
        f'<text x="28" y="4">{name}</text></g>'
        for i, name in enumerate(names)
    ]
    body = [_panel(panel, LEFT + i * (WIDTH + GAP)) for i, panel in enumerate(panels)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {TOP + HEIGHT + 44}" font-family="sans-serif" '
        'font-size="12" fill="#333">\n<title>Evaluation loss against seconds</title>\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{"".join(legend)}\n{"".join(body)}\n'
        f'<text x="{width / 2}" y="{TOP + HEIGHT + 38}" text-anchor="middle">seconds</text>\n</svg>\n'
    )


def _panel(panel: Panel, left: float) -> str:
    points = [point for line in panel.lines for point in line.points]
    low, high = min(loss for _, loss in points), max(loss for _, loss in points)
    first = math.floor(math.log10(max(0.1, min(t for t, _ in points))))
    last = math.ceil(math.log10(max(t for t, _ in points)))

    def place(seconds: float, loss: float) -> tuple[float, float]:
        x = left + WIDTH * (math.log10(max(seconds, 10**first)) - first) / (last - first)
        return x, TOP + HEIGHT * (high - loss) / (high - low)

    parts = [f'<text x="{left}" y="{TOP - 10}" font-weight="bold">{panel.title}</text>']
    for power in range(first, last + 1):
        x, bottom = place(10**power, low)
        parts.append(f'<path d="M{x:.1f} {TOP}V{bottom:.1f}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 16:.1f}" text-anchor="middle">{10**power:g}</text>')
    for loss in (low, (low + high) / 2, high):
        _, y = place(1, loss)
        parts.append(f'<path d="M{left} {y:.1f}h{WIDTH}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{left - 4}" y="{y + 4:.1f}" text-anchor="end" font-size="10">{loss:.2f}</text>')
    for line in panel.lines:
        path = "L".join("{:.1f} {:.1f}".format(*place(*point)) for point in line.points)
        color = COLORS[line.name]
        parts.append(f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="2" stroke-linejoin="round"/>')
    return "".join(parts)
