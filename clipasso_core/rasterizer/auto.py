"""The way to draw, chosen by itself: fused kernels where a GPU can run them, else plain PyTorch, here or on the CPU."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from types import ModuleType

import torch
from torch import Tensor

from ..strokes import Strokes
from . import analytic, fused

_LOGGER = logging.getLogger(__name__)
Draw = Callable[[Strokes, tuple[int, int] | None], Tensor]
PLAIN_DEVICES = ("cpu", "cuda")
"""Where plain PyTorch has all that drawing takes."""


def render(strokes: Strokes, size: tuple[int, int] | None = None) -> Tensor:
    """Draw premultiplied RGBA [B, 4, H, W] on nothing; ``analytic.render`` says more."""
    if _fits(strokes):
        return fused.render(strokes, size)
    return _plain(analytic.render, strokes, size)


def rasterize(strokes: Strokes, size: tuple[int, int] | None = None) -> Tensor:
    """Draw [B, 3, H, W] on white; arguments and errors as for ``render``."""
    if _fits(strokes):
        image = fused.render(strokes, size)
        return image[:, :3] + (1 - image[:, 3:])
    return _plain(analytic.rasterize, strokes, size)


def ink(strokes: Strokes, size: tuple[int, int] | None = None) -> Tensor:
    """Return the opacity [B, H, W], 1 - prod(1 - alpha * coverage); arguments and errors as for ``render``."""
    if _fits(strokes):
        return fused.render(strokes, size)[:, 3]
    return _plain(analytic.ink, strokes, size)


def _plain(draw: Draw, strokes: Strokes, size: tuple[int, int] | None) -> Tensor:
    """Draw with plain PyTorch: where the strokes are, or on the CPU where their device lacks what it takes.

    Apple's MPS has no segment_reduce, and waits for the host at every size that depends on data: the CPU, which
    shares its memory, is faster than that.
    """
    device = strokes.control_points.device
    if device.type in PLAIN_DEVICES:
        return draw(strokes, size)
    return draw(strokes.to("cpu"), size).to(device)


def _fits(strokes: Strokes) -> bool:
    """Whether the fused kernels are to draw; where a GPU could have, the log says once why they do not."""
    device = strokes.control_points.device
    if device.type != "cuda":
        return False
    why = fused.why_not(strokes) or _trouble(device)
    if why is not None:
        _say(why)
    return why is None


@functools.cache
def _say(why: str) -> None:
    _LOGGER.info("Strokes are drawn by plain PyTorch on the GPU: %s.", why)


@functools.cache
def _trouble(device: torch.device) -> str | None:
    """Try the kernels once on ``device`` (seconds: they are compiled); return what goes wrong, or None.

    Triton may lack a C compiler or a driver that fits; then PyTorch still draws.
    """
    points = torch.tensor([[[[2.0, 3], [9, 20], [22, 18], [28, 5]], [[3.0, 25], [12, 9], [18, 10], [29, 27]]]])
    try:
        with torch.enable_grad():
            here, there = (_sample(draw, points.to(d)) for draw, d in ((analytic, "cpu"), (fused, device)))
    except Exception as error:  # whatever a compiler or driver may raise
        return f"the Triton kernels do not run here ({type(error).__name__}: {error})"
    near = all(float((a - b).abs().max()) < 0.05 * float(a.abs().max()) for a, b in zip(here, there, strict=True))
    return None if near else "the Triton kernels draw something else than PyTorch does here; please report this"


def _sample(draw: ModuleType, points: Tensor) -> tuple[Tensor, Tensor]:
    """Return a picture of points [1, N, 4, 2] and its gradient."""
    points = points.clone().requires_grad_()
    image = draw.render(Strokes.black(points, (32, 32)))
    slope = torch.linspace(0, 1, 32, device=points.device)
    (gradient,) = torch.autograd.grad((image[:, 3] * slope).sum(), points)
    return image.detach().cpu(), gradient.cpu()
