"""An iteration as one CUDA graph: recorded once, then replayed as a whole.

Without it a GPU waits most of the time for Python to launch thousands of small kernels. Where capturing is not
possible the iteration runs as it is, and the log says why.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import first_line
from .iteration import Iteration

log = logging.getLogger(__name__)
CAPTURE_WARM_UP = 3
"""Runs before the capture, so that libraries have chosen their kernels and kernels are compiled."""


def fastest(iteration: Iteration) -> Callable[[], None]:
    """Return what does the iteration once: a captured graph on CUDA, ``iteration.run`` elsewhere.

    The iteration must have been prepared. Its memory is left as it was.
    """
    if not can_capture(iteration.points.device):
        return iteration.run
    memory = [tensor.clone() for tensor in iteration.memory]
    try:
        with torch.cuda.device(iteration.points.device):
            replay = _capture(iteration, memory)
    except Exception as error:  # whatever a driver, a compiler or an encoder may raise
        why = f"{type(error).__name__}: {first_line(error)}"
        log.warning("An iteration is not captured as a CUDA graph, and takes longer: %s", why)
        replay = iteration.run
    _restore(iteration, memory)
    return replay


def can_capture(device: torch.device) -> bool:
    """Return whether the device supports CUDA graphs.

    >>> can_capture(torch.device("cpu"))
    False
    """
    return device.type == "cuda"


def _capture(iteration: Iteration, memory: list[Tensor]) -> Callable[[], None]:
    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(CAPTURE_WARM_UP):
            iteration.run()
    torch.cuda.current_stream().wait_stream(side)
    _restore(iteration, memory)
    iteration.run()
    expected = _outcome(iteration)
    _restore(iteration, memory)
    iteration.optimizer.zero_grad()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        iteration.run()
    _restore(iteration, memory)
    graph.replay()
    check_replay(expected, _outcome(iteration))
    replay: Callable[[], None] = graph.replay
    return replay


def check_replay(expected: list[Tensor], found: list[Tensor]) -> None:
    """Raise RuntimeError unless a replay did what the iteration itself does: losses, and points in px."""
    for name, a, b in zip(("losses", "points"), expected, found, strict=True):
        a, b = (torch.where(a.isfinite() | b.isfinite(), each, 0) for each in (a, b))  # neither is a number: the same
        apart = float((a - b).abs().mean())
        if not apart <= 1e-3 * float(a.abs().mean()):
            raise RuntimeError(f"the replayed graph has other {name} than the iteration itself (by {apart:.3g})")


def _outcome(iteration: Iteration) -> list[Tensor]:
    return [iteration.losses["evaluation"].clone(), iteration.points.detach().clone()]


def _restore(iteration: Iteration, memory: list[Tensor]) -> None:
    with torch.no_grad():
        for tensor, value in zip(iteration.memory, memory, strict=True):
            tensor.copy_(value)
