"""Compare drawings with their photos: the losses, and the gradient to the drawings, in passes of bounded size."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import torch
from torch import Tensor

from ..errors import ShapeError
from ..losses import geometric_loss, semantic_loss
from .photo_bank import PhotoBank

log = logging.getLogger(__name__)


def compare(bank: PhotoBank, drawings: Tensor, photo_index: Tensor, views: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Look at drawings and photos through the same views.

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
    for rows, columns in _passes(len(drawings), len(views), bank.images_per_pass):
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


def compare_in_memory(
    bank: PhotoBank, drawings: Tensor, photo_index: Tensor, views: Tensor
) -> tuple[Tensor, dict[str, Tensor]]:
    """Do as ``compare``; when the device runs out of memory, go on with one image at a time, and say so."""
    try:
        return compare(bank, drawings, photo_index, views)
    except torch.cuda.OutOfMemoryError:
        if bank.images_per_pass == 1:
            raise
        log.warning("Out of memory with %d images at once; going on with one at a time.", bank.images_per_pass)
    bank.images_per_pass = 1
    torch.cuda.empty_cache()
    return compare(bank, drawings, photo_index, views)


def _passes(drawings: int, views: int, images_per_pass: int) -> Iterator[tuple[slice, slice]]:
    """Cut a table of drawings x views into blocks of at most images_per_pass entries."""
    rows = min(drawings, images_per_pass)
    columns = max(1, images_per_pass // rows)
    for row in range(0, drawings, rows):
        for column in range(0, views, columns):
            yield slice(row, min(row + rows, drawings)), slice(column, min(column + columns, views))
