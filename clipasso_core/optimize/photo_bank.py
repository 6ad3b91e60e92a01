"""The photos as the encoder sees them: computed once for every view of a bank, in passes of bounded size."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

from ..augment import Adjoint, identity_view, random_views, view_grid, warp, warp_from_bank
from ..encoders.base import FeatureRecipe, Features, ImageEncoder
from ..losses import comparable, geometric_loss, semantic_loss
from ..order import LossOf
from .config import OptimizeConfig, Precision
from .subject import Subject

log = logging.getLogger(__name__)
Outcome = TypeVar("Outcome")
CPU_PASS, DEVICE_PASS = 3, 64
"""Images at once where the config does not say."""

AMPERE = 8
"""First NVIDIA generation with bfloat16."""


class PhotoBank:
    """Remember what the encoder sees in each photo through each view.

    View 0 is the identity. A view's features are computed when ``learn`` is first told of it. A bank of size 0 holds
    the views of one iteration, which ``redraw`` replaces.

    Where a line drawing counts too, its maps and the photo's are mixed: by "l2", being compared with the mixture is
    being compared with both, but for a constant. What the photo means is always asked of the photo itself.

    Args:
        subject: P photos, and their line drawings, of which ``config.simplify`` says how much they count.
        encoder: which looks.
        recipe: which maps to keep, and in which form.
        config: how many random views there are besides the identity, and how many images fit into one pass.
        generator: CPU generator of the views.

    Attributes:
        to_cover: [P, H, W] how much each place asks for ink; None for nowhere, as at first.
    """

    def __init__(
        self,
        subject: Subject,
        encoder: ImageEncoder,
        recipe: FeatureRecipe,
        config: OptimizeConfig,
        generator: torch.Generator,
    ) -> None:
        images = subject.photos
        self.on_cpu = images.device.type == "cpu"
        self.subject, self.encoder, self.recipe, self.simplify = subject, encoder, recipe, config.simplify
        self.to_cover: Tensor | None = None
        self.images_per_pass = config.images_per_pass or (CPU_PASS if self.on_cpu else DEVICE_PASS)
        self.precision = usable_precision(config.precision, images.device)
        self.weights = {"geometric": 1.0, "semantic": recipe.semantic_weight}
        self.grids = _grids(random_views(config.bank_views, generator), images)
        self._adjoint = None if self.on_cpu else Adjoint(self.grids)
        self._maps: dict[str, Tensor] = {}
        self._places: dict[str, Tensor] = {}
        self._embedding: Tensor | None = None
        self._known: set[int] = set()

    def look(self, drawings: Tensor, views: Tensor | None) -> Features:
        """See drawings [B, C, H, W] (C 1 or 3) through views [V]: features of B * V images, drawing by drawing.

        None is the identity view, without the resampling.
        """
        if views is None:
            seen = drawings
        elif self._adjoint is None:
            seen = warp(drawings, self.grids[views])
        else:
            seen = warp_from_bank(drawings, views, self._adjoint)
        return self._see(seen)

    def photo(self, views: Tensor, photo_index: Tensor) -> Features:
        """Return the photos' features: of photos photo_index [B] through views [V], B * V entries, photo by photo."""
        maps = {name: _gather(stack, views, photo_index) for name, stack in self._maps.items()}
        return Features(maps, None if self._embedding is None else _gather(self._embedding, views, photo_index))

    def places(self, views: Tensor, photo_index: Tensor) -> dict[str, Tensor] | None:
        """Return how much each position of the photos' maps counts, by layer, in the order of ``photo``: [B * V, h, w].

        None where all count alike.
        """
        if self.subject.weights is None:
            return None
        return {name: _gather(stack, views, photo_index) for name, stack in self._places.items()}

    def compare(self, seen: Features, views: Tensor, photo_index: Tensor) -> dict[str, Tensor]:
        """Return the terms [B * V] by name of what was seen in drawings of photos photo_index [B] through views [V]."""
        photo = self.photo(views, photo_index)
        found = {"geometric": geometric_loss(seen, photo, self.recipe, self.places(views, photo_index))}
        if seen.embedding is not None and photo.embedding is not None:
            found["semantic"] = semantic_loss(seen.embedding, photo.embedding)
        return found

    def evaluation_losses(self, drawings: Tensor, photo_index: Tensor) -> Tensor:
        """Return the evaluation losses [M] of drawings [M, C, H, W] of photos photo_index [M], without own terms."""
        self.learn([0])
        return self.within_memory(len(drawings), partial(self._evaluate, drawings, photo_index))

    def losses_of(self, photos: Iterable[int]) -> list[LossOf]:
        """Return how the evaluation loss of drawings is found, for each of some photos."""
        return [partial(self._loss_of, photo) for photo in photos]

    def redraw(self, generator: torch.Generator) -> bool:
        """Put fresh views in the place of all but the identity.

        Returns:
            Whether a graph that was captured with the former views no longer fits: their gradient takes more work.
        """
        self.grids[1:].copy_(_grids(random_views(len(self.grids) - 1, generator), self.subject.photos)[1:])
        self._known &= {0}
        if self._adjoint is None:
            return False
        before = self._adjoint.most
        self._adjoint.learn(range(1, len(self.grids)))
        return self._adjoint.most > before

    def learn(self, views: list[int]) -> None:
        """Compute the photos' features in those views that are not known yet."""
        for view in sorted(set(views) - self._known):
            self.within_memory(len(self.subject.photos), partial(self._learn_view, view))
            self._known.add(view)

    def groups(self, drawings: int) -> list[slice]:
        """Cut drawings into those that are worked on together: all, but on a CPU those of one photo.

        Kernels may round otherwise in other company, and a photo is to be sketched the same alone and in a batch.
        """
        size = drawings // len(self.subject.photos) if self.on_cpu else drawings
        return [slice(first, first + size) for first in range(0, drawings, size)]

    def passes(self, drawings: int, views: int) -> Iterator[tuple[slice, slice]]:
        """Cut a table of drawings x views into blocks of at most ``images_per_pass`` entries, none across groups."""
        for group in self.groups(drawings):
            rows = min(group.stop - group.start, self.images_per_pass)
            columns = max(1, self.images_per_pass // rows)
            for row in range(group.start, group.stop, rows):
                for column in range(0, views, columns):
                    yield slice(row, min(row + rows, group.stop)), slice(column, min(column + columns, views))

    def within_memory(self, images: int, work: Callable[[], Outcome]) -> Outcome:
        """Do some work in passes; when the device runs out of memory, do it again with half as many images per pass.

        Args:
            images: that would be seen in one pass if there were no bound.
            work: what to do; it may be done again from the start.

        Raises:
            torch.cuda.OutOfMemoryError: not even one image fits.
        """
        while True:
            try:
                return work()
            except torch.cuda.OutOfMemoryError:
                tried = min(self.images_per_pass, images)
                if tried == 1:
                    raise
                self.images_per_pass = tried // 2
                log.warning("Out of memory with %d images at once; going on with %d.", tried, self.images_per_pass)
            torch.cuda.empty_cache()

    def _loss_of(self, photo: int, drawings: Tensor) -> Tensor:
        index = torch.full((len(drawings),), photo, device=drawings.device)
        return self.evaluation_losses(drawings, index)

    @torch.no_grad()
    def _evaluate(self, drawings: Tensor, photo_index: Tensor) -> Tensor:
        identity, losses = photo_index.new_zeros(1), []
        for part, index in zip(
            *(torch.split(each, self.images_per_pass) for each in (drawings, photo_index)), strict=True
        ):
            terms = self.compare(self.look(part, None), identity, index)
            losses.append(torch.stack([self.weights[name] * each for name, each in terms.items()]).sum(dim=0))
        return torch.cat(losses)

    @torch.no_grad()
    def _learn_view(self, view: int) -> None:
        subject = self.subject
        seen = self._seen(subject.photos, view)
        drawn = self._seen(subject.lines[:, None], view) if self.simplify > 0 else seen
        for name in self.recipe.layer_weights:
            maps = [torch.lerp(a.maps[name], b.maps[name], self.simplify) for a, b in zip(seen, drawn, strict=True)]
            self._maps[name] = self._kept(self._maps.get(name), view, maps)
            if subject.weights is not None:
                size = (maps[0].shape[-2], maps[0].shape[-1])
                weights = F.adaptive_avg_pool2d(self._warped(subject.weights[:, None], view), size)[:, 0]
                self._places[name] = self._kept(self._places.get(name), view, [weights])
        if self.recipe.semantic_weight > 0:
            self._embedding = self._kept(self._embedding, view, [f.embedding for f in seen])

    def _seen(self, images: Tensor, view: int) -> list[Features]:
        """Return what is seen in images [P, C, H, W], whose borders go on beyond them, in passes."""
        parts = torch.split(images, 1 if self.on_cpu else self.images_per_pass)
        return [self._see(self._warped(part, view)) for part in parts]

    def _warped(self, images: Tensor, view: int) -> Tensor:
        """Return images [P, C, H, W] through a view; their borders go on beyond them."""
        return warp(images, self.grids[view : view + 1], "border") if view else images

    def _see(self, images: Tensor) -> Features:
        """See images [B, C, H, W], C 1 or 3."""
        return comparable(self._encode(images.expand(-1, 3, -1, -1)), self.recipe)

    def _encode(self, images: Tensor) -> Features:
        """See images as they are, in the precision asked for; the features are float32."""
        wants_embedding = self.recipe.semantic_weight > 0
        with computing_in(self.precision, images.device):
            found = self.encoder.encode(images, tuple(self.recipe.layer_weights), wants_embedding)
        maps = {name: each.float() for name, each in found.maps.items()}
        return Features(maps, None if found.embedding is None else found.embedding.float())

    def _kept(self, stack: Tensor | None, view: int, parts: list[Tensor] | list[Tensor | None]) -> Tensor:
        """Put what was seen through a view into its place of the stack [V, P, ...]; a new stack is made on the way."""
        found = torch.cat([part for part in parts if part is not None])
        stack = found.new_empty(len(self.grids), *found.shape) if stack is None else stack
        stack[view] = found
        return stack


def bank_bytes(config: OptimizeConfig, side: int) -> int:
    """Return about how many bytes a bank takes on a GPU besides features: grids, and the tables of their gradient.

    >>> bank_bytes(OptimizeConfig(bank_size=32), 224) // 2**20  # MiB
    69
    """
    a_pixel = 2 * 4 + 4 * (4 + 4) + 4
    return (config.bank_views + 1) * side * side * a_pixel


def usable_precision(precision: Precision, device: torch.device) -> Precision:
    """Return the precision, or float32 where the device cannot do better; the log says why.

    float16 is not offered: gradients to single pixels are too small for its range.

    >>> usable_precision("bfloat16", torch.device("cpu"))
    'bfloat16'
    """
    if precision == "float32" or device.type == "cpu":
        return precision
    if device.type != "cuda":
        log.warning("bfloat16 is untried on %s; the encoder computes in float32.", device.type)
        return "float32"
    if torch.cuda.get_device_capability(device)[0] < AMPERE:
        log.warning("This GPU has no bfloat16; the encoder computes in float32.")
        return "float32"
    return precision


def computing_in(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which the encoder looks. No cache of weights: a CUDA graph must not depend on one."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16, cache_enabled=False)


def _grids(views: Tensor, images: Tensor) -> Tensor:
    """Return where each pixel of the identity and of each view looks [1 + V, H, W, 2]: made one view at a time."""
    size = (images.shape[-2], images.shape[-1])
    return torch.cat([view_grid(view[None], size).to(images) for view in (identity_view(), *views)])


def _gather(stack: Tensor, views: Tensor, photo_index: Tensor) -> Tensor:
    """[V', P, ...] -> [B * V, ...]."""
    return stack[views[None, :], photo_index[:, None]].flatten(0, 1)
