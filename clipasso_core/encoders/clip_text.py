"""CLIP's text tower: what words look like to the image tower."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import ConfigError, WeightsError
from .checkpoint import Family, load_text_tower
from .checkpoint_convert import Tensors
from .clip_tower import require_open_clip


def embed_texts(texts: Sequence[str], path: Path | None, family: Family, quick_gelu: bool) -> Tensor:
    """Return the embeddings [T, D], each of length 1, of some texts.

    The text tower is as large as the image tower, and a sketch needs it once: it is read, used and dropped again.

    Args:
        texts: English, 75 tokens each at most; what is longer is cut by the tokenizer.
        path: of the model file; None: there is none, and no text tower.
        family: of its image tower.
        quick_gelu: the activation of the training.

    Raises:
        ConfigError: there is no text, one is empty, or the file has no text tower that can be used.
        WeightsError: the file cannot be read, or its text tower is incomplete.
    """
    if not texts or not all(text.strip() for text in texts):
        raise ConfigError("the text is empty; write what to look for, such as 'a horse'.")
    if family == "siglip":
        raise ConfigError("SigLIP's tokenizer is not part of open_clip; to look for a text, use a CLIP file.")
    tensors = load_text_tower(path) if path else {}
    if "token_embedding.weight" not in tensors or "text_projection" not in tensors:
        raise ConfigError(
            "this network has no text tower of CLIP (those of clip_vision never do): use a full CLIP, "
            "such as clip-vit-b-32-openai, or leave the text empty."
        )
    require_open_clip()
    from open_clip.tokenizer import SimpleTokenizer

    tokens = SimpleTokenizer(context_length=tensors["positional_embedding"].shape[0])(list(texts))
    with torch.inference_mode(False), torch.no_grad():
        embeddings: Tensor = _build_text_tower(tensors, quick_gelu)(tokens)
        return F.normalize(embeddings, dim=-1)


def _build_text_tower(tensors: Tensors, quick_gelu: bool) -> nn.Module:
    """Build the text tower with weights in place."""
    from open_clip.transformer import QuickGELU, TextTransformer

    vocabulary, width = tensors["token_embedding.weight"].shape
    blocks = {name.split(".")[2] for name in tensors if name.startswith("transformer.resblocks.")}
    network: nn.Module = TextTransformer(
        context_length=tensors["positional_embedding"].shape[0],
        vocab_size=vocabulary,
        width=width,
        heads=width // 64,
        layers=len(blocks),
        output_dim=tensors["text_projection"].shape[1],
        act_layer=QuickGELU if quick_gelu else nn.GELU,
    )
    wanted = network.state_dict()
    if any(name not in tensors or tensors[name].shape != value.shape for name, value in wanted.items()):
        raise WeightsError("the text tower is incomplete or of a kind that is not supported; fetch the file anew.")
    network.load_state_dict({name: tensors[name] for name in wanted})
    return network.eval()
