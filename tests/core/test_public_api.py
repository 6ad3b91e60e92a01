"""The names that the README promises."""

from __future__ import annotations

import importlib
import inspect

import pytest

import clipasso_core

FUNCTIONS = ("sketch", "to_svg", "from_svg", "load_image")
CLASSES = ("ClipassoError", "SketchError", "Strokes", "Sketch", "SketchConfig")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str) -> None:
    assert inspect.isfunction(getattr(clipasso_core, name))


@pytest.mark.parametrize("name", CLASSES)
def test_classes(name: str) -> None:
    assert inspect.isclass(getattr(clipasso_core, name))


def test_all_is_all() -> None:
    assert sorted(clipasso_core.__all__) == sorted((*FUNCTIONS, *CLASSES, "rasterize"))


def test_rasterize_is_a_function_after_its_package_was_imported() -> None:
    importlib.import_module("clipasso_core.rasterizer")
    importlib.import_module("clipasso_core.rasterizer.analytic")
    from clipasso_core import rasterize

    assert callable(rasterize)


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'sketsh'"):
        clipasso_core.sketsh  # noqa: B018
    with pytest.raises(ImportError):
        from clipasso_core import sketsh  # noqa: F401
