"""CLIP files as ComfyUI users keep them: listed, drawn with, offloaded, and refused in one sentence where they are bad.

The weights are random, at real shapes; files come and go while the host runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import clip_files, outputs
from .client import ExecutionError, Json, PromptRejectedError
from .clip_files import FILES, RN101, STROKES, VISION, VIT, sketch_with
from .graphs import Graph
from .server import ComfyServer

pytest.importorskip("open_clip", reason="needs open_clip (pip install open_clip_torch)")
pytestmark = pytest.mark.host

ABSENT = "clip-rn50-openai"  # known, and no test writes it
LOADED = "Requested to load ModuleDict"  # ComfyUI's model management moves our weights to the compute device


@pytest.fixture(scope="module")
def models(host: ComfyServer) -> Iterator[Path]:
    """The folder models/, with good files put into clipasso/ and clip_vision/ while the host runs; taken away after."""
    folder = host.base / "models"
    clip_files.write_all(folder)
    yield folder
    host.client.forget()
    for name in ("clipasso", "clip_vision"):
        shutil.rmtree(folder / name)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def choices(node: Json) -> list[str]:
    """Return a LoadEncoder's list of encoders, as /object_info has it."""
    declared = node["CLIPassoLoadEncoder"]["input"]["required"]["encoder_name"]
    found: list[str] = declared[0] if isinstance(declared[0], list) else declared[1]["options"]
    return found


def choices_now(host: ComfyServer) -> list[str]:
    """Read the list as the page does when the user presses R."""
    return choices(host.client.get("/object_info/CLIPassoLoadEncoder"))


def run(host: ComfyServer, graph: Graph) -> tuple[bytes, set[str]]:
    """Run to the one SVG; return it and the types of the nodes that were not answered from the cache."""
    with host.client.events() as events:
        (svg,) = outputs.svgs(host.client, host.client.run(graph.built()))
    executed = {event.data.get("node") for event in events.of_kind("executing")}
    return svg, {node["class_type"] for one, node in graph.prompt.items() if one in executed}


def metadata(svg: bytes) -> Json:
    """Check that an SVG holds one drawable path a stroke; return what its <metadata> says."""
    drawn = outputs.paths(svg)
    assert len(drawn) == STROKES
    assert not any("nan" in path.attrib["d"].lower() for path in drawn)
    found: Json = json.loads(outputs.parse(svg).findtext(f"{outputs.SVG}metadata") or "")
    return found


def refusal(host: ComfyServer, info: Json, name: str, **options: object) -> str:
    """Load an encoder that cannot be loaded; check that the node says so in our own words; return them."""
    graph = Graph(info)
    encoder = graph.add("CLIPassoLoadEncoder", encoder_name=name, **options)
    seen = graph.add("CLIPassoSaliency", image=graph.add("LoadImage", image="coffee.png"), encoder=encoder)
    graph.add("PreviewImage", images=graph.add("MaskToImage", mask=seen))
    with pytest.raises(ExecutionError) as caught:
        host.client.run(graph.built(), timeout=60)
    error = caught.value
    assert error.node_type == "CLIPassoLoadEncoder"
    assert error.kind.endswith("WeightsError"), str(error)
    assert "\n" not in error.message
    assert error.message.endswith("."), error.message
    return error.message


def test_files_are_listed_beside_the_known_networks(host: ComfyServer, info: Json, models: Path) -> None:
    listed = choices_now(host)
    assert len(listed) == len(set(listed))
    assert listed[0] == "embedded"
    assert set(listed[1:4]) == set(FILES), "files that are there come before those that must be fetched"
    assert ABSENT in listed[4:]
    assert VIT not in choices(info), "the list was made before the files came"


@pytest.mark.parametrize("name", [RN101, VIT, VISION])
def test_sketch_names_its_encoder(host: ComfyServer, info: Json, models: Path, name: str) -> None:
    svg, _ = run(host, sketch_with(info, name))
    facts = metadata(svg)["clipasso"]
    assert (facts["encoder"], facts["encoder_sha256"]) == (name, sha256(models / FILES[name]))


def test_one_network_looks_and_another_compares(host: ComfyServer, info: Json, models: Path) -> None:
    """As in the paper: ViT-B/32 for the saliency, RN101 for the loss."""
    graph = sketch_with(info, VIT, RN101)
    graph.set("CLIPassoSaliency", method="rollout")  # only a ViT offers it
    facts = metadata(run(host, graph)[0])
    assert facts["clipasso"]["encoder"] == RN101
    assert facts["clipasso"]["encoder_sha256"] == sha256(models / FILES[RN101])
    loaded = [node for node in facts["prompt"].values() if node["class_type"] == "CLIPassoLoadEncoder"]
    assert {node["inputs"]["encoder_name"] for node in loaded} == {VIT, RN101}


def test_resnet_has_no_rollout(host: ComfyServer, info: Json, models: Path) -> None:
    """Show that the test above would notice if Saliency had been given the other network."""
    graph = sketch_with(info, RN101)
    graph.set("CLIPassoSaliency", method="rollout")
    with pytest.raises(ExecutionError, match=r"offers the attention methods grad-cam, not 'rollout'") as caught:
        host.client.run(graph.built())
    assert caught.value.node_type == "CLIPassoSaliency"


def test_runs_again_after_its_weights_were_unloaded(host: ComfyServer, info: Json, models: Path) -> None:
    """ComfyUI evicts the weights and keeps the encoder in its cache of results; then it drops everything."""
    graph = sketch_with(info, VIT)
    first, _ = run(host, graph)
    before = host.log.count(LOADED)

    graph.set("CLIPassoSaliency", look_for="the horse")
    run(host, graph)
    assert host.log.count(LOADED) == before, "the weights should still have been on the device"

    host.client.post("/free", {"unload_models": True, "free_memory": False})
    time.sleep(0.5)  # the host does so between two prompts, and does not say when it has
    graph.set("CLIPassoSaliency", look_for="the rider")
    graph.set("CLIPassoOptimize", seed=5)
    other, executed = run(host, graph)
    assert metadata(other)["clipasso"]["optimize"]["seed"] == 5
    assert {"CLIPassoSaliency", "CLIPassoOptimize"} <= executed
    assert "CLIPassoLoadEncoder" not in executed
    assert host.log.count(LOADED) == before + 1, "the weights were not evicted and brought back"

    host.client.forget()
    again, executed = run(host, sketch_with(info, VIT))
    assert "CLIPassoLoadEncoder" in executed
    assert again == first


def test_words_need_a_text_tower(host: ComfyServer, info: Json, models: Path) -> None:
    graph = sketch_with(info, VISION)
    graph.set("CLIPassoSaliency", look_for="the horse")
    with pytest.raises(ExecutionError, match="no text tower") as caught:
        host.client.run(graph.built())
    assert caught.value.node_type == "CLIPassoSaliency"
    assert caught.value.kind.endswith("ConfigError")


def test_missing_network_is_named_with_size_licence_and_place(host: ComfyServer, info: Json, models: Path) -> None:
    message = refusal(host, info, ABSENT)
    target = models / "clipasso" / f"{ABSENT}.safetensors"
    address = "https://huggingface.co/timm/resnet50_clip.openai/resolve/main/open_clip_model.safetensors"
    for part in (ABSENT, "open_clip_model.safetensors", "408 MB", "licence mit", address, str(target)):
        assert part in message
    assert not target.exists()


def test_missing_network_without_a_way_out(host: ComfyServer, info: Json, models: Path) -> None:
    """The host is offline: the download fails at once, says so, and leaves nothing behind."""
    message = refusal(host, info, ABSENT, download_if_missing=True)
    assert f"cannot fetch {ABSENT} from https://huggingface.co" in message
    assert "HTTPS_PROXY" in message
    assert str(models / "clipasso" / f"{ABSENT}.safetensors") in message
    assert not [path for path in (models / "clipasso").rglob("*") if ABSENT in path.name]


@pytest.mark.parametrize("source", [VIT, VISION])
@pytest.mark.parametrize("keep", [0, 100_000, 1_000_000])
def test_damaged_file(host: ComfyServer, info: Json, models: Path, source: str, keep: int) -> None:
    cut = models / "clipasso" / f"cut{FILES[source].suffix}"
    with (models / FILES[source]).open("rb") as whole:
        cut.write_bytes(whole.read(keep))
    try:
        assert "cut" in choices_now(host)
        message = refusal(host, info, "cut")
    finally:
        cut.unlink()
    assert str(cut) in message
    assert f"({keep} bytes" in message
    assert re.search("damaged or cut short|is empty", message)
    assert message.endswith(("fetch it anew.", "fetch the file anew."))
    assert message.count(". ") == 0, f"more than one sentence: {message}"


@pytest.mark.parametrize("kind", ["pickle", "checkpoint", "torchscript"])
def test_malicious_pickle_runs_nothing(host: ComfyServer, info: Json, models: Path, kind: str) -> None:
    victim = models / "victim"
    evil = models / "clipasso" / "evil.pt"
    clip_files.write_evil(evil, victim, kind)
    try:
        assert "evil" in choices_now(host), "a file is listed by its name; nobody opens it for that"
        message = refusal(host, info, "evil")
        assert not victim.exists()
        clip_files.spring(evil, kind)
        assert victim.exists(), "the trap does not work, so the test shows nothing"
    finally:
        evil.unlink()
        victim.unlink(missing_ok=True)
    assert str(evil) in message
    assert "could run a program" in message


@pytest.fixture(scope="module")
def outside(host: ComfyServer, models: Path) -> Path:
    """A good file beside models/, where no list shows it."""
    path = host.base / "outside.safetensors"
    shutil.copyfile(models / FILES[VISION], path)
    return path


@pytest.mark.parametrize("relative", [False, True])
def test_prompt_cannot_name_a_file_outside(
    host: ComfyServer, info: Json, tree: Path, outside: Path, relative: bool
) -> None:
    """A workflow is somebody else's text: it chooses among the files listed, and names no path (or share) itself."""
    name = os.path.relpath(outside, tree) if relative else str(outside)
    with pytest.raises((PromptRejectedError, ExecutionError), match="encoder"):
        host.client.run(sketch_with(info, name).built())


@pytest.mark.parametrize("name", ["nothing", "../../outside", ""])
def test_unknown_name(host: ComfyServer, info: Json, outside: Path, name: str) -> None:
    says = r"Unknown encoder .*Known: embedded, |encoder_name"
    with pytest.raises((PromptRejectedError, ExecutionError), match=says):
        host.client.run(sketch_with(info, name).built())


def test_whatever_core_lists_is_listed(host: ComfyServer, outside: Path, models: Path) -> None:
    """Users link folders of models; ComfyUI follows such links."""
    elsewhere, link = host.base / "elsewhere", models / "clip_vision" / "link"
    elsewhere.mkdir()
    shutil.copyfile(outside, elsewhere / "linked.safetensors")
    link.symlink_to(elsewhere, target_is_directory=True)
    try:
        core = host.client.get("/object_info/CLIPVisionLoader")["CLIPVisionLoader"]["input"]["required"]["clip_name"][0]
        stems = {Path(name).with_suffix("").as_posix() for name in core}
        assert stems - set(choices_now(host)) == set()
    finally:
        link.unlink()
