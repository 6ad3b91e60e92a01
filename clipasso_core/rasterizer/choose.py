"""Which rasterizer draws: by name, or by itself the fused kernels where a GPU can run them, else plain PyTorch."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from ..errors import ConfigError, DependencyError
from ..strokes import Strokes
from . import analytic, fused, reference

log = logging.getLogger(__name__)

Draw = Callable[[Strokes, tuple[int, int] | None], Tensor]

RASTERIZERS = ("auto", "analytic", "reference", "diffvg", "triton")
"""What ``rasterize`` uses (the default), ours in plain PyTorch, the slow oracle, diffvg, and ours as fused kernels:
"triton" is the package ``fused``."""

PLAIN_DEVICES = ("cpu", "cuda")
"""Where plain PyTorch has all that drawing takes."""


class Rasterizer(Protocol):
    """Draw strokes, differentiably."""

    def render(self, strokes: Strokes, size: tuple[int, int] | None = None) -> Tensor:
        """Draw premultiplied RGBA [B, 4, H, W] on nothing, later strokes over earlier ones."""


def get_rasterizer(name: str = "auto") -> Rasterizer:
    """Return the rasterizer called ``name``; "auto" draws what ``render`` and ``rasterize`` draw.

    Raises:
        ConfigError: there is none of that name.
        DependencyError: diffvg or triton is asked for and not installed.

    >>> import torch
    >>> line = torch.tensor([[[[1.0, 4], [3, 4], [5, 4], [7, 4]]]])
    >>> get_rasterizer("reference").render(Strokes.black(line, (8, 8))).shape
    torch.Size([1, 4, 8, 8])
    """
    if name == "auto":
        return AutoRasterizer()
    if name == "analytic":
        return analytic
    if name == "reference":
        return reference
    if name == "diffvg":
        from .diffvg import DiffvgRasterizer

        return DiffvgRasterizer()
    if name == "triton":
        if not fused.installed():
            raise DependencyError(f"{fused.INSTALL_TRITON}. Or use get_rasterizer('analytic'), which needs nothing.")
        return fused
    raise ConfigError(f"Unknown rasterizer {name!r}; choose one of {', '.join(RASTERIZERS)}.")


class AutoRasterizer:
    """Draw with whichever backend fits the strokes and their device."""

    def render(self, strokes: Strokes, size: tuple[int, int] | None = None) -> Tensor:
        """Draw premultiplied RGBA [B, 4, H, W] on nothing."""
        return render(strokes, size)


def render(strokes: Strokes, size: tuple[int, int] | None = None) -> Tensor:
    """Draw premultiplied RGBA on nothing, later strokes over earlier ones.

    Strokes that are not alive, or no wider than 0, draw nothing and get no gradient.

    Args:
        strokes: B sketches, in float32, float64 or bfloat16 (computed in float32).
        size: (height, width) px to draw at, the drawing scaled with it; None for the canvas's own.

    Returns:
        [B, 4, H, W] in float64 for float64 strokes, else in float32: bfloat16 has too few bits
        for coverage.

    Raises:
        ShapeError: a number is NaN or infinite (looked for on the CPU only: a GPU would have to wait).

    >>> import torch
    >>> line = torch.tensor([[[[1.0, 4], [3, 4], [5, 4], [7, 4]]]])
    >>> render(Strokes.black(line, (8, 8), stroke_width=2.0)).shape
    torch.Size([1, 4, 8, 8])
    """
    if _fits(strokes):
        return fused.render(strokes, size)
    return _plain(analytic.render, strokes, size)


def rasterize(strokes: Strokes, size: tuple[int, int] | None = None) -> Tensor:
    """Draw [B, 3, H, W] on white; arguments and errors as for ``render``.

    >>> import torch
    >>> line = torch.tensor([[[[1.0, 4], [3, 4], [5, 4], [7, 4]]]])
    >>> image = rasterize(Strokes.black(line, (8, 8), stroke_width=2.0))
    >>> [round(float(image[0, 0, row, 4]), 2) for row in (2, 3, 4, 5)]
    [1.0, 0.0, 0.0, 1.0]
    """
    if _fits(strokes):
        image = fused.render(strokes, size)
        return image[:, :3] + (1 - image[:, 3:])
    return _plain(analytic.rasterize, strokes, size)


def ink(strokes: Strokes, size: tuple[int, int] | None = None) -> Tensor:
    """Return the opacity [B, H, W], 1 - prod(1 - alpha * coverage); arguments and errors as for ``render``.

    >>> import torch
    >>> line = torch.tensor([[[[1.0, 4], [3, 4], [5, 4], [7, 4]]]])
    >>> round(float(ink(Strokes.black(line, (8, 8), stroke_width=1.0)).sum()), 1)  # 6 px of line, two half discs
    6.8
    """
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
    log.info("Strokes are drawn by plain PyTorch on the GPU: %s.", why)


@functools.cache
def _trouble(device: torch.device) -> str | None:
    """Try the kernels once on ``device`` (seconds: they are compiled); return what goes wrong, or None.

    Triton may lack a C compiler or a driver that fits; then PyTorch still draws. The answer holds for the whole
    process, so it must not depend on the first caller: the trial has tensors of its own, outside inference mode.
    """
    try:
        with torch.inference_mode(False), torch.enable_grad():
            here, there = _sample(analytic, torch.device("cpu")), _sample(fused, device)
    except torch.cuda.OutOfMemoryError:  # says nothing about the kernels
        raise
    except Exception as error:  # whatever a compiler or driver may raise
        return f"the Triton kernels do not run here ({type(error).__name__}: {error})"
    near = all(float((a - b).abs().max()) < 0.05 * float(a.abs().max()) for a, b in zip(here, there, strict=True))
    return None if near else "the Triton kernels draw something else than PyTorch does here; please report this"


def _sample(rasterizer: Rasterizer, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return a picture of two strokes and its gradient, on the CPU."""
    strokes = [[[2.0, 3], [9, 20], [22, 18], [28, 5]], [[3.0, 25], [12, 9], [18, 10], [29, 27]]]
    points = torch.tensor([strokes], device=device, requires_grad=True)
    image = rasterizer.render(Strokes.black(points, (32, 32)))
    slope = torch.linspace(0, 1, 32, device=device)
    (gradient,) = torch.autograd.grad((image[:, 3] * slope).sum(), points)
    return image.detach().cpu(), gradient.cpu()
