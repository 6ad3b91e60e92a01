"""Animation: a drawing as it is drawn, stroke after stroke, and the history of its optimisation.

``timeline`` says what of each stroke is drawn when, ``frames`` makes pixels of it, ``movie`` makes a file of those,
``history`` records a run. The SVG that draws itself is written by ``svg.to_svg``, given the timeline's ``pen_times``.
"""

from .frames import AnimationConfig as AnimationConfig
from .frames import drawing_frames as drawing_frames
from .frames import history_frames as history_frames
from .history import History as History
from .timeline import Timeline as Timeline
