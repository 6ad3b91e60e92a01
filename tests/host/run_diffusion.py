"""Run the templates that need diffusion models, once, with random weights.

    python -m tests.host.run_diffusion FOLDER

writes stand-ins for the models below FOLDER (2.8 GB; see diffusion_files.py), starts a ComfyUI on the CPU (about 8 GB
of memory) and runs each template in small: pictures of 64 px, one step, few iterations. The pictures are noise; what is
shown is that the host takes the files for what the templates say, and that what flows from node to node fits. Not a
test of CI: it would take minutes and gigabytes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from . import base_dir, diffusion_files, outputs, workflow
from .client import Json, Prompt
from .comfy_tree import HOW_TO_GET, REPO, find_tree
from .server import ComfyServer
from .template_check import MODEL_LOADERS, WORKFLOWS, kinds

SIDE = 64
"""px of pictures."""

LIMIT_S = 1800
SMALL: dict[str, Json] = {
    "EmptyLatentImage": {"width": SIDE, "height": SIDE},
    "KSampler": {"steps": 1},
    "CLIPassoRasterize": {"longest_side": SIDE},
    "CLIPassoMask": {"source": "none", "fit": "pad"},  # in noise there is no object to be found
    "CLIPassoStrokeInit": {"num_sketches": 1},
    "CLIPassoOptimize": {"num_iterations": 2},
}
"""What is set otherwise than in the templates."""


def templates() -> list[Path]:
    """List the templates that need diffusion models."""
    return [path for path in WORKFLOWS if kinds(workflow.load(path)) & MODEL_LOADERS]


def in_small(prompt: Prompt) -> Prompt:
    """Return the prompt with ``SMALL``."""
    for kind, inputs in SMALL.items():
        prompt = workflow.with_inputs(prompt, kind, **inputs)
    return prompt


def run(host: ComfyServer, path: Path) -> str:
    """Run a template and tell what came out."""
    saved = workflow.load(path)
    started = time.monotonic()
    prompt = in_small(workflow.to_prompt(saved, host.client.object_info()))
    entry = host.client.run(prompt, LIMIT_S, extra_pnginfo={"workflow": saved})
    paths = [len(outputs.paths(svg)) for svg in outputs.svgs(host.client, entry)]
    pictures = sum(len(shown.get("images", ())) for shown in entry["outputs"].values())
    return f"{path.stem}: {time.monotonic() - started:.0f} s, {pictures} files shown, strokes of its SVGs: {paths}"


def main(models: Path) -> None:
    """Write the models, start a host and run the templates in it.

    Raises:
        RuntimeError: no ComfyUI is there.
    """
    tree = find_tree()
    if tree is None:
        raise RuntimeError(HOW_TO_GET)
    diffusion_files.write_all(models)
    with tempfile.TemporaryDirectory() as folder:
        base = base_dir.build(REPO, tree, Path(folder))
        for file in (diffusion_files.CHECKPOINT, diffusion_files.CONTROLNET):
            (base / "models" / file).parent.mkdir(parents=True, exist_ok=True)
            (base / "models" / file).symlink_to((models / file).resolve())
        with ComfyServer(tree, base) as host:
            for path in templates():
                sys.stdout.write(run(host, path) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
