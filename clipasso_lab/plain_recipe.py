"""The paper's plain recipe, written anew from its description, as a yardstick. Slow on purpose.

Every iteration draws fresh views and looks at drawing and photo through them; the encoder computes gradients of its
weights too, which nothing uses; the learning rate is constant; sketches are made in turn. First strokes set off at
random, as the paper's, but keep apart, which can only help it. The preset "paper" of the optimiser moves strokes the
same way, and faster; a test holds one to the other. Run as a script it prints the evaluation loss over the iterations
for scikit-image's photos as JSON:

    python -m clipasso_lab.plain_recipe --out trajectories.json [--frozen] [--iterations 2001]

``--frozen`` leaves the unused gradients out and moves a photo's sketches side by side through the same views. Losses
are those of the plain recipe; seconds are not, and are measured apart (``time_to_loss.py``).
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from clipasso_core.augment import identity_view, random_views, view_grid, warp
from clipasso_core.determinism import seeded_generator
from clipasso_core.encoders import Features, ImageEncoder, get_encoder
from clipasso_core.losses import comparable, geometric_loss, semantic_loss
from clipasso_core.rasterizer import RASTERIZERS, get_rasterizer
from clipasso_core.strokes import Strokes

from .measure import cpu_threads, print_json
from .photos import PHOTOS, StudyPhoto, study_photo

ITERATIONS, LEARNING_RATE, VIEWS = 2001, 1.0, 4
EVALUATE_EVERY, SETTLED = 10, 1e-5


@dataclass
class PlainRecipe:
    """Optimise sketches of one photo as the paper does.

    Args:
        photo: [1, 3, H, W] in 0-1 at the canvas' size.
        strokes: [B, N, K, 2] first strokes; the paper has B = 1.
        encoder: which looks.
        unfrozen: also compute the gradients of its weights.
        seed: of the views.
        rasterizer: by name; "diffvg" (2 x 2 samples) is the paper's, where it is installed.
    """

    photo: Tensor
    strokes: Strokes
    encoder: ImageEncoder
    unfrozen: bool = True
    seed: int = 0
    rasterizer: str = "analytic"
    iteration: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.encoder.network.requires_grad_(self.unfrozen)
        self.points = self.strokes.control_points.clone().requires_grad_(True)
        self.optimizer = torch.optim.Adam([self.points], lr=LEARNING_RATE)
        self.generator = seeded_generator(self.seed)
        self._draw = get_rasterizer(self.rasterizer)

    def step(self) -> None:
        """Draw, look at drawing and photo through five views, and move the strokes."""
        views = torch.cat([identity_view()[None], random_views(VIEWS, self.generator)])
        grid = view_grid(views, (self.photo.shape[-2], self.photo.shape[-1]))
        self.optimizer.zero_grad()
        self.encoder.network.zero_grad()
        (self._loss(grid).sum() / len(views)).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.iteration += 1

    @torch.no_grad()
    def evaluate(self) -> Tensor:
        """Return the loss [B] in the un-augmented view."""
        grid = view_grid(identity_view()[None], (self.photo.shape[-2], self.photo.shape[-1]))
        return self._loss(grid)[:, 0]

    def run(self, iterations: int) -> list[list[float]]:
        """Go on until the end; return the evaluation losses [T / 10, B].

        Stops early only when no sketch's loss has changed in the last two evaluations.
        """
        history: list[list[float]] = []
        while self.iteration < iterations:
            if self.iteration % EVALUATE_EVERY == 0:
                history.append(self.evaluate().tolist())
                if len(history) > 2 and _settled(history[-3:]):
                    break
            self.step()
        return [*history, self.evaluate().tolist()]

    def _loss(self, grid: Tensor) -> Tensor:
        """Return the loss [B, V] of the strokes through views [V, H, W, 2]."""
        image = self._draw.render(self.strokes.with_points(self.points))
        drawing = image[:, :3] + (1 - image[:, 3:])
        recipe, views = self.encoder.recipe, len(grid)
        drawn, seen = self._look(warp(drawing, grid)), self._look(warp(self.photo, grid))
        seen = Features({k: m.repeat(len(drawing), 1, 1, 1) for k, m in seen.maps.items()}, seen.embedding)
        loss = geometric_loss(drawn, seen, recipe)
        if drawn.embedding is not None and seen.embedding is not None:
            meant = seen.embedding.repeat(len(drawing), 1)
            loss = loss + recipe.semantic_weight * semantic_loss(drawn.embedding, meant)
        return loss.view(len(drawing), views)

    def _look(self, images: Tensor) -> Features:
        return comparable(self.encoder.encode(images), self.encoder.recipe)


def _settled(last: list[list[float]]) -> bool:
    """Whether no sketch's loss changed in the last two evaluations."""
    table = torch.tensor(last)
    return bool(((table[1:] - table[:-1]).abs() <= SETTLED).all())


def trajectories(photo: StudyPhoto, options: argparse.Namespace) -> dict[str, object]:
    """Sketch one photo from some first sketches; return the loss over time of each."""
    strokes, frozen = photo.first_strokes(options.seeds, follow=0.0), options.frozen
    groups = [strokes] if frozen else [strokes.select([i]) for i in range(options.seeds)]
    started = time.perf_counter()
    recipes = [PlainRecipe(photo.image, g, get_encoder(), not frozen, rasterizer=options.rasterizer) for g in groups]
    runs = [recipe.run(options.iterations) for recipe in recipes]
    columns = [list(column) for history in runs for column in zip(*history, strict=True)]
    facts = {"photo": photo.name, "frozen": frozen, "iterations": max(recipe.iteration for recipe in recipes)}
    return {**facts, "seconds": time.perf_counter() - started, "losses": columns}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Run the paper's plain recipe.")
    parser.add_argument("--photos", nargs="+", default=list(PHOTOS))
    parser.add_argument("--iterations", type=int, default=ITERATIONS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rasterizer", choices=RASTERIZERS, default="analytic")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--frozen", action="store_true", help="the same losses in less time")
    parser.add_argument("--out", type=Path, help="file that gets the JSON, after every photo; else standard output")
    options = parser.parse_args()
    found = []
    with cpu_threads(options.threads):
        for name in options.photos:
            found.append(trajectories(study_photo(name), options))
            if options.out:
                options.out.write_text(json.dumps(found), encoding="utf-8")
    if not options.out:
        print_json(found)


if __name__ == "__main__":
    main()
