"""transform, lengths, viewBox: coordinates against values worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipasso_core.errors import ConfigError, SvgError
from clipasso_core.svg import from_svg
from clipasso_core.svg.viewport import Box, Matrix, fit, parse_transform

LINE = '<line x1="0" y1="0" x2="10" y2="20" stroke="black"/>'


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("", 3 + 2j),
        ("none", 3 + 2j),
        ("matrix(1 2 3 4 5 6)", 14 + 20j),
        ("translate(10)", 13 + 2j),
        ("translate(10,-1)", 13 + 1j),
        ("scale(2)", 6 + 4j),
        ("scale(2 -3)", 6 - 6j),
        ("rotate(90)", -2 + 3j),
        ("rotate(90 3 0)", 1 + 0j),
        ("skewX(45)", 5 + 2j),
        ("skewY(45)", 3 + 5j),
        ("translate(1 1) scale(2)", 7 + 5j),
        (" translate(1 1),scale(2) ,rotate(90)", -3 + 7j),
        ("translate(1px, 1px) rotate(90deg)", -1 + 4j),
    ],
)
def test_transform_sends_a_point_where_it_should(text: str, image: complex) -> None:
    assert parse_transform(text).apply(3 + 2j) == pytest.approx(image, abs=1e-12)


@given(*[st.lists(st.floats(-9, 9), min_size=6, max_size=6)] * 2, st.complex_numbers(max_magnitude=9))
def test_product_applies_the_right_one_first(first: list[float], second: list[float], point: complex) -> None:
    outer, inner = Matrix(*first), Matrix(*second)
    assert (outer @ inner).apply(point) == pytest.approx(outer.apply(inner.apply(point)), abs=1e-9)


@pytest.mark.parametrize(
    "text", ["spin(3)", "scale(1 2 3)", "rotate(1 2)", "scale(", "scale 2", "scale(2) x", "matrix(1 2 3)", "(2)"]
)
def test_unknown_transform_is_refused(text: str) -> None:
    with pytest.raises(SvgError, match="known are matrix"):
        parse_transform(text)


def test_transform_with_words_for_numbers_is_refused() -> None:
    with pytest.raises(SvgError, match="list of numbers"):
        parse_transform("translate(a b)")


@pytest.mark.parametrize(
    ("align", "corner", "opposite"),
    [
        ("xMidYMid meet", 50 + 0j, 150 + 100j),
        ("xMinYMin", 0j, 100 + 100j),
        ("xMaxYMax meet", 100 + 0j, 200 + 100j),
        ("xMidYMin slice", 0j, 200 + 200j),
        ("xMidYMid slice", -50j, 200 + 150j),
        ("none", 0j, 200 + 100j),
    ],
)
def test_preserve_aspect_ratio_places_a_square_on_a_wide_page(align: str, corner: complex, opposite: complex) -> None:
    matrix = fit(Box(5, 5, 10, 10), Box(0, 0, 200, 100), align)
    assert matrix.apply(5 + 5j) == pytest.approx(corner)
    assert matrix.apply(15 + 15j) == pytest.approx(opposite)


@pytest.mark.parametrize(
    ("attributes", "size", "end"),
    [
        ('width="100" height="50"', (50, 100), [10, 20]),
        ('width="100px" height="50.2"', (51, 100), [10, 20]),
        ('width="2in" height="25.4mm"', (96, 192), [10, 20]),
        ('width="2.54cm" height="72pt"', (96, 96), [10, 20]),
        ('width="6pc" height="6pc"', (96, 96), [10, 20]),
        ('viewBox="0 0 40 30"', (30, 40), [10, 20]),
        ('viewBox="-5 -5 40 30"', (30, 40), [15, 25]),
        ('viewBox="0 0 40 30" width="80"', (60, 80), [20, 40]),
        ('viewBox="0 0 40 30" height="15"', (15, 20), [5, 10]),
        ('viewBox="0 0 40 30" width="100%" height="100%"', (30, 40), [10, 20]),
        ('viewBox="0 0 40 30" width="50%" height="50%"', (15, 20), [5, 10]),
        ('viewBox="0,0,40,40" width="80" height="40"', (40, 80), [30, 20]),
        ('viewBox="0 0 40 40" width="80" height="40" preserveAspectRatio="none"', (40, 80), [20, 20]),
    ],
)
def test_size_and_view_box_place_the_drawing(attributes: str, size: tuple[int, int], end: list[float]) -> None:
    strokes = from_svg(f"<svg {attributes}>{LINE}</svg>")
    assert strokes.canvas_size == size
    assert strokes.control_points[0, 0, -1].tolist() == pytest.approx(end, abs=1e-4)


def test_canvas_size_fits_what_has_no_size_as_it_is() -> None:
    strokes = from_svg(f"<svg>{LINE}</svg>", canvas_size=(30, 40))
    assert strokes.canvas_size == (30, 40)
    assert strokes.control_points[0, 0, -1].tolist() == [10, 20]


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ("", "neither its width and height nor a viewBox"),
        ('width="100%" height="100%"', "neither its width"),
        ('width="9000" height="10"', "at most 8192 px"),
        ('width="1e9" viewBox="0 0 1e-300 1e9"', "at most 8192 px"),
        ('width="0" height="10"', "width is '0'"),
        ('width="-4" height="10"', "must be over 0"),
        ('width="3em" height="10"', "px, in, cm, mm, q, pt, pc, % or none"),
        ('width="wide" height="10"', "width is 'wide'"),
        ('viewBox="0 0 10"', "viewBox='0 0 10' must be"),
        ('viewBox="0 0 0 10"', "over 0"),
        ('viewBox="0 0 ten 10"', "list of numbers"),
        ('viewBox="0 0 9 9" preserveAspectRatio="middle"', "preserveAspectRatio='middle'"),
        ('viewBox="0 0 9 9" preserveAspectRatio="xMidYMid fill"', "preserveAspectRatio"),
    ],
)
def test_page_that_cannot_be_read_is_refused(attributes: str, said: str) -> None:
    with pytest.raises(SvgError, match=said):
        from_svg(f"<svg {attributes}>{LINE}</svg>")


def test_page_so_flat_that_its_height_is_lost_is_refused() -> None:
    with pytest.raises(SvgError, match="both must be over 0"):
        from_svg(f'<svg viewBox="0 0 1e9 1e-320" width="1e-9">{LINE}</svg>', canvas_size=(10, 10))


@pytest.mark.parametrize("size", [(0, 10), (10, 8193), (-1, 4)])
def test_canvas_size_out_of_range_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ConfigError, match="canvas_size must be"):
        from_svg(f'<svg width="9" height="9">{LINE}</svg>', canvas_size=size)
