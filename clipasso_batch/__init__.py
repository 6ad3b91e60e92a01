"""Sketch many photos: a client of clipasso_core, which knows nothing of it.

``sources`` finds the photos, ``photo_sketcher`` makes one row of one photo, ``workers`` spreads that over processes,
``out_folder`` keeps what is done, ``run`` joins the four (``clipasso batch``), and ``plan`` says how long it will take.
"""

from .photo_sketcher import BatchConfig, Row, sketch_photos
from .sources import PhotoFile, find_photos

__all__ = ["BatchConfig", "PhotoFile", "Row", "find_photos", "sketch_photos"]
