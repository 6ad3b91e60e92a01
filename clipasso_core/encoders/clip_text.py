"""CLIP's text tower: what words look like to the image tower."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import ConfigError, WeightsError
from .checkpoint_shape import Family
from .clip_tower import require_open_clip


def text_embedding(prompt: str, text: Mapping[str, Tensor], family: Family, quick_gelu: bool) -> Tensor:
    """Return the embedding [D], of length 1, of a text.

    The tower is built, used once and dropped: it is as large as the image tower, and a sketch needs it once.

    Args:
        prompt: English, 75 tokens at most; what is longer is cut by the tokenizer.
        text: the text tower's tensors, open_clip's names.
        family: of the image tower.
        quick_gelu: the activation of the training.

    Raises:
        ConfigError: the prompt is empty, or the file has no text tower that can be used.
        WeightsError: the text tower is incomplete.
    """
    if not prompt.strip():
        raise ConfigError("the text is empty; write what to look for, such as 'a horse'.")
    _check_tower(text, family)
    require_open_clip()
    from open_clip.tokenizer import SimpleTokenizer

    length = text["positional_embedding"].shape[0]
    tokens = SimpleTokenizer(context_length=length)([prompt])
    with torch.inference_mode(False), torch.no_grad():
        embedding: Tensor = _build(text, quick_gelu)(tokens)[0]
        return F.normalize(embedding, dim=0)


def _check_tower(text: Mapping[str, Tensor], family: Family) -> None:
    if family == "siglip":
        raise ConfigError("SigLIP's tokenizer is not part of open_clip; to look for a text, use a CLIP file.")
    if "token_embedding.weight" not in text or "text_projection" not in text:
        raise ConfigError(
            "this file has no text tower of CLIP (clip_vision files never do): use a full CLIP, "
            "such as clip-vit-b-32-openai, or leave the text empty."
        )


def _build(text: Mapping[str, Tensor], quick_gelu: bool) -> torch.nn.Module:
    """Build the text tower with weights in place."""
    from open_clip.transformer import QuickGELU, TextTransformer

    vocabulary, width = text["token_embedding.weight"].shape
    blocks = {name.split(".")[2] for name in text if name.startswith("transformer.resblocks.")}
    network: torch.nn.Module = TextTransformer(
        context_length=text["positional_embedding"].shape[0],
        vocab_size=vocabulary,
        width=width,
        heads=width // 64,
        layers=len(blocks),
        output_dim=text["text_projection"].shape[1],
        act_layer=QuickGELU if quick_gelu else torch.nn.GELU,
    )
    wanted = network.state_dict()
    if any(name not in text or text[name].shape != value.shape for name, value in wanted.items()):
        raise WeightsError("the text tower is incomplete or of a kind that is not supported; fetch the file anew.")
    network.load_state_dict({name: text[name] for name in wanted})
    return network.eval()
