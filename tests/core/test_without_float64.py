"""A device without float64, as Apple's MPS is: what needs it comes to the CPU first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
import torch
from torch import Tensor

from clipasso_core.accents import find_accents
from clipasso_core.crossings import exact_crossing
from clipasso_core.detail import detail_weights
from clipasso_core.gaps import close_gaps
from clipasso_core.line_drawing import line_drawing
from clipasso_core.line_flow import line_flow
from clipasso_core.lone_spots import lone_spots
from clipasso_core.mask import MaskConfig, mask_object
from clipasso_core.optimize import Places
from clipasso_core.scenes import find_objects
from clipasso_core.scenes.clip_strokes import clip_strokes
from clipasso_core.simplify import SimplifyConfig, simplify
from clipasso_core.strokes import Strokes
from clipasso_core.trim import trim_ends


class There(Tensor):
    """A tensor on such a device; ``cpu`` brings it here."""

    @classmethod
    def __torch_function__(
        cls,
        func: Callable[..., object],
        types: Sequence[type],
        args: tuple[object, ...] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        found = super().__torch_function__(func, types, args, kwargs)
        if isinstance(found, cls) and func is Tensor.cpu:
            return found.as_subclass(Tensor)
        if isinstance(found, cls) and found.dtype == torch.float64:
            raise TypeError("This device has no float64.")
        return found


def there(*size: int) -> Tensor:
    return torch.rand(*size, generator=torch.Generator().manual_seed(0)).as_subclass(There)


def strokes() -> Strokes:
    return Strokes.black(64 * there(1, 6, 4, 2), (64, 64))._map(lambda tensor: tensor.as_subclass(There))


WHOLE = MaskConfig(source="none")
WORK: dict[str, Callable[[], object]] = {
    "accents": lambda: find_accents(there(64, 64), 4),
    "crossings": lambda: exact_crossing(there(5, 4, 2)),
    "clip": lambda: clip_strokes(strokes(), there(64, 64) > 0.01),
    "detail": lambda: detail_weights(there(1, 64, 64), there(2, 3, 32, 32)),
    "gaps": lambda: close_gaps(strokes()),
    "line_drawing": lambda: line_drawing(there(1, 3, 64, 64)),
    "line_flow": lambda: line_flow(there(32, 32)),
    "lone_spots": lambda: lone_spots(there(3, 64, 64), most=2, telling=there(224, 224)),
    "mask": lambda: mask_object(there(1, 3, 8, 8).repeat_interleave(8, 2).repeat_interleave(8, 3), config=WHOLE),
    "objects": lambda: find_objects(there(40, 60)),
    "places": lambda: Places([there(64, 64)], [there(64, 64)]).fitted(there(1, 3, 32, 32)),
    "simplify": lambda: simplify(strokes(), SimplifyConfig(merge=1, snap=1, tolerance=1, decimals=1)),
    "trim": lambda: trim_ends(strokes()),
}


@pytest.mark.parametrize("name", WORK)
def test_what_needs_float64_comes_to_the_cpu_first(name: str) -> None:
    WORK[name]()


def test_such_a_device_refuses_float64() -> None:
    with pytest.raises(TypeError, match="no float64"):
        there(2, 2).double().cpu()
