"""One iteration: draw, look, remember, move."""

from __future__ import annotations

import torch
from torch import Tensor

from ..rasterizer import ink, rasterize
from ..strokes import Strokes
from .candidates import Candidates
from .compare import compare_in_memory
from .photo_bank import PhotoBank


class Iteration:
    """Hold the memory of an iteration of B sketches, and do it.

    ``run`` reads and writes tensors that stay where they are, and asks the device nothing: a CUDA graph can capture it.

    Args:
        strokes: [B, N, K, 2] where the sketches start.
        candidates: the books; its active sketches are those of ``strokes``.
        bank: the photos.
        num_views: random views besides the identity.
        moments: Adam's state of these sketches, from ``kept_moments``; None at the start.

    Attributes:
        points: [B, N, K, 2] px, moved by ``run``.
        evaluated: [B, N, K, 2] px, where they were when ``losses`` were computed.
        losses: by name, [B] each; see SketchStep.
    """

    def __init__(
        self,
        strokes: Strokes,
        candidates: Candidates,
        bank: PhotoBank,
        num_views: int,
        moments: dict[str, Tensor] | None = None,
    ) -> None:
        device = strokes.control_points.device
        self.strokes, self.candidates, self.bank = strokes, candidates, bank
        self.points = strokes.control_points.clone().requires_grad_(True)
        self.evaluated = strokes.control_points.clone()
        self.losses: dict[str, Tensor] = {}
        self.views = torch.zeros(num_views + 1, dtype=torch.long, device=device)
        self.photo_index = candidates.photo_index
        self.grey = strokes.is_opaque_black()
        on_cuda = device.type == "cuda"
        rate = torch.zeros((), device=device) if on_cuda else 0.0
        self.optimizer = torch.optim.Adam([self.points], lr=rate, capturable=on_cuda)
        self.optimizer.state[self.points] = moments or {
            "step": torch.zeros((), device=device if on_cuda else "cpu"),
            "exp_avg": torch.zeros_like(self.points),
            "exp_avg_sq": torch.zeros_like(self.points),
        }

    def prepare(self, number: int, views: list[int], learning_rate: float) -> None:
        """Say which iteration the next ``run`` is, through which views (the first is 0), and how far it moves, px."""
        self.bank.learn(views)
        self.candidates.now.fill_(number)
        self.views.copy_(torch.tensor(views))
        (group,) = self.optimizer.param_groups
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(learning_rate)
        else:
            group["lr"] = learning_rate

    def run(self) -> None:
        """Do it once."""
        self.evaluated.copy_(self.points.detach())
        self.optimizer.zero_grad()
        drawing = self._draw()
        gradient, self.losses = compare_in_memory(self.bank, drawing, self.photo_index, self.views)
        self.candidates.remember(self.points, self.losses["evaluation"])
        torch.autograd.backward(drawing, gradient)
        self.optimizer.step()

    def kept_moments(self, rows: Tensor) -> dict[str, Tensor]:
        """Return Adam's state of some sketches [B']."""
        state = self.optimizer.state[self.points]
        return {name: value[rows] if value.ndim else value for name, value in state.items()}

    @property
    def memory(self) -> list[Tensor]:
        """All that ``run`` changes and the next ``run`` reads."""
        moments = self.optimizer.state[self.points]
        return [self.points.detach(), *(moments[name] for name in sorted(moments)), *self.candidates.books]

    def _draw(self) -> Tensor:
        moving = self.strokes.with_points(self.points)
        return 1 - ink(moving)[:, None] if self.grey else rasterize(moving)
