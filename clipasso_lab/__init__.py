"""Measure sketches and machines: a client of clipasso_core, which knows nothing of it."""
