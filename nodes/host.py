"""What touches ComfyUI's insides: gradients, device, progress, preview, interrupt, folders."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import comfy.model_management
import comfy.utils
import folder_paths
import torch
from comfy.cli_args import args
from PIL import Image
from torch import Tensor

from ..clipasso_core.drawing_file import DRAWINGS
from ..clipasso_core.errors import ImageFileError, WeightsError
from ..clipasso_core.files import write_atomically
from ..clipasso_core.optimize import OptimizeConfig, SketchRun, SketchStep, bank_bytes
from ..clipasso_core.pixels import to_uint8
from ..clipasso_core.preview import PREVIEW_SIDE
from ..clipasso_core.rasterizer import rasterize
from ..clipasso_core.strokes import CANVAS_SIDE, Strokes
from ..clipasso_core.svg import to_svg
from ..clipasso_core.weights import ModelStore
from .viewer_data import KEY, MOST_SKETCHES, document

log = logging.getLogger(__name__)
PREVIEW_SECONDS, LIVE_SECONDS = 0.5, 0.25
"""Between two pictures, and between two messages with strokes, while a run goes on."""

LOOK_BYTES = 2 * 1024**3
"""What looking takes at 224 px besides the encoder's weights; it grows with the number of pixels."""


@contextmanager
def gradients() -> Iterator[None]:
    """Leave the inference mode under which ComfyUI runs every prompt. Clone inputs inside."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


def device() -> torch.device:
    """Return the device that ComfyUI computes on."""
    chosen: torch.device = comfy.model_management.get_torch_device()
    return chosen


def model_store() -> ModelStore:
    """Return the model folders: models/clipasso (and what extra_model_paths.yaml adds) and models/clip_vision."""
    own = Path(folder_paths.models_dir) / "clipasso"
    folder_paths.add_model_folder_path("clipasso", str(own))
    folders = [*folder_paths.get_folder_paths("clipasso"), *folder_paths.get_folder_paths("clip_vision")]
    return ModelStore([Path(folder) for folder in folders])


def download_progress() -> Callable[[int, int | None], None]:
    """Return a callback that shows a download on the node and lets it be interrupted."""
    progress = comfy.utils.ProgressBar(100)

    def update(done: int, total: int | None) -> None:
        comfy.model_management.throw_exception_if_processing_interrupted()
        progress.update_absolute(round(100 * done / total) if total else 0, 100)

    return update


def run_memory(config: OptimizeConfig, side: int) -> int:
    """Return about how many bytes an optimisation takes on the device, besides weights; side: px that are looked at."""
    return round(LOOK_BYTES * max(1.0, (side / CANVAS_SIDE) ** 2)) + bank_bytes(config, side)


def run_to_end(run: SketchRun, on_step: Callable[[SketchStep], None], photos: Sequence[Mapping[str, str]] = ()) -> None:
    """Iterate a run with progress, preview and live strokes in the page, each step given to ``on_step``.

    Whatever ends it early, the best until then is saved and shown first. The page shows the first of ``photos``, files
    that it can fetch, beneath the strokes.
    """
    progress = comfy.utils.ProgressBar(run.config.num_iterations)
    last, told = 0.0, 0.0
    try:
        for step in run:
            on_step(step)
            comfy.model_management.throw_exception_if_processing_interrupted()
            due = time.monotonic() - last > PREVIEW_SECONDS
            progress.update_absolute(step.iteration, run.config.num_iterations, _preview(run) if due else None)
            last = time.monotonic() if due else last
            if time.monotonic() - told > LIVE_SECONDS:
                _tell_page(run, photos)
                told = time.monotonic()
        progress.update_absolute(run.config.num_iterations, run.config.num_iterations, _preview(run))
    except BaseException as reason:
        _rescue(run, photos, reason)
        raise


def shown(steps: Iterator[Tensor], count: int) -> Iterator[Tensor]:
    """Yield what each of ``count`` steps makes, with progress on the node; ComfyUI's interrupt ends it."""
    progress = comfy.utils.ProgressBar(count)
    for step in steps:
        comfy.model_management.throw_exception_if_processing_interrupted()
        progress.update(1)
        yield step


def clip_vision_tensors(clip_vision: Any) -> Mapping[str, Tensor]:
    """Return the weights of a CLIP_VISION by name, as they are: on any device, maybe inference tensors. Copy them.

    Raises:
        WeightsError: it is not what ComfyUI's own loader makes.
    """
    if not hasattr(clip_vision, "get_sd"):
        raise WeightsError(
            f"clip_vision is a {type(clip_vision).__name__}, whose weights cannot be read; connect ComfyUI's Load CLIP "
            "Vision, or choose the file in CLIPasso Load Encoder."
        )
    tensors: Mapping[str, Tensor] = clip_vision.get_sd()
    return tensors


def svg_type() -> type:
    """Return the core's SVG class, wherever this version of ComfyUI keeps it."""
    try:
        from comfy_api.latest._util.image_types import SVG
    except ImportError:
        from comfy_extras.nodes_images import SVG
    return SVG  # type: ignore[no-any-return]


def host_metadata(hidden: Any) -> dict[str, object]:
    """Return {prompt, workflow} as core's writers record them; empty with --disable-metadata."""
    if args.disable_metadata or hidden is None:
        return {}
    prompt = {"prompt": hidden.prompt} if hidden.prompt else {}
    return {**prompt, **(hidden.extra_pnginfo or {})}


def save_svgs(texts: list[str], filename_prefix: str) -> list[dict[str, str]]:
    """Write SVG files under the output folder; return what the page needs to show them."""
    return save_files([text.encode() for text in texts], filename_prefix, ".svg")


def preview_svgs(documents: list[bytes]) -> list[dict[str, str]]:
    """Write SVG files that only the page shows, until ComfyUI starts anew."""
    return save_files(documents, "clipasso_preview", ".svg", "temp")


def save_files(files: list[bytes], filename_prefix: str, ending: str, kind: str = "output") -> list[dict[str, str]]:
    """Write files under the folder of a kind, output or temp; return what the page needs to show them."""
    folder, name, counter, subfolder, _ = folder_paths.get_save_image_path(
        filename_prefix, folder_paths.get_directory_by_type(kind)
    )
    saved = []
    for index, data in enumerate(files):
        file = f"{name.replace('%batch_num%', str(index))}_{counter + index:05}_{ending}"
        write_atomically(Path(folder) / file, data)
        saved.append({"filename": file, "subfolder": subfolder, "type": kind})
    return saved


def input_drawings() -> list[str]:
    """Return the names of the drawings in the input folder, those of one format after the other."""
    return [name for ending in DRAWINGS for name in input_files(ending)]


def input_files(ending: str) -> list[str]:
    """Return the names of the input folder's files that end so."""
    folder = Path(folder_paths.get_input_directory())
    return sorted(path.name for path in folder.glob(f"*{ending}"))


def input_file(name: str) -> Path:
    """Return the path of a file in the input folder, there or not ("name [output]" and "name [temp]": in those).

    Raises:
        ImageFileError: it lies elsewhere: a shared workflow must not read any file of this machine.
    """
    path = Path(os.path.abspath(folder_paths.get_annotated_filepath(name)))
    folders = [folder_paths.get_directory_by_type(kind) for kind in ("input", "output", "temp")]
    if not any(path.is_relative_to(os.path.abspath(folder)) for folder in folders):
        raise ImageFileError(f"{name!r} lies outside ComfyUI's input folder. Put the file there.")
    return path


def save_for_page(photos: Sequence[Tensor]) -> list[dict[str, str]]:
    """Write photos [3, S, S] in 0-1 into the temp folder; return what the page needs to fetch them.

    A file is named by what is in it, so that the same photo is written once.
    """
    folder = Path(folder_paths.get_temp_directory())
    folder.mkdir(parents=True, exist_ok=True)
    saved = []
    for photo in photos[:MOST_SKETCHES]:
        buffer = BytesIO()
        Image.fromarray(to_uint8(photo).numpy()).save(buffer, "JPEG", quality=85)
        file = f"clipasso_{hashlib.sha256(buffer.getvalue()).hexdigest()[:16]}.jpg"
        if not (folder / file).is_file():
            write_atomically(folder / file, buffer.getvalue())
        saved.append({"filename": file, "subfolder": "", "type": "temp"})
    return saved


def as_json(value: Mapping[str, object] | Sequence[object]) -> str:
    """Return a report as readable JSON."""
    return json.dumps(value, indent=2)


def to_svg_type(texts: list[str]) -> Any:
    """Return SVG texts as one value of the core's SVG type."""
    return svg_type()([BytesIO(text.encode()) for text in texts])


def svg_documents(svg: Any) -> list[bytes]:
    """Return the bytes of each SVG in a value of the core's SVG type."""
    return [one.getvalue() for one in svg.data]


def show_text(text: str, node_id: str | None = None) -> None:
    """Show a text on a node; None for the one that runs, or ran last."""
    from server import PromptServer  # only there in a running ComfyUI

    server = PromptServer.instance
    server.send_progress_text(text, node_id or server.last_node_id)


def _preview(run: SketchRun) -> tuple[str, Image.Image, int]:
    best = run.best().select([0])
    with torch.no_grad():
        image = rasterize(best, best.size_for(PREVIEW_SIDE))[0]
    return ("JPEG", Image.fromarray(to_uint8(image).numpy()), PREVIEW_SIDE)


def _tell_page(
    run: SketchRun, photos: Sequence[Mapping[str, str]], ended: str | None = None, strokes: Strokes | None = None
) -> None:
    """Send the first photo's best sketch so far to the page that started the run; strokes: of a run that ended."""
    from server import PromptServer  # only there in a running ComfyUI

    server = PromptServer.instance
    loss = run.best_loss()[0]
    message = {
        "node": server.last_node_id,
        "strokes": document((strokes or run.best()).select([0]), decimals=1),
        "iteration": run.iteration,
        "num_iterations": run.config.num_iterations,
        "loss": loss if math.isfinite(loss) else None,
        "seconds": time.perf_counter() - run.started,
        "ended": ended,
        "photos": list(photos[:1]),
    }
    server.send_sync(KEY, message, server.client_id)


def _rescue(run: SketchRun, photos: Sequence[Mapping[str, str]], reason: BaseException) -> None:
    """Save the best sketches of a run that ended early, so that nothing found is lost; never hide why it ended."""
    if run.iteration == 0:
        return
    interrupted = isinstance(reason, (comfy.model_management.InterruptProcessingException, KeyboardInterrupt))
    word = "interrupted" if interrupted else "failed"
    try:
        strokes = run.result(word).strokes
        facts = {"clipasso": dict(strokes.provenance)}
        title, each = f"{word.capitalize()} sketch", range(strokes.batch_size)
        texts = [to_svg(strokes, i, title=title, metadata=facts, background="white") for i in each]
        saved = save_svgs(texts, f"clipasso/{word}")
        _tell_page(run, photos, word, strokes)
        where = "/".join(filter(None, (saved[0]["subfolder"], saved[0]["filename"])))
        show_text(f"{word.capitalize()}: the best sketch so far is in ComfyUI's output folder, {where}")
    except Exception:  # a full disk, say: what ended the run is what the user must hear of
        log.exception("The run %s after %d iterations, and its best sketch could not be saved", word, run.iteration)
    else:
        log.warning("The run %s after %d iterations; the best so far is in %s", word, run.iteration, saved)
