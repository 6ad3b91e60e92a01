"""What the optimiser does, and the presets by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from ..errors import ConfigError, check_choice, check_range
from ..order import ORDERS, StrokeOrder
from ..stroke_count import FEWEST
from ..strokes import MAX_STROKES
from .stages import Stages

Preset = Literal["draft", "standard", "best", "paper"]
PRESETS: tuple[Preset, ...] = get_args(Preset)
Precision = Literal["float32", "bfloat16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
Widths = Literal["keep", "one", "each"]
WIDTHS: tuple[Widths, ...] = get_args(Widths)
Colors = Literal["keep", "photo", "optimized"]
COLORS: tuple[Colors, ...] = get_args(Colors)


@dataclass(frozen=True)
class OptimizeConfig:
    """How strokes are optimised; the defaults are the preset "standard".

    Args:
        num_iterations: steps of Adam, 1 to 100000.
        learning_rate: px per step on a canvas of 224 px.
        final_learning_rate: fraction of it that is left at the end (cosine decay), of each stage; 1 keeps it constant.
        num_views: random views per iteration besides the identity.
        bank_size: random views to draw from; 0 draws fresh ones for every iteration, as the paper does, which takes a
            look at the photo through each.
        simplify: 0-1, how much of what the drawing is compared with is the photo's ``line_drawing``, without texture,
            tone and shading; 0 is the photo alone, as in the paper.
        tidy: 0-1, how much strokes keep off each other and themselves (``overlap_loss``), how little they cross
            themselves (``knot_loss``) and bend (``bend_loss``); above 0 a finished sketch's small knots and short ends
            are taken off (``trim_knots``, where joints need not be smooth; ``trim_ends``; ``trim_beside`` eyes of
            people), and lines that nearly meet do (``close_gaps``). 0 is the paper's, which lets strokes pile up.
        outline_weight: of the share of the objects' contours that no ink covers (``uncovered_loss``) in the loss, from
            two fifths of the run on, so that outlines close. 0 is the paper's, which has no such term.
        least_pace: 0.001-1, least share of a step that short strokes take, so that eyes stay where they are seen: those
            under ``iteration.FULL_PACE`` px go by shorter steps (``stroke_pace``), and those on people's eyes, noses
            and mouths (``face_marks``) and on ``lone_spots`` by none. 1 moves all alike, as in the paper.
        halving: drop the worse half of a photo's sketches on the way, until one is left.
        images_per_pass: most images that the encoder sees at once; bounds memory. 0 chooses: 3 on a CPU, which is
            as fast there as more, 64 elsewhere.
        seed: of the views.
        precision: in which the encoder computes: float32, or bfloat16 (faster on a GPU that has it; a CPU is slower).
        evaluation_interval: iterations from one evaluation to the next: only then, and in the last iteration, the state
            of a sketch may be remembered as its best. The paper's 10; each iteration knows its loss anyway.
        opacity_weight: weight of the strokes' mean opacity in the loss; above 0 opacity is moved along with the points,
            and strokes fade that the drawing can do without. 0 leaves opacity as it is.
        num_stages: shares of strokes that are drawn one after another, each in an equal share of the iterations, while
            those of the shares before stay as they were best. 1 moves all strokes all the time.
        stop_change: end when the evaluation loss of no sketch changes by more than this, twice in a row; 0 never does.
            Of several stages only the last one ends so.
        prefixes: train for beginnings of the drawing, too, so that its first 4, 8, ... strokes are drawings of their
            own: the random views see them; ``prefixes.Prefixes`` says when. Not with several stages.
        order: the drawing order of the strokes in the end, one of ``order.ORDERS``. "drawn" leaves them as they are;
            "importance" and "outline" take some looks of the encoder.
        auto_detail: 0-1, how fine a sketch is whose number of strokes is found on the way: the least telling of its
            first strokes are dropped, see ``stroke_count``. None keeps all. Not with several stages.
        fewest_strokes: that are kept then.
        smooth: keep the joints of strokes of several segments smooth: the segments have one direction where they meet.
        widths: "keep" leaves them; "one" moves the width that all strokes of a sketch share, "each" that of each.
        min_width, max_width: px on a canvas of 224 px, the bounds of widths that move.
        colors: "keep" leaves them; "photo" gives each stroke the photo's mean colour under its ink, when all is done;
            "optimized" begins with the photo's under the first strokes, and moves them along with the points.
        given_freedom: 0-1, how far given strokes move, as a share of the others' steps. 0 keeps them as they are.

    Raises:
        ConfigError: a number is out of its range, or there are fewer views in the bank than an iteration takes.

    >>> OptimizeConfig() == preset_config("standard")
    True
    """

    num_iterations: int = 300
    learning_rate: float = 3.0
    final_learning_rate: float = 0.02
    num_views: int = 2
    bank_size: int = 32
    simplify: float = 0.35
    tidy: float = 0.5
    outline_weight: float = 1.0
    least_pace: float = 0.03
    halving: bool = True
    images_per_pass: int = 0
    seed: int = 0
    precision: Precision = "float32"
    evaluation_interval: int = 1
    stop_change: float = 0.0
    opacity_weight: float = 0.0
    num_stages: int = 1
    prefixes: bool = False
    order: StrokeOrder = "drawn"
    auto_detail: float | None = None
    fewest_strokes: int = FEWEST
    smooth: bool = False
    widths: Widths = "keep"
    min_width: float = 1.0
    max_width: float = 6.0
    colors: Colors = "keep"
    given_freedom: float = 0.0

    def __post_init__(self) -> None:
        ranges = {
            "num_iterations": (1, 100_000),
            "learning_rate": (1e-4, 100),
            "final_learning_rate": (0, 1),
            "num_views": (0, 64),
            "bank_size": (0, 4096),
            "simplify": (0, 1),
            "tidy": (0, 1),
            "outline_weight": (0, 100),
            "least_pace": (0.001, 1),
            "images_per_pass": (0, 4096),
            "seed": (0, 2**64 - 1),
            "evaluation_interval": (1, 100_000),
            "stop_change": (0, 1),
            "opacity_weight": (0, 100),
            "num_stages": (1, 64),
            "fewest_strokes": (1, MAX_STROKES),
            **({} if self.auto_detail is None else {"auto_detail": (0, 1)}),
            "min_width": (0.1, 100),
            "max_width": (0.1, 100),
            "given_freedom": (0, 1),
        }
        for name, (low, high) in ranges.items():
            check_range(name, getattr(self, name), low, high)
        check_choice("precision", self.precision, PRECISIONS)
        check_choice("order", self.order, ORDERS)
        check_choice("widths", self.widths, WIDTHS)
        check_choice("colors", self.colors, COLORS)
        if self.min_width > self.max_width:
            raise ConfigError(f"min_width ({self.min_width:g}) cannot exceed max_width ({self.max_width:g}).")
        if self.num_stages > 1 and not self.stages.all_evaluated(self.evaluation_interval):
            raise ConfigError(
                f"num_stages ({self.num_stages}) are too many for num_iterations ({self.num_iterations}): each needs "
                f"an evaluation after its first iteration, and one in {self.evaluation_interval} has one. Take fewer "
                "stages, or more iterations."
            )
        if self.num_views > self.bank_views:
            raise ConfigError(f"num_views ({self.num_views}) cannot exceed bank_size ({self.bank_size}).")
        if self.smooth and self.given_freedom > 0:
            raise ConfigError("smooth joints and given strokes that move do not go together. Set given_freedom to 0.")
        self._check_prefixes()

    def _check_prefixes(self) -> None:
        """Raise ConfigError where prefixes would be trained, for themselves or to count strokes, and cannot be."""
        if not self.prefixes and self.auto_detail is None:
            return
        off = "turn prefixes off" if self.auto_detail is None else "give a number of strokes"
        if self.num_stages > 1:
            raise ConfigError(f"Prefixes cannot be trained in several stages. Set num_stages to 1, or {off}.")
        if self.num_views == 0:
            raise ConfigError(f"Prefixes are seen by random views. Set num_views to at least 1, or {off}.")

    @property
    def stages(self) -> Stages:
        """How the run is shared among its stages."""
        return Stages(self.num_stages, self.num_iterations)

    @property
    def bank_views(self) -> int:
        """How many random views there are at a time."""
        return self.bank_size or self.num_views


def preset_config(preset: Preset) -> OptimizeConfig:
    """Return the optimiser's part of a preset; ``presets.sketch_preset`` returns all of it.

    docs/benchmarks.md says how the numbers were found, docs/method.md how "paper" and "standard" differ.

    Raises:
        ConfigError: unknown preset; the message lists those there are.

    >>> preset_config("draft").num_iterations
    80
    """
    presets = {
        "draft": OptimizeConfig(num_iterations=80, num_views=1, bank_size=16),
        "standard": OptimizeConfig(),
        "best": OptimizeConfig(num_iterations=500, num_views=3, bank_size=64, halving=False),
        "paper": OptimizeConfig(
            num_iterations=2001,
            learning_rate=1.0,
            final_learning_rate=1.0,
            num_views=4,
            bank_size=0,
            simplify=0.0,
            tidy=0.0,
            outline_weight=0.0,
            least_pace=1.0,
            halving=False,
            evaluation_interval=10,
            stop_change=1e-5,
        ),
    }
    check_choice("preset", preset, PRESETS)
    return presets[preset]
