"""Quality figures of sketches, as an encoder sees them that the optimiser did not use."""

from .evaluation import Evaluation
from .folder import FAULTS, LeftOut, Pairing, SketchFile, pair_sketches, photos_in
from .judge import JUDGE, Judge, load_judge
from .output import ready_folder, write_results
from .report import report
from .run import evaluate
from .table import to_text

__all__ = [
    "FAULTS",
    "JUDGE",
    "Evaluation",
    "Judge",
    "LeftOut",
    "Pairing",
    "SketchFile",
    "evaluate",
    "load_judge",
    "pair_sketches",
    "photos_in",
    "ready_folder",
    "report",
    "to_text",
    "write_results",
]
