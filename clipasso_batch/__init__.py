"""Sketch many photos: a client of clipasso_core, which knows nothing of it.

``sources`` finds the photos (``tar_files`` and ``parquet_files`` where they lie in such), ``photo_index`` keeps them in
order, ``photo_sketcher`` makes one row of one photo, ``workers`` or ``ray_data`` spread that over processes or
machines, ``out_folder`` keeps what is done and ``svg_store`` the sketches, ``run`` joins them all (``clipasso batch``),
and ``plan`` says how long it will take.
"""

from .photo_index import find_photos
from .photo_sketcher import BatchConfig, Row, sketch_photos
from .sources import PhotoFile

__all__ = ["BatchConfig", "PhotoFile", "Row", "find_photos", "sketch_photos"]
