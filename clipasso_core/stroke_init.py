"""Stroke init: draw the first strokes from a saliency map and a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from .accents import APART, find_accents
from .determinism import seeded_generator
from .errors import ConfigError, MaskError, ShapeError, check_range
from .face_marks import SHARE, face_marks
from .faces import find_faces
from .first_lines import extent, lengthened, most_telling, path_length, take_apart
from .line_flow import FULL_TURN, MOST_TURN, LineFlow, Paths, curve_through, follow, line_flow, place_evenly
from .lone_spots import lone_spots
from .marks import stroke_along
from .one_line import one_line
from .pixels import check_same_aspect, fit_map
from .strokes import CANVAS, CANVAS_SIDE, MAX_STROKES, Strokes

SEED_STEP = 1000
"""Distance between the seeds of the sketches of one photo: 0, 1000, 2000 in the paper."""

TRIED = 1.6
"""Lines that are followed for every stroke; the most telling ones get the strokes."""

SHORT, MOST_FOLLOWED = 30.0, 4096
"""px below which a stroke wanders off its line; and how many of the likeliest starts are looked at, where there are
more of them than strokes."""

ACCENT, OFF_ACCENTS = 9.0, 6.0
"""px: of a stroke that starts on an accent, and how far other strokes start from one."""

FOR_OUTLINE = 16
"""Strokes to begin with that the object's outline needs: with so few there are no accents but those of faces."""

MOST_JOINED = 512
"""Most cubics of one line."""

ENOUGH = 32
"""Strokes to begin with, from which on none are spare: among so many, those that tell are there."""


@dataclass(frozen=True)
class StrokeInitConfig:
    """How first strokes are drawn. With ``spread`` and ``follow`` 0 as in the paper.

    They are drawn on the paper's canvas of 224 px and then brought to ``canvas_size``.

    Args:
        num_strokes: strokes per sketch, 1 to 4096. Fewer is more abstract.
        spare: strokes to begin with beyond these, as a share of them, up to 32 in all: they take part until the
            optimiser knows which tell least, and drops those (``Strokes.num_wanted``). 0, as in the paper, and in one
            line: none.
        num_segments: cubic segments per stroke, joined at a corner that a line may have there; 1 in the paper.
        num_sketches: sketches per photo, each from a seed of its own (seed, seed + 1000, ...).
        stroke_width: px on a canvas of 224 px, the full width; it scales with the canvas.
        temperature: of the softmax over the salient pixels; lower keeps to the most salient ones.
        spread: how far starts keep from earlier strokes, as a fraction of the distance that would fill the salient
            area evenly; 0 is the paper's independent draw, which crowds.
        radius: width of the square in which each next control point lies at random around the one before, as a
            fraction of the canvas (so at most half of it away in x and in y); a twentieth of that for strokes that
            follow a line.
        canvas_size: px, the side of the square canvas: the unit of control points and widths, nothing else.
        seed: of the random numbers.
        follow: length of a first stroke along the line that its start lies on, as a fraction of the canvas; shorter
            where the line ends, turns or meets an earlier stroke: as long as what it draws, but where none are spare at
            least ``first_lines.SHORTEST``. 0 is the paper's: strokes set off at random.
        accents: most strokes, as a share of all, that start short and on what is small and tells much: eyes, nose and
            mouth of people (``face_marks``), dark spots that touch no other line, such as eyes of animals
            (``lone_spots``), and other strong small spots of the map (``find_accents``). They come last; only where
            strokes follow lines, and not in one line. Of spots there are none with 16 strokes to begin with or fewer,
            and of the last kind the whole share, spare strokes counted, from 32 on. People's faces may take a quarter
            of any number, unless accents is 0.
        one_line: join the lines of ``num_strokes`` strokes by short ways to a single stroke, of
            ``num_strokes * num_segments`` cubics (at most 512).
    """

    num_strokes: int = 16
    num_segments: int = 2
    num_sketches: int = 3
    stroke_width: float = 3.0
    temperature: float = 0.3
    spread: float = 0.6
    radius: float = 0.05
    canvas_size: int = 224
    seed: int = 0
    follow: float = 0.5
    accents: float = 0.2
    one_line: bool = False
    spare: float = 1.0

    def __post_init__(self) -> None:
        check_range("num_strokes", self.num_strokes, 1, MAX_STROKES)
        check_range("num_segments", self.num_segments, 1, 64)
        check_range("num_sketches", self.num_sketches, 1, 64)
        check_range("stroke_width", self.stroke_width, 0.1, 100)
        check_range("temperature", self.temperature, 0.01, 100)
        check_range("spread", self.spread, 0, 2)
        check_range("radius", self.radius, 0.001, 1)
        check_range("canvas_size", self.canvas_size, 32, 4096)
        check_range("seed", self.seed, 0, 2**64 - 1)
        check_range("follow", self.follow, 0, 1)
        check_range("accents", self.accents, 0, 1)
        check_range("spare", self.spare, 0, 4)
        if self.one_line and self.num_strokes * self.num_segments > MOST_JOINED:
            raise ConfigError(
                f"One line has at most {MOST_JOINED} segments, and num_strokes ({self.num_strokes}) x num_segments "
                f"({self.num_segments}) are {self.num_strokes * self.num_segments}. Take fewer of either."
            )

    @property
    def num_first(self) -> int:
        """How many strokes there are to begin with, or lines that one line joins.

        >>> [StrokeInitConfig(count).num_first for count in (4, 16, 24, 48)]
        [8, 32, 32, 48]
        """
        more = 0 if self.one_line else round(self.spare * self.num_strokes)
        return max(self.num_strokes, min(self.num_strokes + more, ENOUGH))

    @property
    def any_spare(self) -> bool:
        """Whether there are more strokes to begin with than are wanted."""
        return self.num_first > self.num_strokes

    @property
    def shape(self) -> tuple[int, int]:
        """Strokes of a sketch, and cubics of each; one line has them all in a single stroke."""
        count = self.num_strokes * self.num_segments
        return (1, count) if self.one_line else (self.num_first, self.num_segments)

    @property
    def most_accents(self) -> int:
        """How many strokes may start on accents; the outline comes first.

        >>> [StrokeInitConfig(count).most_accents for count in (8, 12, 16, 32)]
        [0, 3, 6, 6]
        """
        if self.follow == 0 or self.one_line:
            return 0
        return int(self.accents * min(self.num_first, 2 * max(0, self.num_first - FOR_OUTLINE)))

    @property
    def most_lone_spots(self) -> int:
        """How many strokes may start on dark spots that touch no other line, or on a face instead.

        >>> [StrokeInitConfig(count).most_lone_spots for count in (8, 12, 16, 32)]
        [0, 2, 3, 6]
        >>> StrokeInitConfig(16, spare=0).most_lone_spots  # the outline comes first
        0
        """
        return min(int(self.accents * self.num_strokes), self.num_first - FOR_OUTLINE) if self.most_accents > 0 else 0

    @property
    def most_marks(self) -> int:
        """How many strokes may start on people's eyes, noses and mouths.

        >>> [StrokeInitConfig(count).most_marks for count in (4, 8, 16, 32)]
        [2, 4, 8, 8]
        """
        if self.accents == 0 or self.follow == 0 or self.one_line:
            return 0
        return max(self.most_accents, self.num_first // SHARE)


def init_strokes(
    saliency: Tensor, config: StrokeInitConfig | None = None, photos: Sequence[Tensor] | Tensor | None = None
) -> Strokes:
    """Draw the first strokes.

    For each photo and each of its sketches, from a generator of its own: the start points first (one random
    number per pixel), then the offsets of the other control points. Photo b's sketches do not depend on the other
    photos of the batch.

    Args:
        saliency: [B, S, S] in 0-1; only its positive pixels are drawn. Other sizes than 224 px are resampled.
        config: how; None for the defaults.
        photos: B of [3, h, w] in 0-1, square (others are left alone), objects on white, whose faces get a stroke for
            each eye, nose and mouth, and whose lone dark spots one each; None for none.

    Returns:
        Strokes [B * num_sketches, N, 3 * segments + 1, 2], photo by photo, on the CPU; N is ``num_first``, of which
        ``num_wanted`` are wanted, or 1 for one line.

    Raises:
        ShapeError: saliency is not [B, H, W] and square, or has NaN; there are more or fewer photos.
        MaskError: a saliency map is all zeros.

    Source: section 4.2 of the paper. Differs: starts keep apart, strokes follow the lines they start on, and there are
    more of them than are wanted in the end.

    >>> strokes = init_strokes(torch.ones(1, 224, 224), StrokeInitConfig(num_strokes=8, num_sketches=2))
    >>> strokes.control_points.shape, strokes.num_wanted
    (torch.Size([2, 16, 7, 2]), 8)
    """
    config = config or StrokeInitConfig()
    if saliency.ndim != 3 or not torch.isfinite(saliency).all():
        raise ShapeError(f"saliency must be [B, H, W] of finite numbers, got {list(saliency.shape)}.")
    check_same_aspect(saliency, CANVAS, "saliency")
    maps = fit_map(saliency.detach().float().cpu().clamp(0, 1), CANVAS)
    if photos is not None and len(photos) != len(maps):
        raise ShapeError(f"{len(photos)} photos do not fit {len(maps)} saliency maps; give one each.")
    points = []
    for index, one in enumerate(maps):
        if float(one.max()) <= 0:
            raise MaskError(
                f"Saliency {index} is all zeros: no stroke can start anywhere. Paint it, or use CLIPasso Saliency."
            )
        flow = line_flow(one) if config.follow > 0 else None
        accents = _accents(one, flow, None if photos is None else photos[index], config)
        points += [_draw(one, flow, accents, config, config.seed + SEED_STEP * k) for k in range(config.num_sketches)]
    strokes = Strokes.black(torch.stack(points), CANVAS, config.stroke_width)
    if config.any_spare:
        strokes = replace(strokes, num_wanted=config.num_strokes)
    return strokes.scaled_to((config.canvas_size, config.canvas_size)).with_provenance(stroke_init=asdict(config))


def sampling_map(saliency: Tensor, temperature: float) -> Tensor:
    """Return the probability [H, W] of each pixel to be a start: a softmax over the positive ones.

    >>> sampling_map(torch.tensor([[0.0, 1.0, 1.0]]), 0.3).tolist()
    [[0.0, 0.5, 0.5]]
    """
    logits = torch.where(saliency > 0, saliency / temperature, -torch.inf)
    return torch.softmax(logits.flatten(), dim=0).view_as(saliency)


class _Accents(NamedTuple):
    """Short lines [T, 2] px that the last strokes follow: on spots, then on marks; and their places [A, 2]."""

    spots: list[Tensor]
    marks: list[Tensor]
    places: Tensor


def _accents(saliency: Tensor, flow: LineFlow | None, photo: Tensor | None, config: StrokeInitConfig) -> _Accents:
    """Return the accents: on spots of a saliency map, then on the marks of its photo."""
    if flow is None or config.most_marks == 0:
        return _Accents([], [], torch.zeros(0, 2))
    marks = _marks(photo, saliency, config)
    middles = torch.stack([mark.mean(dim=0) for mark in marks]) if marks else torch.zeros(0, 2)
    spots = find_accents(saliency, config.most_accents)
    spots = spots[(torch.cdist(spots, middles) > APART).all(dim=1)][: max(0, config.most_accents - len(marks))]
    short = follow(flow, spots, ACCENT)
    lines = [path[reached] for path, reached in zip(short.points, short.reached, strict=True)]
    return _Accents(lines, marks, torch.cat([spots, middles]))


def _marks(photo: Tensor | None, saliency: Tensor, config: StrokeInitConfig) -> list[Tensor]:
    """Return the marks of a square photo [3, H, W]: its faces', then lone spots, in px of the canvas.

    Any other photo lies beside the saliency, and has none.
    """
    if photo is None or photo.shape[-1] != photo.shape[-2]:
        return []
    faces = [face.scaled(CANVAS_SIDE / photo.shape[-1]) for face in find_faces(photo)]
    marks = face_marks(faces, config.most_marks)
    most = max(0, config.most_lone_spots - len(marks))
    return [*marks, *lone_spots(photo, faces, most, telling=saliency, cores=not config.any_spare)]


def _draw(saliency: Tensor, flow: LineFlow | None, accents: _Accents, config: StrokeInitConfig, seed: int) -> Tensor:
    """Return the control points [N, K, 2] of one sketch, whose last strokes start on accents."""
    generator = seeded_generator(seed)
    points = _in_random_order(sampling_map(saliency, config.temperature), generator)
    strokes, segments = config.shape
    offsets = (torch.rand((strokes, 3 * segments, 2), generator=generator) - 0.5) * config.radius * CANVAS_SIDE
    wander = torch.cat([torch.zeros_like(offsets[:, :1]), offsets.cumsum(dim=1)], dim=1)
    lines = _lines(saliency, flow, accents, points, config)
    if config.one_line:
        whole = one_line(lines, segments)
        return whole + wander * max(0.0, 1 - path_length(whole) / SHORT)
    others = strokes - len(accents.marks)
    again = lines[: len(lines) - len(accents.marks)] or lines
    followed = [again[number % len(again)] for number in range(others)]
    if flow is None:
        return torch.cat(followed)[:, None] + wander
    along = [_along(*both) for both in zip(followed, wander[:others], strict=True)]
    return torch.stack([*along, *(stroke_along(mark, wander.shape[1]) for mark in accents.marks)])


def _lines(
    saliency: Tensor, flow: LineFlow | None, accents: _Accents, points: Tensor, config: StrokeInitConfig
) -> list[Tensor]:
    """Return at most ``num_first`` lines [T, 2] px for strokes to follow, from points [M, 2], the accents last.

    T is 1 without a flow.
    """
    count = config.num_first
    tried = count if flow is None else round(TRIED * count)
    distance = config.spread * (extent(points) / tried) ** 0.5
    if flow is None:
        return take_apart(_points_alone(points), distance, tried)
    likeliest = points[: max(MOST_FOLLOWED, tried)]
    off_accents = (torch.cdist(likeliest, accents.places) > OFF_ACCENTS).all(dim=1)
    turn = MOST_TURN if config.num_segments == 1 else FULL_TURN
    followed = follow(flow, likeliest[off_accents], config.follow * CANVAS_SIDE, turn)
    apart = take_apart(followed, distance, tried, accents.marks)
    telling = most_telling(apart, saliency, count - len(accents.places))
    if not config.any_spare and not config.one_line:
        telling = lengthened(telling, flow, accents.marks)
    return [*telling, *accents.spots, *accents.marks]


def _in_random_order(probability: Tensor, generator: torch.Generator) -> Tensor:
    """Draw all possible pixels without replacement (Gumbel top-k); return their centres [M, 2] px, in that order."""
    width = probability.shape[1]
    uniform = torch.rand(probability.numel(), generator=generator).clamp(1e-9, 1 - 1e-7)
    scores = probability.flatten().log() - (-uniform.log()).log()
    order = torch.sort(scores, descending=True, stable=True).indices[: int((probability > 0).sum())]
    return torch.stack([order % width, order // width], dim=-1).float() + 0.5


def _points_alone(points: Tensor) -> Paths:
    """Return points [M, 2] as paths that lead nowhere."""
    return Paths(points[:, None], torch.ones(len(points), 1, dtype=torch.bool))


def _along(path: Tensor, wander: Tensor) -> Tensor:
    """Return control points [K, 2] along a path [T, 2]; the shorter it is, the more they wander."""
    placed = place_evenly(path.expand(max(2, len(path)), 2)[None], len(wander))
    return curve_through(placed)[0] + wander * max(0.05, (1 - path_length(placed[0]) / SHORT) / 2)
