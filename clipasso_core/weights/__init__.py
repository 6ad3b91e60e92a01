"""Model files: where they are, which they are, how they get there."""

from .download import Progress
from .record import Verification
from .store import ModelFile, ModelStatus, ModelStore, default_folder, missing_message

__all__ = [
    "ModelFile",
    "ModelStatus",
    "ModelStore",
    "Progress",
    "Verification",
    "default_folder",
    "missing_message",
]
