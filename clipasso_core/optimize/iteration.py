"""One iteration: draw, look, remember, move."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from ..bezier import arc_length, last_points, points_along
from ..errors import ShapeError
from ..losses import bend_loss, close_beside, knot_loss, overlap_loss, trespass_loss, uncovered_loss
from ..rasterizer import ink, render
from ..strokes import CANVAS_SIDE, Strokes, in_order
from .candidates import Candidates
from .config import OptimizeConfig
from .coordinates import mean_opacity
from .photo_bank import PhotoBank
from .prefixes import PREFIX_WEIGHT
from .underlay import Underlay

OVERLAP_WEIGHT, BEND_WEIGHT, KNOT_WEIGHT = 4.0, 0.3, 50.0
"""Of the overlap, of the strokes' bends and of their knots in the loss, where ``tidy`` is 1: strokes of two cubics draw
more for any crossing, so that must cost a lot."""

TRESPASS, TRESPASS_CROWDED = (8.0, 2.0), (30.0, 3.0)
"""Weight of ink in places that are off limits, and px of a 224 px canvas, how far from the ink of strokes that stay
other ink should keep, so that no brow runs into an eye; and where strokes are many (``Subject.crowded``)."""

FULL_PACE = 24.0
"""px of a 224 px canvas: strokes of this length on take whole steps."""

ON_CURVE = 9
"""Points of a cubic that tell whether it lies off the canvas."""


class Iteration:
    """Run iterations of B sketches on tensors that stay in place.

    ``run`` never waits for the device: a CUDA graph can capture it. Strokes on marks (``Subject.on_marks``) stay where
    they are, and other ink close beside them costs, unless the config's ``least_pace`` is 1.

    Args:
        strokes: [B, N, K, 2] where the sketches start.
        candidates: the active ones are the sketches of ``strokes``.
        bank: the photos.
        config: how many views, and which terms besides the encoder's.
        frozen: [B, N] bool, strokes that do not move; None for none.
        underlay: what the sketches are drawn over; None for white.

    Attributes:
        points: [B, N, M, 2] px, moved by ``run``: control points, or whatever else the ``Coordinates`` hold.
        evaluated: [B, N, M, 2] px, where they were when ``losses`` were computed.
        last_finite: [B, N, M, 2] px, where loss and gradient were last finite.
        losses: by name, [B] each; see SketchStep.
        free: [B, N] bool, False for strokes that stay.
        sees_prefixes: whether the random views see the drawings after ``length`` strokes instead of the whole ones, and
            count ``PREFIX_WEIGHT`` times; given strokes are always seen, and are not of the ``length``.
        length: [1] how many.
    """

    def __init__(
        self,
        strokes: Strokes,
        candidates: Candidates,
        bank: PhotoBank,
        config: OptimizeConfig,
        frozen: Tensor | None = None,
        underlay: Underlay | None = None,
    ) -> None:
        device = strokes.control_points.device
        self.strokes, self.candidates, self.bank = strokes, candidates, bank
        self.config, self.frozen, self.coordinates = config, frozen, candidates.coordinates
        self.underlay = underlay
        self.points = self.coordinates.of(strokes).requires_grad_(True)
        self.evaluated, self.last_finite = self.coordinates.of(strokes), self.coordinates.of(strokes)
        self.losses: dict[str, Tensor] = {}
        tidy = {"overlap": OVERLAP_WEIGHT, "bend": BEND_WEIGHT, "knot": KNOT_WEIGHT}
        trespass, self._clear = TRESPASS_CROWDED if bank.subject.crowded else TRESPASS
        others = {"opacity": config.opacity_weight, "trespass": trespass, "outline": config.outline_weight}
        self.weights = {**{name: weight * config.tidy for name, weight in tidy.items()}, **others}
        self.views = torch.zeros(config.num_views + 1, dtype=torch.long, device=device)
        self.sees_prefixes, self.length = False, torch.zeros(1, dtype=torch.long, device=device)
        self.photo_index = candidates.photo_index
        black_below = underlay is None or underlay.is_black
        self.grey = candidates.strokes.is_opaque_black() and black_below and not self.coordinates.color_span
        stays = bank.subject.on_marks(strokes.control_points, self.photo_index) & (config.least_pace < 1)
        self.free, self._off_limits = ~stays, self._no_ink_on(replace(strokes, alive=strokes.alive & stays))
        self._loose = _Loose(strokes, self.points, config.given_freedom) if strokes.num_given else None
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

    def prepare(self, number: int, views: list[int], learning_rate: float, length: int = 0) -> None:
        """Say which iteration the next ``run`` is, through which views (the first is 0), and how far it moves, px.

        Where it ``sees_prefixes``, length says after how many strokes.
        """
        self.bank.learn(views)
        self.candidates.now.fill_(number)
        self.views.copy_(torch.tensor(views))
        self.length.fill_(length)
        (group,) = self.optimizer.param_groups
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(learning_rate)
        else:
            group["lr"] = learning_rate

    def run(self) -> None:
        """Run one iteration."""
        self.evaluated.copy_(self.points.detach())
        self.optimizer.zero_grad()
        pictures, own = self._draw()
        gradients, self.losses = self.bank.within_memory(
            len(pictures[0]) * len(self.views),
            partial(loss_gradient, self.bank, pictures, self.photo_index, self.views),
        )
        self.losses.update({name: term.detach() for name, term in own.items()})
        self.losses["evaluation"] = self._with_own(self.losses["evaluation"], own)
        self.candidates.remember(self.points, self.losses["evaluation"])
        gradients = [gradients[0], *(PREFIX_WEIGHT * each for each in gradients[1:])]
        finite = _each_finite(*gradients, *self.losses.values())
        shares = [self.weights[name] * finite for name in own]
        torch.autograd.backward([*pictures, *own.values()], [*(_only(finite, each) for each in gradients), *shares])
        self._move(finite)

    @torch.no_grad()
    def evaluate(self) -> Tensor:
        """Return the evaluation loss [B] of the sketches as they are; nothing moves, and nothing is remembered."""
        (picture, *_), own = self._draw()
        looked = [self.bank.evaluation_losses(picture[rows], self.photo_index[rows]) for rows, _ in self._groups]
        return self._with_own(torch.cat(looked), own)

    def keep(self, rows: Tensor) -> Iteration:
        """Return what goes on with the candidates' active sketches, which are ``rows`` [B'] of these."""
        return self._next(lambda each: each[rows], self.underlay and self.underlay.select(rows))

    def reordered(self, order: Tensor) -> Iteration:
        """Return what goes on with the strokes in another order [B, N], as the candidates' already are."""
        return self._next(lambda each: in_order(each, order), self.underlay)

    def _next(self, take: Callable[[Tensor], Tensor], underlay: Underlay | None) -> Iteration:
        """Return an iteration that goes on with what ``take`` takes of everything here, whose rows are sketches."""
        strokes = self.candidates.active_strokes(take(self.points.detach()))
        frozen = None if self.frozen is None else take(self.frozen)
        following = Iteration(strokes, self.candidates, self.bank, self.config, frozen, underlay)
        following.last_finite.copy_(take(self.last_finite))
        state = self.optimizer.state[self.points]
        following.optimizer.state[following.points] = {name: take(v) if v.ndim else v for name, v in state.items()}
        return following

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
        points = self.points if self._loose is None else self._loose.tied(self.points)
        return points if self.frozen is None else torch.where(self.frozen[..., None, None], points.detach(), points)

    def _no_ink_on(self, staying: Strokes) -> Tensor | None:
        """Return how much [B, H, W] ink costs where places say so, and close beside strokes that stay, in 0-1."""
        given = self.bank.subject.off_limits
        places = None if given is None else given[self.photo_index] * (TRESPASS[0] / self.weights["trespass"])
        if not bool(staying.alive.any()):
            return places
        beside = close_beside(ink(staying), round(self._clear * max(staying.canvas_size) / CANVAS_SIDE))
        return beside if places is None else torch.maximum(places, beside)

    def _with_own(self, loss: Tensor, own: dict[str, Tensor]) -> Tensor:
        """Return evaluation losses [B] with the strokes' own terms."""
        for name, term in own.items():
            loss = loss + self.weights[name] * term.detach()
        return loss

    def _draw(self) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Draw all sketches, and once more their prefixes where those are seen; and return the strokes' own terms.

        Returns:
            One picture or two [B, C, H, W], C 1 for black sketches, else 3; and terms [B] by name.
        """
        drawn, begun, hidden, outside, uncovered, moving = [], [], [], [], [], self._moving()
        for rows, strokes in self._groups:
            placed = self.coordinates.place(strokes, moving[rows])
            picture, opacity = self._paint(placed, rows)
            drawn.append(picture)
            hidden.append(overlap_loss(placed, opacity))
            if self._off_limits is not None:
                outside.append(trespass_loss(opacity, self._off_limits[rows]))
            if self.bank.to_cover is not None:
                there = opacity if self.underlay is None else opacity + self.underlay.opacity[rows]
                uncovered.append(uncovered_loss(there, self.bank.to_cover[self.photo_index[rows]]))
            if self.sees_prefixes:
                begun.append(self._paint(placed.prefix(placed.num_given + self.length), rows)[0])
        whole = self.placed(moving)
        own = {"overlap": torch.cat(hidden), "bend": bend_loss(whole)}
        if self.weights["knot"] > 0:
            own["knot"] = knot_loss(whole)
        if outside:
            own["trespass"] = torch.cat(outside)
        if uncovered:
            own["outline"] = torch.cat(uncovered)
        if self.weights["opacity"] > 0:
            own["opacity"] = mean_opacity(whole)
        return [torch.cat(each) for each in (drawn, begun) if each], own

    def _paint(self, placed: Strokes, rows: slice) -> tuple[Tensor, Tensor]:
        """Return sketches, which are some rows of these, on white [B, C, H, W], and what ink they add [B, H, W]."""
        if self.grey:
            opacity = ink(placed)
            picture = 1 - opacity[:, None]
        else:
            painted = render(placed)
            picture, opacity = painted[:, :3] + (1 - painted[:, 3:]), painted[:, 3]
        return (picture, opacity) if self.underlay is None else self.underlay.select(rows).beneath(picture, opacity)

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
        if self.config.least_pace < 1:
            pace = stroke_pace(self.placed(self.evaluated), self.config.least_pace)
            self.coordinates.slow_down(self.points, self.evaluated, pace * self.free)
        if self._loose is not None:
            self._loose.slow_down(self.points, self.evaluated)
        self.points.copy_(torch.where(finite[:, None, None, None], self.points, self.last_finite))
        self.coordinates.confine(self.points)
        self.coordinates.shift(self.points, way_back(self.placed(self.points)))
        momentum = self.optimizer.state[self.points]["exp_avg"]
        momentum.copy_(_only(finite, momentum))
        self.candidates.count_setbacks(~finite)


class _Loose:
    """Given strokes that move a little: by a share of the others' steps, and padded ones as what they are.

    Args:
        strokes: [B, N, K, 2], whose given ones these are.
        points: [B, N, M, 2] their coordinates.
        freedom: 0-1, that share.
    """

    def __init__(self, strokes: Strokes, points: Tensor, freedom: float) -> None:
        index = torch.arange(points.shape[2], device=points.device).expand(points.shape[:3])
        last = last_points(strokes.control_points)[..., None]
        real = torch.where(index < strokes.control_points.shape[2], torch.minimum(index, last), index)
        self._real = real[..., None].expand_as(points)
        self._pace = points.new_ones(strokes.num_strokes, 1, 1)
        self._pace[: strokes.num_given] = freedom

    def tied(self, points: Tensor) -> Tensor:
        """Return coordinates where the points that pad a stroke lie on its end."""
        return points.gather(2, self._real)

    def slow_down(self, points: Tensor, before: Tensor) -> None:
        """Shorten, in place, the way that given strokes went."""
        points.copy_(self.tied(torch.lerp(before, points, self._pace)))


def loss_gradient(
    bank: PhotoBank, pictures: Sequence[Tensor], photo_index: Tensor, views: Tensor
) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Look at drawings and photos through the same views, in passes of bounded size.

    Args:
        bank: knows the photos, the encoder and the recipe.
        pictures: [B, C, H, W] each, C 1 or 3: one that all views look at, or two, the first view at the first and the
            others at the second.
        photo_index: [B] which photo each is of.
        views: [V] of the bank, learnt; the first one is 0, the un-augmented view of the evaluation.

    Returns:
        The gradients to the pictures [B, C, H, W] of each one's weighted loss, the mean over the views, and by name
        [B]: "geometric" and "semantic", such means, and "evaluation", the weighted sum in the first view.
    """
    pictures = [each.detach().requires_grad_(True) for each in pictures]
    terms: dict[str, Tensor] = {}
    for rows, columns in bank.passes(len(pictures[0]), len(views)):
        for picture, part in _looked_at(pictures, columns):
            seen = bank.look(picture[rows], None if part.stop == 1 else views[part])
            found = bank.compare(seen, views[part], photo_index[rows])
            total = sum(bank.weights[name] * loss.sum() for name, loss in found.items())
            torch.autograd.backward(torch.as_tensor(total / len(views)))
            for name, loss in found.items():
                table = terms.setdefault(name, picture.new_zeros(len(picture), len(views)))
                table[rows, part] = loss.detach().view(-1, len(views[part]))
    gradients = [each.grad for each in pictures if each.grad is not None]
    if len(gradients) < len(pictures):
        raise ShapeError("The encoder returns features that do not depend on the image.")
    losses = {name: table.mean(dim=1) for name, table in terms.items()}
    losses["evaluation"] = torch.stack([bank.weights[name] * table[:, 0] for name, table in terms.items()]).sum(dim=0)
    return gradients, losses


def _looked_at(pictures: Sequence[Tensor], columns: slice) -> Iterator[tuple[Tensor, slice]]:
    """Return which picture is seen through which part of some views."""
    if len(pictures) == 1:
        yield pictures[0], columns
        return
    if columns.start == 0:
        yield pictures[0], slice(0, 1)
    if columns.stop > 1:
        yield pictures[1], slice(max(1, columns.start), columns.stop)


def stroke_pace(strokes: Strokes, least: float) -> Tensor:
    """Return which share [B, N] of a step each stroke takes: by the cube of its length, and at least ``least``.

    Adam moves every point by about its rate, however short its stroke is; a few such steps throw away an eye.

    >>> points = torch.tensor([[[[0.0, 0], [x, 0], [2 * x, 0], [3 * x, 0]] for x in (2.0, 7.0, 20.0)]])
    >>> [round(pace, 4) for pace in stroke_pace(Strokes.black(points, (224, 224)), 0.03)[0].tolist()]
    [0.03, 0.6699, 1.0]
    """
    full = FULL_PACE * max(strokes.canvas_size) / CANVAS_SIDE
    return (arc_length(strokes.control_points) / full).pow(3).clamp(least, 1)


def way_back(strokes: Strokes) -> Tensor:
    """Return how far [B, N, 1, 2] px each stroke must go to touch the canvas again; 0 where a part of it is there.

    A stroke wholly off the canvas has no gradient, and would never come back.

    >>> from clipasso_core import Strokes
    >>> points = torch.tensor([[[[-9.0, 5], [-8, 5], [-7, 5], [-6, 5]], [[1, 5], [2, 5], [3, 5], [4, 5]]]])
    >>> way_back(Strokes.black(points, (20, 20)))[0, :, 0].tolist()
    [[6.0, 0.0], [0.0, 0.0]]
    """
    height, width = strokes.canvas_size
    on = points_along(strokes.control_points, ON_CURVE)
    corner = torch.stack([on.new_full((), width), on.new_full((), height)])
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
