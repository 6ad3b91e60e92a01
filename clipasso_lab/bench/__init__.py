"""Measure a machine: the rasterizer, one iteration, whole sketches. A calibration stands beside every timing."""
