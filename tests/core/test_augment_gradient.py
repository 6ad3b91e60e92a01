"""The gradient through views by gathering: the same as autograd's, whatever the view."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from clipasso_core.augment import Adjoint, identity_view, random_views, view_grid, warp, warp_from_bank


def bank(count: int, size: tuple[int, int], dtype: torch.dtype = torch.float64) -> Adjoint:
    views = torch.cat([identity_view()[None], random_views(count, torch.Generator().manual_seed(5))])
    return Adjoint(view_grid(views, size).to(dtype))


def pictures(batch: int, channels: int, size: tuple[int, int], dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.rand(batch, channels, *size, generator=torch.Generator().manual_seed(batch), dtype=dtype)


@pytest.mark.parametrize("size", [(24, 24), (17, 31)])
@pytest.mark.parametrize("views", [[0], [3], [0, 5, 2], [7, 7]])
@pytest.mark.parametrize(("batch", "channels"), [(1, 1), (3, 1), (2, 3)])
def test_as_autograd(size: tuple[int, int], views: list[int], batch: int, channels: int) -> None:
    adjoint = bank(8, size)
    images = pictures(batch, channels, size).requires_grad_()
    expected = warp(images, adjoint.grids[views])
    upstream = torch.randn(expected.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = warp_from_bank(images, torch.tensor(views), adjoint)
    assert torch.equal(found, expected)
    (wanted,) = torch.autograd.grad(expected, images, upstream)
    (got,) = torch.autograd.grad(found, images, upstream)
    assert float(wanted.abs().max()) > 0.1
    torch.testing.assert_close(got, wanted, atol=1e-12, rtol=0)


def test_every_random_view_at_the_canvas_size() -> None:
    """Views that magnify: many view pixels look at one pixel of the image."""
    adjoint = bank(12, (224, 224), torch.float32)
    assert adjoint.most > 4
    images = pictures(1, 1, (224, 224), torch.float32).requires_grad_()
    views = torch.arange(13)
    (wanted,) = torch.autograd.grad(warp(images, adjoint.grids[views]).square().sum(), images)
    (got,) = torch.autograd.grad(warp_from_bank(images, views, adjoint).square().sum(), images)
    torch.testing.assert_close(got, wanted, atol=1e-4, rtol=1e-4)


def test_gradcheck() -> None:
    adjoint = bank(2, (6, 6))
    assert torch.autograd.gradcheck(
        lambda x: warp_from_bank(x, torch.tensor([2, 1]), adjoint), (pictures(1, 1, (6, 6)).requires_grad_(),)
    )


def test_a_bank_may_be_given_other_views() -> None:
    """In place, and whatever was captured with the former ones is told by ``most``."""
    first, other = bank(3, (24, 24)), bank(8, (24, 24))
    tables, before = (first.grids, first._source, first._weight, first._first), first.most
    first.grids[1:] = other.grids[5:8]
    first.learn([1, 2, 3])
    assert all(a is b for a, b in zip(tables, (first.grids, first._source, first._weight, first._first), strict=True))
    assert first.most >= before
    images = pictures(2, 1, (24, 24)).requires_grad_()
    wanted, got = (
        torch.autograd.grad(warp_from_bank(images, views, one).square().sum(), images)[0]
        for views, one in ((torch.arange(5, 8), other), (torch.arange(1, 4), first))
    )
    torch.testing.assert_close(got, wanted)
