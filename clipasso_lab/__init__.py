"""Measure sketches and machines: a client of clipasso_core, which knows nothing of it.

``evaluation`` scores sketches beside their photos (``clipasso eval``), ``bench`` times a machine (``clipasso bench``).
Behind the numbers in docs/ stand studies, each run by ``python -m clipasso_lab.NAME``: ``ablation``, ``plain_recipe``,
``time_to_loss``, ``whole_sketches``, ``iteration_costs``, ``batch_costs``, ``prefix_curve``, ``auto_counts``,
``scene_figures``; ``docs_pictures`` draws the pictures, ``fuzz_reader`` fuzzes the SVG reader.
"""
