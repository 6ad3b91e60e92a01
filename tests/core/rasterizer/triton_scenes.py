"""The small scenes that Triton's interpreter draws; run as a script, it draws them and saves what came out.

The interpreter must be chosen before triton is imported, so that the tests run this in a process of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import Tensor

from clipasso_core.rasterizer import Rasterizer, get_rasterizer
from clipasso_core.strokes import Strokes

SIZE = (24, 30)


def strokes(points: int, width: float, black: bool = True, count: int = 2) -> Strokes:
    """Make 2 sketches of gently bent strokes; at most four live. The last lies off the canvas."""
    random = torch.Generator().manual_seed(points)
    start = torch.rand(2, count, 1, 2, generator=random) * 10 + 2
    heading = torch.rand(2, count, 1, 1, generator=random) * 1.5
    angle = heading + torch.linspace(-0.6, 0.6, points - 1)[:, None]
    steps = torch.cat([angle.cos(), angle.sin()], -1) * (20 / points)
    control = torch.cat([start, start + steps.cumsum(2)], 2)
    control[:, -1] += 100
    alive = torch.ones(2, count, dtype=torch.bool)
    alive[:, :-4] = False
    alive[1, max(0, count - 4)] = False
    drawn = Strokes.black(control, SIZE, width, alive)
    color = drawn.color if black else torch.rand(2, count, 4, generator=random)
    return Strokes(control, drawn.stroke_width, color, alive, SIZE)


SCENES = {
    "thin": strokes(4, 0.5),
    "wide": strokes(4, 3.0, count=4),
    "joined": strokes(7, 2.0),
    "painted": strokes(4, 3.0, False, count=19),
}


def weights(size: tuple[int, int] = SIZE) -> Tensor:
    """Return what each pixel weighs in the loss, [1, 4, H, W]."""
    y, x = torch.meshgrid(torch.arange(size[0]), torch.arange(size[1]), indexing="ij")
    channel = torch.tensor([0.4, -0.7, 0.5, 1.0]).reshape(1, 4, 1, 1)
    return channel * torch.sin(x * 0.5 + 1).mul(torch.cos(y * 0.4)) + 0.3


def draw(rasterizer: Rasterizer, scene: Strokes) -> list[Tensor]:
    """Return the picture and the gradients by control points, widths and colours."""
    leaves = [t.clone().requires_grad_() for t in (scene.control_points, scene.stroke_width, scene.color)]
    image = rasterizer.render(Strokes(leaves[0], leaves[1], leaves[2], scene.alive, scene.canvas_size))
    loss = (image * weights(scene.canvas_size).to(image)).sum()
    return [image.detach(), *torch.autograd.grad(loss, leaves)]


def main(path: Path) -> None:
    """Draw every scene once, one twice, one at another size."""
    ours = get_rasterizer("triton")
    drawn = {name: draw(ours, scene) for name, scene in SCENES.items()}
    drawn["again"] = draw(ours, SCENES["wide"])
    drawn["size"] = [ours.render(SCENES["wide"], (36, 20))]
    drawn["nobody"] = draw(ours, SCENES["wide"].select(torch.arange(0)))
    torch.save(drawn, path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
