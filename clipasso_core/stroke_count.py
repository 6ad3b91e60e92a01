"""How many strokes a sketch needs: as many as lower the loss by at least what a stroke costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from .errors import ShapeError, check_range

FEWEST, MOST = 4, 48
"""Strokes that are kept at least, and that a search starts with."""

DETAIL = 0.5
"""How fine a sketch is whose strokes are counted, unless something else is asked for."""

DEAREST, CHEAPEST = 0.08, 0.001
"""What a stroke costs at detail 0 and at detail 1, as a share of the loss of the empty canvas."""

PLOT_SIZE, PLOT_MARGIN = (320, 480), 36
"""(height, width) of a plot, and px around it for the numbers."""

GREY, BLUE, RED = (150, 150, 150), (31, 95, 168), (200, 40, 40)


@dataclass(frozen=True)
class StrokeCount:
    """How many strokes a sketch got, and why.

    Args:
        chosen: how many.
        losses: after the first stroke, the second, ..., in the order by importance.
        empty: the loss of the empty canvas.
        price: how much a stroke must lower the loss.
    """

    chosen: int
    losses: tuple[float, ...]
    empty: float
    price: float

    @property
    def total(self) -> float:
        """The loss with the strokes that were chosen, and what they cost: what the choice makes least."""
        return self.losses[self.chosen - 1] + self.price * self.chosen

    def report(self) -> dict[str, object]:
        """Return it as JSON values."""
        losses = [round(loss, 4) for loss in self.losses]
        return {"strokes": self.chosen, "price": round(self.price, 4), "empty": round(self.empty, 4), "losses": losses}


def price_of(detail: float) -> float:
    """Return what a stroke costs, as a share of the loss of the empty canvas; detail 0-1, more is finer.

    Equal steps of detail are equal ratios of the price.

    Raises:
        ConfigError: detail is out of range.

    >>> price_of(0), round(price_of(0.5), 4), price_of(1)
    (0.08, 0.0089, 0.001)
    """
    check_range("detail", detail, 0, 1)
    price: float = DEAREST ** (1 - detail) * CHEAPEST**detail
    return price


def choose_count(losses: Sequence[float], empty: float, detail: float, fewest: int = FEWEST) -> StrokeCount:
    """Choose how many strokes make loss and price together least; of equals the fewer.

    The price is the same for every photo, in units of its empty canvas: an object of many lines gets many strokes, and
    a finer detail never gets fewer of them.

    Args:
        losses: after each of n strokes.
        empty: of the empty canvas.
        detail: 0-1.
        fewest: strokes that are kept at least, where there are so many.

    Raises:
        ShapeError: there are no strokes.
        ConfigError: detail is out of range.

    >>> plain, busy = [0.6, 0.5, 0.49, 0.485, 0.48], [0.9, 0.8, 0.7, 0.6, 0.5]
    >>> [choose_count(losses, 1.0, detail=0.2, fewest=1).chosen for losses in (plain, busy)]
    [2, 5]
    """
    if not losses:
        raise ShapeError("The sketch has no living strokes to choose from. Make at least one stroke.")
    price = price_of(detail) * empty
    first = min(fewest, len(losses))
    chosen = min(range(first, len(losses) + 1), key=lambda count: (losses[count - 1] + price * count, count))
    return StrokeCount(chosen, tuple(losses), empty, price)


def plot_losses(count: StrokeCount) -> Tensor:
    """Draw loss against strokes, the chosen number marked; returns [3, 320, 480] in 0-1.

    >>> plot_losses(choose_count([0.9, 0.6, 0.5, 0.48], 1.0, detail=0.5)).shape
    torch.Size([3, 320, 480])
    """
    height, width = PLOT_SIZE
    values = (count.empty, *count.losses)
    low, high = min(0.0, *values), max(values)

    def place(strokes: float, loss: float) -> tuple[float, float]:
        x = PLOT_MARGIN + (width - 2 * PLOT_MARGIN) * strokes / (len(values) - 1)
        return x, height - PLOT_MARGIN - (height - 2 * PLOT_MARGIN) * (loss - low) / max(high - low, 1e-9)

    def write(at: tuple[float, float], text: str, left: float, up: float, fill: tuple[int, int, int]) -> None:
        _, _, wide, tall = draw.textbbox((0, 0), text)
        draw.text((at[0] - left * wide, at[1] - up * tall), text, fill=fill)

    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    draw.line([place(0, high), place(0, low), place(len(values) - 1, low)], fill=GREY)
    for strokes in range(0, len(values), max(1, 4 * (len(values) // 32))):
        write(place(strokes, low), str(strokes), 0.5, -0.3, GREY)
    for loss in (low, high):
        write(place(0, loss), f"{loss:.2f} ", 1, 0.5, GREY)
    draw.line([place(count.chosen, low), place(count.chosen, high)], fill=RED)
    write(place(count.chosen, high), f"{count.chosen} strokes", 0.5, 1.3, RED)
    draw.line([place(*pair) for pair in enumerate(values)], fill=BLUE, width=2)
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
