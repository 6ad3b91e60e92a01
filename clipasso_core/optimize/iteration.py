"""One iteration: draw, look, remember, move."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from ..bezier import curve_points, segments_of
from ..errors import ShapeError
from ..losses import bend_loss, geometric_loss, overlap_loss, semantic_loss
from ..rasterizer import ink, render
from ..strokes import Strokes
from .candidates import Candidates
from .config import OptimizeConfig
from .coordinates import mean_opacity
from .photo_bank import PhotoBank

OVERLAP_WEIGHT, BEND_WEIGHT = 4.0, 0.3
"""Of the overlap and of the strokes' bends in the loss, where ``tidy`` is 1."""

ON_CURVE = 9
"""Points of a cubic that tell whether it lies off the canvas."""


class Iteration:
    """Run iterations of B sketches on tensors that stay in place.

    ``run`` never waits for the device: a CUDA graph can capture it.

    Args:
        strokes: [B, N, K, 2] where the sketches start.
        candidates: the active ones are the sketches of ``strokes``.
        bank: the photos.
        config: how many views, and which terms besides the encoder's.
        frozen: [B, N] bool, strokes that do not move; None for none.

    Attributes:
        points: [B, N, M, 2] px, moved by ``run``: control points, or whatever else the ``Coordinates`` hold.
        evaluated: [B, N, M, 2] px, where they were when ``losses`` were computed.
        last_finite: [B, N, M, 2] px, where loss and gradient were last finite.
        losses: by name, [B] each; see SketchStep.
    """

    def __init__(
        self,
        strokes: Strokes,
        candidates: Candidates,
        bank: PhotoBank,
        config: OptimizeConfig,
        frozen: Tensor | None = None,
    ) -> None:
        device = strokes.control_points.device
        self.strokes, self.candidates, self.bank = strokes, candidates, bank
        self.config, self.frozen, self.coordinates = config, frozen, candidates.coordinates
        self.points = self.coordinates.of(strokes).requires_grad_(True)
        self.evaluated, self.last_finite = self.coordinates.of(strokes), self.coordinates.of(strokes)
        self.losses: dict[str, Tensor] = {}
        tidy = {"overlap": OVERLAP_WEIGHT * config.tidy, "bend": BEND_WEIGHT * config.tidy}
        self.weights = {**tidy, "opacity": config.opacity_weight}
        self.views = torch.zeros(config.num_views + 1, dtype=torch.long, device=device)
        self.photo_index = candidates.photo_index
        self.grey = candidates.strokes.is_opaque_black()
        rows = torch.arange(strokes.batch_size, device=device)
        self._groups = [(part, strokes.select(rows[part])) for part in bank.groups(strokes.batch_size)]
        on_cuda = device.type == "cuda"
        rate = torch.zeros((), device=device) if on_cuda else 0.0
        self.optimizer = torch.optim.Adam([self.points], lr=rate, capturable=on_cuda)
        self.optimizer.state[self.points] = {
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
        """Run one iteration."""
        self.evaluated.copy_(self.points.detach())
        self.optimizer.zero_grad()
        drawing, own = self._draw()
        gradient, self.losses = self.bank.within_memory(
            len(drawing) * len(self.views),
            partial(loss_gradient, self.bank, drawing, self.photo_index, self.views),
        )
        self._add(own)
        self.candidates.remember(self.points, self.losses["evaluation"])
        finite = _each_finite(gradient, *self.losses.values())
        shares = [self.weights[name] * finite for name in own]
        torch.autograd.backward([drawing, *own.values()], [_only(finite, gradient), *shares])
        self._move(finite)

    def evaluate(self) -> Tensor:
        """Return the evaluation loss [B] of the sketches as they are; nothing moves, and nothing is remembered."""
        drawing, own = self._draw()
        _, self.losses = self.bank.within_memory(
            len(drawing), partial(loss_gradient, self.bank, drawing, self.photo_index, self.views[:1])
        )
        self._add(own)
        return self.losses["evaluation"]

    def keep(self, rows: Tensor) -> Iteration:
        """Return what goes on with the candidates' active sketches, which are ``rows`` [B'] of these."""
        strokes = self.candidates.active_strokes(self.points.detach()[rows])
        frozen = None if self.frozen is None else self.frozen[rows]
        kept = Iteration(strokes, self.candidates, self.bank, self.config, frozen)
        kept.last_finite.copy_(self.last_finite[rows])
        state = self.optimizer.state[self.points]
        kept.optimizer.state[kept.points] = {name: v[rows] if v.ndim else v for name, v in state.items()}
        return kept

    @property
    def memory(self) -> list[Tensor]:
        """All that ``run`` changes and the next ``run`` reads."""
        moments = self.optimizer.state[self.points]
        state = [moments[name] for name in sorted(moments)]
        return [self.points.detach(), self.last_finite, *state, *self.candidates.memory]

    def placed(self, points: Tensor) -> Strokes:
        """Return the sketches at coordinates [B, N, M, 2]."""
        return self.coordinates.place(self.strokes, points)

    def _moving(self) -> Tensor:
        """Return the coordinates [B, N, M, 2]; no gradient comes to frozen strokes."""
        if self.frozen is None:
            return self.points
        return torch.where(self.frozen[..., None, None], self.points.detach(), self.points)

    def _add(self, own: dict[str, Tensor]) -> None:
        """Add the strokes' own terms to the losses."""
        for name, term in own.items():
            self.losses[name] = term.detach()
            self.losses["evaluation"] = self.losses["evaluation"] + self.weights[name] * term.detach()

    def _draw(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Draw all sketches [B, C, H, W], C 1 for black ones, else 3; and return the strokes' own terms [B] by name."""
        drawn, hidden, moving = [], [], self._moving()
        for rows, strokes in self._groups:
            placed = self.coordinates.place(strokes, moving[rows])
            if self.grey:
                opacity = ink(placed)
                drawn.append(1 - opacity[:, None])
            else:
                painted = render(placed)
                opacity = painted[:, 3]
                drawn.append(painted[:, :3] + (1 - painted[:, 3:]))
            hidden.append(overlap_loss(placed, opacity))
        own = {"overlap": torch.cat(hidden), "bend": bend_loss(self.placed(moving))}
        if self.weights["opacity"] > 0:
            own["opacity"] = mean_opacity(self.placed(moving))
        return torch.cat(drawn), own

    @torch.no_grad()
    def _move(self, finite: Tensor) -> None:
        """Take Adam's step; a sketch whose loss or gradient is not finite [B] goes back, and loses its momentum.

        Adam's second moment stays: without it the first steps after that would be several times too long.
        """
        if self.points.grad is None:
            raise ShapeError("The drawing does not depend on the strokes.")
        finite = finite & _each_finite(self.points.grad)
        self.points.grad.copy_(_only(finite, self.points.grad))
        self.last_finite.copy_(torch.where(finite[:, None, None, None], self.evaluated, self.last_finite))
        self.optimizer.step()
        self.points.copy_(torch.where(finite[:, None, None, None], self.points, self.last_finite))
        self.coordinates.confine(self.points)
        self.coordinates.points(self.points).add_(way_back(self.placed(self.points)))
        momentum = self.optimizer.state[self.points]["exp_avg"]
        momentum.copy_(_only(finite, momentum))
        self.candidates.count_setbacks(~finite)


def loss_gradient(
    bank: PhotoBank, drawings: Tensor, photo_index: Tensor, views: Tensor
) -> tuple[Tensor, dict[str, Tensor]]:
    """Look at drawings and photos through the same views, in passes of bounded size.

    Args:
        bank: knows the photos, the encoder and the recipe.
        drawings: [B, C, H, W], C 1 or 3.
        photo_index: [B] which photo each is of.
        views: [V] of the bank, learnt; the first one is 0, the un-augmented view of the evaluation.

    Returns:
        The gradient of the summed loss to the drawings [B, C, H, W], and by name [B]: "geometric" and "semantic",
        means over the views, and "evaluation", the weighted sum in the first view.
    """
    drawings = drawings.detach().requires_grad_(True)
    terms: dict[str, Tensor] = {}
    for rows, columns in bank.passes(len(drawings), len(views)):
        seen = bank.look(drawings[rows], None if columns.stop == 1 else views[columns])
        photo = bank.photo(views[columns], photo_index[rows])
        found = {"geometric": geometric_loss(seen, photo, bank.recipe)}
        if seen.embedding is not None and photo.embedding is not None:
            found["semantic"] = semantic_loss(seen.embedding, photo.embedding)
        total = sum(bank.weights[name] * loss.sum() for name, loss in found.items())
        torch.autograd.backward(torch.as_tensor(total / len(views)))
        for name, loss in found.items():
            table = terms.setdefault(name, drawings.new_zeros(len(drawings), len(views)))
            table[rows, columns] = loss.detach().view(-1, len(views[columns]))
    if drawings.grad is None:
        raise ShapeError("The encoder returns features that do not depend on the image.")
    losses = {name: table.mean(dim=1) for name, table in terms.items()}
    losses["evaluation"] = torch.stack([bank.weights[name] * table[:, 0] for name, table in terms.items()]).sum(dim=0)
    return drawings.grad, losses


def way_back(strokes: Strokes) -> Tensor:
    """Return how far [B, N, 1, 2] px each stroke must go to touch the canvas again; 0 where a part of it is there.

    A stroke wholly off the canvas has no gradient, and would never come back.

    >>> from clipasso_core import Strokes
    >>> points = torch.tensor([[[[-9.0, 5], [-8, 5], [-7, 5], [-6, 5]], [[1, 5], [2, 5], [3, 5], [4, 5]]]])
    >>> way_back(Strokes.black(points, (20, 20)))[0, :, 0].tolist()
    [[6.0, 0.0], [0.0, 0.0]]
    """
    height, width = strokes.canvas_size
    t = torch.linspace(0, 1, ON_CURVE, device=strokes.control_points.device)
    on = curve_points(segments_of(strokes.control_points), t).flatten(2, 3)
    corner = torch.stack([t.new_full((), width), t.new_full((), height)])
    back = (-on).clamp(min=0) - (on - corner).clamp(min=0)
    square = back.square().sum(dim=3)
    nearest = square.argmin(dim=2, keepdim=True)
    back = back.gather(2, nearest[..., None].expand(-1, -1, -1, 2))
    lost = square.amin(dim=2) > (strokes.stroke_width / 2).square()
    return back * (lost & strokes.alive)[..., None, None]


def _each_finite(*tensors: Tensor) -> Tensor:
    """Whether each sketch's numbers [B, ...] are neither NaN nor infinite: [B]."""
    return torch.stack([each.isfinite().reshape(len(each), -1).all(dim=1) for each in tensors]).all(dim=0)


def _only(rows: Tensor, tensor: Tensor) -> Tensor:
    """Return a tensor [B, ...] with zeros in all but some rows [B] bool."""
    return torch.where(rows.view(-1, *[1] * (tensor.ndim - 1)), tensor, torch.zeros_like(tensor))
