"""Images as ComfyUI really hands them over: half precision, batches, one or four channels."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from . import outputs
from .graphs import Graph
from .server import ComfyServer

pytestmark = pytest.mark.host

STROKES = 8


def sketches(host: ComfyServer, graph: Graph) -> list[bytes]:
    """Run and return the SVG files, each held to its number of strokes."""
    made = outputs.svgs(host.client, host.client.run(graph.built()))
    assert [len(outputs.paths(svg)) for svg in made] == [STROKES] * len(made)
    return made


def test_float16_image(host: ComfyServer, sketch: Graph) -> None:
    sketch.insert("TestkitImage", after="LoadImage", kind="float16")
    assert len(sketches(host, sketch)) == 1


def test_float16_after_the_mask(host: ComfyServer, sketch: Graph) -> None:
    sketch.insert("TestkitImage", after="CLIPassoMask", kind="float16")
    assert len(sketches(host, sketch)) == 1


@pytest.mark.parametrize("kind", ["one_channel", "four_channels"])
def test_other_channels_are_drawn_or_refused_clearly(host: ComfyServer, sketch: Graph, kind: str) -> None:
    sketch.insert("TestkitImage", after="LoadImage", kind=kind)
    assert len(sketches(host, sketch)) == 1


def test_batch_of_two_photos_gives_two_sketches(host: ComfyServer, sketch: Graph) -> None:
    other = sketch.add("LoadImage", image="chelsea.png")
    sketch.insert("TestkitImage", after="LoadImage", kind="float16")
    batch = sketch.add("ImageBatch", image1=sketch.output("LoadImage"), image2=other)
    sketch.set("CLIPassoMask", image=batch)
    first, second = sketches(host, sketch)
    assert outputs.paths(first)[0].attrib["d"] != outputs.paths(second)[0].attrib["d"]


def test_core_mask_is_taken_instead_of_our_own(host: ComfyServer, sketch: Graph) -> None:
    mask = sketch.add("TestkitMask", image=sketch.output("LoadImage"), kind="full")
    sketch.set("CLIPassoMask", mask=mask)
    assert len(sketches(host, sketch)) == 1


def test_sketch_is_drawn_as_pixels_by_core_nodes(host: ComfyServer, sketch: Graph) -> None:
    drawn = sketch.add("CLIPassoRasterize", strokes=sketch.output("CLIPassoOptimize"), longest_side=256)
    sketch.add("PreviewImage", images=drawn)
    white = sketch.add("MaskToImage", mask=[drawn[0], 1])
    sketch.add("PreviewImage", images=white)
    entry = host.client.run(sketch.built())
    ink_on_white, ink = (
        np.asarray(Image.open(BytesIO(host.client.view(file))).convert("L"), dtype=float) / 255
        for file in outputs.files(entry, ".png")
    )
    assert ink_on_white.shape == ink.shape == (256, 256)
    assert 0.001 < ink.mean() < 0.5
    np.testing.assert_allclose(ink_on_white, 1 - ink, atol=2 / 255)


def test_line_drawing_is_an_image_of_black_on_white(host: ComfyServer, sketch: Graph) -> None:
    sketch.add("PreviewImage", images=sketch.output("CLIPassoOptimize", 3))
    (file,) = outputs.files(host.client.run(sketch.built()), ".png")
    drawn = np.asarray(Image.open(BytesIO(host.client.view(file))), dtype=float) / 255
    assert drawn.shape == (224, 224, 3)
    assert drawn.mean() > 0.7
    assert drawn.min() < 0.1


def test_saved_svg_is_read_back_and_improved(host: ComfyServer, sketch: Graph) -> None:
    (svg,) = sketches(host, sketch)
    (host.base / "input" / "again.svg").write_bytes(svg)
    loaded = sketch.add("CLIPassoLoadSVG", file="again.svg")
    sketch.set("CLIPassoOptimize", strokes=loaded)
    assert len(sketches(host, sketch)) == 1


def test_svg_type_chains_into_core(host: ComfyServer, sketch: Graph) -> None:
    sketch.add("SaveSVGNode", svg=sketch.output("CLIPassoSVGExport"), filename_prefix="test/core")
    host.client.run(sketch.built())
    (saved,) = (host.base / "output" / "test").glob("core*.svg")
    assert len(outputs.paths(saved.read_bytes())) == STROKES
