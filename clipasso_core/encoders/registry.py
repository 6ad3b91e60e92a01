"""The encoders by name: the embedded one, the known CLIPs, and every model file in the folders."""

from __future__ import annotations

import torch

from ..errors import ConfigError
from ..weights import ModelStore, Progress
from .base import ImageEncoder
from .clip import ClipEncoder
from .embedded import embedded_encoder

EMBEDDED = "embedded"


def encoder_names(store: ModelStore | None = None) -> tuple[str, ...]:
    """Return the names that ``get_encoder`` knows: the embedded one, model files that are there, then known CLIPs.

    Args:
        store: whose folders are searched; None for the default folder.

    >>> encoder_names()[0]
    'embedded'
    """
    models = (store or ModelStore()).list()
    there = [model.name for model in models if model.file and model.name != EMBEDDED]
    absent = [model.name for model in models if not model.file]
    return (EMBEDDED, *there, *absent)


def get_encoder(
    name: str = EMBEDDED,
    device: torch.device | str = "cpu",
    store: ModelStore | None = None,
    download: bool = False,
    progress: Progress | None = None,
) -> ImageEncoder:
    """Return a new encoder by name, on a device; nobody else holds its weights.

    Args:
        name: one of ``encoder_names``, or the path of a model file.
        device: where its weights go.
        store: whose folders are searched; None for the default folder.
        download: fetch a known network that is not there; otherwise that is an error which says how to get it.
        progress: called with bytes done and bytes in all while downloading.

    Raises:
        ConfigError: no encoder of this name; the message lists those there are.
        WeightsError: its file is missing, damaged, of another network, or cannot be fetched.
        DependencyError: the package that it needs is missing; the message holds the install line.

    >>> encoder = get_encoder()
    >>> encoder.name, encoder.input_size, encoder.device
    ('efficientnet-lite0', 224, device(type='cpu'))
    """
    if name == EMBEDDED:
        return embedded_encoder().to(device)
    store = store or ModelStore()
    file = store.find(name)
    if file is None and name not in encoder_names(store):
        raise ConfigError(f"Unknown encoder {name!r}. Known: {', '.join(encoder_names(store))}.")
    path = store.pull(name, progress) if download and file is None else store.path(name)
    return ClipEncoder.from_file(path, known=file.known if file else None, name=name).to(device)
