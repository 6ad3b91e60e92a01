"""Files that are hostile, damaged or of another network: nothing runs, and one sentence says what is wrong."""

from __future__ import annotations

import os
import pickle
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from clipasso_core.encoders.checkpoint import load_checkpoint
from clipasso_core.encoders.checkpoint_read import read_tensors
from clipasso_core.errors import DependencyError, WeightsError


class Payload:
    """Touch a file when unpickled."""

    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.system, (f"touch {self.victim}",)


def weights_of(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.contiguous().clone() for name, value in model.state_dict().items()}


def hostile_zip(path: Path, victim: Path) -> None:
    torch.save({"state_dict": {"visual.conv1.weight": Payload(victim)}}, path)


def hostile_legacy(path: Path, victim: Path) -> None:
    torch.save({"payload": Payload(victim)}, path, _use_new_zipfile_serialization=False)


def hostile_plain_pickle(path: Path, victim: Path) -> None:
    path.write_bytes(pickle.dumps(Payload(victim)))


def hostile_torchscript(path: Path, victim: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/constants.pkl", pickle.dumps(()))
        archive.writestr("model/data.pkl", pickle.dumps(Payload(victim)))


@pytest.mark.parametrize("write", [hostile_zip, hostile_legacy, hostile_plain_pickle, hostile_torchscript])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_no_pickle_runs(write, suffix: str, tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / f"model{suffix}"
    write(path, victim)
    with pytest.raises(WeightsError, match="model") as caught:
        load_checkpoint(path)
    assert not victim.exists()
    assert "safetensors" in str(caught.value) or "damaged" in str(caught.value)


def test_the_payload_does_run_when_unpickled(tmp_path: Path) -> None:
    """Show that the test above would notice."""
    victim, path = tmp_path / "victim", tmp_path / "model.pkl"
    hostile_plain_pickle(path, victim)
    pickle.loads(path.read_bytes())
    assert victim.exists()


def test_torchscript_program_is_not_run(tiny_vit, tmp_path: Path, write_torchscript) -> None:
    """An archive whose program is rubbish still gives its tensors: nobody looks at the program."""
    path, stripped = tmp_path / "openai.pt", tmp_path / "stripped.pt"
    write_torchscript(tiny_vit, path)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(stripped, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"raise RuntimeError" if name.endswith(".py") else old.read(name))
    kind, tensors = read_tensors(stripped)
    assert kind == "torchscript"
    assert {name for name in tensors if name.startswith("visual.")} == {
        f"visual.{name}" for name in tiny_vit.visual.state_dict()
    }


@pytest.mark.parametrize("kind", ["safetensors", "checkpoint", "torchscript"])
@pytest.mark.parametrize("keep", [0.0, 0.001, 0.5, 0.99])
def test_truncated(kind: str, keep: float, tiny_vit, tmp_path: Path, write_torchscript) -> None:
    path = tmp_path / "cut.pt"
    if kind == "safetensors":
        save_file(weights_of(tiny_vit), path)
    elif kind == "checkpoint":
        torch.save(tiny_vit.state_dict(), path)
    else:
        write_torchscript(tiny_vit, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(WeightsError, match=r"cut\.pt"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n", "Git LFS pointer"),
        (b"<!DOCTYPE html><html>Sign in</html>", "web page"),
        (b"GIF89a........", "neither safetensors nor a PyTorch file"),
    ],
)
def test_not_a_model(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=said):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["model.diffusion_model.input_blocks.0.0.weight"], "diffusion model"),
        (["text_model.final_layer_norm.weight"], "text encoder"),
        (["lora_unet_down.weight"], "LoRA"),
        (["embeddings.cls_token", "layernorm.weight"], "neither CLIP nor SigLIP"),
        (["a", "b"], "another network"),
        ([], "another network"),
    ],
)
def test_wrong_network(names: list[str], said: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({name: torch.zeros(2) for name in names}, path)
    with pytest.raises(WeightsError, match=said) as caught:
        load_checkpoint(path)
    assert str(path) in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no model file"):
        load_checkpoint(tmp_path / "nothing.pt")


@pytest.mark.parametrize("change", ["drop", "reshape"])
def test_incomplete_image_tower(change: str, tiny_vit, tmp_path: Path) -> None:
    from clipasso_core.encoders.clip import ClipEncoder

    weights = weights_of(tiny_vit)
    name = "visual.transformer.resblocks.2.mlp.c_proj.weight"
    if change == "drop":
        del weights[name]
    else:
        weights[name] = torch.zeros(3, 5)
    path = tmp_path / "model.safetensors"
    save_file(weights, path)
    with pytest.raises(WeightsError, match="c_proj"):
        ClipEncoder.from_file(path)


def test_a_list_is_not_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "list.pt"
    torch.save([torch.zeros(2)], path)
    with pytest.raises(WeightsError, match="holds a list"):
        load_checkpoint(path)


def test_a_missing_safetensors_is_named_with_its_install_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"tensor": torch.zeros(1)}, path)
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(DependencyError, match="pip install safetensors"):
        read_tensors(path)
